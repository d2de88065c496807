// The words of the public enumerations.
#include <gtest/gtest.h>

#include <set>

#include "keepstate/reason.hpp"
#include "keepstate/state.hpp"
#include "keepstate/verdict.hpp"

namespace keepstate {
namespace {

TEST(Text, says_what_conntrack_and_iptables_say) {
    EXPECT_EQ(text(CtState::new_), "NEW");
    EXPECT_EQ(text(CtState::untracked), "UNTRACKED");
    EXPECT_EQ(text(CtDirection::reply), "REPLY");
    EXPECT_EQ(text(TcpState::syn_sent2), "SYN_SENT2");
    EXPECT_EQ(text(TcpState::time_wait), "TIME_WAIT");
    EXPECT_EQ(text(SctpState::heartbeat_sent), "HEARTBEAT_SENT");
    EXPECT_EQ(text(Hook::postrouting), "POSTROUTING");
    EXPECT_EQ(text(Table::security), "security");
    EXPECT_EQ(text(Verdict::held), "HELD");
}

TEST(Text, lists_status_bits_lowest_first) {
    using namespace status;
    const std::vector<std::string_view> wanted{"SEEN_REPLY", "ASSURED", "CONFIRMED", "HW_OFFLOAD"};
    EXPECT_EQ(status_words(kConfirmed | kSeenReply | kAssured | kHwOffload), wanted);
    EXPECT_TRUE(status_words(0).empty());
    EXPECT_TRUE(status_words(1U << 16).empty());
}

TEST(Text, gives_each_reason_a_word_of_its_own_and_a_sentence) {
    std::set<std::string_view> words;
    for (std::size_t i = 0; i < kReasons; ++i) {
        const auto reason = static_cast<Reason>(i);
        EXPECT_TRUE(words.insert(text(reason)).second) << text(reason);
        EXPECT_FALSE(sentence(reason).empty()) << text(reason);
        EXPECT_FALSE(sentence(reason).ends_with('.')) << text(reason);
        EXPECT_EQ(kind(reason) == ReasonKind::none, reason == Reason::none) << text(reason);
    }
    EXPECT_EQ(text(Reason::tcp_ack_beyond_end), "tcp_ack_beyond_end");
    EXPECT_EQ(kernel_words(Reason::ipv4_checksum), "InCsumErrors");
}

}  // namespace
}  // namespace keepstate
