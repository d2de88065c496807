// Random walks of SCTP packets, through the live kernel and through the Tracker, compared after each one.
//
// A few flows at a time, of both families, forwarded and of the host itself; each lives for some dozens of packets
// and is followed by one on a new port. Half of the packets are what could come next in the flow's state, the
// other half are anything: bundles, both directions, tags right, of the other side, zero or foreign, lengths that
// lie, cut packets, wrong checksums. Compared: state, direction, SCTP state, both tags, status bits,
// timeout, and the events that listeners are told.
//
// Both sides live in real time. Timeouts are set to lengths far apart, so that none runs out and a wrong one
// shows; the kernel rounds down what is left, so one second of difference is none.
//
//     KEEPSTATE_WALK_PACKETS=200000 KEEPSTATE_WALK_SEED=7 test_kernel_sctp --gtest_filter='SctpWalk*'
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <set>

#include "ct/tracker.hpp"
#include "kernel_run.hpp"
#include "sctp_packets.hpp"
#include "wire/parse.hpp"

namespace keepstate::kernel {

namespace {

using ct::ChunkKind;

constexpr std::size_t kFlows = 12;
constexpr std::uint16_t kServerPort = 5000;
constexpr std::size_t kDifferencesShown = 3;

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(engine_() % bound);
    }
    bool percent(std::uint32_t chance) { return below(100) < chance; }
    template <typename T>
    T one_of(std::initializer_list<T> choices) {
        return choices.begin()[below(static_cast<std::uint32_t>(choices.size()))];
    }

  private:
    std::mt19937_64 engine_;
};

struct WalkFlow {
    IpEnds ends;
    std::uint16_t port = 0;
    unsigned packets_left = 0;
    bool is_host_client = false;
    const ct::Entry* entry = nullptr;      ///< the Tracker's; it never expires here
    std::optional<ct::SctpMemory> memory;  ///< as the Tracker knows it
    std::vector<std::string> history;
};

struct WalkPacket {
    Bytes bytes;
    bool is_reply = false;  ///< from the server
};

/// What could come next, if all went well.
ChunkKind likely_chunk(Dice& dice, const std::optional<ct::SctpMemory>& memory) {
    using enum ChunkKind;
    if (!memory)
        return dice.one_of({init, init, init, init, heartbeat, heartbeat_ack, shutdown_ack});
    switch (memory->state) {
        case SctpState::closed: return dice.one_of({init, init_ack, init_ack, heartbeat});
        case SctpState::cookie_wait: return dice.one_of({cookie_echo, cookie_echo, init_ack, init});
        case SctpState::cookie_echoed:
            return dice.one_of({cookie_ack, cookie_ack, cookie_echo, error});
        case SctpState::established:
            return dice.one_of(
                {data, data, other, heartbeat, heartbeat_ack, init, init_ack, shutdown});
        case SctpState::shutdown_sent:
        case SctpState::shutdown_recd: return dice.one_of({shutdown_ack, data, shutdown, init});
        case SctpState::shutdown_ack_sent:
            return dice.one_of({shutdown_complete, shutdown_ack, init});
        default: return dice.one_of({heartbeat_ack, heartbeat, init, shutdown_ack});
    }
}

std::uint32_t foreign_tag(Dice& dice) {
    return dice.one_of<std::uint32_t>({0, 1, 2, 3, 0xdeadbeef});
}

std::uint32_t choose_tag(Dice& dice, const WalkFlow& flow, const SctpChunk& first, bool is_reply) {
    const auto known = flow.memory.value_or(ct::SctpMemory{}).vtag;
    const std::uint32_t own = known[is_reply ? 1 : 0];
    const std::uint32_t other = known[is_reply ? 0 : 1];
    const ChunkKind kind = ct::kind_of_chunk(first.type);
    if (kind == ChunkKind::init && dice.percent(90)) return 0;
    const bool is_end = kind == ChunkKind::abort || kind == ChunkKind::shutdown_complete;
    if (is_end && (first.flags & 1) != 0 && dice.percent(80)) return other;
    if (dice.percent(82)) return own;
    return dice.percent(30) ? other : foreign_tag(dice);
}

