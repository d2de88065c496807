// The lane gives what the long way gives: the same decisions, entries, counters, statistics and events.
//
// Who asks for log lines gets the long way for every packet; who does not, the lane where it can be. So one engine of each kind is fed with the same
// conversations: handshakes, data with and without timestamps, acknowledgements early and late, segments outside of the
// window, resets, old duplicates, broken checksums, both families, now and then a second or an hour later. Once more while
// the rules of both engines change between the batches; then the other engine also explains, so that it walks its rules. And with many short
// lives: SYNs sent again, opened from both sides, closed from either, reset, opened again in TIME_WAIT, flags and options that
// make no sense, more of them than the table holds.
//
// How many segments take which way is counted by asking the engine's parts one by one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "api/engine_parts.hpp"
#include "conversations.hpp"
#include "decision_words.hpp"
#include "keepstate/engine.hpp"
#include "runs.hpp"

namespace keepstate {
namespace {

struct Kind {
    const char* name;
    const char* rules;  ///< of both families
    std::uint32_t acct = 0;
    std::uint32_t checksum = 1;
    bool tells_entries = true;
    void (*set)(EngineSetup& setup) = nullptr;
    bool routes = false;  ///< between two devices, with an address of its own
};

constexpr const char* kStateful =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n";

constexpr Kind kKinds[] = {
    {"no rules", nullptr},
    {"stateful", kStateful},
    {"stateful, checksums not tested", kStateful, 0, 0},
    {"stateful, entries not told", kStateful, 0, 1, false},
    {"accounting", kStateful, 1},
    {"rules that look at the packet before its state",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -m length --length 0:60 -j MARK --set-mark 7\n"
     "-A POSTROUTING -m mark --mark 7 -j CONNMARK --save-mark\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n:few - [0:0]\n"
     "-A FORWARD -p tcp -m tcp --sport 81 -j few\n"
     "-A FORWARD -p tcp -m tcp --dport 1003 -j REJECT --reject-with tcp-reset\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m conntrack --ctstate NEW -j ACCEPT\n"
     "-A few -m conntrack --ctdir REPLY\n"
     "-A few -m statistic --mode nth --every 5 --packet 0 -j DROP\nCOMMIT\n"
     "*security\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m connmark --mark 7\nCOMMIT\n"},
    {"rules that ask who talks to whom before its state",
     "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --sport 81\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n:few - [0:0]\n:fewer - [0:0]\n"
     "-A FORWARD -p tcp -m tcp --dport 81 -j few\n"
     "-A FORWARD -p tcp -m tcp --sport 1004 -m conntrack --ctstate ESTABLISHED -j DROP\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m conntrack --ctstate NEW -j ACCEPT\n"
     "-A few -p tcp -m tcp --sport 1000:1005 -j fewer\n-A few -p tcp -m tcp --sport 1007\n"
     "-A fewer -p tcp -m tcp --sport 1001 -j RETURN\n-A fewer -p tcp -m tcp --sport 1005 -j "
     "ACCEPT\n"
     "-A fewer -p udp -j DROP\nCOMMIT\n"},
    {"rules that ask who does not talk",
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD ! -s NEAR -p tcp -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD ! -d NEAR -p tcp -j ACCEPT\n-A FORWARD -p tcp -m tcp --dport 80\nCOMMIT\n"},
    {"rules that ask for flags, options and ports",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -p tcp -m tcp --tcp-flags SYN,RST,ACK SYN -m tcp --tcp-option 3 -j MARK "
     "--set-mark 5\n"
     "-A PREROUTING -m connmark --mark 5 -j CONNMARK --restore-mark\n"
     "-A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK FIN,ACK\n"
     "-A POSTROUTING -m mark --mark 5 -j CONNMARK --save-mark\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j "
     "DROP\n"
     "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --dport 443 -j REJECT --reject-with tcp-reset\n"
     "-A FORWARD -p tcp -m tcp --dport 80:82 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --sport 1000:1020 -j ACCEPT\nCOMMIT\n"},
    {"a nat table",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 80\n"
     "-A POSTROUTING -p tcp -m tcp --dport 80 -j MASQUERADE\n-A POSTROUTING -p tcp -j ACCEPT\n"
     "COMMIT\n*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
     "COMMIT\n"},
    {"chains of nat that throw dice, and ports decide behind them",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     ":services - [0:0]\n:one - [0:0]\n:two - [0:0]\n:mark - [0:0]\n:none - [0:0]\n"
     "-A PREROUTING -j services\n-A services -p tcp -m tcp --dport 80 -j one\n"
     "-A services ! -s NEAR -p tcp -m tcp --dport 81 -g two\n-A services -j none\n"
     "-A services -p tcp -m tcp --dport 21 -j CONNMARK --set-mark 4\n"
     "-A one -s NEAR -j mark\n-A one -m statistic --mode random --probability 0.5 -j two\n"
     "-A one -p tcp -j REDIRECT --to-ports 80\n-A two -p tcp -m tcp --sport 1000:1004 -j RETURN\n"
     "-A two -m statistic --mode nth --every 3 --packet 1 -j mark\n-A two -p tcp -j REDIRECT\n"
     "-A mark -j MARK --or-mark 8\n-A POSTROUTING -m mark --mark 8/8 -j MASQUERADE\nCOMMIT\n"
     "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport 80\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --dport 80:82 -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n"},
    {"a nat table on a router, and marks that others ask for",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -i in0 -s NEAR -p tcp -m tcp --sport 1000:1004 -j MARK --set-mark 3\n"
     "-A POSTROUTING -o out0 -p tcp -m mark --mark 3 -j MASQUERADE\nCOMMIT\n"
     "*security\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport 81 -m mark --mark 3\n"
     "COMMIT\n"
     "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
     "-A FORWARD -p tcp -m tcp --dport 21 -j DROP\nCOMMIT\n",
     0, 1, true, nullptr, true},
    {"nat and nothing else",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -p tcp -m tcp --sport 1000:1004 -j ACCEPT\n"
     "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT\nCOMMIT\n"},
    {"ports decide",
     "*filter\n:FORWARD DROP [0:0]\n:new - [0:0]\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m conntrack --ctstate NEW -j new\n"
     "-A new -p tcp -m tcp --dport 80 -j ACCEPT\n"
     "-A new -p tcp -m tcp --dport 81 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n"
     "-A new -p tcp -m tcp --dport 21 -j RETURN\n-A new -s NEAR -j ACCEPT\nCOMMIT\n",
     0, 1, true},
    {"few go with each packet", kStateful, 0, 1, true,
     [](EngineSetup& setup) { setup.most_ended_a_packet = 1; }},
    {"helpers, timestamps, no loose pick-up", nullptr, 0, 1, true,
     [](EngineSetup& setup) {
         setup.settings.helper = 1;
         setup.settings.timestamp = 1;
         setup.settings.tcp_loose = 0;
     }},
    {"liberal, and nobody listens", kStateful, 0, 1, true,
     [](EngineSetup& setup) {
         setup.settings.tcp_be_liberal = 1;
         setup.listen_events = false;
     }},
    {"zones and labels",
     "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --sport 1002 -j CT --zone 3\n"
     "-A PREROUTING -p tcp -m tcp --dport 1002 -j CT --zone 3\n"
     "-A PREROUTING -p tcp -m tcp --sport 1004 -j NOTRACK\nCOMMIT\n"
     "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m connlabel --label 5 --set\nCOMMIT\n"},
    {"router", kStateful, 0, 1, true, nullptr, true},
    {"router without rules", nullptr, 0, 1, false, nullptr, true},
    {"router whose rules ask for devices and lengths",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -i in0 -p udp -m length --length 0:60 -j MARK --set-mark 7\n"
     "-A POSTROUTING -o out0 -m mark --mark 7\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD -i in0 -o out0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -i out0 -p tcp -m tcp --sport 81 -j REJECT --reject-with tcp-reset\n"
     "-A FORWARD -i out0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
     0, 1, true, nullptr, true},
    {"rules of the raw table for others",
     "*raw\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j NOTRACK\nCOMMIT\n"
     "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m connlabel --label 5 --set\nCOMMIT\n"},
};

Ruleset rules_of(const Kind& kind, Family family) {
    std::string text = kind.rules;
    const std::string near = "NEAR";
    for (std::size_t at = text.find(near); at != std::string::npos; at = text.find(near)) {
        text.replace(at, near.size(), family == Family::ipv4 ? "10.0.0.1/32" : "fd00::1/128");
    }
    auto rules = Ruleset::parse(text, family);
    if (rules) return std::move(*rules);
    ADD_FAILURE() << kind.name << ": " << rules.error().faults.front().words;
    return Ruleset::empty(family);
}

EngineSetup setup_of(const Kind& kind, std::uint32_t most, bool listens) {
    EngineSetup setup;
    setup.listen_events = listens;
    setup.tells_entries = kind.tells_entries;
    setup.settings.acct = kind.acct;
    setup.settings.checksum = kind.checksum;
    setup.settings.max = most;
    if (kind.routes) {
        DeviceSetup in, out;
        in.name = "in0";
        in.networks = {*parse_prefix("10.0.0.0/24"), *parse_prefix("fd00::1/128")};
        out.name = "out0";
        out.networks = {*parse_prefix("10.0.1.0/24")};
        setup.devices = {in, out};
        setup.local = {*parse_address("10.0.0.254")};
    }
    if (kind.rules != nullptr) {
        setup.rules4 = rules_of(kind, Family::ipv4);
        setup.rules6 = rules_of(kind, Family::ipv6);
    }
    if (kind.set != nullptr) kind.set(setup);
    return setup;
}

std::string all_of(const Engine& engine, Time now) {
    std::string all = engine.print_counters(Family::ipv4) + engine.print_counters(Family::ipv6);
    engine.for_each_entry(
        now, [&all](const EntryCopy& entry) { print_entry(entry, EntryFormat::extended, all); });
    for (const std::uint64_t count : engine.reason_counts()) all += fmt::format(" {}", count);
    const Statistics s = engine.statistics();
    all += fmt::format(" {} {} {} {} {} {}", s.invalid, s.insert_failed, s.drop, s.early_drop,
                       s.error, engine.entry_count());
    return all;
}

std::string words_of(const std::vector<Event>& events) {
    std::string words;
    for (const Event& event : events) {
        words += fmt::format("{} ", static_cast<int>(event.kind));
        print_entry(event.entry, EntryFormat::extended, words);
    }
    return words;
}

class Lane : public testing::TestWithParam<Kind> {};

/// Some change of the rules, which may be refused.
template <typename Talker>
std::string next_change(Talker& talk) {
    const std::string port = std::to_string(1000 + talk.below(12));
    const std::string number = std::to_string(1 + talk.below(6));
    switch (talk.below(18)) {
        case 0: return "-I FORWARD " + number + " -p tcp --sport " + port;
        case 1:
            return "-I FORWARD 1 -p tcp --dport " + port + " -m conntrack --ctstate ESTABLISHED";
        case 2: return "-A FORWARD -j ACCEPT";
        case 3: return "-R FORWARD " + number + " -m conntrack --ctstate INVALID -j DROP";
        case 4: return "-t mangle -A FORWARD -p tcp --sport 1003 -j MARK --set-mark 9";
        case 5:
            return "-t mangle -I POSTROUTING -m connbytes --connbytes 0:900 --connbytes-dir both "
                   "--connbytes-mode bytes";
        case 6: return "-t raw -A PREROUTING -p tcp --sport " + port + " -j NOTRACK";
        case 7: return "-t raw -D PREROUTING 1";
        case 8: return "-t mangle -D FORWARD 1";
        case 9: return "-t security -I FORWARD -m length --length 0:100";
        case 10: return "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
        case 11: return "-A FORWARD -p tcp -m conntrack --ctstate NEW -j ACCEPT";
        case 12: return "-I FORWARD 1 -p tcp --sport " + port + " -j DROP";
        case 13: return "-t nat -I PREROUTING 1 -p tcp --sport " + port + " -j MARK --set-mark 9";
        case 14: return "-t nat -D PREROUTING 1";
        default: return "-D FORWARD " + number;
    }
}

struct Tally {
    std::uint32_t all = 0, fresh = 0, established = 0, changed = 0;
};

/// `most`: entries that there may be. `pause_s`: how long nothing comes, once in 300 packets. `changes`: so do the rules.
template <typename Talker>
void compare(const Kind& kind, std::uint32_t most, std::uint32_t pause_s, bool changes,
             Tally& tally) {
    for (std::uint32_t seed = 1; seed <= draws(12U, 4U); ++seed) {
        const bool listens = seed % 2 == 0;
        EngineSetup setup = setup_of(kind, most, listens);
        setup.prefault = seed % 3 == 0;  // entries stand elsewhere then
        Engine quick = std::move(*Engine::make(std::move(setup)));
        Engine whole = std::move(*Engine::make(setup_of(kind, most, listens)));
        Talker talk(seed);
        Time now = Time::from_s(5000);
        for (unsigned round = 0; round < 40; ++round) {
            for (std::uint32_t n = changes ? talk.below(4) : 0; n > 0; --n) {
                const std::string command = next_change(talk);
                const Family family = talk.below(3) == 0 ? Family::ipv6 : Family::ipv4;
                const Result<void> done = quick.change_rules(family, command);
                ASSERT_EQ(done.has_value(), whole.change_rules(family, command).has_value());
                tally.changed += done.has_value();
            }
            std::vector<Bytes> packets;
            while (packets.size() < 1 + talk.below(100)) {
                Bytes last = talk.next();
                for (Bytes& each : talk.pending) packets.push_back(std::move(each));
                talk.pending.clear();
                packets.push_back(std::move(last));
            }
            std::vector<Frame> frames(packets.size());
            for (std::size_t i = 0; i < packets.size(); ++i) {
                if (talk.below(30) == 0) now = now + talk.below(3) * kNsPerSecond;
                if (talk.below(300) == 0) now = now + talk.below(pause_s) * kNsPerSecond;
                now = now + static_cast<std::int64_t>(talk.below(1'000'000));
                frames[i].bytes = packets[i];
                frames[i].link = kLinkRaw;
                if (talk.below(4) == 0)
                    frames[i].device = static_cast<std::uint16_t>(talk.below(3));
                frames[i].time = now;
            }
            std::vector<Decision> by_lane(frames.size()), by_way(frames.size());
            std::vector<std::string> logs(frames.size()), stories(frames.size());
            quick.process(frames, by_lane);
            whole.process(frames, by_way, changes ? stories.data() : nullptr, logs.data());
            for (std::size_t i = 0; i < frames.size(); ++i) {
                ASSERT_EQ(words_of(by_lane[i]), words_of(by_way[i]))
                    << kind.name << ", seed " << seed << ", round " << round << ", packet " << i;
                ++tally.all;
                if (by_way[i].state == CtState::established) ++tally.established;
                if (by_way[i].state == CtState::new_) ++tally.fresh;
            }
            ASSERT_EQ(words_of(quick.take_events()), words_of(whole.take_events()));
            ASSERT_TRUE(std::ranges::equal(quick.event_ends(), whole.event_ends()));
        }
        ASSERT_EQ(all_of(quick, now), all_of(whole, now));
    }
}

TEST_P(Lane, gives_what_the_long_way_gives) {
    Tally tally;
    compare<Talk>(GetParam(), 10, 200'000, false, tally);  // fewer entries than conversations
    EXPECT_GT(tally.established, tally.all / 4) << "else nothing was compared";
}

TEST_P(Lane, gives_what_the_long_way_gives_while_rules_change) {
    if (GetParam().rules == nullptr) return;
    Tally tally;
    compare<Talk>(GetParam(), 10, 200'000, true, tally);
    compare<Lives>(GetParam(), 100, 300, true, tally);
    EXPECT_GT(tally.established, tally.all / 20) << "else nothing was compared";
    EXPECT_GT(tally.changed, 0U) << "else nothing has changed";
}

TEST_P(Lane, gives_what_the_long_way_gives_to_short_lives) {
    for (const std::uint32_t most : {16U, 100U}) {  // too few for all, and enough
        Tally tally;
        compare<Lives>(GetParam(), most, 300, false, tally);
        EXPECT_GT(tally.established, tally.all / 10) << "else nothing was compared";
        EXPECT_GT(tally.fresh, tally.all / 20);
    }
}

/// Asks the parts as EngineParts::decide() does.
TEST(Lane, is_taken_by_most_segments) {
    std::uint32_t usual = 0, plain = 0, all = 0;
    const auto parts = std::move(*EngineParts::make(setup_of(kKinds[1], 100, false)));
    Lives talk(1);
    Time now = Time::from_s(5000);
    for (unsigned round = 0; round < 300; ++round) {
        std::vector<Bytes> packets;
        while (packets.size() < EngineParts::kSightedAtOnce) packets.push_back(talk.next());
        talk.pending.clear();
        std::vector<Frame> frames(packets.size());
        for (std::size_t i = 0; i < frames.size(); ++i) {
            frames[i].bytes = packets[i];
            frames[i].link = kLinkRaw;
        }
        parts->begin_batch();
        for (std::size_t i = 0; i < frames.size(); i += EngineParts::kGroup) {
            parts->look_ahead(frames, i);
        }
        now = now + kNsPerSecond;
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const ct::Sighting& sighting = parts->sightings[i];
            Decision decision;
            ++all;
            if (parts->path->decide_usual({&frames[i], 1}, {&sighting, 1}, now, {&decision, 1}) !=
                0) {
                ++usual;
            } else if (parts->path->decide_plain(frames[i], sighting, now, decision)) {
                ++plain;
            } else {
                parts->path->decide(frames[i], now, decision, nullptr);
            }
        }
    }
    EXPECT_GT(usual, 0);
    EXPECT_GT(plain, all / 2);
    EXPECT_GT(usual + plain, all / 100 * 85) << "the rest is broken or makes no sense";
}

std::string name_of(const testing::TestParamInfo<Kind>& kind) {
    std::string name = kind.param.name;
    for (char& letter : name) {
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
    }
    return name;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Lane, testing::ValuesIn(kKinds), name_of);

}  // namespace
}  // namespace keepstate
