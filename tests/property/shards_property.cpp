// N shards say exactly what one engine says: decisions, bytes, events and their order, entries and their numbers,
// expectations, counters, statistics.
//
// Random traffic in which packets meet each other's flows: few ends, short timeouts, time that jumps; ICMP errors,
// fragments, IPv6, broken packets; conversations that announce others, whose first packets come in the same batch.
// seen: each kind of traffic has a test that it does what it is for (flows expire, expectations are met, ...).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "decision_words.hpp"
#include "keepstate/packet.hpp"
#include "keepstate/sharded_engine.hpp"
#include "keepstate/steering.hpp"
#include "live_changes.hpp"
#include "runs.hpp"

namespace keepstate {
namespace {

class Dice {
  public:
    explicit Dice(unsigned seed) : random_(seed) {}
    unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  private:
    std::mt19937 random_;
};

// --- packets ---------------------------------------------------------------------------------------------

std::string ends_of(Dice& dice, bool is_v6, bool has_ports) {
    const unsigned port = 1000 + dice.below(4);
    const unsigned host = 1 + dice.below(3);
    std::string near = is_v6 ? fmt::format("2001:db8::{}", host) : fmt::format("10.0.0.{}", host);
    std::string far = is_v6 ? "2001:db8:1::1" : "10.0.1.1";
    if (has_ports) {
        near = fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), near, port);
        far = fmt::format(fmt::runtime(is_v6 ? "[{}]:80" : "{}:80"), far);
    }
    return dice.below(2) != 0 ? far + " " + near : near + " " + far;
}

std::string random_tcp(Dice& dice, bool is_v6) {
    constexpr const char* kFlags[] = {"syn", "syn,ack", "ack", "fin,ack", "rst", "psh,ack"};
    return fmt::format("tcp {} flags {} seq {} ack {} win 1000", ends_of(dice, is_v6, true),
                       kFlags[dice.below(6)], 100 + dice.below(3), 100 + dice.below(3));
}

std::string random_error(Dice& dice, bool is_v6) {
    const std::string quoted = dice.below(2) != 0 ? random_tcp(dice, is_v6)
                                                  : "udp " + ends_of(dice, is_v6, true) + " len 8";
    const std::string ends = ends_of(dice, is_v6, false);
    return fmt::format("{} {} {} quote ({})", is_v6 ? "icmp6" : "icmp", ends,
                       dice.below(2) != 0 ? "port-unreachable" : (is_v6 ? "3/0" : "11/0"), quoted);
}

std::string random_fragment(Dice& dice, bool is_v6) {
    const unsigned piece = dice.below(3);
    constexpr const char* kPieces[] = {"0:24+", "24:24+", "48:24"};
    return fmt::format("udp {} len 64 {} {} frag {}", ends_of(dice, is_v6, true),
                       is_v6 ? "id" : "ipid", 1 + dice.below(3), kPieces[piece]);
}

std::string random_packet(Dice& dice) {
    const bool is_v6 = dice.below(4) == 0;
    switch (dice.below(16)) {
        case 0:
        case 1:
        case 2: return "udp " + ends_of(dice, is_v6, true) + fmt::format(" len {}", dice.below(30));
        case 3:
            return fmt::format("{} {} {} id {}", is_v6 ? "icmp6" : "icmp",
                               ends_of(dice, is_v6, false),
                               dice.below(2) != 0 ? "echo-request" : "echo-reply", dice.below(3));
        case 4:
        case 5: return random_error(dice, is_v6);
        case 6:  // few: each ends a stretch of packets that are judged side by side
            return dice.below(8) == 0 ? random_fragment(dice, is_v6) : random_tcp(dice, is_v6);
        case 8: return "gre " + ends_of(dice, is_v6, false) + " callid 7";
        case 9: return "esp " + ends_of(dice, is_v6, false) + " spi 5 seq 1";
        case 10: return "sctp " + ends_of(dice, is_v6, true) + " chunks init";
        case 11: return "udp " + ends_of(dice, is_v6, true) + " len 8 badsum";
        case 12:
            return "udp " + ends_of(dice, is_v6, true) + " len 8 ttl " +
                   std::to_string(dice.below(3));
        default: return random_tcp(dice, is_v6);
    }
}

