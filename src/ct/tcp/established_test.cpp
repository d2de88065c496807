// The short way of the usual segment gives what judge_tcp gives, wherever it answers; and it answers for most. So do both forms of it.
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

using Judge = bool (*)(TcpLine&, const UsualSegment&, std::size_t, const EstablishedTimeouts&,
                       std::int64_t&);

/// Of those that are accepted it answers more than one in `least`.
void expect_agreement(Judge judge, std::uint32_t least) {
    Random random{20};
    std::uint32_t answered = 0, passed = 0;
    constexpr std::uint32_t kStatus = status::kSeenReply | status::kAssured | status::kConfirmed;
    for (int i = 0; i < 400'000; ++i) {
        const Settings settings = random_settings(random);
        const TcpMemory before = random_memory(random);
        const std::size_t direction = random() % 2;
        const UsualSegment usual = random_segment(random, before, direction);
        const TcpJudgement whole = judge_tcp(
            before, full(usual, random), static_cast<CtDirection>(direction), kStatus, settings);
        TcpLine line = pack(before);
        std::int64_t timeout_ns = 0;
        const EstablishedTimeouts timeouts(settings);
        const bool has_answered = judge(line, usual, direction, timeouts, timeout_ns);
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
        ASSERT_EQ(timeout_ns, *whole.timeout_s * kNsPerSecond) << i;
        ASSERT_FALSE(whole.state_changed || whole.becomes_assured || whole.shorten_only) << i;
    }
    EXPECT_GT(answered, 50'000U);
    EXPECT_GT(answered, passed / least) << "most of those that are accepted go the short way";
}

TEST(JudgeEstablished, agrees_with_judge_tcp_wherever_it_answers) {
    // Half of the memories have a side that has acknowledged nothing yet, which may be left to judge_tcp.
    expect_agreement(judge_established, 3);
}

TEST(JudgeEstablished, does_so_on_any_processor) {
    expect_agreement(detail::judge_established_anywhere, 2);
}

}  // namespace
}  // namespace keepstate::ct
