// Timeout policies: nfct's words, and what becomes of the settings.
#include "ct/timeout_policy.hpp"

#include <gtest/gtest.h>

namespace keepstate::ct {
namespace {

TEST(TimeoutPolicy, lines_are_nfcts_words) {
    const auto policies = parse_timeout_policies(
        "# policies\n\nnfct add timeout web inet tcp established 600 CLOSE 5 # short\n"
        "timeout add dns inet6 UDP unreplied 3\r\nadd timeout rest inet generic timeout 0");
    ASSERT_TRUE(policies);
    ASSERT_EQ(policies->size(), 3U);
    const TimeoutPolicy& web = policies->front();
    EXPECT_EQ(web.name, "web");
    EXPECT_EQ(web.family, Family::ipv4);
    EXPECT_EQ(web.protocol, protocol::kTcp);
    ASSERT_EQ(web.timeouts.size(), 2U);
    EXPECT_EQ(web.timeouts[1].state, "close");
    EXPECT_EQ(web.timeouts[1].seconds, 5U);
    EXPECT_EQ((*policies)[1].family, Family::ipv6);
    EXPECT_EQ((*policies)[1].protocol, protocol::kUdp);
    EXPECT_EQ((*policies)[2].protocol, TimeoutPolicy::kGeneric);
}

TEST(TimeoutPolicy, what_a_policy_does_not_name_stays_as_the_settings_have_it) {
    Settings settings;
    settings.tcp_timeout_close = 77;
    const auto policies =
        parse_timeout_policies("add timeout a inet tcp established 9 syn_sent2 8");
    ASSERT_TRUE(policies);
    const auto changed = apply_policy(policies->front(), settings);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->tcp_timeout_established, 9U);
    EXPECT_EQ(changed->tcp_timeout_syn_sent2, 8U);
    EXPECT_EQ(changed->tcp_timeout_close, 77U);
    EXPECT_EQ(settings.tcp_timeout_established, 432000U);
}

TEST(TimeoutPolicy, every_fault_of_a_text_is_told_where_it_stands) {
    struct Row {
        std::string_view line;
        int column;
        std::string_view words;
    };
    const Row rows[] = {
        {"delete timeout a", 1, "add timeout NAME"},
        {"add timeout", 12, "name is missing"},
        {"add timeout aaaaaaaaaabbbbbbbbbbcccccccccc12 inet tcp close 1", 13, "31 bytes"},
        {"add timeout a ipv4 tcp close 1", 15, "`inet' or `inet6'"},
        {"add timeout a inet dccp request 1", 20, "generic should stand here"},
        {"add timeout a inet 6 close 1", 20, "generic should stand here"},
        {"add timeout a inet tcp", 23, "a timeout should stand here"},
        {"add timeout a inet tcp closed 1", 24, "the nearest is close"},
        {"add timeout a inet sctp heartbeat_sent 1", 25, "is no timeout of sctp"},
        {"add timeout a inet tcp close", 29, "number of seconds"},
        {"add timeout a inet tcp close -1", 30, "number of seconds"},
        {"add timeout a inet tcp close 1x", 30, "number of seconds"},
        {"add timeout a inet tcp close 17179870", 30, "17179869 at most"},
    };
    for (const Row& row : rows) {
        const auto policies =
            parse_timeout_policies(std::string("\n") + std::string(row.line), "f");
        ASSERT_FALSE(policies) << row.line;
        const Fault& fault = policies.error().faults.front();
        EXPECT_EQ(fault.line, 2) << row.line;
        EXPECT_EQ(fault.column, row.column) << row.line;
        EXPECT_NE(fault.words.find(row.words), std::string::npos) << fault.words;
    }
    const auto twice =
        parse_timeout_policies("add timeout a inet tcp close 1\nadd timeout a inet tcp close 1");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().faults.front().column, 13);
}

TEST(TimeoutPolicy, a_policy_made_by_hand_is_looked_at_too) {
    const Settings settings;
    EXPECT_FALSE(apply_policy({"", Family::ipv4, protocol::kTcp, {{"close", 1}}}, settings));
    EXPECT_FALSE(apply_policy({"a", Family::ipv4, protocol::kDccp, {{"timeout", 1}}}, settings));
    EXPECT_FALSE(apply_policy({"a", Family::ipv4, protocol::kTcp, {}}, settings));
    EXPECT_FALSE(apply_policy({"a", Family::ipv4, protocol::kTcp, {{"unreplied", 1}}}, settings));
    EXPECT_FALSE(
        apply_policy({"a", Family::ipv4, protocol::kTcp, {{"close", 17179870}}}, settings));
    EXPECT_TRUE(apply_policy({"a", Family::ipv4, protocol::kTcp, {{"close", 1}}}, settings));
}

TEST(TimeoutPolicy, what_is_not_tracked_by_itself_takes_the_generic_one) {
    EXPECT_EQ(policy_protocol_of(protocol::kTcp), protocol::kTcp);
    EXPECT_EQ(policy_protocol_of(protocol::kDccp), TimeoutPolicy::kGeneric);
    EXPECT_EQ(policy_protocol_of(protocol::kEsp), TimeoutPolicy::kGeneric);
}

}  // namespace
}  // namespace keepstate::ct
