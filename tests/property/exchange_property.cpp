// An exchange says what one engine says of the packets in the order in which they are judged.
//
// Random traffic in which packets meet each other's flows, given to a random member each. Where every packet is decided
// before the next is submitted the order is that of the traffic; where whole batches are under way at several members at once, each
// flow's packets are given to one of them, so that the order of each flow is. Likewise where decisions are shared, and where a member
// stays away for a while, and where rules change. And threads: packets of all flows at all
// members, where what is said must not depend on the order.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "decision_words.hpp"
#include "keepstate/exchange.hpp"
#include "keepstate/packet.hpp"
#include "live_changes.hpp"

namespace keepstate {
namespace {

using Dice = std::mt19937;
unsigned below(Dice& dice, unsigned bound) { return static_cast<unsigned>(dice() % bound); }

struct Traffic {
    std::vector<WrittenPacket> packets;
    std::vector<Frame> frames;
    std::vector<unsigned> flows;  ///< who must not be overtaken by others of the same number
};

std::string ends_of(Dice& dice, unsigned flow, bool has_ports) {
    const bool is_v6 = flow % 4 == 0;
    const std::string port = has_ports ? fmt::format(":{}", 1000 + flow) : "";
    const std::string far_port = has_ports ? ":80" : "";
    std::string near = is_v6 ? fmt::format("[2001:db8::{}]{}", 1 + flow, port)
                             : fmt::format("10.0.0.{}{}", 1 + flow, port);
    std::string far = is_v6 ? "[2001:db8:1::1]" + far_port : "10.0.1.1" + far_port;
    if (!has_ports && is_v6) {
        near = fmt::format("2001:db8::{}", 1 + flow);
        far = "2001:db8:1::1";
    }
    return below(dice, 2) != 0 ? far + " " + near : near + " " + far;
}

std::string random_packet(Dice& dice, unsigned flow) {
    constexpr const char* kFlags[] = {"syn", "syn,ack", "ack", "fin,ack", "rst", "psh,ack"};
    const bool is_v6 = flow % 4 == 0;
    const auto tcp = [&] {
        return fmt::format("tcp {} flags {} seq {} ack {} win 1000 len {}",
                           ends_of(dice, flow, true), kFlags[below(dice, 6)], 100 + below(dice, 3),
                           100 + below(dice, 3), below(dice, 20));
    };
    constexpr const char* kPieces[] = {"0:24+", "24:24+", "48:24"};
    switch (below(dice, 12)) {
        case 0: return "udp " + ends_of(dice, flow, true) + fmt::format(" len {}", below(dice, 30));
        case 1:
            return fmt::format("{} {} {} id {}", is_v6 ? "icmp6" : "icmp",
                               ends_of(dice, flow, false),
                               below(dice, 2) != 0 ? "echo-request" : "echo-reply", below(dice, 3));
        case 2:
            return fmt::format("{} {} port-unreachable quote ({})", is_v6 ? "icmp6" : "icmp",
                               ends_of(dice, flow, false), tcp());
        case 3:
            return fmt::format("udp {} len 64 {} {} frag {}", ends_of(dice, flow, true),
                               is_v6 ? "id" : "ipid", 1 + flow, kPieces[below(dice, 3)]);
        case 4: return "sctp " + ends_of(dice, flow, true) + " chunks init";
        case 5: return "esp " + ends_of(dice, flow, false) + " spi 5 seq 1";
        default: return tcp();
    }
}

/// `one_time`: all packets have one stamp, as packets of a moment have.
Traffic random_traffic(unsigned seed, unsigned flows, std::size_t count, bool one_time) {
    Dice dice(seed);
    Traffic traffic;
    Time now = Time::from_s(1000);
    for (std::size_t i = 0; i < count; ++i) {
        traffic.flows.push_back(below(dice, flows));
        const std::string words = random_packet(dice, traffic.flows.back());
        Result<WrittenPacket> packet = parse_packet_text(words);
        EXPECT_TRUE(packet) << words << ": " << (packet ? "" : packet.error().faults[0].words);
        traffic.packets.push_back(packet ? std::move(*packet) : WrittenPacket{});
    }
    for (const WrittenPacket& packet : traffic.packets) {
        if (!one_time) now = now + std::int64_t{below(dice, 60)} * 1'000'000;
        Frame frame;
        frame.bytes = packet.ip;
        frame.link = kLinkRaw;
        frame.time = now;
        if (below(dice, 50) == 0) frame.bytes = frame.bytes.first(below(dice, 20));
        traffic.frames.push_back(frame);
    }
    return traffic;
}

Frame frame_of(const WrittenPacket& packet) {
    Frame frame;
    frame.bytes = packet.ip;
    frame.link = kLinkRaw;
    frame.time = Time::from_s(1000);
    return frame;
}

/// silent: nobody asks for counters, entries' facts or events, as in data planes. Then usual packets share decisions.
enum class Kind { bump, router, silent_bump, silent_router };
constexpr Kind kKinds[] = {Kind::bump, Kind::router, Kind::silent_bump, Kind::silent_router};

EngineSetup setup_of(Kind kind) {
    const bool is_router = kind == Kind::router || kind == Kind::silent_router;
    const bool is_silent = kind == Kind::silent_bump || kind == Kind::silent_router;
    EngineSetup setup;
    setup.seed = 5;
    setup.listen_events = setup.tells_entries = !is_silent;
    setup.rules4 = *Ruleset::parse(
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT\n"
        "-A FORWARD -m state --state INVALID -p tcp -j REJECT --reject-with tcp-reset\n"
        "-A FORWARD -p sctp -j ACCEPT\n-A FORWARD -p icmp -j ACCEPT\n"
        "-A FORWARD -p udp -m udp --dport 80 -j ACCEPT\n"
        "-A FORWARD -p udp -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n",
        Family::ipv4);
    setup.rules6 = *Ruleset::parse(
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -p tcp -j ACCEPT\n-A FORWARD -p udp -j REJECT --reject-with "
        "icmp6-port-unreachable\nCOMMIT\n",
        Family::ipv6);
    if (is_router) {
        setup.devices = {
            {"eth0", {*parse_prefix("10.0.0.0/24"), *parse_prefix("2001:db8::/64")}},
            {"eth1", {*parse_prefix("10.0.1.0/24"), *parse_prefix("2001:db8:1::/64")}}};
    }
    setup.settings.acct = is_silent ? 0 : 1;
    setup.settings.udp_timeout = 3;
    setup.settings.tcp_timeout_syn_sent = 2;
    setup.settings.tcp_timeout_established = 6;
    return setup;
}

/// All but the entry's number, which is each member's.
std::string describe(const Decision& d) { return words_of(d, EntryNumber::left_out); }

/// Entries in the order of their words, and counters.
template <typename AnyEngine>
std::string all_of(const AnyEngine& engine, Time now) {
    std::vector<std::string> entries;
    engine.for_each_entry(now, [&entries](const EntryCopy& entry) {
        print_entry(entry, EntryFormat::proc, entries.emplace_back());
    });
    std::sort(entries.begin(), entries.end());
    std::string all;
    for (const std::string& entry : entries) all += entry;
    all += engine.print_counters(Family::ipv4) + engine.print_counters(Family::ipv6);
    for (const std::uint64_t count : engine.reason_counts()) all += fmt::format("{} ", count);
    return all;
}

std::vector<std::string> said_by_one(const Traffic& traffic, Kind kind, std::string& all) {
    Engine engine = std::move(*Engine::make(setup_of(kind)));
    std::vector<std::string> said;
    Decision decision;
    for (const Frame& frame : traffic.frames) {
        engine.process({&frame, 1}, {&decision, 1});
        said.push_back(describe(decision));
    }
    all = all_of(engine, traffic.frames.back().time);
    return said;
}

Exchange make_exchange(std::uint32_t members, std::uint32_t most, Kind kind) {
    return std::move(*Exchange::make(setup_of(kind), {members, most}));
}

// --- one after the other --------------------------------------------------------------------------

/// What the member says of one packet, all others serving meanwhile.
std::string ask(Exchange& exchange, std::uint32_t member, const Frame& frame) {
    EXPECT_TRUE(exchange.member(member).submit({&frame, 1}));
    for (int rounds = 0; rounds < 10; ++rounds) {
        const auto answers = exchange.member(member).collect();
        if (!answers.empty()) return describe(answers[0].whole());
        for (std::uint32_t i = 0; i < exchange.members(); ++i) exchange.member(i).serve();
    }
    return "no answer";
}

TEST(Exchange, says_what_one_engine_says_wherever_packets_arrive) {
    for (const Kind kind : kKinds) {
        for (std::uint32_t members = 1; members <= 4; ++members) {
            const Traffic traffic = random_traffic(members, 6, 1500, false);
            std::string wanted_all;
            const std::vector<std::string> wanted = said_by_one(traffic, kind, wanted_all);
            Exchange exchange = make_exchange(members, 4, kind);
            Dice dice(members);
            for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
                ASSERT_EQ(ask(exchange, below(dice, members), traffic.frames[i]), wanted[i])
                    << members << " members, packet " << i;
            }
            EXPECT_EQ(all_of(exchange, traffic.frames.back().time), wanted_all);
        }
    }
}

// --- rules that change ----------------------------------------------------------------------------

/// Nothing is under way afterwards.
void release_all(Exchange& exchange) {
    for (std::uint32_t i = 0; i < exchange.members(); ++i) {
        EXPECT_TRUE(exchange.member(i).collect().empty());
        EXPECT_EQ(exchange.member(i).in_flight(), 0U);
    }
}

/// Whether the change was taken, in the same words by both.
bool change_both(Dice& dice, Engine& engine, Exchange& exchange) {
    std::string command = kLiveChanges[below(dice, std::size(kLiveChanges))];
    const std::size_t at = command.find('#');
    if (at != std::string::npos) command.replace(at, 1, std::to_string(1 + below(dice, 6)));
    const Family family = below(dice, 3) == 0 ? Family::ipv6 : Family::ipv4;
    const auto words_of_change = [&](auto& any) {
        const Result<void> done = any.change_rules(family, command);
        return done ? "" : done.error().faults.front().words;
    };
    release_all(exchange);
    const std::string wanted = words_of_change(engine);
    EXPECT_EQ(words_of_change(exchange), wanted) << command;
    return wanted.empty();
}

TEST(Exchange, says_what_one_engine_says_while_rules_change) {
    for (const Kind kind : kKinds) {
        for (std::uint32_t members = 1; members <= 4; ++members) {
            const Traffic traffic = random_traffic(20 + members, 6, 1500, false);
            Engine engine = std::move(*Engine::make(setup_of(kind)));
            Exchange exchange = make_exchange(members, 4, kind);
            Dice dice(members);
            unsigned changed = 0;
            Decision decision;
            for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
                const Frame& frame = traffic.frames[i];
                if (below(dice, 30) == 0) changed += change_both(dice, engine, exchange) ? 1 : 0;
                engine.process({&frame, 1}, {&decision, 1});
                ASSERT_EQ(ask(exchange, below(dice, members), frame), describe(decision))
                    << members << " members, packet " << i;
            }
            EXPECT_GT(changed, 10U);
            const Time now = traffic.frames.back().time;
            EXPECT_EQ(all_of(exchange, now), all_of(engine, now));
        }
    }
}

