// A batch gives exactly what its packets one by one would give: decisions, counters and entries.
//
// Random flows over few addresses and ports, so that packets of one batch meet each other's entries.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "keepstate/engine.hpp"
#include "keepstate/packet.hpp"

namespace keepstate {
namespace {

std::string random_packet(std::mt19937& dice) {
    const auto below = [&dice](unsigned bound) { return static_cast<unsigned>(dice() % bound); };
    const unsigned port = 1000 + below(3);
    const bool is_answer = below(2) != 0;
    const std::string near = fmt::format("10.0.0.{}:{}", 1 + below(2), port);
    const std::string far = "10.0.1.1:80";
    const std::string ends = is_answer ? far + " " + near : near + " " + far;
    if (below(4) == 0) return "udp " + ends + fmt::format(" len {}", below(30));
    constexpr const char* kFlags[] = {"syn", "syn,ack", "ack", "fin,ack", "rst", "psh,ack"};
    return fmt::format("tcp {} flags {} seq {} ack {} win 1000", ends, kFlags[below(6)],
                       100 + below(3), 100 + below(3));
}

Engine make_engine() {
    EngineSetup setup;
    setup.rules4 = *Ruleset::parse(
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT\n"
        "-A FORWARD -p udp -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n",
        Family::ipv4);
    return std::move(*Engine::make(std::move(setup)));
}

std::string describe(const Decision& d) {
    return fmt::format("{} {} {} {} {} {} {} {} {}", text(d.verdict), text(d.reason),
                       d.state ? text(*d.state) : "-", d.direction ? text(*d.direction) : "-",
                       d.rule.chain, d.rule.number, d.entry ? d.entry->number : 0,
                       d.entry ? d.entry->timeout_ns : 0, d.reply_bytes.size());
}

std::string entries_of(const Engine& engine, Time now) {
    std::string all;
    engine.for_each_entry(
        now, [&all](const EntryCopy& entry) { print_entry(entry, EntryFormat::proc, all); });
    return all;
}

TEST(Batch, gives_what_its_packets_one_by_one_give) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 dice{seed};
        Engine single = make_engine();
        Engine batched = make_engine();
        Time now = Time::from_s(1000);
        for (unsigned round = 0; round < 20; ++round) {
            std::vector<WrittenPacket> packets(1 + dice() % 64);
            std::vector<Frame> frames(packets.size());
            for (std::size_t i = 0; i < packets.size(); ++i) {
                packets[i] = *parse_packet_text(random_packet(dice));
                now = now + static_cast<std::int64_t>(dice() % 3'000'000'000);
                frames[i].bytes = packets[i].ip;
                frames[i].link = kLinkRaw;
                frames[i].time = now;
            }
            std::vector<Decision> together(frames.size());
            batched.process(frames, together);
            for (std::size_t i = 0; i < frames.size(); ++i) {
                Decision alone;
                single.process({&frames[i], 1}, {&alone, 1});
                ASSERT_EQ(describe(together[i]), describe(alone)) << "seed " << seed;
            }
        }
        EXPECT_EQ(single.print_counters(Family::ipv4), batched.print_counters(Family::ipv4));
        EXPECT_EQ(entries_of(single, now), entries_of(batched, now));
    }
}

}  // namespace
}  // namespace keepstate
