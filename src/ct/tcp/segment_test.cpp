// Out of a TCP header and its options: the numbers that the judge looks at.
#include "ct/tcp/segment.hpp"

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace keepstate::ct {
namespace {

using namespace wire::tcp_flag;
using wire::SeqNumber;
using Bytes = std::vector<std::uint8_t>;

base::ByteView view(const Bytes& bytes) { return base::ByteView{bytes}; }

TEST(Segment, rst_wins_over_syn_over_fin_over_ack) {
    struct Row {
        int flags;
        SegmentKind kind;
    };
    const Row rows[] = {
        {kSyn, SegmentKind::syn},        {kSyn | kAck, SegmentKind::synack},
        {kSyn | kFin, SegmentKind::syn}, {kSyn | kFin | kAck, SegmentKind::synack},
        {kFin, SegmentKind::fin},        {kFin | kAck, SegmentKind::fin},
        {kAck, SegmentKind::ack},        {kAck | kPsh | kUrg, SegmentKind::ack},
        {kRst, SegmentKind::rst},        {kRst | kSyn | kFin | kAck, SegmentKind::rst},
        {0, SegmentKind::none},          {kPsh | kUrg | kEce | kCwr, SegmentKind::none},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(kind_of(static_cast<std::uint8_t>(row.flags)), row.kind) << row.flags;
    }
}

TEST(Segment, only_nine_combinations_of_flags_are_possible) {
    const std::uint8_t possible[] = {kSyn,        kSyn | kUrg, kSyn | kAck,        kRst,
                                     kRst | kAck, kFin | kAck, kFin | kAck | kUrg, kAck,
                                     kAck | kUrg};
    for (int flags = 0; flags < 256; ++flags) {
        const int bare = flags & ~(kPsh | kEce | kCwr);
        const bool is_listed =
            std::find(std::begin(possible), std::end(possible), bare) != std::end(possible);
        EXPECT_EQ(is_possible(static_cast<std::uint8_t>(flags)), is_listed) << flags;
    }
}

TEST(Segment, syn_and_fin_take_a_number_each_behind_the_payload) {
    wire::TcpHeader header;
    header.seq = 0xfffffffe;
    header.ack = 7;
    header.window = 512;
    header.payload_bytes = 10;
    header.flags = kAck;
    EXPECT_EQ(make_segment(header).end, SeqNumber{8});  // the circle's end was passed
    header.flags = kSyn;
    EXPECT_EQ(make_segment(header).end, SeqNumber{9});
    header.flags = kFin | kAck;
    const Segment segment = make_segment(header);
    EXPECT_EQ(segment.end, SeqNumber{9});
    EXPECT_EQ(segment.seq, SeqNumber{0xfffffffe});
    EXPECT_EQ(segment.ack, SeqNumber{7});
    EXPECT_EQ(segment.window, 512);
    EXPECT_EQ(segment.kind, SegmentKind::fin);
    EXPECT_TRUE(segment.has(kFin));
    EXPECT_FALSE(segment.has(kSyn));
}

struct OptionRow {
    const char* what;
    Bytes options;
    std::uint8_t scale;
    std::uint8_t flags;
};

TEST(SynOptions, scale_and_sack_are_read_until_something_is_wrong) {
    constexpr std::uint8_t kBoth = side_flag::kWindowScale | side_flag::kSackPermitted;
    const OptionRow rows[] = {
        {"both", {4, 2, 1, 3, 3, 7}, 7, kBoth},
        {"scale alone", {3, 3, 0}, 0, side_flag::kWindowScale},
        {"more than 14 counts as 14", {3, 3, 15}, 14, side_flag::kWindowScale},
        {"end of list", {3, 3, 2, 0, 4, 2}, 2, side_flag::kWindowScale},
        {"length 0", {3, 3, 2, 8, 0, 4, 2}, 2, side_flag::kWindowScale},
        {"length 1", {3, 1, 4, 2}, 0, 0},
        {"past the end", {4, 2, 3, 4, 1}, 0, side_flag::kSackPermitted},
        {"a scale of another size", {3, 4, 7, 7, 4, 2}, 0, side_flag::kSackPermitted},
        {"padding only", {1, 1, 1, 1}, 0, 0},
        {"no length", {1, 1, 1, 3}, 0, 0},
    };
    for (const OptionRow& row : rows) {
        TcpSide side;
        side.scale = 5;
        side.flags = side_flag::kCloseInit;
        read_syn_options(view(row.options), side);
        EXPECT_EQ(side.scale, row.scale) << row.what;
        EXPECT_EQ(side.flags, row.flags) << row.what;
    }
}

TEST(SynOptions, be_liberal_is_kept_and_no_options_change_nothing) {
    TcpSide side;
    side.scale = 5;
    side.flags = side_flag::kBeLiberal | side_flag::kSackPermitted;
    const TcpSide before = side;
    read_syn_options({}, side);
    EXPECT_EQ(side, before);
    const Bytes padding{1, 1, 1, 1};
    read_syn_options(view(padding), side);
    EXPECT_EQ(side.flags, side_flag::kBeLiberal);
    EXPECT_EQ(side.scale, 0);
}

Bytes sack_of(std::initializer_list<std::uint32_t> edges) {
    Bytes bytes{1, 1, 5, static_cast<std::uint8_t>(2 + 4 * edges.size())};
    for (const std::uint32_t edge : edges) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes.push_back(static_cast<std::uint8_t>(edge >> shift));
        }
    }
    return bytes;
}

TEST(Sack, the_highest_right_edge_above_the_ack_counts) {
    const SeqNumber ack{1000};
    EXPECT_EQ(highest_sack({}, ack), ack);
    EXPECT_EQ(highest_sack(view(sack_of({2000, 3000})), ack), SeqNumber{3000});
    EXPECT_EQ(highest_sack(view(sack_of({2000, 3000, 5000, 6000, 4000, 4500})), ack),
              SeqNumber{6000});
    EXPECT_EQ(highest_sack(view(sack_of({100, 900})), ack), ack);
    EXPECT_EQ(highest_sack(view(sack_of({0xfffffff0, 5})), SeqNumber{0xffffff00}), SeqNumber{5});
}

TEST(Sack, a_block_that_is_not_whole_is_no_block) {
    const SeqNumber ack{1000};
    Bytes odd = sack_of({2000, 3000});
    odd[3] = 9;
    EXPECT_EQ(highest_sack(view(odd), ack), ack);
    Bytes cut = sack_of({2000, 3000});
    cut.pop_back();
    EXPECT_EQ(highest_sack(view(cut), ack), ack);
    EXPECT_EQ(highest_sack(view(Bytes{5, 2}), ack), ack);
    const Bytes stamps{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
    EXPECT_EQ(highest_sack(view(stamps), ack), ack);
}

TEST(Sack, any_bytes_are_walked_without_reading_past_them) {
    std::mt19937 engine{3};
    for (int i = 0; i < 20000; ++i) {
        Bytes bytes(engine() % 41);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(engine() % 12);
        TcpSide side;
        read_syn_options(view(bytes), side);
        EXPECT_LE(side.scale, 14);
        const SeqNumber highest = highest_sack(view(bytes), SeqNumber{5});
        EXPECT_FALSE(before(highest, SeqNumber{5}));
    }
}

}  // namespace
}  // namespace keepstate::ct
