// See compare.hpp.
#include "differ/compare.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <sstream>
#include <tuple>

#include "differ/facts.hpp"

namespace keepstate::kernel {

namespace {

constexpr LinkNumber kLinkIpv4 = 228;
constexpr LinkNumber kLinkIpv6 = 229;
constexpr std::uint16_t kEthernetIpv4 = 0x0800;

std::string hex(std::span<const std::uint8_t> bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

bool is_near(std::optional<std::int64_t> kernel, std::optional<std::int64_t> ours) {
    if (!kernel || !ours) return kernel.has_value() == ours.has_value();
    return *ours - *kernel >= -1 && *ours - *kernel <= 1;
}

std::string timeout_words(std::optional<std::int64_t> timeout_s) {
    return timeout_s ? fmt::format("{}s", *timeout_s) : "none";
}

std::string print_record(const RecordFacts& facts) {
    return fmt::format("{} {} timeout {}", facts.key, facts.words, timeout_words(facts.timeout_s));
}

bool is_same(const RecordFacts& kernel, const RecordFacts& ours) {
    // An event that carries no timeout on the kernel's side says nothing of it.
    const bool is_timely = !kernel.timeout_s || is_near(kernel.timeout_s, ours.timeout_s);
    return kernel.key == ours.key && kernel.words == ours.words && is_timely;
}

/// What one rule or policy counted: "[3:120]", and the line of iptables-save -c that says so.
struct CounterLine {
    std::string count;
    std::string line;
};

/// By "TABLE CHAIN": the policy's line, then those of the rules in their order.
using CountersByChain = std::map<std::string, std::vector<CounterLine>>;

CountersByChain counters_by_chain(const std::string& text) {
    CountersByChain chains;
    std::istringstream lines(text);
    std::string table;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first, second, third;
        words >> first >> second >> third;
        if (first.starts_with('*')) {
            table = first.substr(1);
        } else if (first.starts_with(':')) {
            chains[table + " " + first.substr(1)].push_back({second + " " + third, line});
        } else if (first.starts_with('[')) {
            chains[table + " " + third].push_back({first, line});
        }
    }
    return chains;
}

class Comparer {
  public:
    Comparer(const KernelSetup& setup, Comparison& comparison)
        : setup_(setup), comparison_(comparison) {}

    void compare_packet(std::size_t index, const KernelVerdict& verdict, const Decision& decision,
                        std::span<const Event> events,
                        std::span<const ExpectationEvent> expectation_events) {
        PacketFacts kernel = facts_of(verdict);
        PacketFacts ours = facts_of(decision, events, expectation_events);
        index_ = index;
        comparison_.events += kernel.events.size();
        if (kernel.state != ours.state) {
            add("state", kernel.state + kernel.why, ours.state + ours.why);
        }
        check("verdict", kernel.verdict, ours.verdict);
        check("entry", kernel.entry, ours.entry);
        if (!is_near(kernel.timeout_s, ours.timeout_s)) {
            add("timeout", timeout_words(kernel.timeout_s), timeout_words(ours.timeout_s));
        }
        if (!setup_.is_bump) check("answer", kernel.answer, ours.answer);
        has_own_errors_ |= kernel.has_parameter_problem || verdict.has_spoken_before;
        comparison_.expectation_events += kernel.expectation_events.size();
        compare_events("events", kernel.events, ours.events);
        compare_events("expectation events", kernel.expectation_events, ours.expectation_events);
        if (kernel.verdict != ours.verdict || kernel.verdict != "passed") return;
        if (!kernel.device.empty()) check("device", kernel.device, ours.device);
        // Where Linux cut it, what it was before; a single piece may be one that it cut, too.
        const std::span<const std::uint8_t> own = decision.out_bytes;
        const auto is_own = [own](const std::vector<std::uint8_t>& bytes) {
            return std::equal(bytes.begin(), bytes.end(), own.begin(), own.end());
        };
        const bool is_whole = verdict.outputs.size() == 1 && is_own(verdict.out_bytes);
        if (!is_whole && !is_own(verdict.whole_bytes)) {
            add("bytes that left", hex(verdict.whole_bytes), hex(own));
        }
    }

    void note_wait() { has_waited_ = true; }

    void compare_end(const KernelEnd& end, const Engine& engine, Time now) {
        index_ = comparison_.packets;
        compare_tables(end, engine, now);
        compare_expectations(end, engine, now);
        compare_counters(end.counters4, engine.print_counters(Family::ipv4));
        compare_counters(end.counters6, engine.print_counters(Family::ipv6));
        compare_statistics(end.stats, engine.statistics());
    }

  private:
    void add(std::string_view what, std::string kernel, std::string ours) {
        comparison_.differences.push_back(
            {index_, std::string{what}, std::move(kernel), std::move(ours)});
    }
    void check(std::string_view what, const std::string& kernel, const std::string& ours) {
        if (kernel != ours) add(what, kernel, ours);
    }

