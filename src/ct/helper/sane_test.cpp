// The rows have been put to Linux 6.18; tests/kernel/differ/talk_sane.cpp draws others.
#include <gtest/gtest.h>

#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct {
namespace {

using namespace std::string_view_literals;
using test::Conversation;

constexpr std::string_view kStart = "\0\0\0\7\0\0\0\1"sv;
constexpr std::string_view kOther = "\0\0\0\6\0\0\0\1"sv;
constexpr std::string_view kPort4000 = "\0\0\0\0\0\0\x0f\xa0"sv;
constexpr std::string_view kExpected = "tcp 10.0.1.1 > 10.0.2.1:4000";

/// What is expected after the client's and then the server's words.
std::string expected_after(const std::vector<std::string_view>& client,
                           const std::vector<std::string_view>& server) {
    Conversation sane(add_sane_helpers);
    for (const std::string_view words : client) EXPECT_FALSE(sane.client(words).drops);
    for (const std::string_view words : server) EXPECT_FALSE(sane.server(words).drops);
    return sane.expected();
}

TEST(Sane, TheAnswerToNetStartNamesThePort) {
    EXPECT_EQ(expected_after({kStart}, {kPort4000}), kExpected);
    EXPECT_EQ(expected_after({kStart}, {"\0\0\0\0\0\0\x0f\xa0 and more"sv}), kExpected);
    EXPECT_EQ(expected_after({kStart}, {"\0\0\0\0\0\0\0\0"sv}), "tcp 10.0.1.1 > 10.0.2.1:0");
    Conversation ipv6(add_sane_helpers, Family::ipv6);
    ipv6.client(kStart);
    ipv6.server(kPort4000);
    EXPECT_EQ(ipv6.expected(), "tcp 2001:db8:1::1 > 2001:db8:2::1:4000");
}

TEST(Sane, OnlyTheNextAnswerCounts) {
    EXPECT_EQ(expected_after({}, {kPort4000}), "");
    EXPECT_EQ(expected_after({kStart}, {"\0\0\0\0\0\0\x0f"sv, kPort4000}), "");
    EXPECT_EQ(expected_after({kStart}, {kPort4000, "\0\0\0\0\0\0\0\1"sv}), kExpected);
    EXPECT_EQ(expected_after({kStart, kOther}, {kPort4000}), "");
    EXPECT_EQ(expected_after({kOther, kStart}, {kPort4000}), kExpected);
}

TEST(Sane, ARequestOfAnotherLengthChangesNothing) {
    EXPECT_EQ(expected_after({kStart, "x"}, {kPort4000}), kExpected);
    EXPECT_EQ(expected_after({kStart, ""}, {kPort4000}), kExpected);
    EXPECT_EQ(expected_after({"\0\0\0\7\0\0\0\1x"sv}, {kPort4000}), "");
    EXPECT_EQ(expected_after({"\0\0\0\7"sv, "\0\0\0\1"sv}, {kPort4000}), "");
    EXPECT_EQ(expected_after({kStart}, {"", kPort4000}), kExpected);
}

TEST(Sane, ARefusalAnnouncesNothing) {
    EXPECT_EQ(expected_after({kStart}, {"\0\0\0\1\0\0\x0f\xa0"sv}), "");
    EXPECT_EQ(expected_after({kStart}, {"\1\0\0\0\0\0\x0f\xa0"sv}), "");
    EXPECT_EQ(expected_after({kStart}, {"\0\0\0\0\0\1\x0f\xa0"sv}), "");
}

TEST(Sane, NothingIsReadBeforeTheFlowIsEstablished) {
    Conversation sane(add_sane_helpers);
    sane.say(CtDirection::original, kStart, CtState::new_);
    sane.say(CtDirection::original, kStart, CtState::related);
    sane.server(kPort4000);
    EXPECT_EQ(sane.wishes.calls, 0U);
}

TEST(Sane, AnAnswerWhoseWishIsNotGrantedIsDropped) {
    Conversation sane(add_sane_helpers);
    sane.wishes.answers = {Grant::clash};
    sane.client(kStart);
    const HelperAnswer answer = sane.server(kPort4000);
    EXPECT_TRUE(answer.drops);
    EXPECT_EQ(answer.words, "cannot add expectation");
}

TEST(Sane, EachPortMakesTwoHelpers) {
    HelperSettings settings;
    settings.sane_ports.numbers = {6566, 7000};
    settings.sane_ports.count = 2;
    std::vector<Helper> helpers;
    add_sane_helpers(settings, helpers);
    ASSERT_EQ(helpers.size(), 4U);
    EXPECT_EQ(helpers[1].name, "sane");
    EXPECT_EQ(helpers[1].family, Family::ipv6);
    EXPECT_EQ(helpers[2].name, "sane-7000");
    EXPECT_EQ(helpers[2].port, 7000);
    EXPECT_EQ(helpers[2].policies[0].most, 1U);
    EXPECT_EQ(helpers[2].policies[0].timeout_s, 300U);
}

}  // namespace
}  // namespace keepstate::ct
