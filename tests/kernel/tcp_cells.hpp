// The kernel's TCP machine, cell by cell: for each state, side and kind of segment, what becomes of the
// packet and of the entry. The engine's transitions table is held against this.
//
// Two ways to get an entry into a state:
//   made    ctnetlink writes the state into a new entry. Reaches all ten, NONE too, but the entry has no
//           memory: no windows, no last segment seen. Such an entry takes the first segment's numbers.
//   walked  packets lead there (handshake, close, reset); numbers fit, and the segment under test stands
//           exactly at the window's left edge. NONE cannot be reached.
// Each cell has its own client port, so no cell sees another; about 400 packets in all.
//
// Timeouts are rounded up to the next ten seconds, which undoes ctnetlink's rounding down: all default
// TCP timeouts are multiples of ten. A made entry starts with kMadeTimeout, which no state has:
// where it stands in a cell, the segment did not refresh the entry.
// Tested by: tcp_cells_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "kernel_run.hpp"

namespace keepstate::kernel {

enum class SegmentKind : std::uint8_t { syn, syn_ack, fin, ack, rst, none };
constexpr std::size_t kSegmentKinds = 6;
const char* segment_kind_name(SegmentKind kind);  ///< as the tables print it: synack

constexpr std::uint32_t kMadeTimeout = 5000;

struct TcpCell {
    bool is_reached = false;             ///< false: no way into this state (walked, NONE)
    std::optional<KernelState> ctstate;  ///< none: the packet was dropped by conntrack
    std::optional<Direction> direction;
    std::optional<KernelTcpState> tcp_state;  ///< after it; none: no entry any more
    std::uint32_t timeout_s = 0;
    std::uint32_t status = 0;
    bool is_other_entry = false;  ///< the entry afterwards is not the one from before
    bool is_reversed = false;     ///< and its original side is the old one's reply side
    std::string words;            ///< nf_conntrack_log_invalid
};

/// [direction][kind][state before]
using TcpCells = std::array<std::array<std::array<TcpCell, kTcpStates>, kSegmentKinds>, 2>;

Result<TcpCells> probe_made_cells(
    const std::vector<std::pair<std::string, std::string>>& sysctls = {});
Result<TcpCells> probe_walked_cells(
    const std::vector<std::pair<std::string, std::string>>& sysctls = {});

/// An aligned table, one row a direction and kind, one column a state:
/// `E> FIN_WAIT 120`, with `new` or `rev` behind it if it is another entry.
std::string print_cells(const TcpCells& cells);

}  // namespace keepstate::kernel
