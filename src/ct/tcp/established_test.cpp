// The short way of the usual segment gives what judge_tcp gives, wherever it answers; and it answers for most.
#include "ct/tcp/established.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ct/tcp/judge.hpp"

namespace keepstate::ct {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

// A memory near the edges of everything that is compared: numbers close to each other, and to the circle's seam.
TcpMemory random_memory(Random& random) {
    static constexpr std::uint32_t kBases[] = {1000, 0x7fffffffU, 0xffffff00U, 0x80000000U};
    TcpMemory memory;
    std::uint32_t bases[2] = {kBases[random() % 4], kBases[random() % 4]};
    for (std::size_t i = 0; i < 2; ++i) {
        TcpSide& side = memory.seen[i];
        side.end = wire::SeqNumber{bases[i] + random() % 300};
        side.max_end = wire::SeqNumber{bases[i] + random() % 600};
        side.max_window = random() % 8 == 0   ? 0
                          : random() % 3 == 0 ? random() % 200'000
                                              : random() % 500;
        side.max_ack = wire::SeqNumber{bases[1 - i] + random() % 300};
        side.scale = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 15 : 0);
        side.flags = static_cast<std::uint8_t>(random() & TcpLine::kSideFlags);
    }
    constexpr TcpState kStates[] = {TcpState::established, TcpState::fin_wait, TcpState::syn_recv};
    memory.state = kStates[random() % 8 < 6 ? 0 : random() % 3];
    memory.last_direction = static_cast<CtDirection>(random() % 2);
    memory.retransmissions = static_cast<std::uint8_t>(random() % 5);
    memory.last_kind = static_cast<SegmentKind>(random() % kSegmentKinds);
    const auto from = static_cast<std::size_t>(memory.last_direction);
    memory.last_seq = wire::SeqNumber{bases[from] + random() % 3};
    memory.last_ack = wire::SeqNumber{bases[1 - from] + random() % 3};
    memory.last_end = memory.last_seq + random() % 3;
    memory.last_window = static_cast<std::uint16_t>(random() % 3);
    memory.last_scale = static_cast<std::uint8_t>(random() % 15);
    memory.last_flags = static_cast<std::uint8_t>(random());
    return memory;
}

UsualSegment random_segment(Random& random, const TcpMemory& memory, std::size_t direction) {
    const TcpSide& sender = memory.seen[direction];
    const TcpSide& receiver = memory.seen[1 - direction];
    UsualSegment segment;
    segment.seq = sender.end.value() + random() % 400 - 200;
    segment.ack = receiver.end.value() + random() % 400 - 300;
    if (random() % 8 == 0) segment.ack -= 66'000 - random() % 400;
    segment.window = static_cast<std::uint16_t>(random() % 4 == 0 ? random() % 3 : random() % 700);
    segment.payload_bytes = static_cast<std::uint16_t>(random() % 2 == 0 ? 0 : random() % 300);
    if (random() % 6 == 0) {  // once more the last one
        segment.seq = memory.last_seq.value();
        segment.ack = memory.last_ack.value();
        segment.payload_bytes = static_cast<std::uint16_t>(memory.last_end - memory.last_seq);
        segment.window = memory.last_window;
    }
    return segment;
}

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