SctpChunk make_chunk(Dice& dice, const WalkFlow& flow, bool is_first, bool is_reply) {
    SctpChunk chunk;
    if (is_first && dice.percent(60)) {
        chunk.type = ct::type_of(likely_chunk(dice, flow.memory));
    } else {
        chunk.type = static_cast<std::uint8_t>(dice.percent(3) ? dice.below(256) : dice.below(16));
    }
    chunk.flags = static_cast<std::uint8_t>(dice.below(4));
    const ChunkKind kind = ct::kind_of_chunk(chunk.type);
    if (kind == ChunkKind::init || kind == ChunkKind::init_ack) {
        const auto known = flow.memory.value_or(ct::SctpMemory{}).vtag;
        chunk.body = init_body(dice.percent(40) ? known[is_reply ? 0 : 1] : foreign_tag(dice));
        if (dice.percent(3)) chunk.body.resize(dice.below(16));
    } else {
        chunk.body.assign(dice.below(9), 0);
    }
    if (dice.percent(2)) {
        chunk.length = dice.one_of<std::uint16_t>({0, 1, 3, 4, 5, 8, 9, 12, 40, 0xfffc, 0xffff});
    }
    return chunk;
}

WalkPacket make_packet(Dice& dice, const WalkFlow& flow) {
    WalkPacket packet;
    packet.is_reply = dice.percent(flow.memory ? 50 : 10);
    SctpSegment segment{flow.port, kServerPort, 0, {}};
    const unsigned count = dice.percent(65) ? 1 : dice.percent(2) ? 0 : 1 + dice.below(4);
    for (unsigned i = 0; i < count; ++i) {
        segment.chunks.push_back(make_chunk(dice, flow, i == 0, packet.is_reply));
    }
    const SctpChunk none;
    segment.vtag = choose_tag(dice, flow, count != 0 ? segment.chunks[0] : none, packet.is_reply);
    if (dice.percent(3)) segment.tail.assign(1 + dice.below(7), 0);
    if (dice.percent(2)) segment.keep = dice.below(40);
    if (dice.percent(3)) segment.damage = 1U << dice.below(32);
    IpEnds ends = flow.ends;
    if (packet.is_reply) {
        std::swap(segment.source_port, segment.destination_port);
        std::swap(ends.source, ends.destination);
    }
    packet.bytes = make_sctp(ends, segment);
    return packet;
}

struct Sight {
    std::string words;            ///< all but the timeout and the events
    std::int64_t timeout_s = -1;  ///< -1: no entry
    std::string events{};         ///< what listeners were told of this packet
};

void print_told(bool is_new, std::optional<unsigned> sctp_state, std::uint32_t status,
                std::string& words) {
    char text[60];
    std::snprintf(text, sizeof text, " [%s state %d status %x]", is_new ? "NEW" : "UPDATE",
                  sctp_state ? static_cast<int>(*sctp_state) : -1,
                  status & (kStatusConfirmed | kStatusAssured | kStatusSeenReply));
    words += text;
}

std::string print(CtState state, bool is_reply, bool has_entry, unsigned sctp_state,
                  std::array<std::uint32_t, 2> vtags, std::uint32_t status) {
    std::string words(text(state));
    if (state != CtState::invalid) words += is_reply ? " reply" : " original";
    if (!has_entry) return words + ", no entry";
    char rest[80];
    std::snprintf(rest, sizeof rest, ", state %u tags %x %x status %x", sctp_state, vtags[0],
                  vtags[1], status & (kStatusConfirmed | kStatusAssured | kStatusSeenReply));
    return words + rest;
}

/// Remembers the entry that a packet belongs to even if it is INVALID, and which exceptions answered.
class Watcher : public ct::Observer {
  public:
    const ct::Entry* entry = nullptr;
    std::set<std::string_view> exceptions;
    std::set<Reason> reasons;

    void untracked(std::string_view) override {}
    void looked_up(const Tuple&, const ct::Entry* found, CtDirection) override { entry = found; }
    void entry_made(const ct::Entry&) override {}
    void error_quotes(const Tuple&, const ct::Entry&, CtDirection) override {}
    void tcp_judged(const ct::TcpMemory&, const ct::Segment&, CtDirection,
                    const ct::TcpJudgement&) override {}
    void sctp_judged(const ct::SctpMemory&, const ct::SctpPacket&, CtDirection,
                     const ct::SctpJudgement& judgement) override {
        for (const ct::SctpStep& step : judgement.steps) exceptions.insert(step.exception);
    }
    void refused(Reason reason) override { reasons.insert(reason); }
    void tracked(const ct::PacketFlow&, Time) override {}
    void entry_confirmed(const ct::Entry& confirmed) override { entry = &confirmed; }
    void entry_gone(const ct::Entry&, std::string_view) override {}
};

