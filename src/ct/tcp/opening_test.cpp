// A flow's first SYN in one step is what judge_tcp makes of it in two.
#include "ct/tcp/opening.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "ct/tcp/judge.hpp"

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

}  // namespace
}  // namespace keepstate::ct
