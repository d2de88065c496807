// fast gives what walk gives: outcome, counters of every rule, marks, wishes and bytes, packet by packet; and a replayed
// path gives what another walk would.
//
// Four Programs are made of each ruleset (quartet.hpp). One is walked, one run, one noted and replayed whenever a packet
// of the same flow, direction, state and devices came before, one whenever a packet came that shows the same of what the way
// asked for. Rulesets: small ones over few values (small_rules.hpp), and large ones out of bench/rulesets.hpp. Packets: all states,
// odd ones too (later fragments, cut headers).
//
// And while rules come and go (changing_rules.hpp): all four Programs change alike, and a new Program, made of the rules as
// a model knows them, decides and counts as they do from then on.
//
// Whole engines are compared in fast_engine_property.cpp, and in lane_property.cpp while their rules change.
// KEEPSTATE_SEED and KEEPSTATE_RUNS choose others.
#include "rules/fast.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "changing_rules.hpp"
#include "quartet.hpp"
#include "rulesets.hpp"
#include "runs.hpp"
#include "small_rules.hpp"

namespace keepstate::rules {
namespace {

void compare_small(bool is_v6, unsigned rules_a_chain, std::uint64_t count) {
    const std::uint64_t seed = first_seed();
    std::uint64_t replayed = 0, for_others = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        SCOPED_TRACE(fmt::format("KEEPSTATE_SEED={}", seed + i));
        std::mt19937_64 dice{seed + i};
        Quartet quartet(SmallRules(dice, is_v6).text(rules_a_chain),
                        is_v6 ? Family::ipv6 : Family::ipv4);
        if (!quartet.is_good()) return;
        PacketDraw packets(dice, is_v6);
        std::vector<Shape> flows;
        for (int n = 0; n < 12; ++n) flows.push_back(packets.few_values());
        for (int n = 0; n < 400; ++n) {
            const Shape shape = n % 3 == 0 ? packets.few_values() : flows[dice() % flows.size()];
            packets.send(quartet, shape, Table::mangle, n % 4 == 0 ? Hook::input : Hook::forward,
                         true);
            if (testing::Test::HasFatalFailure()) return;
        }
        quartet.compare_counters();
        if (testing::Test::HasFatalFailure()) return;
        replayed += quartet.replayed;
        for_others += quartet.replayed_for_others;
    }
    EXPECT_GT(replayed, 0U);
    // Among many rules somebody always asks who talks to whom.
    constexpr unsigned kFew = 10;
    EXPECT_TRUE(for_others != 0 || rules_a_chain >= kFew);
}

TEST(Fast, gives_what_walk_gives_for_few_rules) { compare_small(false, 6, runs(400, 100)); }
TEST(Fast, gives_what_walk_gives_for_few_rules_of_ipv6) { compare_small(true, 6, runs(400, 100)); }
TEST(Fast, gives_what_walk_gives_for_many_rules_over_few_values) {
    compare_small(false, 150, runs(40, 12));
    compare_small(true, 150, runs(40, 12));
}

TEST(Fast, gives_what_walk_gives_for_rulesets_of_the_benchmarks) {
    using bench::Style;
    const std::uint64_t seed = first_seed();
    for (const Style style :
         {Style::acl, Style::fw, Style::ipc, Style::kube, Style::established_last}) {
        for (const std::uint32_t rules : {1U, 9U, 60U, 300U, 5000U}) {
            SCOPED_TRACE(fmt::format("{} {} rules", bench::text(style), rules));
            Quartet quartet(bench::make_ruleset(style, rules, seed), Family::ipv4);
            ASSERT_TRUE(quartet.is_good());
            std::mt19937_64 dice{seed};
            PacketDraw packets(dice, false);
            const Table table = style == Style::kube ? Table::nat : Table::filter;
            const Hook hook = style == Style::kube ? Hook::prerouting : Hook::forward;
            for (const bench::Packet5& headers :
                 bench::make_trace(style, rules, seed, draws(3000U, 600U))) {
                Shape shape;
                shape.headers = headers;
                packets.send(quartet, shape, table, hook, dice() % 20 == 0);
                if (testing::Test::HasFatalFailure()) return;
            }
            quartet.compare_counters();
            EXPECT_TRUE(style == Style::kube || quartet.replayed > 0);
        }
    }
}

void compare_changing(bool is_v6, unsigned rules_a_chain, unsigned changes, std::uint64_t count) {
    const std::uint64_t seed = first_seed();
    for (std::uint64_t i = 0; i < count; ++i) {
        SCOPED_TRACE(fmt::format("KEEPSTATE_SEED={}", seed + i));
        std::mt19937_64 dice{seed + i};
        const bool remembers = i % 3 == 0;
        ChangingRules rules(dice, is_v6, remembers, rules_a_chain);
        ASSERT_TRUE(rules.quartet->is_good());
        PacketDraw packets(dice, is_v6);
        std::vector<Shape> flows;
        for (int n = 0; n < 12; ++n) flows.push_back(packets.few_values());
        for (int segment = 0; segment < 8; ++segment) {
            rules.begin(!remembers);
            for (int n = 0; n < 60; ++n) {
                const Shape shape =
                    n % 3 == 0 ? packets.few_values() : flows[dice() % flows.size()];
                packets.send(*rules.quartet, shape, Table::mangle,
                             n % 4 == 0 ? Hook::input : Hook::forward, true);
                if (testing::Test::HasFatalFailure()) return;
            }
            rules.compare();
            for (std::uint64_t n = dice() % changes; n > 0; --n) {
                rules.change();
                if (testing::Test::HasFatalFailure()) return;
            }
        }
    }
}

TEST(Fast, gives_what_a_new_table_gives_when_few_rules_change) {
    compare_changing(false, 6, 6, runs(150, 30));
    compare_changing(true, 6, 6, runs(80, 15));
}
TEST(Fast, gives_what_a_new_table_gives_when_one_of_many_rules_changes) {
    compare_changing(false, 200, 5, runs(12, 3));
    compare_changing(true, 200, 5, runs(6, 2));
}
TEST(Fast, gives_what_a_new_table_gives_when_many_rules_change) {
    compare_changing(false, 200, draws(400U, 200U), runs(8, 2));
}

TEST(Fast, paths_that_find_no_room_have_no_number) {
    Paths paths;
    EXPECT_EQ(paths.number_of(std::array{1U}, {}), 0U);
    paths.reserve(2);
    EXPECT_EQ(paths.number_of(std::array{1U, 2U}, {}), 1U);
    EXPECT_EQ(paths.number_of(std::array{1U}, {}), 2U);
    EXPECT_EQ(paths.number_of(std::array{3U}, {}), 0U);
    EXPECT_EQ(paths.number_of(std::array{1U, 2U}, {}), 1U);
}

}  // namespace
}  // namespace keepstate::rules
