// Engine::make: what of a setup it refuses.
#include "keepstate/engine.hpp"

#include <gtest/gtest.h>

namespace keepstate {
namespace {

EngineSetup setup_of(std::string_view rules, Family family, std::string_view policies) {
    EngineSetup setup;
    setup.settings.buckets = setup.settings.max = 16;
    Result<Ruleset> ruleset = Ruleset::parse(rules, family, "rules.v4");
    EXPECT_TRUE(ruleset);
    (family == Family::ipv4 ? setup.rules4 : setup.rules6) = std::move(*ruleset);
    setup.timeout_policies = *parse_timeout_policies(policies);
    return setup;
}

constexpr std::string_view kRules =
    "*raw\n-A PREROUTING -p tcp -j CT --timeout web\n-A PREROUTING -p esp -j CT --timeout rest\n"
    "COMMIT\n";

TEST(EngineMake, rules_may_name_timeout_policies_that_are_there_and_fit) {
    EXPECT_TRUE(Engine::make(setup_of(kRules, Family::ipv4,
                                      "add timeout web inet tcp close 1\n"
                                      "add timeout rest inet generic timeout 5\n")));
}

TEST(EngineMake, every_rule_whose_timeout_policy_is_missing_or_wrong_is_refused_with_its_line) {
    struct Row {
        std::string_view policies;
        Family family;
        std::string_view first;
        std::string_view second;
    };
    const Row rows[] = {
        {"", Family::ipv4, "there is no timeout policy `web'", "there is no timeout policy `rest'"},
        {"add timeout wep inet tcp close 1", Family::ipv4, "wep", "`rest'"},
        {"add timeout web inet tcp close 1\nadd timeout rest inet generic timeout 5", Family::ipv6,
         "policy `web' is for ipv4", "policy `rest' is for ipv4"},
        {"add timeout rest inet tcp close 1\nadd timeout web inet generic timeout 5", Family::ipv4,
         "`web' is for generic, the rule's packets need one for tcp",
         "`rest' is for tcp, the rule's packets need one for generic"},
    };
    for (const Row& row : rows) {
        const Result<Engine> engine = Engine::make(setup_of(kRules, row.family, row.policies));
        ASSERT_FALSE(engine) << row.policies;
        const Error& error = engine.error();
        EXPECT_EQ(error.kind, ErrorKind::input);
        ASSERT_EQ(error.faults.size(), 2U) << row.policies;
        EXPECT_EQ(error.faults[0].file, "rules.v4");
        EXPECT_EQ(error.faults[0].line, 2);
        EXPECT_EQ(error.faults[1].line, 3);
        EXPECT_NE(error.faults[0].words.find(row.first), std::string::npos)
            << error.faults[0].words;
        EXPECT_NE(error.faults[1].words.find(row.second), std::string::npos)
            << error.faults[1].words;
    }
}

TEST(EngineMake, two_policies_of_one_name_are_refused) {
    EngineSetup setup;
    setup.settings.buckets = setup.settings.max = 16;
    setup.timeout_policies = {{"a", Family::ipv4, protocol::kTcp, {{"close", 1}}},
                              {"a", Family::ipv6, protocol::kTcp, {{"close", 1}}}};
    const Result<Engine> engine = Engine::make(std::move(setup));
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().kind, ErrorKind::usage);
}

TEST(EngineProcess, the_packet_type_is_the_frames) {
    Result<Engine> engine =
        Engine::make(setup_of("*filter\n:FORWARD ACCEPT [0:0]\n"
                              "-A FORWARD -m pkttype --pkt-type multicast -j DROP\n"
                              "COMMIT\n",
                              Family::ipv4, ""));
    ASSERT_TRUE(engine);
    const auto verdict = [&](std::uint8_t first_of_destination) {
        std::vector<std::uint8_t> bytes{
            first_of_destination, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
        // UDP from 10.0.0.1:1 to 10.0.1.1:2, without a checksum of its own.
        for (const int byte : {0x45, 0, 0,  28, 0, 0, 0, 0, 64, 17, 0x65, 0xd0, 10, 0,
                               0,    1, 10, 0,  1, 1, 0, 1, 0,  2,  0,    8,    0,  0}) {
            bytes.push_back(static_cast<std::uint8_t>(byte));
        }
        const Frame frame{bytes, kLinkEthernet, Time::from_s(1)};
        Decision decision;
        engine->process({&frame, 1}, {&decision, 1});
        return decision.verdict;
    };
    EXPECT_EQ(verdict(0x02), Verdict::accept);
    EXPECT_EQ(verdict(0x01), Verdict::drop);
}

}  // namespace
}  // namespace keepstate