TEST(Exchange,
     keeps_its_rules_while_packets_are_under_way_and_where_members_could_not_judge_alike) {
    constexpr const char* kOneMore = "-A FORWARD -p sctp -j DROP";
    Exchange exchange = make_exchange(2, 64, Kind::silent_bump);
    const WrittenPacket packet = *parse_packet_text("tcp 10.0.0.1:1000 10.0.1.1:80 flags syn");
    const Frame frame = frame_of(packet);
    const auto kind_of_refusal = [&](const char* command) {
        const Result<void> done = exchange.change_rules(Family::ipv4, command);
        return done ? std::nullopt : std::optional(done.error().kind);
    };
    ASSERT_TRUE(exchange.member(1).submit({&frame, 1}));
    EXPECT_EQ(kind_of_refusal(kOneMore), ErrorKind::usage);
    for (int rounds = 0; exchange.member(1).collect().empty(); ++rounds) {
        ASSERT_LT(rounds, 10);
        exchange.member(0).serve();
    }
    EXPECT_EQ(kind_of_refusal(kOneMore), ErrorKind::usage) << "the answer may still be read";
    release_all(exchange);
    EXPECT_EQ(kind_of_refusal("-A FORWARD -m limit --limit 1/s -j ACCEPT"), ErrorKind::input);
    EXPECT_EQ(kind_of_refusal("-t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp"),
              ErrorKind::input);
    EXPECT_EQ(exchange.print_counters(Family::ipv4).find("sctp -j DROP"), std::string::npos);
    EXPECT_EQ(kind_of_refusal(kOneMore), std::nullopt);
    EXPECT_NE(exchange.print_counters(Family::ipv4).find("sctp -j DROP"), std::string::npos);
    // One member and one engine for all take any rule.
    Exchange alone = make_exchange(1, 64, Kind::silent_bump);
    EXPECT_TRUE(alone.change_rules(Family::ipv4, "-A FORWARD -m limit --limit 1/s -j ACCEPT"));
}

