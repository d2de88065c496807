// A step of the machine on the packed line is what judge_tcp makes of it, wherever it answers; and it answers for most.
#include "ct/tcp/step.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ct/tcp/judge.hpp"
#include "ct/tcp/random_memory_test.hpp"

namespace keepstate::ct {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

using namespace wire::tcp_flag;

constexpr std::uint8_t kSackAbove[] = {1, 1, 5, 10, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff};
constexpr std::uint8_t kTimestamp[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};

Segment random_full(Random& random, const UsualSegment& usual) {
    constexpr int kFlags[] = {
        kAck,        kAck,        kAck, kFin | kAck, kFin | kAck, kFin | kAck | kUrg,
        kAck | kPsh, kSyn | kAck, kSyn, kRst | kAck};
    wire::TcpHeader header;
    header.seq = usual.seq;
    header.ack = usual.ack;
    header.window = usual.window;
    header.payload_bytes = usual.payload_bytes;
    header.flags = static_cast<std::uint8_t>(kFlags[random() % std::size(kFlags)]);
    const std::uint32_t options = random() % 6;
    if (options == 0) header.options = base::ByteView(kSackAbove, sizeof kSackAbove);
    if (options == 1) header.options = base::ByteView(kTimestamp, sizeof kTimestamp);
    return make_segment(header);
}

struct Case {
    Settings settings;
    TcpMemory before;  ///< in any state but none
    CtDirection direction = CtDirection::original;
    Segment segment;
    std::uint32_t status = 0;
};

Case random_case(Random& random) {
    constexpr std::uint32_t kStatus[] = {0, status::kSeenReply,
                                         status::kSeenReply | status::kAssured};
    Case drawn;
    drawn.settings = random_settings(random);
    drawn.before = random_memory(random);
    drawn.before.state = static_cast<TcpState>(1 + random() % (kTcpStates - 1));
    drawn.direction = static_cast<CtDirection>(random() % 2);
    drawn.segment = random_full(
        random, random_segment(random, drawn.before, static_cast<std::size_t>(drawn.direction)));
    drawn.status = status::kConfirmed | kStatus[random() % 3];
    return drawn;
}

TEST(JudgeStep, agrees_with_judge_tcp_wherever_it_answers) {
    Random random{3};
    std::uint32_t answered = 0, passed = 0;
    std::array<std::uint32_t, kTcpStates> reached{};
    for (int i = 0; i < 600'000; ++i) {
        const auto [settings, before, direction, segment, status] = random_case(random);
        const TcpJudgement whole = judge_tcp(before, segment, direction, status, settings);
        const bool is_accepted =
            whole.outcome == TcpOutcome::accepted &&
            (segment.kind == SegmentKind::ack || segment.kind == SegmentKind::fin);
        passed += is_accepted && !whole.window.liberal && whole.exception.empty();
        TcpLine line = pack(before);
        TcpStep step;
        if (!judge_step(line, segment, direction, status, settings, step)) {
            ASSERT_EQ(unpack(line), unpack(pack(before))) << i;
            continue;
        }
        ++answered;
        ++reached[static_cast<std::size_t>(line.state())];
        ASSERT_TRUE(is_accepted) << i;
        ASSERT_EQ(difference(line, step, whole), "") << i;
    }
    EXPECT_GT(answered, 50'000U);
    EXPECT_GT(answered, passed / 2) << "most of those that are accepted go the short way";
    for (const TcpState state : {TcpState::established, TcpState::fin_wait, TcpState::close_wait,
                                 TcpState::last_ack, TcpState::time_wait}) {
        EXPECT_GT(reached[static_cast<std::size_t>(state)], 1000U) << text(state);
    }
}

TEST(JudgeReset, agrees_with_judge_tcp_wherever_it_answers) {
    Random random{4};
    std::uint32_t answered = 0, accepted = 0;
    std::array<std::uint32_t, kTcpStates> from{};
    for (int i = 0; i < 600'000; ++i) {
        auto [settings, before, direction, segment, status] = random_case(random);
        segment.flags = static_cast<std::uint8_t>(random() % 4 == 0 ? kRst : kRst | kAck);
        segment.kind = SegmentKind::rst;
        if (random() % 8 == 0) segment.ack = wire::SeqNumber{0};
        if (random() % 2 == 0) {  // where the other side has acknowledged to
            const std::uint32_t bytes = segment.end - segment.seq;
            segment.seq = before.seen[1 - static_cast<std::size_t>(direction)].max_ack;
            segment.end = segment.seq + bytes;
        }
        const TcpJudgement whole = judge_tcp(before, segment, direction, status, settings);
        accepted += whole.outcome == TcpOutcome::accepted && whole.memory.state == TcpState::close;
        TcpLine line = pack(before);
        TcpStep step;
        if (!judge_reset(line, segment, direction, status, settings, step)) {
            ASSERT_EQ(unpack(line), unpack(pack(before))) << i;
            continue;
        }
        ++answered;
        ++from[static_cast<std::size_t>(before.state)];
        ASSERT_EQ(difference(line, step, whole), "") << i;
    }
    EXPECT_GT(answered, accepted / 2) << "most of those that are accepted go the short way";
    for (const TcpState state : {TcpState::established, TcpState::syn_recv, TcpState::fin_wait,
                                 TcpState::last_ack, TcpState::close}) {
        EXPECT_GT(from[static_cast<std::size_t>(state)], 500U) << text(state);
    }
}

}  // namespace
}  // namespace keepstate::ct
