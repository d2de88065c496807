// The short way of the usual segment gives what judge_tcp gives, wherever it answers; and it answers for most.
#include "ct/tcp/established.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ct/tcp/judge.hpp"
#include "ct/tcp/random_memory_test.hpp"

namespace keepstate::ct {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

Segment full(const UsualSegment& usual, Random& random) {
    using namespace wire::tcp_flag;
    constexpr std::uint8_t kMore[] = {0, kPsh, kUrg, kEce, kPsh | kCwr};
    wire::TcpHeader header;
    header.seq = usual.seq;
    header.ack = usual.ack;
    header.window = usual.window;
    header.payload_bytes = usual.payload_bytes;
    header.flags = static_cast<std::uint8_t>(kAck | kMore[random() % 5]);
    return make_segment(header);
}

TEST(JudgeEstablished, agrees_with_judge_tcp_wherever_it_answers) {
    Random random{20};
    std::uint32_t answered = 0, passed = 0;
    constexpr std::uint32_t kStatus = status::kSeenReply | status::kAssured | status::kConfirmed;
    for (int i = 0; i < 400'000; ++i) {
        Settings settings;
        if (random() % 4 == 0) settings.tcp_be_liberal = 1;
        if (random() % 4 == 0) settings.tcp_timeout_established = 200;
        if (random() % 4 == 0) settings.tcp_max_retrans = 1;
        const TcpMemory before = random_memory(random);
        const std::size_t direction = random() % 2;
        const UsualSegment usual = random_segment(random, before, direction);
        const TcpJudgement whole = judge_tcp(
            before, full(usual, random), static_cast<CtDirection>(direction), kStatus, settings);
        TcpLine line = pack(before);
        std::uint32_t timeout_s = 0;
        const bool has_answered = judge_established(line, usual, direction, settings, timeout_s);
        const bool is_accepted =
            whole.outcome == TcpOutcome::accepted && before.state == TcpState::established;
        passed += is_accepted && !whole.window.liberal;
        if (!has_answered) {
            ASSERT_EQ(unpack(line), unpack(pack(before))) << i;
            continue;
        }
        ++answered;
        ASSERT_TRUE(is_accepted) << i;
        ASSERT_EQ(unpack(line), unpack(pack(whole.memory))) << i;
        ASSERT_EQ(timeout_s, whole.timeout_s) << i;
        ASSERT_FALSE(whole.state_changed || whole.becomes_assured || whole.shorten_only) << i;
    }
    EXPECT_GT(answered, 50'000U);
    EXPECT_GT(answered, passed / 2) << "most of those that are accepted go the short way";
}

}  // namespace
}  // namespace keepstate::ct
