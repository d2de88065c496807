// Tested against Linux by tests/kernel/differ/talk_tftp.cpp.
#include <gtest/gtest.h>

#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct {
namespace {

using test::Conversation;
using namespace std::string_view_literals;

TEST(Tftp, RequestsAreAnsweredFromAnyPort) {
    for (const std::string_view request :
         {"\0\1file\0octet\0"sv, "\0\2file\0octet\0"sv, "\0\1"sv}) {
        Conversation tftp(add_tftp_helpers);
        EXPECT_FALSE(tftp.client(request).drops);
        EXPECT_EQ(tftp.expected(), "udp 10.0.2.1 > 10.0.1.1:40000");
    }
}

TEST(Tftp, NothingElseAnnounces) {
    for (const std::string_view words :
         {""sv, "\0"sv, "\0\3"sv, "\0\4\0\1"sv, "\0\5"sv, "\1\1"sv}) {
        Conversation tftp(add_tftp_helpers);
        EXPECT_FALSE(tftp.client(words).drops);
        EXPECT_EQ(tftp.expected(), "");
    }
}

TEST(Tftp, TheServersRequestIsAnnouncedLikeTheClients) {
    Conversation tftp(add_tftp_helpers, Family::ipv6);
    tftp.server("\0\2"sv);
    EXPECT_EQ(tftp.expected(), "udp 2001:db8:2::1 > 2001:db8:1::1:40000");
}

TEST(Tftp, AnotherPortsHelperIsNamedByItsPlaceInTheList) {
    HelperSettings settings;
    ASSERT_TRUE(settings.set("tftp.ports", "7000,69,6969"));
    std::vector<Helper> helpers;
    add_tftp_helpers(settings, helpers);
    ASSERT_EQ(helpers.size(), 6U);
    EXPECT_EQ(helpers[0].name, "tftp-0");
    EXPECT_EQ(helpers[2].name, "tftp");
    EXPECT_EQ(helpers[5].name, "tftp-2");
    EXPECT_EQ(helpers[5].port, 6969);
}

TEST(Tftp, WhatCannotBeExpectedIsDropped) {
    Conversation tftp(add_tftp_helpers);
    tftp.wishes.answers = {Grant::clash};
    EXPECT_EQ(tftp.client("\0\1"sv).words, "cannot add expectation");
}

}  // namespace
}  // namespace keepstate::ct