Time real_now() {
    return Time{std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1)};
}

Sight ask_tracker(ct::Tracker& tracker, Watcher& watcher, WalkFlow& flow, const WalkPacket& sent) {
    wire::Packet packet;
    const bool is_from_host = flow.is_host_client && !sent.is_reply;
    const Family family = sent.bytes[0] >> 4U == 4 ? Family::ipv4 : Family::ipv6;
    const Reason reason =
        wire::parse_ip(family, {sent.bytes.data(), sent.bytes.size()}, !is_from_host, packet);
    if (reason != Reason::none) return {"not parsed: " + std::string(text(reason))};
    ct::TrackOrder order;
    order.at_prerouting = !is_from_host;
    const Time now = real_now();
    watcher.entry = nullptr;
    ct::TrackResult result = tracker.track(packet, order, now, &watcher);
    const CtState state = result.flow.state;
    const bool is_reply = result.flow.direction == CtDirection::reply;
    tracker.confirm(result.flow, now, &watcher);
    tracker.finish(result.flow);
    // Cut before its ports end: it was looked up nowhere, but we know whose it is.
    if (result.reason == Reason::tuple_truncated) watcher.entry = flow.entry;
    flow.entry = watcher.entry;
    flow.memory.reset();
    Sight sight{print(state, is_reply, false, 0, {}, 0)};
    if (flow.entry != nullptr) {
        flow.memory = std::get<ct::SctpMemory>(flow.entry->memory);
        sight.words = print(state, is_reply, true, static_cast<unsigned>(flow.memory->state),
                            flow.memory->vtag, flow.entry->status);
        sight.timeout_s = flow.entry->left_ns(real_now()) / kNsPerSecond;
    }
    for (const Event& event : tracker.events()) {
        std::optional<unsigned> told;
        if (event.entry.sctp_state) told = static_cast<unsigned>(*event.entry.sctp_state);
        print_told(event.kind == keepstate::EventKind::new_, told, event.entry.status,
                   sight.events);
    }
    tracker.events().clear();
    return sight;
}

Sight ask_kernel(KernelRun& run, const WalkFlow& flow, const WalkPacket& sent) {
    const KernelVerdict verdict = run.inject({sent.bytes, ""});
    if (!verdict.state) return {"no state"};
    CtState state = CtState::invalid;
    if (*verdict.state == KernelState::is_new) state = CtState::new_;
    if (*verdict.state == KernelState::established) state = CtState::established;
    const bool is_reply = verdict.direction == Direction::reply;
    KernelTuple tuple;
    tuple.source = make_address(flow.ends.source);
    tuple.destination = make_address(flow.ends.destination);
    tuple.protocol = IPPROTO_SCTP;
    tuple.source_port = flow.port;
    tuple.destination_port = kServerPort;
    const auto found = run.control().find(tuple);
    if (!found) return {"no answer"};
    Sight sight{print(state, is_reply, false, 0, {}, 0)};
    if (*found) {
        const KernelEntry& entry = **found;
        sight.words = print(state, is_reply, true, entry.sctp_state.value_or(99), entry.sctp_vtags,
                            entry.status);
        sight.timeout_s = entry.timeout_s;
    }
    for (const KernelEvent& event : verdict.events) {
        std::optional<unsigned> told;
        if (event.entry.sctp_state) told = *event.entry.sctp_state;
        print_told(event.kind == EventKind::new_entry, told, event.entry.status, sight.events);
    }
    return sight;
}

void begin_flow(Dice& dice, WalkFlow& flow, std::uint16_t port) {
    flow = WalkFlow{};
    flow.port = port;
    flow.packets_left = 1 + dice.below(dice.percent(50) ? 12 : 80);
    flow.is_host_client = dice.percent(20);
    const bool is_v6 = dice.percent(40);
    flow.ends.source = is_v6 ? "fd00:1::1" : "192.168.1.1";
    if (flow.is_host_client) flow.ends.source = is_v6 ? "fd00:9::9" : "192.168.9.9";
    flow.ends.destination = is_v6 ? "fd00:3::1" : "192.168.3.1";
}

