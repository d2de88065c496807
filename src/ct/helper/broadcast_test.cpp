// netbios-ns and snmp. The rows have been put to Linux 6.18.
#include <gtest/gtest.h>

#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct {
namespace {

using test::Conversation;

/// The host asks all of 10.0.1.0/24.
void ask_everybody(Conversation& conversation) {
    conversation.is_from_host = true;
    conversation.broadcast_bits = 24;
    conversation.tuples[0] = {*parse_address("10.0.1.254"), *parse_address("10.0.1.255"),
                              protocol::kUdp, 3333, 137};
    conversation.tuples[1] = {*parse_address("10.0.1.255"), *parse_address("10.0.1.254"),
                              protocol::kUdp, 137, 3333};
}

TEST(Broadcast, AnswersFromTheWholeNetworkAreExpected) {
    Conversation names(add_netbios_ns_helpers);
    ask_everybody(names);
    for (const CtState state : {CtState::new_, CtState::established, CtState::related}) {
        names.wishes.granted.clear();
        EXPECT_FALSE(names.say(CtDirection::original, "", state).drops);
        EXPECT_EQ(names.expected(), "udp 10.0.1.255/24:137 > 10.0.1.254:3333 permanent");
    }
    EXPECT_EQ(names.wishes.notes,
              (std::vector<std::string>{"refresh 3", "refresh 3", "refresh 3"}));
}

TEST(Broadcast, AnswersComeFromTheHelpersPortWhateverPortWasAsked) {
    Conversation agents(add_snmp_helpers);
    ask_everybody(agents);
    agents.client("x");
    EXPECT_EQ(agents.expected(), "udp 10.0.1.255/24:161 > 10.0.1.254:3333 permanent");
    EXPECT_EQ(agents.wishes.notes, (std::vector<std::string>{"refresh 30"}));
}

TEST(Broadcast, OtherPacketsAreNoQuestions) {
    Conversation names(add_netbios_ns_helpers);
    ask_everybody(names);
    names.is_from_host = false;
    names.client("x");
    names.is_from_host = true;
    names.server("x");
    names.broadcast_bits.reset();
    names.client("x");
    names.broadcast_bits = 0;
    names.client("x");
    EXPECT_EQ(names.wishes.calls, 0U);
}

TEST(Broadcast, AWishThatIsNotGrantedDropsNothingAndTheMasterLivesOn) {
    HelperSettings settings;
    settings.netbios_ns_timeout = 9;
    Conversation names(add_netbios_ns_helpers, Family::ipv4, settings);
    ask_everybody(names);
    names.wishes.answers = {Grant::full};
    EXPECT_FALSE(names.client("x").drops);
    EXPECT_EQ(names.expected(), "");
    EXPECT_EQ(names.wishes.notes, (std::vector<std::string>{"refresh 9"}));
    EXPECT_EQ(names.helper().policies[0].timeout_s, 9U);
    EXPECT_EQ(names.helper().policies[0].most, 1U);
}

TEST(Broadcast, NamesAreAsIptablesHasThem) {
    EXPECT_EQ(Conversation(add_netbios_ns_helpers).helper().name, "netbios-ns");
    EXPECT_EQ(Conversation(add_snmp_helpers).helper().name, "snmp");
}

}  // namespace
}  // namespace keepstate::ct