    void compare_events(std::string_view what, std::vector<RecordFacts>& kernel,
                        std::vector<RecordFacts>& ours) {
        if (has_waited_) {
            const auto is_end = [](const RecordFacts& f) { return f.key.starts_with("destroy"); };
            std::erase_if(kernel, is_end);
            std::erase_if(ours, is_end);
        }
        if (std::equal(kernel.begin(), kernel.end(), ours.begin(), ours.end(), is_same)) return;
        const auto print = [](const std::vector<RecordFacts>& events) {
            std::string words;
            for (const RecordFacts& event : events) words += "[" + print_record(event) + "] ";
            return words;
        };
        add(what, print(kernel), print(ours));
    }

    void compare_tables(const KernelEnd& end, const Engine& engine, Time now) {
        std::map<std::string, RecordFacts> kernel, ours;
        for (const KernelEntry& e : end.entry_list) {
            RecordFacts facts = facts_of(e);
            const std::string key = facts.key + zone_of(facts);
            facts.words += tags_of(e);
            kernel[key] = std::move(facts);
        }
        engine.for_each_entry(now, [&ours](const EntryCopy& e) {
            RecordFacts facts = facts_of(e);
            const std::string key = facts.key + zone_of(facts);
            facts.words += tags_of(e);
            ours[key] = std::move(facts);
        });
        comparison_.entries += kernel.size();
        for (const auto& [key, value] : kernel) {
            const auto it = ours.find(key);
            if (it == ours.end()) {
                add("entries", print_record(value), "no entry");
            } else if (!is_same(value, it->second)) {
                add("entries", print_record(value), print_record(it->second));
            }
        }
        for (const auto& [key, value] : ours) {
            if (!kernel.contains(key)) add("entries", "no entry", print_record(value));
        }
    }

    void compare_expectations(const KernelEnd& end, const Engine& engine, Time now) {
        std::vector<RecordFacts> kernel, ours;
        for (const KernelExpectation& e : end.expectation_list) kernel.push_back(facts_of(e));
        for (const ExpectationCopy& e : engine.expectations(now)) ours.push_back(facts_of(e));
        const auto is_before = [](const RecordFacts& a, const RecordFacts& b) {
            return std::tie(a.key, a.words) < std::tie(b.key, b.words);
        };
        std::sort(kernel.begin(), kernel.end(), is_before);
        std::sort(ours.begin(), ours.end(), is_before);
        compare_events("expectations", kernel, ours);
    }

    /// The same tuple may stand in two zones.
    static std::string zone_of(const RecordFacts& facts) {
        const std::size_t at = facts.words.find(" zones");
        return at == std::string::npos ? std::string{} : facts.words.substr(at);
    }

    void compare_counters(const std::string& kernel, const std::string& ours) {
        comparison_.counters +=
            static_cast<std::size_t>(std::count(kernel.begin(), kernel.end(), '['));
        if (setup_.is_nft) return compare_counts(kernel, ours);
        std::istringstream kernel_lines(kernel), own_lines(ours);
        std::string kernel_line, own_line;
        while (true) {
            const bool has_kernel = static_cast<bool>(std::getline(kernel_lines, kernel_line));
            const bool has_own = static_cast<bool>(std::getline(own_lines, own_line));
            if (!has_kernel && !has_own) return;
            check("counters", has_kernel ? kernel_line : "no line", has_own ? own_line : "no line");
        }
    }

    /// iptables-nft-save writes tables in another order and some matches in other words: what has to be equal is what
    /// the policy and each rule of each chain counted.
    void compare_counts(const std::string& kernel, const std::string& ours) {
        const CountersByChain kernel_chains = counters_by_chain(kernel);
        CountersByChain own_chains = counters_by_chain(ours);
        for (const auto& [chain, lines] : kernel_chains) {
            const std::vector<CounterLine>& own = own_chains[chain];
            for (std::size_t i = 0; i < std::max(lines.size(), own.size()); ++i) {
                const CounterLine none{"", "no line in " + chain};
                const CounterLine& theirs = i < lines.size() ? lines[i] : none;
                const CounterLine& mine = i < own.size() ? own[i] : none;
                if (theirs.count != mine.count) add("counters", theirs.line, mine.line);
            }
            own_chains.erase(chain);
        }
        for (const auto& [chain, lines] : own_chains) {
            add("counters", "no chain " + chain, lines.front().line);
        }
    }

    /// `search_restart` and `chain_too_long` depend on the hash, `clash_resolve` on races. Errors that the host's own
    /// stack sends about headers are tracked too, and keepstate does not send them (docs/differences.md).
    void compare_statistics(const std::map<std::string, std::uint64_t>& kernel,
                            const Statistics& ours) {
        const auto count = [&](const std::string& name, std::uint64_t own) {
            const auto it = kernel.find(name);
            if (it == kernel.end() || it->second == own) return;
            add("statistics", fmt::format("{} {}", name, it->second),
                fmt::format("{} {}", name, own));
        };
        count("found", ours.found);
        if (!has_own_errors_) count("invalid", ours.invalid);
        count("insert", ours.insert);
        count("insert_failed", ours.insert_failed);
        count("drop", ours.drop);
        count("early_drop", ours.early_drop);
        if (!has_own_errors_) count("icmp_error", ours.error);
    }

