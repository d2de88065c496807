// The rows have been put to Linux 6.18; tests/kernel/differ/talk_pptp.cpp draws others.
#include <gtest/gtest.h>

#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct {
namespace {

using test::Conversation;

using Step = std::pair<unsigned, std::string>;  // who says it, what
using Steps = std::vector<Step>;

std::string be16(std::uint16_t number) {
    return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

/// A control message; its body is filled up with zeros to `bytes`.
std::string control(std::uint16_t message, const std::string& body, std::size_t bytes) {
    std::string words = be16(static_cast<std::uint16_t>(12 + bytes)) + be16(1) + "\x1a\x2b\x3c\x4d";
    words += be16(message) + be16(0) + body;
    words.resize(12 + bytes);
    return words;
}

std::string result(std::uint8_t code) { return {static_cast<char>(code)}; }

Step start_request() { return {0, control(1, "", 144)}; }
Step start_reply(std::uint8_t code = 1) { return {1, control(2, be16(0x100) + result(code), 144)}; }
Step stop_request() { return {0, control(3, result(1), 4)}; }
Step stop_reply(std::uint8_t code = 1) { return {1, control(4, result(code), 4)}; }
Step out_request(std::uint16_t id) { return {0, control(7, be16(id), 156)}; }
Step out_reply(std::uint16_t id, std::uint16_t peer, std::uint8_t code = 1) {
    return {1, control(8, be16(id) + be16(peer) + result(code), 20)};
}
Step in_request(std::uint16_t id) { return {1, control(9, be16(id), 208)}; }
Step in_reply(std::uint16_t id, std::uint16_t peer, std::uint8_t code = 1) {
    return {0, control(10, be16(id) + be16(peer) + result(code), 12)};
}
Step in_connected(std::uint16_t peer) { return {1, control(11, be16(peer), 16)}; }
Step clear(std::uint16_t id) { return {0, control(12, be16(id), 4)}; }
Step disconnect(std::uint16_t id) { return {1, control(13, be16(id), 136)}; }

constexpr std::string_view kTunnel = "47 10.0.1.1:7 > 10.0.2.1:9, 47 10.0.2.1:9 > 10.0.1.1:7";

void play(Conversation& pptp, const Steps& steps) {
    for (const auto& [side, words] : steps) {
        EXPECT_FALSE(pptp.say(static_cast<CtDirection>(side), words).drops);
    }
}

std::string expected_after(const Steps& steps) {
    Conversation pptp(add_pptp_helpers);
    play(pptp, steps);
    return pptp.expected();
}

Steps operator+(Steps steps, const Steps& more) {
    steps.insert(steps.end(), more.begin(), more.end());
    return steps;
}

const Steps kStarted{start_request(), start_reply()};
const Steps kCalled = kStarted + Steps{out_request(7), out_reply(9, 7)};

TEST(Pptp, AnOutgoingCallMakesATunnelExpectedBothWays) {
    Conversation pptp(add_pptp_helpers);
    play(pptp, kCalled);
    EXPECT_EQ(pptp.expected(), kTunnel);
    EXPECT_EQ(pptp.wishes.notes, (std::vector<std::string>{"call key 7 to 9", "call key 9 to 7"}));
    for (const Expectation& e : pptp.wishes.granted) {
        EXPECT_EQ(e.when_met, WhenMet::pptp_gre);
        EXPECT_EQ(e.helper, nullptr);
    }
}

TEST(Pptp, AnIncomingCallDoesToo) {
    const Steps called = kStarted + Steps{in_request(9), in_reply(7, 9)};
    EXPECT_EQ(expected_after(called), "");
    EXPECT_EQ(expected_after(called + Steps{in_connected(7)}), kTunnel);
    EXPECT_EQ(expected_after(called + Steps{in_connected(8)}), "");
    EXPECT_EQ(expected_after(kStarted + Steps{in_request(9), in_reply(7, 8), in_connected(7)}), "");
    EXPECT_EQ(expected_after(kStarted + Steps{in_request(9), in_reply(7, 9, 3), in_connected(7)}),
              "");
    EXPECT_EQ(expected_after(kStarted + Steps{in_reply(7, 0), in_connected(7)}), "");
}

TEST(Pptp, ACallNeedsAConfirmedSession) {
    const Steps call{out_request(7), out_reply(9, 7)};
    const std::vector<Steps> refused{
        {},
        {start_request()},
        {start_reply()},
        {start_request(), start_reply(2)},
        {start_request(), start_reply(2), start_request(), start_reply()},
        {stop_reply(2), start_request(), start_reply()},
        kStarted + Steps{stop_request()},
        kStarted + Steps{stop_request(), start_reply()},
        kStarted + Steps{stop_request(), stop_reply()},
    };
    for (std::size_t i = 0; i < refused.size(); ++i) {
        EXPECT_EQ(expected_after(refused[i] + call), "") << i;
    }
    const std::vector<Steps> granted{
        kStarted,
        {start_request(), start_request(), start_reply()},
        kStarted + Steps{stop_reply()},  // nobody asked for it
        kStarted + Steps{stop_request(), stop_reply()} + kStarted,
    };
    for (std::size_t i = 0; i < granted.size(); ++i) {
        EXPECT_EQ(expected_after(granted[i] + call), kTunnel) << i;
    }
}

TEST(Pptp, AnAnswerMustBelongToTheCall) {
    EXPECT_EQ(expected_after(kStarted + Steps{out_reply(9, 0)}), "");
    EXPECT_EQ(expected_after(kStarted + Steps{out_request(7), out_reply(9, 8)}), "");
    EXPECT_EQ(expected_after(kStarted + Steps{out_request(7), out_reply(9, 7, 2), out_reply(9, 7)}),
              "");
    EXPECT_EQ(expected_after(kStarted + Steps{out_request(7), clear(7), out_reply(9, 7)}), "");
    EXPECT_EQ(expected_after(kStarted + Steps{out_request(7), in_connected(7)}), "");
    EXPECT_EQ(expected_after(kStarted + Steps{out_request(6), out_request(7), out_reply(9, 7)}),
              kTunnel);
}

TEST(Pptp, EachSideHasItsOwnMessages) {
    Steps swapped = kCalled;
    for (Step& step : swapped) step.first = 1 - step.first;
    EXPECT_EQ(expected_after(swapped), "");
}

TEST(Pptp, AMessageIsReadIfItsHeaderIsRightAndItsBodyIsWhole) {
    const auto spoiled = [](std::size_t at, char byte) {
        Steps steps = kCalled;
        steps[3].second[at] = byte;
        return expected_after(steps);
    };
    EXPECT_EQ(spoiled(0, 77), kTunnel);   // the length is not read
    EXPECT_EQ(spoiled(11, 77), kTunnel);  // reserved
    EXPECT_EQ(spoiled(3, 2), "");         // a management message
    EXPECT_EQ(spoiled(4, 0), "");         // the cookie
    for (const char number : {'\0', '\5', '\6', '\16', '\17', '\20', '\177'}) {
        EXPECT_EQ(spoiled(9, number), "");
    }
    Steps steps = kCalled;
    steps[3].second += "and more";
    EXPECT_EQ(expected_after(steps), kTunnel);
    for (std::size_t i = 0; i < kCalled.size(); ++i) {
        steps = kCalled;
        steps[i].second.pop_back();
        EXPECT_EQ(expected_after(steps), "") << i;
    }
    steps = kCalled;
    for (std::size_t bytes = 0; bytes < 32; ++bytes) {
        steps[3].second = kCalled[3].second.substr(0, bytes);
        EXPECT_EQ(expected_after(steps), "") << bytes;
    }
}

TEST(Pptp, OnlyTheFirstMessageOfASegmentIsRead) {
    Steps steps = kStarted;
    steps[1].second += start_reply(2).second;
    EXPECT_EQ(expected_after(steps + Steps{out_request(7), out_reply(9, 7)}), kTunnel);
}

TEST(Pptp, NothingIsReadBeforeTheFlowIsEstablished) {
    Conversation pptp(add_pptp_helpers);
    pptp.say(CtDirection::original, start_request().second, CtState::new_);
    pptp.say(CtDirection::original, start_request().second, CtState::related);
    play(pptp, {start_reply(), out_request(7), out_reply(9, 7)});
    EXPECT_EQ(pptp.wishes.calls, 0U);
}

TEST(Pptp, ATunnelIsExpectedWholeOrNotAtAll) {
    struct Row {
        std::vector<Grant> answers;
        std::vector<bool> keys;
        std::vector<std::string> notes;
    };
    const std::vector<Row> rows{
        {{Grant::clash}, {}, {}},
        {{Grant::granted, Grant::clash}, {}, {}},
        {{}, {false}, {"call key 7 to 9"}},
        {{}, {true, false}, {"call key 7 to 9", "call key 9 to 7", "no call keys"}},
    };
    for (const Row& row : rows) {
        Conversation pptp(add_pptp_helpers);
        pptp.wishes.answers = row.answers;
        pptp.wishes.key_answers = row.keys;
        play(pptp, kCalled);
        EXPECT_EQ(pptp.expected(), "");
        EXPECT_EQ(pptp.wishes.notes, row.notes);
    }
}

TEST(Pptp, ADisconnectEndsTheTunnel) {
    Conversation pptp(add_pptp_helpers);
    play(pptp, kCalled + Steps{disconnect(9)});
    EXPECT_EQ(pptp.expected(), "");
    pptp.wishes.notes.clear();
    pptp.wishes.has_flow = true;
    play(pptp, {out_request(5), out_reply(6, 5), disconnect(6)});
    const std::vector<std::string> notes{"call key 5 to 6", "call key 6 to 5", "no call keys",
                                         "end flow 5 to 6", "end flow 6 to 5"};
    EXPECT_EQ(pptp.wishes.notes, notes);
}

TEST(Pptp, AnEndedCallIsNotAnsweredAgain) {
    EXPECT_EQ(expected_after(kCalled + Steps{disconnect(9), out_reply(9, 7)}), "");
    EXPECT_EQ(expected_after(kCalled + Steps{disconnect(9), out_request(7), out_reply(9, 7)}),
              kTunnel);
}

TEST(Pptp, TheEndOfTheMasterEndsTheTunnelAndWithoutACallTheOneWithIdsOfZero) {
    Conversation called(add_pptp_helpers);
    play(called, kCalled);
    called.end();
    EXPECT_EQ(called.expected(), "");
    Conversation silent(add_pptp_helpers);
    silent.end();
    EXPECT_EQ(silent.wishes.notes,
              (std::vector<std::string>{"no call keys", "end flow 0 to 0", "end flow 0 to 0"}));
}

TEST(Pptp, IsThereForIpv4WithTwoExpectationsOfFiveMinutes) {
    std::vector<Helper> helpers;
    add_pptp_helpers({}, helpers);
    ASSERT_EQ(helpers.size(), 1U);
    EXPECT_EQ(helpers[0].name, "pptp");
    EXPECT_EQ(helpers[0].family, Family::ipv4);
    EXPECT_EQ(helpers[0].port, 1723);
    EXPECT_EQ(helpers[0].policies[0].most, 2U);
    EXPECT_EQ(helpers[0].policies[0].timeout_s, 300U);
}

}  // namespace
}  // namespace keepstate::ct
