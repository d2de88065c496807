// Random rulesets and packets: every rule counts what the kernel's counts. And the patterns are whole: each module
// has one, each is taken, by keepstate and by the real tools.
#include "differ/rulesets.hpp"

#include <gtest/gtest.h>

#include <set>

#include "differ/compare.hpp"
#include "differ/leave_out.hpp"
#include "differ/rule_patterns.hpp"
#include "keepstate/ruleset.hpp"
#include "packets.hpp"
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

TEST(RandomRulesetsByNft, count_and_decide_as_the_kernel_does) {
    if (const auto missing = missing_for_nft_tests()) GTEST_SKIP() << *missing;
    constexpr std::uint64_t kRulesets = 100;
    constexpr std::size_t kPackets = 80;
    RulesetOptions options;
    options.is_nft = true;
    for (std::uint64_t seed = 1; seed <= kRulesets; ++seed) {
        const Walk walk = make_ruleset_walk(seed % 2 != 0, seed, kPackets, options);
        const Result<Comparison> result = compare_twice(walk.setup, walk.packets);
        ASSERT_TRUE(result.has_value())
            << seed << ": " << result.error().faults.front().words << "\n"
            << walk.setup.rules4 << walk.setup.rules6;
        EXPECT_GT(result->counters, 0U) << "iptables-nft-save told nothing";
        ASSERT_TRUE(result->differences.empty())
            << "kernel_rules --nft --seed " << seed << " --runs 1 --packets " << kPackets
            << " shows it: " << print_difference(result->differences.front());
    }
}

/// One rule and one packet on which iptables-nft and iptables-legacy differ.
struct NftDifference {
    const char* name;
    const char* rule;
    bool is_v6;
    std::uint8_t protocol;
    Bytes payload;
    bool is_left_out;  ///< the packet, else the pattern
};

const NftDifference kNftDifferences[] = {
    {"cut TCP header", "-p tcp -m tcp --dport 80", false, 6, {0, 80, 0, 80}, true},
    {"cut UDP header", "-p udp -m udp --dport 80", false, 17, {0, 80, 0, 80}, true},
    {"cut UDP header, IPv6", "-p udp -m udp --dport 80", true, 17, {0, 80, 0, 80}, true},
    // More are to follow, but its length is no multiple of eight: nothing puts it together.
    {"later fragment",
     "-p udp -m udp --sport 443:",
     true,
     44,
     {17, 0, 0, 0x69, 0, 0, 0, 7, 19, 139, 0, 80, 0, 13, 0, 0, 1, 2, 3, 4, 5},
     true},
    {"cut extension header", "-p udp", true, 60, {17}, true},
    {"behind an authentication header",
     "-p udp",
     true,
     51,
     {17, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 80, 0, 80, 0, 8, 0, 0},
     true},
    // A data offset of 20 bytes where the header alone takes 28.
    {"malformed DCCP options",
     "-p dccp -m dccp ! --dccp-option 8",
     false,
     33,
     {0, 80, 0, 80, 5, 0, 0, 0, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 0, 4, 5, 0, 0, 0, 0},
     false},
    // The chunk is two bytes long.
    {"malformed SCTP chunk",
     "-p sctp -m sctp ! --chunk-types any DATA",
     false,
     132,
     {0, 80, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     false},
};

TEST(RandomRulesetsByNft, what_is_left_out_differs) {
    if (const auto missing = missing_for_nft_tests()) GTEST_SKIP() << *missing;
    for (const NftDifference& row : kNftDifferences) {
        const IpEnds ends =
            row.is_v6 ? IpEnds{"2001:db8:1::1", "2001:db8:2::1"} : IpEnds{"10.0.1.1", "10.0.2.1"};
        KernelSetup setup;
        setup.devices = {{"eth0", {"10.0.1.0/24", "2001:db8:1::/64"}},
                         {"eth1", {"10.0.2.0/24", "2001:db8:2::/64"}}};
        (row.is_v6 ? setup.rules6 : setup.rules4) =
            std::string(
                "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
                ":OUTPUT ACCEPT [0:0]\n-A FORWARD ") +
            row.rule + "\nCOMMIT\n";
        KernelPacket packet;
        packet.ip_bytes = make_ip(ends, row.protocol, row.payload);
        EXPECT_EQ(!reason_to_leave_out_of_nft(packet).empty(), row.is_left_out) << row.name;
        const Result<Comparison> by_legacy = compare(setup, {&packet, 1});
        ASSERT_TRUE(by_legacy.has_value()) << row.name;
        EXPECT_TRUE(by_legacy->differences.empty())
            << row.name << ": " << print_difference(by_legacy->differences.front());
        setup.is_nft = true;
        const Result<Comparison> by_nft = compare(setup, {&packet, 1});
        ASSERT_TRUE(by_nft.has_value()) << row.name;
        EXPECT_FALSE(by_nft->differences.empty()) << row.name << ": no longer";
    }
}

}  // namespace
}  // namespace keepstate::kernel