/// An FTP control connection of one client, and the data connections that it announces; packets in their order.
std::vector<std::string> ftp_talk(unsigned client, unsigned port, Dice& dice) {
    const std::string out = fmt::format("10.0.0.{}:{} 10.0.1.1:21", client, port);
    const std::string back = fmt::format("10.0.1.1:21 10.0.0.{}:{}", client, port);
    std::vector<std::string> packets;
    unsigned ours = 1000, theirs = 5000;
    packets.push_back(fmt::format("tcp {} flags syn seq {} win 9000", out, ours++));
    packets.push_back(
        fmt::format("tcp {} flags syn,ack seq {} ack {} win 9000", back, theirs++, ours));
    packets.push_back(fmt::format("tcp {} flags ack seq {} ack {} win 9000", out, ours, theirs));
    // The helper takes up the conversation at the first line of each side, and reads from the next.
    packets.push_back(fmt::format(
        "tcp {} flags psh,ack seq {} ack {} win 9000 data \"220 hi\\r\\n\"", back, theirs, ours));
    theirs += 8;
    packets.push_back(fmt::format(
        "tcp {} flags psh,ack seq {} ack {} win 9000 data \"USER x\\r\\n\"", out, ours, theirs));
    ours += 8;
    const unsigned rounds = 1 + dice.below(3);
    for (unsigned i = 0; i < rounds; ++i) {
        const unsigned data_port = 2000 + dice.below(20);
        const bool is_passive = dice.below(2) != 0;
        const std::string words =
            is_passive
                ? fmt::format("227 Entering Passive Mode (10,0,1,1,{},{})\r\n", data_port / 256,
                              data_port % 256)
                : fmt::format("PORT 10,0,0,{},{},{}\r\n", client, data_port / 256, data_port % 256);
        const std::string text =
            is_passive ? fmt::format("227 Entering Passive Mode (10,0,1,1,{},{})\\r\\n",
                                     data_port / 256, data_port % 256)
                       : fmt::format("PORT 10,0,0,{},{},{}\\r\\n", client, data_port / 256,
                                     data_port % 256);
        const auto bytes = static_cast<unsigned>(words.size());
        packets.push_back(fmt::format("tcp {} flags psh,ack seq {} ack {} win 9000 data \"{}\"",
                                      is_passive ? back : out, is_passive ? theirs : ours,
                                      is_passive ? ours : theirs, text));
        (is_passive ? theirs : ours) += bytes;
        const std::string from =
            is_passive ? fmt::format("10.0.0.{}:{} 10.0.1.1:{}", client, port + 1, data_port)
                       : fmt::format("10.0.1.1:20 10.0.0.{}:{}", client, data_port);
        const std::string to =
            is_passive ? fmt::format("10.0.1.1:{} 10.0.0.{}:{}", data_port, client, port + 1)
                       : fmt::format("10.0.0.{}:{} 10.0.1.1:20", client, data_port);
        packets.push_back(fmt::format("tcp {} flags syn seq 1 win 9000", from));
        packets.push_back(fmt::format("tcp {} flags syn,ack seq 1 ack 2 win 9000", to));
        packets.push_back(fmt::format("tcp {} flags ack seq 2 ack 2 win 9000", from));
        if (dice.below(2) != 0) packets.push_back(fmt::format("tcp {} flags rst seq 2", to));
        packets.push_back(
            fmt::format("icmp 10.0.1.1 10.0.0.{} port-unreachable quote (tcp {})", client, from));
    }
    if (dice.below(2) != 0) packets.push_back(fmt::format("tcp {} flags rst seq {}", out, ours));
    return packets;
}

std::string noise(Dice& dice) { return random_packet(dice); }

/// Talks of several clients, each in its order, with other packets in between.
std::vector<std::string> ftp_packets(Dice& dice) {
    std::vector<std::vector<std::string>> talks;
    for (unsigned i = 0; i < 8; ++i) talks.push_back(ftp_talk(1 + i % 3, 3000 + 10 * i, dice));
    std::vector<std::string> packets;
    std::vector<std::size_t> next(talks.size());
    for (unsigned left = 1500; left != 0; --left) {
        const unsigned i = dice.below(static_cast<unsigned>(talks.size()) * 4);
        if (i >= talks.size()) {
            packets.push_back(noise(dice));
        } else if (next[i] < talks[i].size()) {
            packets.push_back(talks[i][next[i]++]);
        } else {
            talks[i] = ftp_talk(1 + i % 3, 3000 + 10 * i, dice);
            next[i] = 0;
        }
    }
    return packets;
}