std::string print_bytes(const WalkPacket& packet) {
    std::string words = packet.is_reply ? "reply   " : "original";
    char hex[4];
    for (std::size_t i = packet.bytes[0] >> 4U == 4 ? 20 : 40; i < packet.bytes.size(); ++i) {
        std::snprintf(hex, sizeof hex, "%s%02x", i % 4 == 0 ? " " : "", packet.bytes[i]);
        words += hex;
    }
    return words;
}

KernelSetup walk_setup(Settings& settings, bool tests_checksum) {
    KernelSetup setup;
    setup.devices = {{"eth0", {"192.168.1.0/24", "fd00:1::/64"}},
                     {"eth1", {"192.168.3.0/24", "fd00:3::/64"}}};
    setup.local_addresses = {"192.168.9.9", "fd00:9::9"};
    setup.reads_entries = false;
    const auto set = [&](const std::string& name, unsigned value) {
        setup.sysctls.emplace_back("net.netfilter.nf_conntrack_" + name, std::to_string(value));
        EXPECT_TRUE(settings.set(name, std::to_string(value)));
    };
    unsigned timeout_s = 0;
    for (const char* state :
         {"closed", "cookie_wait", "cookie_echoed", "established", "shutdown_sent", "shutdown_recd",
          "shutdown_ack_sent", "heartbeat_sent"}) {
        set(std::string("sctp_timeout_") + state, timeout_s += 10000);
    }
    set("checksum", tests_checksum ? 1 : 0);
    return setup;
}

/// Returns how many packets differed.
std::size_t walk(std::uint64_t seed, std::size_t packets, Watcher& watcher) {
    Settings settings;
    settings.max = 65536;
    auto run = KernelRun::make(walk_setup(settings, seed % 4 != 0));
    if (!run) {
        ADD_FAILURE() << run.error().faults.front().words;
        return 1;
    }
    ct::Tracker tracker(settings, {}, seed, true);
    Dice dice(seed);
    std::array<WalkFlow, kFlows> flows;
    std::uint16_t next_port = 1024;
    std::size_t differences = 0;
    for (std::size_t i = 0; i < packets && differences < kDifferencesShown; ++i) {
        WalkFlow& flow = flows[dice.below(kFlows)];
        if (flow.packets_left-- == 0 || flow.port == 0) begin_flow(dice, flow, next_port++);
        const WalkPacket packet = make_packet(dice, flow);
        const Sight ours = ask_tracker(tracker, watcher, flow, packet);
        const Sight theirs = ask_kernel(**run, flow, packet);
        flow.history.push_back(print_bytes(packet) + "  " + theirs.words);
        const std::int64_t late_s = ours.timeout_s - theirs.timeout_s;
        if (ours.words == theirs.words && ours.events == theirs.events && late_s >= -1 &&
            late_s <= 1)
            continue;
        ++differences;
        std::string story;
        for (const std::string& line : flow.history) story += line + "\n";
        ADD_FAILURE() << "seed " << seed << " packet " << i << "\n  kernel    " << theirs.words
                      << " " << theirs.timeout_s << " s" << theirs.events << "\n  keepstate "
                      << ours.words << " " << ours.timeout_s << " s" << ours.events << "\nafter:\n"
                      << story;
    }
    return differences;
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* words = std::getenv(name);
    return words == nullptr ? otherwise : std::strtoull(words, nullptr, 10);
}

TEST(SctpWalk, kernel_and_tracker_agree_on_every_packet) {
    if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    const std::size_t packets = number_from("KEEPSTATE_WALK_PACKETS", 12000);
    const std::uint64_t first = number_from("KEEPSTATE_WALK_SEED", 1);
    Watcher watcher;
    for (std::uint64_t seed = first; seed < first + 4; ++seed) {
        if (walk(seed, packets, watcher) != 0) return;
    }
    for (const auto rules : {ct::sctp_tag_rules(), ct::sctp_opening_rules()}) {
        for (const ct::SctpException& rule : rules) {
            EXPECT_TRUE(watcher.exceptions.contains(rule.name))
                << rule.name << " was never reached";
        }
    }
    for (const Reason reason : {Reason::tuple_truncated, Reason::sctp_header_truncated,
                                Reason::sctp_checksum, Reason::sctp_chunks, Reason::sctp_vtag,
                                Reason::sctp_not_an_opening, Reason::sctp_state}) {
        EXPECT_TRUE(watcher.reasons.contains(reason)) << text(reason) << " was never reached";
    }
}

}  // namespace

}  // namespace keepstate::kernel
