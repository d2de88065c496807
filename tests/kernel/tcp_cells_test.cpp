// Facts about the kernel's TCP machine that must hold for the probe to be believed.
#include "tcp_cells.hpp"

#include <gtest/gtest.h>

namespace keepstate::kernel {
namespace {

using K = SegmentKind;
using S = KernelTcpState;

class TcpCellsTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    }
};

const TcpCell& at(const TcpCells& cells, Direction side, K kind, S state) {
    return cells[static_cast<std::size_t>(side)][static_cast<std::size_t>(kind)]
                [static_cast<std::size_t>(state)];
}

struct Row {
    Direction side;
    K kind;
    S before;
    KernelState ctstate;
    S after;
    std::uint32_t timeout_s;
    bool needs_memory = false;  // decided by what earlier segments left behind: only when walked
};
constexpr auto kOriginal = Direction::original;
constexpr auto kReply = Direction::reply;

// One connection's life.
constexpr Row kRows[] = {
    {kReply, K::syn_ack, S::syn_sent, KernelState::established, S::syn_recv, 60, true},
    {kOriginal, K::ack, S::syn_recv, KernelState::established, S::established, 432000},
    {kOriginal, K::fin, S::established, KernelState::established, S::fin_wait, 120},
    {kReply, K::ack, S::fin_wait, KernelState::established, S::close_wait, 60},
    {kReply, K::fin, S::close_wait, KernelState::established, S::last_ack, 30},
    {kOriginal, K::ack, S::last_ack, KernelState::established, S::time_wait, 120},
    {kOriginal, K::syn, S::time_wait, KernelState::is_new, S::syn_sent, 120, true},
};

void expect_rows(const TcpCells& cells, bool has_memory) {
    for (const Row& row : kRows) {
        if (row.needs_memory && !has_memory) continue;
        const TcpCell& cell = at(cells, row.side, row.kind, row.before);
        SCOPED_TRACE(std::string(segment_kind_name(row.kind)) + " in " +
                     tcp_state_name(row.before));
        ASSERT_TRUE(cell.is_reached);
        EXPECT_EQ(cell.ctstate, row.ctstate);
        EXPECT_EQ(cell.tcp_state, row.after);
        EXPECT_EQ(cell.timeout_s, row.timeout_s);
    }
    for (std::size_t side = 0; side < 2; ++side) {
        for (const TcpCell& cell : cells[side][static_cast<std::size_t>(K::none)]) {
            EXPECT_TRUE(!cell.is_reached || cell.ctstate == KernelState::invalid);
        }
    }
}

TEST_F(TcpCellsTest, made_entries_follow_a_connections_life_in_every_state) {
    auto cells = probe_made_cells();
    ASSERT_TRUE(cells.has_value()) << cells.error().faults.front().words;
    expect_rows(*cells, false);
    for (const auto& kinds : *cells) {
        for (const auto& states : kinds) {
            for (const TcpCell& cell : states) EXPECT_TRUE(cell.is_reached);
        }
    }
}

TEST_F(TcpCellsTest, walked_entries_reach_all_states_but_none) {
    auto cells = probe_walked_cells();
    ASSERT_TRUE(cells.has_value()) << cells.error().faults.front().words;
    expect_rows(*cells, true);
    EXPECT_TRUE(at(*cells, kOriginal, K::syn, S::time_wait).is_other_entry);
    EXPECT_TRUE(at(*cells, kReply, K::syn, S::time_wait).is_reversed);
    for (const auto& kinds : *cells) {
        for (const auto& states : kinds) {
            for (std::size_t state = 1; state < kTcpStates; ++state) {
                EXPECT_TRUE(states[state].is_reached);
            }
        }
    }
}

}  // namespace
}  // namespace keepstate::kernel