std::vector<std::string> mixed_packets(Dice& dice) {
    std::vector<std::string> packets(1500);
    for (std::string& words : packets) words = random_packet(dice);
    return packets;
}

// --- setups ----------------------------------------------------------------------------------------------

constexpr const char* kStateful4 =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT\n"
    "-A FORWARD -p tcp -m tcp --dport 21 -j ACCEPT\n"
    "-A FORWARD -m state --state INVALID -p tcp -j REJECT --reject-with tcp-reset\n"
    "-A FORWARD -p sctp -j ACCEPT\n-A FORWARD -p icmp -j ACCEPT\n"
    "-A FORWARD -p udp -m udp --dport 80 -j LOG --log-prefix \"udp \"\n"
    "-A FORWARD -p udp -m udp --sport 1000:1001 -j ACCEPT\n"
    "-A FORWARD -p udp -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n";
constexpr const char* kMarks4 =
    "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -s 10.0.0.3/32 -p udp -j NOTRACK\n"
    "-A PREROUTING -s 10.0.0.2/32 -j CT --zone 7\n"
    "-A PREROUTING -p tcp -m tcp --sport 1001 -j CT --zone-orig 3\nCOMMIT\n"
    "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --syn -j CONNMARK --set-mark "
    "1\n"
    "-A PREROUTING -j CONNMARK --restore-mark\nCOMMIT\n";
constexpr const char* kStateful6 =
    "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -p tcp -j ACCEPT\n-A FORWARD -p udp -j REJECT --reject-with "
    "icmp6-port-unreachable\nCOMMIT\n";

struct Case {
    const char* rules4 = nullptr;
    const char* rules6 = nullptr;
    bool is_router = false;
    std::uint32_t most = 262144;
    bool has_helpers = false;
    bool has_stories = false;
    /// Changes of the rules, of which some come between two batches; `#' stands for any small number.
    std::vector<std::string> changes = {};
};

EngineSetup setup_of(const Case& which) {
    EngineSetup setup;
    setup.seed = 5;
    setup.listen_events = true;
    if (which.rules4) setup.rules4 = *Ruleset::parse(which.rules4, Family::ipv4, "rules.v4");
    if (which.rules6) setup.rules6 = *Ruleset::parse(which.rules6, Family::ipv6, "rules.v6");
    if (which.is_router) {
        setup.devices = {
            {"eth0", {*parse_prefix("10.0.0.0/24"), *parse_prefix("2001:db8::/64")}},
            {"eth1", {*parse_prefix("10.0.1.0/24"), *parse_prefix("2001:db8:1::/64")}}};
        setup.local = {*parse_address("10.0.0.3"), *parse_address("2001:db8::3")};
    }
    Settings& settings = setup.settings;
    settings.max = which.most;
    settings.buckets = 64;
    settings.acct = settings.timestamp = 1;
    settings.helper = which.has_helpers;
    settings.udp_timeout = 3;
    settings.tcp_timeout_syn_sent = 2;
    settings.tcp_timeout_established = 6;
    settings.log_invalid = 255;
    return setup;
}

// --- what an engine says -----------------------------------------------------------------------------------

/// All that is asked of an engine about a batch, a line each.
template <typename AnyEngine>
void judge(AnyEngine& engine, std::span<const Frame> frames, bool has_stories,
           std::vector<std::string>& said) {
    std::vector<Decision> decisions(frames.size());
    std::vector<std::string> stories(frames.size()), logs(frames.size());
    engine.process(frames, decisions, has_stories ? stories.data() : nullptr, logs.data());
    const std::vector<Event> events = engine.take_events();
    const std::vector<ExpectationEvent> expectations = engine.take_expectation_events();
    std::size_t event = 0, expectation = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        std::string line = words_of(decisions[i]) + " | " + stories[i] + logs[i];
        for (; event < engine.event_ends()[i]; ++event) {
            line += fmt::format("#{} ", events[event].entry.number);
            print_event(events[event], line);
        }
        for (; expectation < engine.expectation_event_ends()[i]; ++expectation) {
            print_expectation_event(expectations[expectation].kind,
                                    expectations[expectation].expectation, line);
        }
        said.push_back(line);
    }
    EXPECT_EQ(event, events.size());
    EXPECT_EQ(expectation, expectations.size());
}