    const KernelSetup& setup_;
    Comparison& comparison_;
    std::size_t index_ = 0;
    bool has_waited_ = false;
    bool has_own_errors_ = false;
};

Frame make_frame(const KernelSetup& setup, const KernelPacket& packet, Time now) {
    Frame frame;
    frame.bytes = packet.ip_bytes;
    frame.link = kLinkRaw;
    if (packet.ethernet_type != 0) {
        frame.link = packet.ethernet_type == kEthernetIpv4 ? kLinkIpv4 : kLinkIpv6;
    }
    frame.time = now;
    for (std::size_t d = 0; d < setup.devices.size(); ++d) {
        if (setup.devices[d].name == packet.in_device) {
            frame.device = static_cast<std::uint16_t>(d);
        }
    }
    return frame;
}

}  // namespace

Result<Engine> make_engine(const KernelSetup& setup, const SetupChange& change) {
    EngineSetup engine;
    engine.listen_events = true;
    for (const KernelDevice& device : setup.devices) {
        DeviceSetup made{device.name, {}};
        made.mtu = device.mtu;
        for (const std::string& prefix : device.prefixes) {
            if (const auto parsed = parse_prefix(prefix)) made.networks.push_back(*parsed);
        }
        engine.devices.push_back(std::move(made));
    }
    for (const std::string& address : setup.local_addresses) {
        if (const auto parsed = parse_address(address)) engine.local.push_back(*parsed);
    }
    for (const KernelSocket& socket : setup.sockets) {
        HostSocket stated;
        stated.protocol = static_cast<std::uint8_t>(socket.protocol);
        stated.local = parse_address(socket.local).value_or(Address{});
        stated.local_port = socket.local_port;
        stated.remote = parse_address(socket.remote);
        stated.remote_port = socket.remote_port;
        stated.mark = socket.mark;
        stated.is_transparent = socket.is_transparent;
        engine.sockets.push_back(std::move(stated));
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
    engine.ip_sets = setup.ip_sets;
    if (change) change(engine);
    return Engine::make(std::move(engine));
}

std::string print_difference(const Difference& difference) {
    return fmt::format("packet {}: {}: the kernel says `{}', keepstate `{}'", difference.packet,
                       difference.what, difference.kernel, difference.keepstate);
}

Result<Comparison> compare(const KernelSetup& setup, std::span<const KernelPacket> packets,
                           const SetupChange& change) {
    Result<Engine> engine = make_engine(setup, change);
    if (!engine) return Unexpected(engine.error());
    Result<KernelResult> kernel = run_on_kernel(setup, packets);
    if (!kernel) return Unexpected(kernel.error());
    if (kernel->end.lost_messages != 0) {
        return Unexpected(Error::of(ErrorKind::system, "messages of the kernel were lost"));
    }

    Comparison comparison;
    comparison.packets = packets.size();
    Comparer comparer(setup, comparison);
    // -m time asks the calendar, so keepstate's has to be the kernel's.
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const Time begin = Time::from_s(since_epoch / std::chrono::seconds(1));
    Time now = begin;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const std::uint64_t since_first = kernel->verdicts[i].sent_ns - kernel->verdicts[0].sent_ns;
        now = begin + static_cast<std::int64_t>(since_first);
        // From about a second on entries may run out, and nobody can say which packet's DESTROY that is.
        const bool is_late = since_first > 900'000'000;
        if (packets[i].wait_before_ns != 0 || is_late) comparer.note_wait();
        const Frame frame = make_frame(setup, packets[i], now);
        Decision decision;
        engine->process({&frame, 1}, {&decision, 1});
        const std::vector<Event> events = engine->take_events();
        const std::vector<ExpectationEvent> expectation_events = engine->take_expectation_events();
        const KernelVerdict& verdict = kernel->verdicts[i];
        if (verdict.state && decision.state) ++comparison.with_state;
        comparer.compare_packet(i, verdict, decision, events, expectation_events);
    }
    comparer.compare_end(kernel->end, *engine, now);
    comparison.rule_counters =
        engine->print_counters(Family::ipv4) + engine->print_counters(Family::ipv6);
    return comparison;
}

Result<Comparison> compare_twice(const KernelSetup& setup, std::span<const KernelPacket> packets) {
    Result<Comparison> first = compare(setup, packets);
    if (!first || first->differences.empty()) return first;
    Result<Comparison> second = compare(setup, packets);
    if (!second) return second;
    const std::vector<Difference> before = std::move(first->differences);
    const auto was_there = [&before](const Difference& difference) {
        return std::any_of(before.begin(), before.end(), [&](const Difference& other) {
            return other.packet == difference.packet && other.what == difference.what;
        });
    };
    const std::size_t seen = second->differences.size();
    std::erase_if(second->differences,
                  [&](const Difference& difference) { return !was_there(difference); });
    second->unsteady = before.size() + seen - 2 * second->differences.size();
    return second;
}

}  // namespace keepstate::kernel
