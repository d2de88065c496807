// The rows have been put to Linux 6.18; tests/kernel/differ/talk_ftp.cpp draws others.
#include <gtest/gtest.h>

#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct {
namespace {

using test::Conversation;

struct Row {
    std::string line;
    std::string_view expected;  // "DROP": the packet is dropped
};

/// What a line of one side comes to, behind a line that ended.
std::string outcome(CtDirection side, const std::string& line, Family family = Family::ipv4,
                    const HelperSettings& settings = {}) {
    Conversation ftp(add_ftp_helpers, family, settings);
    EXPECT_FALSE(ftp.say(side, "x\r\n").drops);
    if (ftp.say(side, line).drops) return "DROP";
    return ftp.expected();
}

void expect_rows(CtDirection side, Family family, const std::vector<Row>& rows) {
    for (const Row& row : rows)
        EXPECT_EQ(outcome(side, row.line, family), row.expected) << row.line;
}

TEST(Ftp, TheClientAnnouncesWhereTheServerMayConnectTo) {
    constexpr std::string_view kExpected = "tcp 10.0.2.1 > 10.0.1.1:1025";
    expect_rows(CtDirection::original, Family::ipv4,
                {
                    {"PORT 10,0,1,1,4,1\r\n", kExpected},
                    {"port 10,0,1,1,4,1\r\n", kExpected},
                    {"PORT xx 10,0,1,1,4,1\r\n", "DROP"},
                    {"PORT  10,0,1,1,4,1\r\n", "DROP"},
                    {"PORT 10,0,1,1,4,1\n", "DROP"},
                    {"PORT 10,0,1,1,4,1", "DROP"},
                    {"PORT 10,0,1,1,4\r\n", "DROP"},
                    {"PORT 10,0,1,1,0,1025\r", kExpected},
                    {"PORT 10,0,1,258,4,1\r\n", ""},        // 10.0.1.2, or beyond
                    {"PORT 266,0,1,1,4,1\r\n", kExpected},  // 256 more: beyond the address
                    {"PORTAL 10,0,1,1,4,1\r\n", kExpected},
                    {"EPRT |1|10.0.1.1|1025|\r\n", kExpected},
                    {"EPRT !1!10.0.1.1!1025!", kExpected},
                    {"EPRT |1|10.0.1.1|0|\r\n", "DROP"},
                    {"EPRT |1|10.0.1.1|66561|\r\n", kExpected},  // 65536 more
                    {"EPRT |1|10.0.1.1|1025", "DROP"},
                    {"EPRT |2|2001:db8::1|1025|\r\n", "DROP"},
                    {"EPRT 11110.0.1.111025|\r\n", "DROP"},
                    {"P", "DROP"},
                    {"E", "DROP"},
                    {"PORT", "DROP"},
                    {"PASV\r\n", ""},
                    {"227 (10,0,1,1,4,1)\r\n", ""},  // only the server says so
                });
}

TEST(Ftp, TheServerAnnouncesWhereTheClientMayConnectTo) {
    constexpr std::string_view kExpected = "tcp 10.0.1.1 > 10.0.2.1:1025";
    expect_rows(CtDirection::reply, Family::ipv4,
                {
                    {"227 Entering Passive Mode (10,0,2,1,4,1).\r\n", kExpected},
                    {"227 =10,0,2,1,4,1\r\n", kExpected},
                    {"227 10,0,2,1,4,1", "DROP"},  // nothing ends the last number
                    {"227 no numbers\r\n", "DROP"},
                    {"227-Entering (10,0,2,1,4,1)\r\n", ""},
                    {"229 Extended (|||1025|)\r\n", kExpected},
                    {"229 Extended (!!!1025!)\r\n", kExpected},
                    {"229 Extended (||1025|)\r\n", "DROP"},
                    {"229 Extended |||1025|\r\n", "DROP"},
                    {"229 (", "DROP"},
                    {"22", "DROP"},
                    {"220 hello\r\n", ""},
                    {"PORT 10,0,2,1,4,1\r\n", ""},
                });
}

TEST(Ftp, IPv6IsAnnouncedByTheExtendedWordsAlone) {
    constexpr std::string_view kExpected = "tcp 2001:db8:2::1 > 2001:db8:1::1:1025";
    expect_rows(CtDirection::original, Family::ipv6,
                {
                    {"EPRT |2|2001:db8:1::1|1025|\r\n", kExpected},
                    {"EPRT |2|2001:0db8:0001:0:0:0:0:1|1025|\r\n", kExpected},
                    {"EPRT |2|2001:DB8:1::0.0.0.1|1025|\r\n", kExpected},
                    {"EPRT |2|2001:db8:1::9|1025|\r\n", ""},
                    {"EPRT |2|2001:db8:1:|1025|\r\n", "DROP"},
                    {"EPRT |2|2001::db8::1|1025|\r\n", "DROP"},
                    {"EPRT |2||1025|\r\n", "DROP"},
                    {"EPRT |1|10.0.1.1|1025|\r\n", "DROP"},
                    {"PORT 10,0,1,1,4,1\r\n", ""},  // not an address of the flow's
                });
}

TEST(Ftp, AForeignAddressCountsOnlyIfTheHelperIsLoose) {
    const std::string line = "PORT 10,0,1,9,4,1\r\n";
    EXPECT_EQ(outcome(CtDirection::original, line), "");
    HelperSettings loose;
    loose.ftp_loose = 1;
    EXPECT_EQ(outcome(CtDirection::original, line, Family::ipv4, loose),
              "tcp 10.0.2.1 > 10.0.1.9:1025");
}

TEST(Ftp, OnlyWhereALineBeginsIsACommandRead) {
    Conversation ftp(add_ftp_helpers);
    ftp.client("PORT 10,0,1,1,4,1\r\n");  // nothing was heard of this side before
    EXPECT_EQ(ftp.expected(), "");
    ftp.client("USER a");
    ftp.client("PORT 10,0,1,1,4,1\r\n");
    EXPECT_EQ(ftp.expected(), "");
    ftp.client("PORT 10,0,1,1,4,1\r\n");
    EXPECT_EQ(ftp.expected(), "tcp 10.0.2.1 > 10.0.1.1:1025");
}

TEST(Ftp, TheLastTwoLinesEndsAreRemembered) {
    Conversation ftp(add_ftp_helpers);
    for (const char* line : {"aa\n", "bb\n", "cc\n"}) ftp.client(line);  // lines begin at 6 and 9
    ftp.seq[0] = 3;
    ftp.client("PORT 10,0,1,1,4,1\r");
    EXPECT_EQ(ftp.expected(), "");
    ftp.seq[0] = 6;
    ftp.client("PORT 10,0,1,1,4,1\r");
    EXPECT_EQ(ftp.expected(), "tcp 10.0.2.1 > 10.0.1.1:1025");
}

TEST(Ftp, NothingIsReadUntilBothSidesWereHeard) {
    Conversation ftp(add_ftp_helpers);
    ftp.client("x\n");
    ftp.say(CtDirection::original, "PORT 10,0,1,1,4,1\r\n", CtState::new_);
    EXPECT_EQ(ftp.expected(), "");
}

TEST(Ftp, WhatCannotBeExpectedIsDropped) {
    Conversation ftp(add_ftp_helpers);
    ftp.client("x\n");
    ftp.wishes.answers = {Grant::full};
    const HelperAnswer answer = ftp.client("PORT 10,0,1,1,4,1\r\n");
    EXPECT_TRUE(answer.drops);
    EXPECT_EQ(answer.words, "cannot add expectation");
}

}  // namespace
}  // namespace keepstate::ct
