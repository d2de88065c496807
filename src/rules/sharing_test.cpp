// What of a ruleset stands in the way of several threads. The rules that remember stand in
// tests/property/shards_property.cpp; here: helpers, zones, sets, templates.
#include "rules/sharing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "keepstate/ruleset.hpp"
#include "rules/sets.hpp"

namespace keepstate::rules {
namespace {

Tuple tcp(std::uint16_t source, std::uint16_t destination) {
    return {Address::v4(10, 0, 0, 1), Address::v4(10, 0, 1, 1), protocol::kTcp, source,
            destination};
}

ct::HelperReach reach_of(const std::string& rules) {
    const auto ruleset = *Ruleset::parse(
        "*raw\n:PREROUTING ACCEPT [0:0]\n:user - [0:0]\n" + rules + "\nCOMMIT\n", Family::ipv4);
    ct::HelperReach reach;
    add_reach_of_rules(ruleset.ast(), ct::make_helpers({}), reach);
    return reach;
}

TEST(HelperReach, is_the_ports_that_the_rule_asks_for_at_either_end) {
    const ct::HelperReach reach =
        reach_of("-A PREROUTING -p tcp -m tcp --dport 21:22 -j CT --helper ftp");
    EXPECT_TRUE(reach.holds(tcp(1000, 21)));
    EXPECT_TRUE(reach.holds(tcp(22, 1000)));
    EXPECT_FALSE(reach.holds(tcp(1000, 23)));
    EXPECT_FALSE(reach.holds(protocol::kUdp, 21));
    EXPECT_FALSE(reach.has_gre());
}

TEST(HelperReach, is_every_port_where_the_rule_does_not_say) {
    EXPECT_TRUE(reach_of("-A user -p tcp -j CT --helper ftp").holds(tcp(1, 2)));
    EXPECT_TRUE(
        reach_of("-A user -p tcp -m tcp ! --dport 21 -j CT --helper ftp").holds(tcp(1, 21)));
}

TEST(HelperReach, is_empty_without_helpers) {
    EXPECT_TRUE(reach_of("-A PREROUTING -p tcp -m tcp --dport 21 -j CT --zone 1").is_empty());
    ct::HelperReach reach;
    add_reach_of_settings({}, ct::make_helpers({}), reach);
    EXPECT_TRUE(reach.is_empty());
}

TEST(HelperReach, of_the_old_setting_is_the_ports_of_all_helpers) {
    Settings settings;
    settings.helper = 1;
    ct::HelperReach reach;
    add_reach_of_settings(settings, ct::make_helpers({}), reach);
    for (const unsigned port : {21U, 1723U, 6667U, 1720U}) {
        EXPECT_TRUE(reach.holds(protocol::kTcp, static_cast<std::uint16_t>(port))) << port;
    }
    for (const unsigned port : {69U, 137U, 1719U, 5060U}) {
        EXPECT_TRUE(reach.holds(protocol::kUdp, static_cast<std::uint16_t>(port))) << port;
    }
    EXPECT_TRUE(reach.has_gre());
    EXPECT_FALSE(reach.holds(protocol::kTcp, 80));
}

TEST(HelperReach, of_pptp_has_gre) {
    EXPECT_TRUE(reach_of("-A PREROUTING -p tcp -m tcp --dport 1723 -j CT --helper pptp").has_gre());
}

/// Why the rules must see all packets in order; empty: they need not.
std::string why(const std::string& text, bool has_helpers, const std::string& sets = {}) {
    Objects objects;
    EXPECT_TRUE(parse_sets(sets, "sets", objects));
    const std::vector<ct::Helper> helpers = ct::make_helpers({});
    objects.helpers = helpers;
    const auto ruleset = Ruleset::parse(text, Family::ipv4, "rules.v4");
    EXPECT_TRUE(ruleset) << (ruleset ? "" : ruleset.error().faults[0].words);
    const Result<Program> program = Program::make(*ruleset, objects);
    EXPECT_TRUE(program) << (program ? "" : program.error().faults[0].words);
    const auto found = find_rule_for_order(*program, has_helpers);
    return found ? fmt::format("{}:{}: {}", found->file, found->line, found->words) : "";
}

TEST(RuleForOrder, is_one_that_gives_zones_beside_helpers) {
    const std::string rules =
        "*raw\n-A PREROUTING -j CT --helper ftp -p tcp\n-A PREROUTING -j CT --zone 1\nCOMMIT\n";
    EXPECT_EQ(why(rules, true), "rules.v4:3: `CT' gives zones where flows have helpers");
    EXPECT_EQ(why(rules, false), "");
}

TEST(RuleForOrder, is_one_that_writes_to_what_all_packets_see) {
    const std::string mark = "-A PREROUTING -j CONNMARK --set-mark 1\nCOMMIT\n";
    EXPECT_EQ(why("*raw\n-A PREROUTING -j CT --zone 1\n" + mark, false),
              "rules.v4:3: `CONNMARK' writes to what a CT rule shows to all packets");
    EXPECT_EQ(why("*raw\n-A PREROUTING -j CT --notrack\n" + mark, false), "");
    EXPECT_EQ(why("*mangle\n" + mark, false), "");
}

TEST(RuleForOrder, is_one_that_asks_a_set_whose_elements_change) {
    const std::string ask = "*filter\n-A FORWARD -m set --match-set s src -j DROP\nCOMMIT\n";
    EXPECT_EQ(why(ask, false, "create s hash:ip\nadd s 10.0.0.1\n"), "");
    EXPECT_NE(why(ask, false, "create s hash:ip timeout 5\n"), "");
    EXPECT_NE(why(ask, false, "create s hash:ip counters\n"), "");
    EXPECT_NE(why(ask, false, "create t hash:ip timeout 5\ncreate s list:set\nadd s t\n"), "");
    EXPECT_NE(
        why("*filter\n-A FORWARD -j SET --add-set s src\nCOMMIT\n", false, "create s hash:ip\n"),
        "");
}

TEST(RuleForOrder, is_a_program_that_throws_dice) {
    const auto bpf = [](const char* program) {
        return fmt::format("*filter\n-A FORWARD -m bpf --bytecode \"{}\" -j DROP\nCOMMIT\n",
                           program);
    };
    EXPECT_EQ(why(bpf("2,32 0 0 4294963256,22 0 0 0"), false), "rules.v4:2: `bpf' throws dice");
    EXPECT_EQ(why(bpf("2,48 0 0 9,22 0 0 0"), false), "");
}

}  // namespace
}  // namespace keepstate::rules