template <typename AnyEngine>
std::string all_of(const AnyEngine& engine, Time now) {
    std::string all;
    engine.for_each_entry(now, [&all](const EntryCopy& entry) {
        all += fmt::format("#{} ", entry.number);
        print_entry(entry, EntryFormat::proc, all);
    });
    all += engine.print_expectations(now) + engine.print_counters(Family::ipv4) +
           engine.print_counters(Family::ipv6);
    print_statistics(engine.statistics(), all);
    const Statistics s = engine.statistics();
    all += fmt::format("{} {} {}\n", s.expect_new, s.expect_create, s.expect_delete);
    for (const std::uint64_t count : engine.reason_counts()) all += fmt::format("{} ", count);
    return all + fmt::format("\n{} entries", engine.entry_count());
}

struct Traffic {
    std::vector<WrittenPacket> packets;
    std::vector<Frame> frames;
};

/// Time goes on by a step below `most_ms` at every packet, now and then by much more.
Traffic traffic_of(const std::vector<std::string>& words, Dice& dice, unsigned most_ms) {
    Traffic traffic;
    Time now = Time::from_s(1000);
    for (const std::string& each : words) {
        Result<WrittenPacket> packet = parse_packet_text(each);
        EXPECT_TRUE(packet) << each << ": " << (packet ? "" : packet.error().faults[0].words);
        if (packet) traffic.packets.push_back(std::move(*packet));
    }
    for (const WrittenPacket& packet : traffic.packets) {
        now = now + std::int64_t{dice.below(dice.below(40) == 0 ? 3000 : most_ms)} * 1'000'000;
        Frame frame;
        frame.bytes = packet.ip;
        frame.link = kLinkRaw;
        frame.time = now;
        if (dice.below(50) == 0) frame.bytes = frame.bytes.first(dice.below(20));
        traffic.frames.push_back(frame);
    }
    return traffic;
}

/// Some change of the rules in both, which both may refuse in the same words. Whether they took it.
bool change(const Case& which, Dice& dice, Engine& one, ShardedEngine& many) {
    std::string command = which.changes[dice.below(static_cast<unsigned>(which.changes.size()))];
    const std::size_t at = command.find('#');
    if (at != std::string::npos) command.replace(at, 1, std::to_string(1 + dice.below(6)));
    const Family family = which.rules6 && dice.below(3) == 0 ? Family::ipv6 : Family::ipv4;
    const auto words_of_change = [&](auto& engine) {
        const Result<void> done = engine.change_rules(family, command);
        return done ? "" : done.error().faults.front().words;
    };
    const std::string wanted = words_of_change(one);
    EXPECT_EQ(words_of_change(many), wanted) << command;
    return wanted.empty();
}

/// The same packets through one engine and through shards, in batches of random sizes.
void compare(const Case& which, const Traffic& traffic, std::uint32_t shards, unsigned seed) {
    Dice dice(seed);
    Engine one = std::move(*Engine::make(setup_of(which)));
    ShardedEngine many = std::move(*ShardedEngine::make(setup_of(which), {shards}));
    ASSERT_EQ(many.shards(), shards);
    unsigned changed = 0;
    for (std::size_t at = 0; at < traffic.frames.size();) {
        for (unsigned n = which.changes.empty() ? 0 : dice.below(4); n > 0; --n) {
            changed += change(which, dice, one, many) ? 1 : 0;
        }
        const std::size_t count =
            std::min<std::size_t>(1 + dice.below(300), traffic.frames.size() - at);
        const auto batch = std::span(traffic.frames).subspan(at, count);
        std::vector<std::string> wanted, got;
        judge(one, batch, which.has_stories, wanted);
        judge(many, batch, which.has_stories, got);
        for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(got[i], wanted[i])
                << shards << " shards, seed " << seed << ", packet " << at + i;
        }
        at += count;
        ASSERT_EQ(all_of(many, batch.back().time), all_of(one, batch.back().time))
            << shards << " shards, seed " << seed << ", behind packet " << at;
    }
    EXPECT_TRUE(which.changes.empty() || changed > 0) << "else nothing has changed";
}