// --- many under way -------------------------------------------------------------------------------

/// A member's packets in the order in which they are to be submitted, and what is said of them.
struct Queue {
    std::vector<std::size_t> packets;
    std::vector<Frame> frames;
    std::size_t submitted = 0;
    std::size_t answered = 0;
};

void take(Queue& queue, std::span<const Exchange::Answer> answers, std::vector<std::string>& said) {
    for (const Exchange::Answer& answer : answers) {
        said[queue.packets[queue.answered++]] = describe(answer.whole());
    }
}

bool is_fragment(std::span<const std::uint8_t> ip) {
    if (ip.size() < 8) return false;
    if (ip[0] >> 4 == 6) return ip[6] == 44;
    return ((ip[6] & 0x3f) | ip[7]) != 0;
}

TEST(Exchange, keeps_the_order_of_flows_while_batches_are_under_way) {
    constexpr std::uint32_t kMost = 64;
    for (std::uint32_t members = 2; members <= 4; ++members) {
        // A datagram in fragments may come behind what was submitted after it, so none is here.
        Traffic traffic = random_traffic(10 + members, 40, 4000, true);
        std::string all;
        std::vector<Queue> queues(members);
        for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
            if (is_fragment(traffic.packets[i].ip)) traffic.frames[i].bytes = {};
            Queue& queue = queues[traffic.flows[i] % members];
            queue.packets.push_back(i);
            queue.frames.push_back(traffic.frames[i]);
        }
        const std::vector<std::string> wanted = said_by_one(traffic, Kind::bump, all);
        std::vector<std::string> said(wanted.size());
        Exchange exchange = make_exchange(members, kMost, Kind::bump);
        Dice dice(members);
        std::size_t refused = 0;
        for (std::size_t left = wanted.size(), rounds = 0; left != 0; ++rounds) {
            ASSERT_LT(rounds, 100'000U);
            const std::uint32_t which = below(dice, members);
            Queue& queue = queues[which];
            Exchange::Member& member = exchange.member(which);
            if (below(dice, 3) != 0) {
                const std::size_t there = queue.frames.size() - queue.submitted;
                const std::size_t count = std::min<std::size_t>(1 + below(dice, kMost), there);
                const bool is_taken =
                    member.submit(std::span(queue.frames).subspan(queue.submitted, count));
                if (is_taken) queue.submitted += count;
                refused += is_taken ? 0 : 1;
            }
            const std::size_t before = queue.answered;
            take(queue, member.collect(), said);
            left -= queue.answered - before;
        }
        EXPECT_GT(refused, 0U);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            ASSERT_EQ(said[i], wanted[i]) << members << " members, packet " << i;
        }
        EXPECT_EQ(all_of(exchange, traffic.frames.back().time), all);
    }
}

