// A flow's first SYN in one step is what judge_tcp makes of it in two, and the SYN/ACK behind it what it makes of that.
#include "ct/tcp/opening.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "ct/tcp/judge.hpp"
#include "ct/tcp/random_memory_test.hpp"

namespace keepstate::ct {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

std::vector<std::uint8_t> random_options(Random& random) {
    static const std::vector<std::vector<std::uint8_t>> kOptions = {
        {1},        {2, 4, 5, 180}, {3, 3, 7},
        {3, 3, 15}, {4, 2},         {3, 3, 0},
        {3, 2},     {4, 3, 0},      {8, 10, 0, 0, 0, 1, 0, 0, 0, 0},
        {0},        {254, 0},       {5, 10, 0, 0, 0, 0, 0, 0, 0, 9}};
    std::vector<std::uint8_t> bytes;
    for (std::uint32_t left = random() % 5; left != 0; --left) {
        const auto& option = kOptions[random() % kOptions.size()];
        bytes.insert(bytes.end(), option.begin(), option.end());
    }
    bytes.resize(std::min<std::size_t>((bytes.size() + 3) / 4 * 4, 40));
    return bytes;
}

TEST(TcpOpening, a_first_syn_is_judged_as_in_two_steps) {
    Random random(1);
    for (int i = 0; i < 200'000; ++i) {
        const std::vector<std::uint8_t> options = random_options(random);
        Segment segment;
        segment.kind = SegmentKind::syn;
        segment.flags = static_cast<std::uint8_t>(wire::tcp_flag::kSyn | (random() & 0xe8U));
        const std::uint32_t seq = random() % 3 == 0 ? 0U - random() % 3 : random();
        segment.seq = wire::SeqNumber{seq};
        segment.ack = wire::SeqNumber{random() % 2 == 0 ? 0 : random()};
        segment.end = segment.seq + 1 + (random() % 4 == 0 ? random() % 65496 : 0);
        segment.window = static_cast<std::uint16_t>(random() % 4 == 0 ? random() % 2 : random());
        segment.options = base::ByteView(options.data(), options.size());
        Settings settings;
        settings.tcp_timeout_syn_sent = random() % 400;
        settings.tcp_timeout_max_retrans = random() % 400;
        settings.tcp_max_retrans = static_cast<std::uint8_t>(random() % 2 == 0 ? 3 : 0);
        settings.tcp_be_liberal = static_cast<std::uint8_t>(random() % 2);
        settings.tcp_loose = static_cast<std::uint8_t>(random() % 2);

        TcpJudgement judgement;
        ASSERT_EQ(begin_tcp(judgement.memory, segment, settings), Reason::none);
        judge_tcp(judgement, segment, CtDirection::original, 0, settings);
        ASSERT_EQ(judgement.outcome, TcpOutcome::accepted);
        ASSERT_TRUE(judgement.state_changed && !judgement.shorten_only &&
                    !judgement.becomes_assured);
        ASSERT_TRUE(judgement.timeout_s);

        TcpLine line;
        EXPECT_EQ(begin_by_syn(line, segment, settings), *judgement.timeout_s);
        ASSERT_EQ(unpack(line), judgement.memory) << i;
    }
}

Segment random_answer(Random& random, const TcpMemory& memory, CtDirection direction,
                      base::ByteView options) {
    const UsualSegment usual = random_segment(random, memory, static_cast<std::size_t>(direction));
    using namespace wire::tcp_flag;
    wire::TcpHeader header;
    header.seq = usual.seq;
    header.ack = random() % 3 != 0 ? memory.seen[0].end.value() - random() % 2 : usual.ack;
    header.window = usual.window;
    header.payload_bytes = static_cast<std::uint16_t>(random() % 4 == 0 ? usual.payload_bytes : 0);
    const std::uint32_t more = random() % 2 == 0 ? 0 : random() & (kPsh | kEce | kCwr);
    constexpr std::uint32_t kOthers[] = {kSyn, kAck, kRst | kAck};
    const std::uint32_t kind = random() % 16 == 0 ? kOthers[random() % 3] : kSyn | kAck;
    header.flags = static_cast<std::uint8_t>(kind | more);
    header.options = options;
    return make_segment(header);
}

TEST(TcpOpening, an_answer_is_judged_as_by_judge_tcp_wherever_it_has_one) {
    Random random(2);
    std::uint32_t answered = 0, accepted = 0, scaled = 0;
    for (int i = 0; i < 400'000; ++i) {
        TcpMemory before = random_memory(random);
        before.state = static_cast<TcpState>(random() % 16 == 0 ? 1 + random() % 9 : 1);
        if (random() % 16 != 0) {
            before.seen[1].max_window = 0;
            before.seen[1].end = wire::SeqNumber{random() % 2};
        }
        if (random() % 4 != 0) before.last_window = 0;
        const auto direction = random() % 16 == 0 ? CtDirection::original : CtDirection::reply;
        const std::vector<std::uint8_t> options = random_options(random);
        const Segment segment = random_answer(random, before, direction,
                                              base::ByteView(options.data(), options.size()));
        Settings settings;
        settings.tcp_timeout_syn_recv = random() % 400;
        settings.tcp_timeout_max_retrans = random() % 400;
        settings.tcp_max_retrans = static_cast<std::uint8_t>(random() % 2 == 0 ? 3 : 0);
        settings.tcp_be_liberal = static_cast<std::uint8_t>(random() % 2);
        constexpr std::uint32_t kStatus[] = {0, status::kSeenReply, status::kAssured};
        const std::uint32_t status = status::kConfirmed | kStatus[random() % 3];
        const TcpJudgement whole = judge_tcp(before, segment, direction, status, settings);
        accepted += whole.outcome == TcpOutcome::accepted && whole.exception.empty() &&
                    !whole.window.liberal && segment.kind == SegmentKind::synack;
        TcpLine line = pack(before);
        TcpStep step;
        if (!judge_answer(line, segment, direction, settings, step)) {
            ASSERT_EQ(unpack(line), unpack(pack(before))) << i;
            continue;
        }
        ++answered;
        scaled += line.scales != 0;
        ASSERT_EQ(difference(line, step, whole), "") << i;
    }
    EXPECT_GT(answered, 50'000U);
    EXPECT_GT(scaled, 1'000U);
    EXPECT_GT(answered, accepted / 2) << "most of those that are accepted go the short way";
}

}  // namespace
}  // namespace keepstate::ct
