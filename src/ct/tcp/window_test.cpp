// The four edges of the window, one step to each side of each; and what a segment teaches.
//
// The flow of most tests: the client (original) sent up to 1000, the server (reply) up to 5000. The server's
// window lets the client send up to 1000 + 8000, the client's lets the server send up to 5000 + 4000.
#include "ct/tcp/window.hpp"

#include <gtest/gtest.h>
#include <algorithm>

namespace keepstate::ct {
namespace {

using namespace wire::tcp_flag;
using wire::SeqNumber;
constexpr auto kClient = CtDirection::original;
constexpr auto kServer = CtDirection::reply;

TcpMemory open_flow(std::uint32_t shift = 0) {
    TcpMemory memory;
    memory.state = TcpState::established;
    TcpSide& client = memory.seen[0];
    client.end = SeqNumber{1000 + shift};
    client.max_end = SeqNumber{9000 + shift};
    client.max_window = 4000;
    TcpSide& server = memory.seen[1];
    server.end = SeqNumber{5000 + shift};
    server.max_end = SeqNumber{9000 + shift};
    server.max_window = 8000;
    memory.last_window = 4000;
    return memory;
}

Segment segment(std::uint8_t flags, std::uint32_t seq, std::uint32_t bytes, std::uint32_t ack,
                std::uint16_t window = 4000) {
    Segment s;
    s.flags = flags;
    s.kind = kind_of(flags);
    s.seq = SeqNumber{seq};
    s.end =
        SeqNumber{seq + bytes + ((flags & kSyn) != 0 ? 1U : 0U) + ((flags & kFin) != 0 ? 1U : 0U)};
    s.ack = SeqNumber{ack};
    s.window = window;
    return s;
}

struct EdgeRow {
    const char* what;
    std::uint32_t seq, bytes, ack;
    WindowRuling ruling;
    Reason reason;
};
constexpr auto kInside = WindowRuling::inside;
constexpr auto kLetBy = WindowRuling::let_by;
constexpr auto kOutside = WindowRuling::outside;

// From the client, in open_flow().
constexpr EdgeRow kEdges[] = {
    {"next data", 1000, 100, 5000, kInside, Reason::none},
    {"I: the first byte at the last place the window allows", 9000, 0, 5000, kInside, Reason::none},
    {"I: data up to the window's end", 8900, 100, 5000, kInside, Reason::none},
    {"I: begins inside, ends beyond", 8999, 500, 5000, kInside, Reason::none},
    {"I: one beyond, less than the window over", 9001, 0, 5000, kLetBy,
     Reason::tcp_seq_over_window},
    {"I: beyond by the whole window", 9001, 7998, 5000, kLetBy, Reason::tcp_seq_over_window},
    {"I: beyond by more than the window", 9001, 8000, 5000, kOutside, Reason::tcp_seq_over_window},
    {"I and III: never", 9001, 0, 5001, kOutside, Reason::tcp_seq_over_window},
    {"II: sent again from one window back", 1000U - 7999, 0, 5000, kInside, Reason::none},
    {"II: the last place", 1000U - 8000, 0, 5000, kInside, Reason::none},
    {"II: one before it", 1000U - 8001, 0, 5000, kLetBy, Reason::tcp_end_under_window},
    {"III: all that was sent is acknowledged", 1000, 0, 5000, kInside, Reason::none},
    {"III: one that was never sent", 1000, 0, 5001, kOutside, Reason::tcp_ack_beyond_end},
    {"IV: as old as allowed", 1000, 0, 5000U - 66000, kInside, Reason::none},
    {"IV: older", 1000, 0, 5000U - 66001, kLetBy, Reason::tcp_ack_too_old},
};

TEST(Window, each_edge_is_where_the_header_draws_it) {
    for (const EdgeRow& row : kEdges) {
        TcpMemory memory = open_flow();
        const WindowCheck check =
            judge_window(memory, segment(kAck, row.seq, row.bytes, row.ack), kClient, false);
        EXPECT_EQ(check.ruling, row.ruling) << row.what;
        EXPECT_EQ(check.reason, row.reason) << row.what;
        EXPECT_TRUE(check.made) << row.what;
        EXPECT_FALSE(check.liberal) << row.what;
    }
}

TEST(Window, edges_hold_where_the_numbers_begin_again) {
    for (const std::uint32_t shift : {0xffffffffU - 1000, 0xffffffffU - 5000, 0xffffffffU - 9000,
                                      0x7fffffffU - 1000, 0x80000000U}) {
        for (const EdgeRow& row : kEdges) {
            TcpMemory memory = open_flow(shift);
            const WindowCheck check = judge_window(
                memory, segment(kAck, row.seq + shift, row.bytes, row.ack + shift), kClient, false);
            EXPECT_EQ(check.ruling, row.ruling) << row.what << " shifted by " << shift;
            EXPECT_EQ(check.reason, row.reason) << row.what << " shifted by " << shift;
        }
    }
}

TEST(Window, the_numbers_that_were_compared_are_told) {
    TcpMemory memory = open_flow();
    const WindowCheck check = judge_window(memory, segment(kAck, 9500, 100, 4990), kClient, false);
    EXPECT_EQ(check.seq, SeqNumber{9500});
    EXPECT_EQ(check.end, SeqNumber{9600});
    EXPECT_EQ(check.ack, SeqNumber{4990});
    EXPECT_EQ(check.data_upper, SeqNumber{9001});
    EXPECT_EQ(check.data_lower, SeqNumber{1000U - 8000 - 1});
    EXPECT_EQ(check.ack_upper, SeqNumber{5001});
    EXPECT_EQ(check.ack_lower, SeqNumber{5000U - 66000 - 1});
    EXPECT_EQ(check.bytes_over, 601U);
}

TEST(Window, liberal_lets_everything_in_but_learns_nothing_from_it) {
    for (const bool is_setting : {true, false}) {
        TcpMemory memory = open_flow();
        if (!is_setting) memory.seen[0].flags |= side_flag::kBeLiberal;
        const TcpMemory before = memory;
        const WindowCheck check =
            judge_window(memory, segment(kAck, 1000, 0, 70000), kClient, is_setting);
        EXPECT_EQ(check.ruling, kInside);
        EXPECT_TRUE(check.liberal);
        EXPECT_EQ(check.reason, Reason::tcp_ack_beyond_end);
        EXPECT_EQ(memory, before);
    }
}

TEST(Window, an_outside_segment_changes_nothing) {
    for (const EdgeRow& row : kEdges) {
        if (row.ruling != kOutside) continue;
        TcpMemory memory = open_flow();
        const TcpMemory before = memory;
        judge_window(memory, segment(kAck, row.seq, row.bytes, row.ack), kClient, false);
        EXPECT_EQ(memory, before) << row.what;
    }
}

TEST(Window, data_just_over_the_window_moves_the_senders_end) {
    TcpMemory memory = open_flow();
    judge_window(memory, segment(kAck, 9001, 100, 5000), kClient, false);
    EXPECT_EQ(memory.seen[0].end, SeqNumber{9101});
    EXPECT_NE(memory.seen[0].flags & side_flag::kDataUnacknowledged, 0);
}

TEST(Window, data_and_its_ack_move_the_edges_of_both) {
    TcpMemory memory = open_flow();
    judge_window(memory, segment(kAck, 1000, 500, 5000, 4000), kClient, false);
    EXPECT_EQ(memory.seen[0].end, SeqNumber{1500});
    EXPECT_EQ(memory.seen[0].max_ack, SeqNumber{5000});
    EXPECT_NE(memory.seen[0].flags & side_flag::kMaxAckSet, 0);
    EXPECT_NE(memory.seen[0].flags & side_flag::kDataUnacknowledged, 0);
    EXPECT_EQ(memory.seen[0].max_end, SeqNumber{9000});

    judge_window(memory, segment(kAck, 5000, 0, 1500, 8000), kServer, false);
    EXPECT_EQ(memory.seen[0].max_end, SeqNumber{9500});  // ack + window
    EXPECT_EQ(memory.seen[0].flags & side_flag::kDataUnacknowledged, 0);
    EXPECT_EQ(memory.seen[1].max_ack, SeqNumber{1500});
}

TEST(Window, an_older_ack_does_not_take_max_ack_back) {
    TcpMemory memory = open_flow();
    judge_window(memory, segment(kAck, 1000, 0, 5000), kClient, false);
    judge_window(memory, segment(kAck, 1000, 0, 4000), kClient, false);
    EXPECT_EQ(memory.seen[0].max_ack, SeqNumber{5000});
}

TEST(Window, a_window_is_scaled_but_for_that_of_a_syn) {
    TcpMemory memory = open_flow();
    memory.seen[1].scale = 3;
    judge_window(memory, segment(kAck, 5000, 0, 1000, 8000), kServer, false);
    EXPECT_EQ(memory.seen[1].max_window, 64000U);
    EXPECT_EQ(memory.seen[0].max_end, SeqNumber{65000});
}

TEST(Window, a_closed_window_leaves_room_for_a_probe) {
    TcpMemory memory = open_flow();
    memory.seen[0].max_end = SeqNumber{1000};
    judge_window(memory, segment(kAck, 5000, 0, 1000, 0), kServer, false);
    EXPECT_EQ(memory.seen[0].max_end, SeqNumber{1001});
    EXPECT_EQ(memory.last_window, 0);
}

TEST(Window, the_same_ack_again_is_counted_and_another_one_begins_anew) {
    TcpMemory memory = open_flow();
    const Segment data = segment(kAck, 1000, 100, 5000);
    judge_window(memory, data, kClient, false);
    EXPECT_EQ(memory.retransmissions, 0);
    judge_window(memory, data, kClient, false);
    judge_window(memory, data, kClient, false);
    EXPECT_EQ(memory.retransmissions, 2);
    judge_window(memory, segment(kAck, 1100, 100, 5000), kClient, false);
    EXPECT_EQ(memory.retransmissions, 0);
}

TEST(Window, a_segment_without_ack_is_taken_as_one_that_acknowledges_all) {
    TcpMemory memory = open_flow();
    EXPECT_EQ(judge_window(memory, segment(kRst, 1000, 0, 123456789), kClient, false).ruling,
              kInside);
    // Some stacks send RST with ACK set and the number left zero.
    EXPECT_EQ(judge_window(memory, segment(kRst | kAck, 1000, 0, 0), kClient, false).ruling,
              kInside);
}

TEST(Window, an_rst_that_answers_a_syn_may_have_sequence_number_0) {
    TcpMemory memory;
    memory.state = TcpState::syn_sent;
    begin_side(memory, segment(kSyn, 999, 0, 0, 4000), kClient);
    memory.seen[1].max_window = 1;
    memory.seen[1].end = memory.seen[1].max_end = SeqNumber{7'000'000};
    EXPECT_EQ(judge_window(memory, segment(kRst | kAck, 0, 0, 1000), kServer, false).ruling,
              kInside);
}

TEST(Window, the_middle_of_a_flow_tells_where_both_sides_are) {
    TcpMemory memory;
    memory.state = TcpState::established;
    const WindowCheck check =
        judge_window(memory, segment(kAck, 777, 100, 5000, 300), kClient, false);
    EXPECT_EQ(check.ruling, kInside);
    EXPECT_EQ(memory.seen[0].end, SeqNumber{877});
    EXPECT_EQ(memory.seen[0].max_end, SeqNumber{1177});
    EXPECT_EQ(memory.seen[0].max_window, 300U);
    EXPECT_EQ(memory.seen[1].end, SeqNumber{5000});  // what is acknowledged was sent
}

TEST(Window, scaling_holds_only_if_both_offered_it) {
    const std::uint8_t scale[] = {3, 3, 7};
    Segment syn = segment(kSyn, 100, 0, 0);
    syn.options = base::ByteView{scale, 3};
    TcpMemory memory;
    begin_side(memory, syn, kClient);
    EXPECT_EQ(memory.seen[0].scale, 7);
    begin_side(memory, segment(kSyn | kAck, 200, 0, 101), kServer);
    EXPECT_EQ(memory.seen[0].scale, 0);

    begin_side(memory, syn, kClient);
    Segment answer = segment(kSyn | kAck, 200, 0, 101);
    answer.options = base::ByteView{scale, 3};
    begin_side(memory, answer, kServer);
    EXPECT_EQ(memory.seen[0].scale, 7);
    EXPECT_EQ(memory.seen[1].scale, 7);
}

TEST(Window, a_begun_side_starts_at_its_syn_and_has_at_least_a_window_of_one) {
    TcpMemory memory;
    begin_side(memory, segment(kSyn, 100, 0, 0, 0), kClient);
    EXPECT_EQ(memory.seen[0].end, SeqNumber{101});
    EXPECT_EQ(memory.seen[0].max_end, SeqNumber{101});
    EXPECT_EQ(memory.seen[0].max_window, 1U);
}

TEST(Window, a_sack_counts_as_ack_once_the_other_side_permitted_it) {
    const std::uint8_t sack[] = {5, 10, 0, 0, 0x13, 0x88, 0, 0, 0x13, 0x89};  // 5000..5001
    Segment data = segment(kAck, 1000, 0, 4000);
    data.options = base::ByteView{sack, sizeof sack};
    TcpMemory memory = open_flow();
    EXPECT_EQ(judge_window(memory, data, kClient, false).ruling, kInside);
    memory = open_flow();
    memory.seen[1].flags |= side_flag::kSackPermitted;
    EXPECT_EQ(judge_window(memory, data, kClient, false).reason, Reason::tcp_ack_beyond_end);
}

}  // namespace
}  // namespace keepstate::ct