// --- packets that share a decision ------------------------------------------------------------------

/// Opens flows, whose later packets all are acknowledgements in their window: whichever is first, the same is said.
std::vector<WrittenPacket> handshakes(unsigned flows) {
    std::vector<WrittenPacket> packets;
    for (unsigned i = 0; i < flows; ++i) {
        const std::string near = fmt::format("10.0.{}.{}:{}", i / 250, 1 + i % 250, 1000 + i);
        const std::string out = near + " 10.9.0.1:80", back = "10.9.0.1:80 " + near;
        packets.push_back(*parse_packet_text("tcp " + out + " flags syn seq 9 win 9000"));
        packets.push_back(
            *parse_packet_text("tcp " + back + " flags syn,ack seq 5 ack 10 win 9000"));
        packets.push_back(*parse_packet_text("tcp " + out + " flags ack seq 10 ack 6 win 9000"));
    }
    return packets;
}

TEST(Exchange, gives_packets_their_own_bytes_where_they_share_a_decision) {
    constexpr unsigned kFlows = 40, kBatch = 16, kBatches = 60;
    EngineSetup setup = setup_of(Kind::silent_bump);
    // What established packets are told differs by direction, and for one flow.
    setup.rules4 = *Ruleset::parse(
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp -m state --state NEW -j ACCEPT\n"
        "-A FORWARD -s 10.0.0.3/32 -p tcp -m tcp --tcp-flags SYN NONE -j DROP\n"
        "-A FORWARD -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n",
        Family::ipv4);
    const std::vector<WrittenPacket> packets = handshakes(kFlows);
    Engine engine = std::move(*Engine::make(setup));
    Exchange exchange = std::move(*Exchange::make(setup, {2, 3 * kBatch}));
    Decision decision;
    for (const WrittenPacket& packet : packets) {
        const Frame frame = frame_of(packet);
        engine.process({&frame, 1}, {&decision, 1});
        ask(exchange, 0, frame);
    }
    Dice dice(1);
    std::vector<std::vector<Frame>> batches(kBatches);
    std::vector<const Decision*> seen;
    std::size_t answered = 0, dropped = 0;
    const auto take = [&](std::span<const Exchange::Answer> answers) {
        if (answers.empty()) return;
        const std::vector<Frame>& batch = batches[answered++];
        ASSERT_EQ(answers.size(), batch.size());
        for (std::size_t i = 0; i < batch.size(); ++i) {
            engine.process({&batch[i], 1}, {&decision, 1});
            ASSERT_EQ(describe(answers[i].whole()), describe(decision));
            ASSERT_EQ(answers[i].out_bytes.data(), decision.out_bytes.data());
            dropped += decision.verdict == Verdict::drop ? 1 : 0;
            seen.push_back(answers[i].decision);
        }
    };
    for (std::vector<Frame>& batch : batches) {
        for (unsigned i = 0; i < kBatch; ++i) {
            batch.push_back(frame_of(packets[below(dice, kFlows) * 3 + 2]));
        }
        while (!exchange.member(0).submit(batch)) {
            exchange.member(1).serve();
            take(exchange.member(0).collect());
        }
    }
    for (int rounds = 0; answered < kBatches && rounds < 100; ++rounds) {
        exchange.member(1).serve();
        take(exchange.member(0).collect());
    }
    EXPECT_EQ(answered, kBatches);
    EXPECT_GT(dropped, 0U);
    std::sort(seen.begin(), seen.end());
    EXPECT_LT(std::unique(seen.begin(), seen.end()) - seen.begin(), 100) << "they share none";
    EXPECT_EQ(exchange.print_counters(Family::ipv4), engine.print_counters(Family::ipv4));
}

