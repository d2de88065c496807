// Random rulesets and packets: every rule counts what the kernel's counts. And the patterns are whole: each module
// has one, each is taken, by keepstate and by the real tools.
#include "differ/rulesets.hpp"

#include <gtest/gtest.h>

#include <set>

#include "differ/compare.hpp"
#include "differ/rule_patterns.hpp"
#include "keepstate/ruleset.hpp"
#include "rules/modules.hpp"

namespace keepstate::kernel {
namespace {

std::set<std::string_view> named_modules() {
    std::set<std::string_view> names;
    for (const RulePattern& pattern : kMatchPatterns) names.insert(pattern.module);
    for (const RulePattern& pattern : kTargetPatterns) names.insert(pattern.module);
    for (const NotCompared& row : kNotCompared) names.insert(row.module);
    return names;
}

TEST(RulePatterns, every_module_has_one_or_a_reason) {
    const std::set<std::string_view> named = named_modules();
    for (const rules::MatchModule* module : rules::matches()) {
        EXPECT_TRUE(named.contains(module->name())) << "-m " << module->name();
    }
    for (const rules::TargetModule* module : rules::targets()) {
        EXPECT_TRUE(named.contains(module->name())) << "-j " << module->name();
    }
}

TEST(RulePatterns, every_pattern_is_taken_whatever_is_drawn) {
    std::set<std::string> known;
    for (const rules::MatchModule* module : rules::matches()) known.emplace(module->name());
    for (const rules::TargetModule* module : rules::targets()) known.emplace(module->name());
    for (const char* always : {"ACCEPT", "DROP", "RETURN", "none"}) known.insert(always);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        for (const PatternRule& rule : one_rule_a_pattern(seed)) {
            if (!known.contains(rule.module)) continue;
            const std::string text = "*" + rule.table + "\n" + rule.rule + "\nCOMMIT\n";
            const auto ruleset = Ruleset::parse(text, rule.is_v6 ? Family::ipv6 : Family::ipv4);
            EXPECT_TRUE(ruleset.has_value())
                << text << (ruleset ? "" : ruleset.error().faults.front().words);
        }
    }
}

TEST(RandomRulesets, count_and_decide_as_the_kernel_does) {
    if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    constexpr std::uint64_t kRulesets = 150;
    constexpr std::size_t kPackets = 80;
    for (std::uint64_t seed = 1; seed <= kRulesets; ++seed) {
        const Walk walk = make_ruleset_walk(seed % 2 != 0, seed, kPackets);
        const Result<Comparison> result = compare_twice(walk.setup, walk.packets);
        ASSERT_TRUE(result.has_value())
            << seed << ": " << result.error().faults.front().words << "\n"
            << walk.setup.rules4 << walk.setup.rules6;
        ASSERT_TRUE(result->differences.empty())
            << "kernel_rules --seed " << seed << " --runs 1 --packets " << kPackets
            << " shows it: " << print_difference(result->differences.front());
    }
}

}  // namespace
}  // namespace keepstate::kernel