void compare_all(const Case& which, std::vector<std::string> (*make)(Dice&), unsigned seeds,
                 unsigned most_ms) {
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        Dice dice(seed);
        const Traffic traffic = traffic_of(make(dice), dice, most_ms);
        for (std::uint32_t shards = 1; shards <= 4; ++shards) {
            compare(which, traffic, shards, seed);
            if (testing::Test::HasFatalFailure()) return;
        }
    }
}

TEST(Shards, say_what_one_engine_says_without_rules) {
    compare_all({}, mixed_packets, draws(3U, 1U), 50);
}
TEST(Shards, say_what_one_engine_says_with_rules_that_reject_and_log) {
    compare_all({.rules4 = kStateful4, .rules6 = kStateful6}, mixed_packets, draws(4U, 1U), 50);
}
TEST(Shards, say_what_one_engine_says_as_a_router_with_addresses_of_its_own) {
    compare_all({.rules4 = kStateful4, .rules6 = kStateful6, .is_router = true}, mixed_packets,
                draws(4U, 1U), 50);
}
TEST(Shards, say_what_one_engine_says_with_zones_marks_and_untracked_packets) {
    compare_all({.rules4 = kMarks4, .rules6 = kStateful6, .is_router = true}, mixed_packets,
                draws(4U, 1U), 50);
}
TEST(Shards, say_what_one_engine_says_when_time_jumps) {
    compare_all({.rules4 = kStateful4, .rules6 = kStateful6}, mixed_packets, draws(2U, 1U), 2000);
}
TEST(Shards, say_what_one_engine_says_while_the_table_is_full) {
    compare_all({.rules4 = kStateful4, .rules6 = kStateful6, .most = 12}, mixed_packets,
                draws(3U, 1U), 50);
}
// Between: some batches are far from the limit, others reach it.
TEST(Shards, say_what_one_engine_says_near_the_limit) {
    compare_all({.rules6 = kStateful6, .most = 400}, mixed_packets, draws(3U, 1U), 10);
}
TEST(Shards, tell_the_stories_that_one_engine_tells) {
    compare_all(
        {.rules4 = kStateful4, .rules6 = kStateful6, .is_router = true, .has_stories = true},
        mixed_packets, 1, 50);
}
TEST(Shards, meet_expectations_as_one_engine_does) {
    compare_all({.rules4 = kStateful4, .has_helpers = true}, ftp_packets, draws(6U, 1U), 20);
}
TEST(Shards, meet_expectations_of_flows_that_rules_give_a_helper) {
    const std::string rules =
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper "
        "ftp\nCOMMIT\n" +
        std::string(kStateful4);
    compare_all({.rules4 = rules.c_str(), .is_router = true}, ftp_packets, draws(4U, 1U), 20);
}
TEST(Shards, meet_expectations_while_the_table_is_full) {
    compare_all({.most = 25, .has_helpers = true}, ftp_packets, draws(3U, 1U), 20);
}
TEST(Shards, say_what_one_engine_says_while_rules_change) {
    std::vector<std::string> changes(std::begin(kLiveChanges), std::end(kLiveChanges));
    changes.emplace_back("-t raw -A PREROUTING -p tcp -m tcp --sport 1001 -j CT --zone-orig #");
    changes.emplace_back(
        "-t security -A FORWARD -m connbytes --connbytes 2 --connbytes-mode packets "
        "--connbytes-dir both");
    const Case plain{.rules4 = kStateful4, .rules6 = kStateful6, .changes = changes};
    compare_all(plain, mixed_packets, draws(6U, 1U), 50);
    Case router = plain;
    router.is_router = true;
    compare_all(router, mixed_packets, draws(4U, 1U), 50);
}
TEST(Shards, meet_expectations_while_rules_that_give_a_helper_come_and_go) {
    const std::string rules =
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper "
        "ftp\nCOMMIT\n" +
        std::string(kStateful4);
    const Case which{
        .rules4 = rules.c_str(),
        .changes = {"-t raw -D PREROUTING 1", "-t raw -A PREROUTING -p udp -j NOTRACK",
                    "-t raw -I PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp",
                    "-t raw -I PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp"}};
    compare_all(which, ftp_packets, draws(4U, 1U), 20);
}

// --- that the traffic is worth comparing -------------------------------------------------------------------