// --- members that stay away -------------------------------------------------------------------------

TEST(Exchange, waits_for_members_that_stay_away_and_loses_nothing) {
    constexpr unsigned kFlows = 40, kBatch = 8, kMost = 64;
    const std::vector<WrittenPacket> packets = handshakes(kFlows);
    Exchange exchange = make_exchange(2, kMost, Kind::silent_bump);
    for (const WrittenPacket& packet : packets) ask(exchange, 0, frame_of(packet));
    Exchange::Member& here = exchange.member(0);
    Exchange::Member& away = exchange.member(1);
    here.collect();
    // The other one leaves a batch behind, of which it will see the answers when it is back.
    std::vector<Frame> all;
    for (unsigned i = 0; i < kFlows; ++i) all.push_back(frame_of(packets[i * 3 + 2]));
    ASSERT_TRUE(away.submit(all));
    std::size_t batches = 0;
    for (std::size_t at = 0; here.submit(std::span(all).subspan(at % kFlows, kBatch)); ++batches) {
        at = (at + kBatch) % kFlows;
    }
    EXPECT_EQ(batches, kMost / kBatch);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(here.collect().empty());
        ASSERT_FALSE(here.submit(all));
    }
    EXPECT_EQ(here.in_flight(), kMost);
    while (away.serve() != 0) continue;
    for (; batches != 0; --batches) {
        const auto answers = here.collect();
        ASSERT_EQ(answers.size(), kBatch);
        for (const auto& answer : answers) EXPECT_EQ(answer.decision->verdict, Verdict::accept);
    }
    EXPECT_TRUE(here.wait().empty());
    EXPECT_EQ(here.in_flight(), 0U);
    const auto answers = away.collect();
    ASSERT_EQ(answers.size(), kFlows);
    for (std::size_t i = 0; i < kFlows; ++i) {
        EXPECT_EQ(answers[i].decision->state, CtState::established);
        EXPECT_EQ(answers[i].out_bytes.data(), all[i].bytes.data());
    }
}

