// The rows have been put to Linux 6.18; tests/kernel/differ/talk_amanda.cpp draws others.
#include <gtest/gtest.h>

#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct {
namespace {

using test::Conversation;

/// The ports, as they were announced: "1001 1002".
std::string ports_after(const std::string& words) {
    Conversation amanda(add_amanda_helpers);
    EXPECT_FALSE(amanda.server(words).drops) << words;
    std::string ports;
    for (const Expectation& e : amanda.wishes.granted) {
        if (!ports.empty()) ports += " ";
        ports += std::to_string(e.tuple.destination_key);
    }
    return ports;
}

TEST(Amanda, TheAskingHostMayOpenTheAnnouncedPorts) {
    Conversation ipv4(add_amanda_helpers);
    ipv4.server("OPTIONS x\nCONNECT DATA 1001 MESG 1002\n");
    EXPECT_EQ(ipv4.expected(), "tcp 10.0.1.1 > 10.0.2.1:1001, tcp 10.0.1.1 > 10.0.2.1:1002");
    Conversation ipv6(add_amanda_helpers, Family::ipv6);
    ipv6.server("CONNECT INDEX 1003\n");
    EXPECT_EQ(ipv6.expected(), "tcp 2001:db8:1::1 > 2001:db8:2::1:1003");
}

TEST(Amanda, EachWordIsLookedForByItself) {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"CONNECT DATA 1 MESG 2 INDEX 3 STATE 4\n", "1 2 3 4"},
        {"CONNECT STATE 4 INDEX 3 MESG 2 DATA 1\n", "1 2 3 4"},
        {"CONNECT INDEX 1003 MESG 5\n", "5 1003"},
        {"CONNECT MESG 1 MESG 2 MESG 3 DATA 9\n", "9 1"},
        {"CONNECT DATA 5 MESG 5\n", "5 5"},
        {"CONNECT MEDATA 5\n", "5"},
        {"CONNECT CONNECT DATA 1\n", "1"},
        {"CONNECT data 5 mesg 6 Index 7\n", ""},
        {"connect DATA 5\n", ""},
        {"CONNECT\nDATA 5\n", ""},
    };
    for (const auto& [words, ports] : rows) EXPECT_EQ(ports_after(words), ports) << words;
}

TEST(Amanda, OnlyTheLineOfTheFirstConnectIsRead) {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"CONNECT DATA 12\nMESG 5\n", "12"},
        {"CONNECT DATA 12\nCONNECT MESG 5\n", "12"},
        {"CONNECT \nDATA 5\n", ""},
        {"CONNECT DATA\n 5\n", ""},
        {"CONNECT DATA \n12\n", ""},
        {"CONNECT DATA 1001", ""},  // no line end
        {"CONNECT ", ""},
        {"CONNECT DATA", ""},
        {"CONN", ""},
        {"", ""},
    };
    for (const auto& [words, ports] : rows) EXPECT_EQ(ports_after(words), ports) << words;
}

TEST(Amanda, FiveDigitsOfAPortAreReadAndNoPortEndsTheSearch) {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"CONNECT DATA 0 MESG 5\n", ""},
        {"CONNECT DATA 1 MESG 0 STATE 4\n", "1"},
        {"CONNECT DATA x MESG 5\n", ""},
        {"CONNECT DATA  12\n", ""},
        {"CONNECT DATA +5\n", ""},
        {"CONNECT DATA 70000 MESG 5\n", "4464 5"},
        {"CONNECT DATA 99999\n", "34463"},
        {"CONNECT DATA 65536 MESG 5\n", ""},
        {"CONNECT DATA 655360 MESG 5\n", ""},
        {"CONNECT DATA 123456 MESG 5\n", "12345 5"},
        {"CONNECT DATA 00005\n", "5"},
        {"CONNECT DATA 000005\n", ""},
        {"CONNECT DATA 5x\n", "5"},
    };
    for (const auto& [words, ports] : rows) EXPECT_EQ(ports_after(words), ports) << words;
}

TEST(Amanda, EveryAnswerLengthensTheMastersLifeAndNoQuestionDoes) {
    HelperSettings settings;
    settings.amanda_master_timeout = 17;
    Conversation amanda(add_amanda_helpers, Family::ipv4, settings);
    amanda.client("CONNECT DATA 1001\n");
    amanda.say(CtDirection::original, "CONNECT DATA 1001\n", CtState::related);
    EXPECT_EQ(amanda.wishes.calls, 0U);
    amanda.server("");
    amanda.server("x");
    EXPECT_EQ(amanda.wishes.notes, (std::vector<std::string>{"refresh 17", "refresh 17"}));
}

TEST(Amanda, AnAnswerWithAWishThatIsNotGrantedIsDroppedAndStillReadToItsEnd) {
    Conversation amanda(add_amanda_helpers);
    amanda.wishes.answers = {Grant::granted, Grant::clash, Grant::granted};
    const HelperAnswer answer = amanda.server("CONNECT DATA 1 MESG 2 INDEX 3\n");
    EXPECT_TRUE(answer.drops);
    EXPECT_EQ(answer.words, "cannot add expectation");
    EXPECT_EQ(amanda.expected(), "tcp 10.0.1.1 > 10.0.2.1:1, tcp 10.0.1.1 > 10.0.2.1:3");
}

TEST(Amanda, IsThereForBothFamiliesWithFourExpectationsOfThreeMinutes) {
    std::vector<Helper> helpers;
    add_amanda_helpers({}, helpers);
    ASSERT_EQ(helpers.size(), 2U);
    EXPECT_EQ(helpers[0].family, Family::ipv4);
    EXPECT_EQ(helpers[1].family, Family::ipv6);
    for (const Helper& helper : helpers) {
        EXPECT_EQ(helper.name, "amanda");
        EXPECT_EQ(helper.port, 10080);
        EXPECT_EQ(helper.policies[0].most, 4U);
        EXPECT_EQ(helper.policies[0].timeout_s, 180U);
    }
}

}  // namespace
}  // namespace keepstate::ct
