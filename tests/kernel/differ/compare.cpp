// See compare.hpp.
#include "differ/compare.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "differ/join.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/packet.hpp"

namespace keepstate::kernel {

namespace {

/// Bits that both sides know: the rest belong to NAT, offload and templates.
constexpr std::uint32_t kComparedStatus = status::kExpected | status::kSeenReply |
                                          status::kAssured | status::kConfirmed |
                                          status::kFixedTimeout | status::kHelper;

struct Side {
    std::string state, verdict, entry, timeout, answer, out, events;
    std::string joined;  ///< kernel's: what left, put together again if it left in pieces
    std::string why;     ///< not compared: keepstate's reason, the kernel's words
};

std::string hex(std::span<const std::uint8_t> bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

/// Verification tags, of entries that are SCTP's.
std::string print_tags(bool is_sctp, const std::array<std::uint32_t, 2>& tags) {
    return is_sctp ? fmt::format(" tags {:#x} {:#x}", tags[0], tags[1]) : std::string{};
}

/// Timeout and everything else apart, since the one is compared with a tolerance.
std::string print_facts(std::uint32_t status, int tcp, int sctp, std::uint32_t mark) {
    return fmt::format("status {:#x} tcp {} sctp {} mark {:#x}", status & kComparedStatus, tcp,
                       sctp, mark);
}

Side side_of(const KernelVerdict& verdict) {
    Side side;
    side.state = verdict.state ? state_name(*verdict.state) : "-";
    const bool has_entry = verdict.state && *verdict.state != KernelState::invalid &&
                           *verdict.state != KernelState::untracked;
    if (has_entry && verdict.direction) {
        side.state += *verdict.direction == Direction::original ? " original" : " reply";
    }
    // IPv6 that cannot be cut again behind the last hook is lost there: no rule, no router said so.
    side.verdict = verdict.delivered || verdict.was_let_out ? "passed" : "stopped";
    for (const std::string& words : verdict.words) side.why += fmt::format(" ({})", words);
    if (verdict.entry && (verdict.entry->status & kStatusConfirmed) != 0) {
        const KernelEntry& e = *verdict.entry;
        side.entry = print_facts(e.status, e.tcp ? static_cast<int>(e.tcp->state) : -1,
                                 e.sctp_state ? *e.sctp_state : -1, e.mark);
        side.timeout = fmt::format("{}", e.timeout_s);
    }
    for (const KernelOutput& output : verdict.outputs) side.out += hex(output.bytes);
    if (!verdict.outputs.empty()) side.joined = hex(join_fragments(verdict.outputs));
    for (const KernelOutput& reply : verdict.replies) {
        if (is_icmpv6_parameter_problem(reply.bytes)) continue;  // docs/differences.md
        side.answer += fmt::format("{} bytes ", reply.bytes.size());
    }
    for (const KernelEvent& event : verdict.events) {
        constexpr std::array kNames{"new", "update", "destroy"};
        side.events += fmt::format("{} ", kNames[static_cast<std::size_t>(event.kind)]);
    }
    return side;
}

Side side_of(const Decision& decision, std::span<const Event> events) {
    Side side;
    side.state = decision.state ? std::string{text(*decision.state)} : "-";
    if (decision.reason != Reason::none) side.why = fmt::format(" ({})", text(decision.reason));
    if (decision.direction) {
        side.state += *decision.direction == CtDirection::original ? " original" : " reply";
    }
    side.verdict = decision.verdict == Verdict::accept ? "passed" : "stopped";
    if (decision.entry && (decision.entry->status & status::kDying) == 0) {
        const EntryFacts& e = *decision.entry;
        side.entry = print_facts(e.status, e.tcp_state ? static_cast<int>(*e.tcp_state) : -1,
                                 e.sctp_state ? static_cast<int>(*e.sctp_state) : -1, e.mark);
        side.timeout = fmt::format("{}", e.timeout_ns / kNsPerSecond);
    }
    if (decision.verdict == Verdict::accept) {
        side.out = hex(decision.out_bytes);
        side.joined = hex(without_fragment_marks(decision.out_bytes));
    }
    if (!decision.reply_bytes.empty()) {
        side.answer = fmt::format("{} bytes ", decision.reply_bytes.size());
    }
    for (const Event& event : events) {
        constexpr std::array kNames{"new", "update", "destroy"};
        side.events += fmt::format("{} ", kNames[static_cast<std::size_t>(event.kind)]);
    }
    return side;
}

/// Where entries run out, nobody can say which packet's DESTROY it is (docs/differences.md).
template <typename AnyEvent>
void forget_endings(std::vector<AnyEvent>& events) {
    using Kind = decltype(AnyEvent::kind);
    std::erase_if(events, [](const AnyEvent& event) { return event.kind == Kind::destroy; });
}

bool is_near(const std::string& kernel, const std::string& ours) {
    if (kernel.empty() || ours.empty()) return kernel == ours;
    const long difference = std::stol(ours) - std::stol(kernel);
    return difference >= -1 && difference <= 1;
}

void compare_packet(std::size_t index, const Side& kernel, const Side& ours,
                    std::vector<Difference>& differences) {
    const auto check = [&](std::string_view what, const std::string& k, const std::string& o) {
        if (k != o) differences.push_back({index, std::string{what}, k, o});
    };
    if (kernel.state != ours.state) {
        differences.push_back({index, "state", kernel.state + kernel.why, ours.state + ours.why});
    }
    check("verdict", kernel.verdict, ours.verdict);
    check("entry", kernel.entry, ours.entry);
    if (!is_near(kernel.timeout, ours.timeout)) {
        differences.push_back({index, "timeout", kernel.timeout, ours.timeout});
    }
    check("answer", kernel.answer, ours.answer);
    check("events", kernel.events, ours.events);
    if (kernel.verdict == ours.verdict && !kernel.out.empty() && kernel.joined != ours.joined) {
        check("bytes that left", kernel.out, ours.out);
    }
}

std::string tuple_key(const Tuple& t, unsigned zone) {
    return fmt::format("{} {} {} {} {} zone {}", t.protocol, text(t.source), text(t.destination),
                       t.source_key, t.destination_key, zone);
}

std::string tuple_key(const KernelTuple& t, unsigned zone_of_both) {
    const bool is_icmp = t.protocol == protocol::kIcmp || t.protocol == protocol::kIcmpv6;
    const unsigned source = is_icmp ? t.icmp_id : t.source_port;
    const unsigned destination =
        is_icmp ? static_cast<unsigned>(t.icmp_type << 8 | t.icmp_code) : t.destination_port;
    return fmt::format("{} {} {} {} {} zone {}", t.protocol, print_address(t.source),
                       print_address(t.destination), source, destination,
                       zone_of_both != 0 ? zone_of_both : t.zone);
}

void compare_ends(const KernelEnd& end, const Engine& engine, Time now, std::size_t packets,
                  std::vector<Difference>& differences) {
    std::map<std::string, std::string> kernel, ours;
    for (const KernelEntry& e : end.entry_list) {
        kernel[tuple_key(e.tuples[0], e.zone)] =
            tuple_key(e.tuples[1], e.zone) + " " +
            print_facts(e.status, e.tcp ? static_cast<int>(e.tcp->state) : -1,
                        e.sctp_state ? *e.sctp_state : -1, e.mark) +
            print_tags(e.sctp_state.has_value(), e.sctp_vtags);
    }
    engine.for_each_entry(now, [&ours](const EntryCopy& e) {
        ours[tuple_key(e.original, e.zone_original)] =
            tuple_key(e.reply, e.zone_reply) + " " +
            print_facts(e.status, e.tcp_state ? static_cast<int>(*e.tcp_state) : -1,
                        e.sctp_state ? static_cast<int>(*e.sctp_state) : -1, e.mark) +
            print_tags(e.sctp_state.has_value(), e.sctp_vtags);
    });
    for (const auto& [key, value] : kernel) {
        const auto it = ours.find(key);
        const std::string got = it == ours.end() ? "no entry" : it->second;
        if (got != value) differences.push_back({packets, "entries", key + ": " + value, got});
    }
    for (const auto& [key, value] : ours) {
        if (!kernel.contains(key)) {
            differences.push_back({packets, "entries", "no entry", key + ": " + value});
        }
    }
    const auto counters = [&](const std::string& k, Family family) {
        const std::string o = engine.print_counters(family);
        if (k != o) differences.push_back({packets, "counters", k, o});
    };
    counters(end.counters4, Family::ipv4);
    counters(end.counters6, Family::ipv6);
}

}  // namespace

Result<Engine> make_engine(const KernelSetup& setup) {
    EngineSetup engine;
    engine.listen_events = true;
    for (const KernelDevice& device : setup.devices) {
        DeviceSetup made{device.name, {}};
        for (const std::string& prefix : device.prefixes) {
            if (const auto parsed = parse_prefix(prefix)) made.networks.push_back(*parsed);
        }
        engine.devices.push_back(std::move(made));
    }
    for (const std::string& address : setup.local_addresses) {
        if (const auto parsed = parse_address(address)) engine.local.push_back(*parsed);
    }
    for (const auto& [key, value] : setup.sysctls) {
        if (auto set = engine.settings.set(key, value); !set) return Unexpected(set.error());
    }
    const auto load = [](const std::string& words, Family family,
                         std::optional<Ruleset>& into) -> Result<void> {
        if (words.empty()) return {};
        Result<Ruleset> rules = Ruleset::parse(words, family, "rules");
        if (!rules) return Unexpected(rules.error());
        into = std::move(*rules);
        return {};
    };
    if (auto loaded = load(setup.rules4, Family::ipv4, engine.rules4); !loaded) {
        return Unexpected(loaded.error());
    }
    if (auto loaded = load(setup.rules6, Family::ipv6, engine.rules6); !loaded) {
        return Unexpected(loaded.error());
    }
    return Engine::make(std::move(engine));
}

std::string print_difference(const Difference& difference) {
    return fmt::format("packet {}: {}: the kernel says `{}', keepstate `{}'", difference.packet,
                       difference.what, difference.kernel, difference.keepstate);
}

Result<Comparison> compare(const KernelSetup& setup, std::span<const KernelPacket> packets) {
    Result<Engine> engine = make_engine(setup);
    if (!engine) return Unexpected(engine.error());
    Result<KernelResult> kernel = run_on_kernel(setup, packets);
    if (!kernel) return Unexpected(kernel.error());

    Comparison comparison;
    comparison.packets = packets.size();
    Time now = Time::from_s(1'000'000);
    const bool has_waits = std::any_of(packets.begin(), packets.end(),
                                       [](const KernelPacket& p) { return p.wait_before_ns != 0; });
    for (std::size_t i = 0; i < packets.size(); ++i) {
        KernelVerdict& verdict = kernel->verdicts[i];
        now = Time::from_s(1'000'000) +
              static_cast<std::int64_t>(verdict.sent_ns - kernel->verdicts[0].sent_ns);
        if (has_waits) forget_endings(verdict.events);
        Frame frame;
        frame.bytes = packets[i].ip_bytes;
        frame.link = kLinkRaw;
        frame.time = now;
        for (std::size_t d = 0; d < setup.devices.size(); ++d) {
            if (setup.devices[d].name == packets[i].in_device) {
                frame.device = static_cast<std::uint16_t>(d);
            }
        }
        Decision decision;
        engine->process({&frame, 1}, {&decision, 1});
        std::vector<Event> events = engine->take_events();
        if (has_waits) forget_endings(events);
        if (verdict.state && decision.state) ++comparison.with_state;
        compare_packet(i, side_of(verdict), side_of(decision, events), comparison.differences);
    }
    compare_ends(kernel->end, *engine, now, packets.size(), comparison.differences);
    return comparison;
}

std::vector<KernelPacket> shrink(const KernelSetup& setup, std::vector<KernelPacket> packets,
                                 unsigned runs) {
    const auto differs = [&setup, &runs](std::span<const KernelPacket> some) {
        if (runs == 0) return false;
        --runs;
        const Result<Comparison> result = compare(setup, some);
        return result && !result->differences.empty();
    };
    // Leave out halves, then quarters, and so on, for as long as the difference stays.
    for (std::size_t piece = std::max<std::size_t>(packets.size() / 2, 1);; piece /= 2) {
        for (std::size_t at = 0; at < packets.size() && packets.size() > 1;) {
            std::vector<KernelPacket> fewer = packets;
            const std::size_t count = std::min(piece, fewer.size() - at);
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                        fewer.begin() + static_cast<std::ptrdiff_t>(at + count));
            if (!fewer.empty() && differs(fewer)) {
                packets = std::move(fewer);
            } else {
                at += piece;
            }
        }
        if (piece <= 1 || runs == 0) return packets;
    }
}

}  // namespace keepstate::kernel