TEST(Exchange, tells_members_events_and_numbers_apart) {
    Exchange exchange = make_exchange(2, 64, Kind::bump);
    const Traffic traffic = random_traffic(3, 30, 500, false);
    for (const Frame& frame : traffic.frames) ask(exchange, 0, frame);
    for (std::uint32_t i = 0; i < 2; ++i) {
        const std::vector<Event> events = exchange.member(i).take_events();
        EXPECT_GT(events.size(), 10U);
        for (const Event& event : events) EXPECT_EQ(event.entry.number >> 40, i);
        EXPECT_GT(exchange.entry_counts()[i], 0U);
    }
}

TEST(Exchange, has_one_engine_where_rules_remember_or_flows_have_helpers) {
    EngineSetup remembers = setup_of(Kind::bump);
    remembers.rules4 = *Ruleset::parse(
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m limit --limit 1/s -j ACCEPT\nCOMMIT\n",
        Family::ipv4);
    EngineSetup helped = setup_of(Kind::bump);
    helped.settings.helper = 1;
    for (const EngineSetup& setup : {remembers, helped}) {
        Exchange exchange = std::move(*Exchange::make(setup, {3, 64}));
        ASSERT_TRUE(exchange.why_one());
        EXPECT_FALSE(exchange.why_one()->words.empty());
        const Traffic traffic = random_traffic(7, 20, 200, false);
        for (const Frame& frame : traffic.frames) EXPECT_NE(ask(exchange, 2, frame), "no answer");
        EXPECT_GT(exchange.entry_counts()[0], 0U);
        EXPECT_EQ(exchange.entry_counts()[1] + exchange.entry_counts()[2], 0U);
        release_all(exchange);
        EXPECT_TRUE(exchange.change_rules(Family::ipv4, "-A FORWARD -m limit --limit 1/s -j DROP"));
    }
    EXPECT_FALSE(make_exchange(3, 64, Kind::bump).why_one());
}

TEST(Exchange, cannot_be_made_without_members_or_room) {
    EXPECT_FALSE(Exchange::make(setup_of(Kind::bump), {0, 64}));
    EXPECT_FALSE(Exchange::make(setup_of(Kind::bump), {Steering::kMostShards + 1, 64}));
    EXPECT_FALSE(Exchange::make(setup_of(Kind::bump), {2, 0}));
    EXPECT_FALSE(Exchange::make(setup_of(Kind::bump), {2, 65537}));
}

// --- threads --------------------------------------------------------------------------------------