TEST(Traffic, brings_about_what_shards_could_get_wrong) {
    Dice dice(1);
    const Traffic traffic = traffic_of(ftp_packets(dice), dice, 20);
    Engine engine = std::move(*Engine::make(setup_of({.rules4 = kStateful4, .has_helpers = true})));
    std::vector<std::string> said;
    judge(engine, traffic.frames, false, said);
    EXPECT_GT(engine.statistics().expect_new, 10U);
    EXPECT_GT(engine.statistics().expect_delete, engine.statistics().expect_new);
    const auto count_of = [&said](std::string_view words) {
        return std::count_if(said.begin(), said.end(), [words](const std::string& line) {
            return line.find(words) != std::string::npos;
        });
    };
    EXPECT_GT(count_of("HELD"), 3);
    EXPECT_GT(count_of("RELATED"), 50);
    EXPECT_GT(count_of("[DESTROY]"), 50);
    EXPECT_GT(count_of("reply 45"), 50);
}

TEST(Traffic, fills_a_tiny_table) {
    Dice dice(1);
    const Traffic traffic = traffic_of(mixed_packets(dice), dice, 50);
    Engine engine = std::move(*Engine::make(setup_of({.most = 12})));
    std::vector<std::string> said;
    judge(engine, traffic.frames, false, said);
    EXPECT_GT(engine.statistics().early_drop, 10U);
    // Nothing is dropped for want of room: early drop looks at 8 buckets, and so small a table has not more.
    EXPECT_EQ(engine.statistics().drop, 0U);
}

// --- steering ----------------------------------------------------------------------------------------------

std::uint32_t shard_of(Steering& steering, const std::string& words) {
    const Result<WrittenPacket> written = parse_packet_text(words);
    if (!written) {
        ADD_FAILURE() << words << ": " << written.error().faults[0].words;
        return 0;
    }
    const WrittenPacket& packet = *written;
    Frame frame;
    frame.bytes = packet.ip;
    frame.link = kLinkRaw;
    return steering.shard_of(frame);
}

Steering steering_of(std::uint64_t seed, std::uint32_t shards) {
    EngineSetup setup;
    setup.seed = seed;
    return std::move(*Steering::make(setup, shards));
}

TEST(Steering, brings_both_directions_and_the_errors_about_a_flow_together) {
    Steering steering = steering_of(3, 16);
    for (unsigned i = 0; i < 200; ++i) {
        const std::string near = fmt::format("10.0.{}.{}", i / 50, i % 50), far = "192.0.2.7";
        const std::string out = fmt::format("{}:{} {}:80", near, 1000 + i, far);
        const std::string back = fmt::format("{}:80 {}:{}", far, near, 1000 + i);
        for (const char* kind : {"tcp", "udp", "sctp", "udplite"}) {
            const std::uint32_t shard = shard_of(steering, fmt::format("{} {}", kind, out));
            EXPECT_EQ(shard_of(steering, fmt::format("{} {}", kind, back)), shard);
            EXPECT_EQ(shard_of(steering, fmt::format("icmp 192.0.2.99 {} 11/0 quote ({} {})", near,
                                                     kind, out)),
                      shard);
            EXPECT_EQ(shard_of(steering, fmt::format("{} {} options 01010100", kind, out)), shard);
        }
        const std::uint32_t query =
            shard_of(steering, fmt::format("icmp {} {} echo-request id {}", near, far, i));
        EXPECT_EQ(shard_of(steering, fmt::format("icmp {} {} echo-reply id {}", far, near, i)),
                  query);
        EXPECT_EQ(shard_of(steering, fmt::format("gre {} {} callid {}", near, far, i)),
                  shard_of(steering, fmt::format("gre {} {}", far, near)));
        const std::string near6 = fmt::format("[2001:db8::{}]:{}", i, 1000 + i);
        EXPECT_EQ(shard_of(steering, fmt::format("tcp {} [2001:db8::99]:80", near6)),
                  shard_of(steering, fmt::format("tcp [2001:db8::99]:80 {} ext hop,dst", near6)));
    }
}

