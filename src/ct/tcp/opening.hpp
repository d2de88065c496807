// The first segment of a flow, a SYN: what begin_tcp() and judge_tcp() make of it, in one step.
//
// Nothing is known of either side, so nothing can lie outside of a window, no exception speaks of the cell (ruling `ss`), and what is
// learnt follows from the segment alone. Every new connection begins here, and a flood is nothing else.
//
// In a header, for ct/tracker_plain.cpp alone.  Tested by: ct/tcp/opening_test.cpp, which holds it against those two.
#pragma once

#include <algorithm>

#include "base/inline.hpp"
#include "ct/tcp/line.hpp"
#include "ct/tcp/segment.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

/// Of a SYN (SegmentKind::syn) from the original direction: the memory of its flow, into a fresh `line`. The timeout in seconds.
KS_INLINE std::uint32_t begin_by_syn(TcpLine& line, const Segment& segment,
                                     const Settings& settings) {
    TcpSide offered;
    read_syn_options(segment.options, offered);
    const std::uint32_t window = std::max<std::uint32_t>(segment.window, 1);
    TcpLine::Side& sender = line.seen[0];
    sender.end = sender.max_end = segment.end.value();
    sender.max_window = window;
    // The other side has said nothing: its numbers begin at 0, and so far the window reaches.
    line.seen[1].max_end = window;
    line.scales = offered.scale;
    line.flags[0] = offered.flags;
    line.set_what(TcpState::syn_sent, SegmentKind::syn, CtDirection::original);
    // No window is remembered of a SYN, and none at all counts as a closed one.
    return std::min(settings.tcp_timeout_syn_sent, settings.tcp_timeout_max_retrans);
}

}  // namespace keepstate::ct