TEST(Exchange, serves_threads_that_all_receive_packets_of_all_flows) {
    constexpr std::uint32_t kMembers = 3;
    constexpr unsigned kFlows = 300, kBatch = 20, kBatches = 400;
    const std::vector<WrittenPacket> opening = handshakes(kFlows);
    Exchange exchange = make_exchange(kMembers, 4 * kBatch, Kind::silent_bump);
    for (const WrittenPacket& packet : opening) ask(exchange, 1, frame_of(packet));
    std::vector<std::thread> threads;
    std::array<std::uint64_t, kMembers> accepted{};
    std::atomic<std::uint32_t> done{0};
    for (std::uint32_t which = 0; which < kMembers; ++which) {
        threads.emplace_back([&, which] {
            Exchange::Member& member = exchange.member(which);
            Dice dice(which);
            std::vector<Frame> frames(kBatch);
            const auto count = [&](std::span<const Exchange::Answer> answers) {
                for (const auto& [d, out_bytes] : answers) {
                    const bool is_good = d->verdict == Verdict::accept &&
                                         d->state == CtState::established && !out_bytes.empty();
                    accepted[which] += is_good ? 1 : 0;
                }
            };
            for (unsigned batch = 0; batch < kBatches; ++batch) {
                for (Frame& frame : frames) {
                    frame.bytes = opening[below(dice, kFlows) * 3 + 2].ip;
                    frame.link = kLinkRaw;
                    frame.time = Time::from_s(1000);
                }
                while (!member.submit(frames)) count(member.wait());
                if (below(dice, 4) == 0) count(member.collect());
            }
            while (member.in_flight() != 0) count(member.wait());
            ++done;
            while (done.load() < kMembers) member.serve();
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::uint64_t each : accepted) EXPECT_EQ(each, kBatch * kBatches);
    EXPECT_EQ(exchange.statistics().insert_failed, 0U);
    std::uint64_t entries = 0;
    for (const std::uint32_t each : exchange.entry_counts()) entries += each;
    EXPECT_EQ(entries, kFlows);
}

TEST(Exchange, changes_rules_while_its_threads_meet) {
    constexpr std::uint32_t kMembers = 3;
    constexpr unsigned kFlows = 100, kBatch = 20, kBatches = 20, kRounds = 30;
    const std::vector<WrittenPacket> opening = handshakes(kFlows);
    Exchange exchange = make_exchange(kMembers, 4 * kBatch, Kind::silent_bump);
    for (const WrittenPacket& packet : opening) ask(exchange, 1, frame_of(packet));
    release_all(exchange);
    std::array<std::uint64_t, kMembers> wrong{};
    std::barrier meeting(kMembers);
    std::array<std::atomic<std::uint32_t>, kRounds> done{};
    const auto play = [&](std::uint32_t which) {
        Exchange::Member& member = exchange.member(which);
        Dice dice(which);
        std::vector<Frame> frames(kBatch);
        for (unsigned round = 0; round < kRounds; ++round) {
            const bool is_open = round % 2 == 0;
            const auto count = [&](std::span<const Exchange::Answer> answers) {
                for (const auto& [d, out_bytes] : answers) {
                    const bool is_good = (d->verdict == Verdict::accept) == is_open &&
                                         d->rule.number == 1 && out_bytes.empty() != is_open;
                    wrong[which] += is_good ? 0 : 1;
                }
            };
            for (unsigned batch = 0; batch < kBatches; ++batch) {
                for (Frame& frame : frames) frame = frame_of(opening[below(dice, kFlows) * 3 + 2]);
                while (!member.submit(frames)) count(member.wait());
            }
            while (member.in_flight() != 0) count(member.wait());
            ++done[round];
            while (done[round].load() < kMembers) member.serve();
            meeting.arrive_and_wait();
            if (which == round % kMembers) {
                const char* const command = is_open ? "-I FORWARD -p tcp -j DROP" : "-D FORWARD 1";
                EXPECT_TRUE(exchange.change_rules(Family::ipv4, command));
            }
            meeting.arrive_and_wait();
        }
    };
    std::vector<std::thread> threads;
    for (std::uint32_t which = 0; which < kMembers; ++which) threads.emplace_back(play, which);
    for (std::thread& thread : threads) thread.join();
    for (const std::uint64_t each : wrong) EXPECT_EQ(each, 0U);
}

}  // namespace
}  // namespace keepstate