TEST(Steering, lets_fragments_of_a_datagram_meet) {
    Steering steering = steering_of(3, 16);
    std::vector<bool> used(16);
    for (unsigned id = 0; id < 100; ++id) {
        const std::string words = fmt::format("udp 10.0.0.1:5 10.0.0.2:6 len 64 ipid {} frag ", id);
        const std::uint32_t shard = shard_of(steering, words + "0:24+");
        EXPECT_EQ(shard_of(steering, words + "24:48"), shard);
        used[shard] = true;
    }
    EXPECT_GT(std::count(used.begin(), used.end(), true), 12);
}

/// How many of `flows` flows come to each shard.
std::vector<unsigned> spread_of(Steering& steering, unsigned flows, std::uint32_t shards) {
    std::vector<unsigned> counts(shards);
    WrittenPacket packet = *parse_packet_text("tcp 10.0.0.1:1000 192.0.2.7:80 flags syn");
    for (unsigned i = 0; i < flows; ++i) {
        packet.ip[13] = static_cast<std::uint8_t>(i >> 16);
        packet.ip[14] = static_cast<std::uint8_t>(i >> 8);
        packet.ip[15] = static_cast<std::uint8_t>(i);
        Frame frame;
        frame.bytes = packet.ip;
        frame.link = kLinkRaw;
        ++counts[steering.shard_of(frame)];
    }
    return counts;
}

TEST(Steering, spreads_neighbouring_flows_evenly) {
    // Flows that differ in the last bits of one address. 5 standard deviations of an even spread.
    for (const std::uint32_t shards : {2U, 3U, 4U, 7U, 16U, 64U}) {
        constexpr unsigned kFlows = 64000;
        Steering steering = steering_of(1, shards);
        const double mean = double{kFlows} / shards;
        for (const unsigned count : spread_of(steering, kFlows, shards)) {
            EXPECT_NEAR(count, mean, 5 * std::sqrt(mean)) << shards << " shards";
        }
    }
}

/// Whoever finds flows of one shard with the key that he guesses, finds flows of all shards with the right one.
TEST(Steering, does_not_let_a_stranger_choose_the_shard) {
    constexpr std::uint32_t kShards = 8;
    Steering guessed = steering_of(1, kShards);
    for (std::uint64_t seed = 2; seed < 6; ++seed) {
        Steering real = steering_of(seed, kShards);
        std::vector<unsigned> counts(kShards);
        WrittenPacket packet = *parse_packet_text("udp 10.0.0.1:1000 192.0.2.7:80");
        unsigned chosen = 0;
        for (unsigned i = 0; i < 64000; ++i) {
            packet.ip[14] = static_cast<std::uint8_t>(i >> 8);
            packet.ip[15] = static_cast<std::uint8_t>(i);
            Frame frame;
            frame.bytes = packet.ip;
            frame.link = kLinkRaw;
            if (guessed.shard_of(frame) != 0) continue;
            ++chosen;
            ++counts[real.shard_of(frame)];
        }
        const double mean = double(chosen) / kShards;
        for (const unsigned count : counts) EXPECT_NEAR(count, mean, 5 * std::sqrt(mean));
    }
}

TEST(Steering, says_that_there_cannot_be_so_many_shards) {
    EXPECT_FALSE(Steering::make({}, 0));
    EXPECT_FALSE(Steering::make({}, 65));
    EXPECT_TRUE(Steering::make({}, 64));
    EXPECT_FALSE(ShardedEngine::make({}, {.shards = 65}));
}

TEST(Shards, hold_about_as_many_flows_each) {
    ShardedEngine engine = std::move(*ShardedEngine::make({}, {.shards = 4}));
    std::vector<WrittenPacket> packets;
    for (unsigned i = 0; i < 8000; ++i) {
        packets.push_back(
            *parse_packet_text(fmt::format("udp 10.0.{}.{}:5 192.0.2.7:80", i / 256, i % 256)));
    }
    std::vector<Frame> frames(packets.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
        frames[i].bytes = packets[i].ip;
        frames[i].link = kLinkRaw;
    }
    std::vector<Decision> decisions(frames.size());
    engine.process(frames, decisions);
    EXPECT_EQ(engine.entry_count(), 8000U);
    for (const std::uint32_t count : engine.entry_counts()) EXPECT_NEAR(count, 2000, 200);
}

// --- rulesets that need order --------------------------------------------------------------------------------

