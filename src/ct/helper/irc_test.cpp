// The rows have been put to Linux 6.18; tests/kernel/differ/talk_irc.cpp draws others.
#include <gtest/gtest.h>

#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct {
namespace {

using test::Conversation;

constexpr std::string_view kExpected = "tcp * > 10.0.1.1:5000";

struct Row {
    std::string words;
    std::string_view expected;
};

std::string expected_after(const std::string& words) {
    Conversation irc(add_irc_helpers);
    EXPECT_FALSE(irc.client(words).drops) << words;
    return irc.expected();
}

TEST(Irc, EachKindOfAnnouncementIsSeen) {
    for (const char* kind : {"SEND", "CHAT", "MOVE", "TSEND", "SCHAT"}) {
        EXPECT_EQ(
            expected_after(std::string("PRIVMSG b :\001DCC ") + kind + " f 167772417 5000\001\r\n"),
            kExpected)
            << kind;
    }
    for (const char* kind : {"XEND", "send", "GET", "SENDX", "RESUME"}) {
        EXPECT_EQ(
            expected_after(std::string("PRIVMSG b :\001DCC ") + kind + " f 167772417 5000\001\r\n"),
            "")
            << kind;
    }
}

TEST(Irc, OnlyThePrivateMessagesOfTheFirstLineAreRead) {
    const std::string dcc = "\001DCC SEND filename 167772417 5000\001\r\n";
    const std::vector<Row> rows{
        {"PRIVMSG b :" + dcc, kExpected},
        {"  \r\n privmsg b :" + dcc, kExpected},
        {"PrivMsg b  :" + dcc, kExpected},
        {"PRIVMSG :" + dcc, ""},  // the blank before the colon belongs to the command
        {"NOTICE b :" + dcc, ""},
        {"PRIVMSGS b :" + dcc, ""},
        {"\tPRIVMSG b :" + dcc, ""},
        {":a!b PRIVMSG b :" + dcc, ""},
        {dcc, ""},
        {"PRIVMSG b :hello :" + dcc, ""},  // the message is what begins at the first colon
        {"PRIVMSG b :x\r\nPRIVMSG b :" + dcc, ""},
        {"PRIVMSG b :\001DCC GET x 1 1\001 :" + dcc, kExpected},
        {"PRIVMSG b :\001DCC SEND x 1 1\001 :" + dcc, ""},
    };
    for (const Row& row : rows) EXPECT_EQ(expected_after(row.words), row.expected) << row.words;
}

TEST(Irc, TheFirstAnnouncementOfASegmentCounts) {
    EXPECT_EQ(expected_after("PRIVMSG b :\001DCC SEND f 167772417 5000\001\n"
                             "PRIVMSG b :\001DCC SEND f 167772417 5001\001\n"),
              kExpected);
}

TEST(Irc, AddressAndPortAreReadAsLinuxReadsNumbers) {
    const std::vector<Row> rows{
        {"filename 167772417     5000\001\n", kExpected},
        {"filename 4462739713 5000\001\n", kExpected},            // 2^32 more
        {"filename 18446744073877324033 5000\001\n", kExpected},  // 2^64 more
        {"filename 167772417 70536\001\n", kExpected},            // 2^16 more
        {"filename 167772417 5000x\n", kExpected},
        {"SEND 167772417 5000\001\n", kExpected},
        {" 167772417 5000\001\n", kExpected},  // no name
        {"f\n 167772417 5000\001\n", kExpected},
        {"filename 1677724175000\001\n", ""},
        {"filename 167772417 65536\001\n", ""},
        {"filename 167772417 0\001\n", ""},
        {"filename 167772417 x\001\n", ""},
        {"filename 167772417\n5000\001\n", ""},
        {"filename 167772417  \n5000\001\n", ""},
        {"filename  167772417 5000\001\n", ""},  // the second blank is where the address should be
        {"file name 167772417 5000\001\n", ""},
        {"CHAT f 167772417 5000\001\n", ""},
        {"filename 167772417 5000\001", ""},  // no line end
        {"filename167772417,5000\001\n", ""},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(expected_after("PRIVMSG b :\001DCC SEND " + row.words), row.expected)
            << row.words;
    }
}

TEST(Irc, AnAddressOfSomebodyElseIsAForgery) {
    for (const char* address : {"167772418", "167772673", "0", "1"}) {
        EXPECT_EQ(expected_after(std::string("PRIVMSG b :\001DCC SEND filename ") + address +
                                 " 5000\001\n"),
                  "")
            << address;
    }
}

TEST(Irc, AVeryShortAnnouncementIsNotSeen) {
    const std::vector<Row> rows{
        {"PRIVMSG x :\001DCC SEND  167772417 5\n", ""},
        {"PRIVMSG x :\001DCC SEND f 167772417 5\n", ""},
        {"PRIVMSG x :\001DCC SEND ff 167772417 5\n", "tcp * > 10.0.1.1:5"},
        {"PRIVMSG x :\001DCC SEND fff 167772417 5\n", "tcp * > 10.0.1.1:5"},
        {"PRIVMSG x :\001DCC SEND f\n 167772417 5\001\n", "tcp * > 10.0.1.1:5"},
        {"", ""},
        {"PRIVMSG", ""},
        {"PRIVMSG b ", ""},
        {"PRIVMSG b :", ""},
    };
    for (const Row& row : rows) EXPECT_EQ(expected_after(row.words), row.expected) << row.words;
}

TEST(Irc, TheFirst4095BytesAreRead) {
    const auto said = [](std::size_t filling) {
        return "PRIVMSG " + std::string(filling, 'x') + " :\001DCC SEND f 167772417 5000\001\n";
    };
    EXPECT_EQ(said(4057).size(), 4095U);
    EXPECT_EQ(expected_after(said(4057)), kExpected);
    EXPECT_EQ(expected_after(said(4057) + std::string(100, 'y')), kExpected);
    EXPECT_EQ(expected_after(said(4058)), "");
    EXPECT_EQ(expected_after(said(4058) + std::string(100, '\n')), "");
}

TEST(Irc, NeitherTheServerNorAFlowWithoutAnswerIsHeard) {
    const std::string words = "PRIVMSG b :\001DCC SEND f 167772417 5000\001\r\n";
    Conversation irc(add_irc_helpers);
    EXPECT_FALSE(irc.server(words).drops);
    for (const CtState state : {CtState::new_, CtState::related}) {
        EXPECT_FALSE(irc.say(CtDirection::original, words, state).drops);
    }
    EXPECT_EQ(irc.wishes.calls, 0U);
    irc.client(words);
    EXPECT_EQ(irc.expected(), kExpected);
}

TEST(Irc, ASegmentWhoseWishIsNotGrantedIsDropped) {
    for (const Grant grant : {Grant::already, Grant::clash, Grant::full}) {
        Conversation irc(add_irc_helpers);
        irc.wishes.answers = {grant};
        const HelperAnswer answer = irc.client("PRIVMSG b :\001DCC SEND f 167772417 5000\001\r\n");
        EXPECT_TRUE(answer.drops);
        EXPECT_EQ(answer.words, "cannot add expectation");
    }
}

TEST(Irc, PortsAndLimitsComeFromTheSettings) {
    HelperSettings settings;
    settings.irc_ports.numbers = {7000, 6667, 7001};
    settings.irc_ports.count = 3;
    settings.irc_max_dcc_channels = 3;
    settings.irc_dcc_timeout = 10;
    std::vector<Helper> helpers;
    add_irc_helpers(settings, helpers);
    ASSERT_EQ(helpers.size(), 3U);
    EXPECT_EQ(helpers[0].name, "irc-0");
    EXPECT_EQ(helpers[1].name, "irc");
    EXPECT_EQ(helpers[2].name, "irc-2");
    EXPECT_EQ(helpers[2].port, 7001);
    EXPECT_EQ(helpers[2].family, Family::ipv4);
    EXPECT_EQ(helpers[2].policies[0].most, 3U);
    EXPECT_EQ(helpers[2].policies[0].timeout_s, 10U);
}

}  // namespace
}  // namespace keepstate::ct