TEST(Shards, are_one_where_rules_remember_packets_of_other_flows) {
    struct Row {
        const char* rule;
        const char* why;  ///< null: any number of shards will do
    };
    constexpr Row kRows[] = {
        {"-A FORWARD -m limit --limit 5/sec -j ACCEPT",
         "`limit' remembers how many packets have come"},
        {"-A FORWARD -m recent --set --name x --rsource", "`recent' remembers"},
        {"-A FORWARD -m quota --quota 1000 -j ACCEPT", "`quota' remembers"},
        {"-A FORWARD -p tcp -m connlimit --connlimit-above 5 -j DROP", "`connlimit' remembers"},
        {"-A FORWARD -m statistic --mode random --probability 0.5 -j DROP", "`statistic' counts"},
        {"-A FORWARD -m hashlimit --hashlimit-upto 5/sec --hashlimit-name h -j ACCEPT",
         "`hashlimit' remembers"},
        {"-A FORWARD -m conntrack --ctstate NEW -j ACCEPT", nullptr},
        {"-A FORWARD -m connbytes --connbytes 5 --connbytes-mode packets --connbytes-dir both -j "
         "DROP",
         nullptr},
        {"-A FORWARD -j LOG", nullptr},
    };
    for (const Row& row : kRows) {
        EngineSetup setup;
        setup.rules4 =
            *Ruleset::parse(fmt::format("*filter\n:FORWARD ACCEPT [0:0]\n{}\nCOMMIT\n", row.rule),
                            Family::ipv4, "r");
        const ShardedEngine engine = std::move(*ShardedEngine::make(setup, {.shards = 2}));
        EXPECT_EQ(engine.shards(), row.why ? 1U : 2U) << row.rule;
        ASSERT_EQ(engine.why_one().has_value(), row.why != nullptr) << row.rule;
        if (!row.why) continue;
        EXPECT_NE(engine.why_one()->words.find(row.why), std::string::npos)
            << engine.why_one()->words;
        EXPECT_EQ(engine.why_one()->line, 3);
    }
}

/// Made with a rule that gives ftp to port 21.
ShardedEngine made_with_helper(std::uint32_t shards) {
    EngineSetup setup;
    setup.rules4 = *Ruleset::parse(
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper "
        "ftp\nCOMMIT\n*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n",
        Family::ipv4);
    return std::move(*ShardedEngine::make(setup, {.shards = shards}));
}

TEST(Shards, take_no_new_rule_that_they_cannot_judge_side_by_side) {
    struct Row {
        const char* command;
        const char* why;  ///< null: they take it
    };
    constexpr Row kRows[] = {
        {"-A FORWARD -m limit --limit 5/sec -j ACCEPT", "`limit' remembers how many packets"},
        {"-A FORWARD -s 10.0.0.1,10.0.0.2 -m quota --quota 1000", "`quota' remembers"},
        {"-t mangle -I FORWARD -m statistic --mode nth --every 2 --packet 0", "`statistic' counts"},
        {"-t raw -A PREROUTING -p tcp -j CT --zone 3", "`CT' gives zones where flows have helpers"},
        {"-t raw -A PREROUTING -p tcp -m tcp --dport 20:21 -j CT --helper ftp", "give no helper"},
        {"-t raw -A PREROUTING -p udp -m udp --dport 69 -j CT --helper tftp", "give no helper"},
        {"-t raw -A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp", nullptr},
        {"-A FORWARD -m conntrack --ctstate NEW -j ACCEPT", nullptr},
    };
    ShardedEngine one = made_with_helper(1), many = made_with_helper(3);
    ASSERT_EQ(many.shards(), 3U);
    for (const Row& row : kRows) {
        const std::string before = many.print_counters(Family::ipv4);
        const Result<void> done = many.change_rules(Family::ipv4, row.command);
        ASSERT_EQ(done.has_value(), row.why == nullptr) << row.command;
        EXPECT_TRUE(one.change_rules(Family::ipv4, row.command)) << row.command;
        EXPECT_EQ(many.print_counters(Family::ipv4) == before, row.why != nullptr) << row.command;
        if (!row.why) continue;
        const Fault& fault = done.error().faults.front();
        EXPECT_EQ(done.error().kind, ErrorKind::input);
        EXPECT_NE(fault.words.find(row.why), std::string::npos) << fault.words;
        EXPECT_EQ(fault.source_line, row.command);
    }
}

}  // namespace
}  // namespace keepstate
