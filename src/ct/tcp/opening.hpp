// The first two segments of a flow, its SYN and the SYN/ACK that answers it: what begin_tcp() and judge_tcp() make of them, in one step each.
//
// Of a SYN nothing is known of either side, so nothing can lie outside of a window, no exception speaks of the cell (ruling `ss`), and what is
// learnt follows from the segment alone. Every new connection begins here, and a flood is nothing else. Nor does an
// exception speak of the answer (`sr`), whose sender begins with it: only what it acknowledges can lie outside.
//
// In a header, for ct/tracker_plain.cpp alone.  Tested by: ct/tcp/opening_test.cpp, which holds it against those two.
#pragma once

#include <algorithm>

#include "base/inline.hpp"
#include "ct/tcp/step.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

/// Of a SYN (SegmentKind::syn) from the original direction: the memory of its flow, into a fresh `line`. The timeout in seconds.
KS_INLINE std::uint32_t begin_by_syn(TcpLine& line, const Segment& segment,
                                     const Settings& settings) {
    const SynOptions offered = scan_syn_options(segment.options);
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

/// Of a SYN/ACK, as judge_step(). It has an answer only where the SYN was seen, of the other side nothing, and the SYN is what it acknowledges.
KS_INLINE bool judge_answer(TcpLine& line, const Segment& segment, CtDirection direction,
                            const Settings& settings, TcpStep& step) {
    constexpr std::uint8_t kScaleBits = 4;
    TcpLine::Side& asker = line.seen[0];
    TcpLine::Side& sender = line.seen[1];
    const std::uint32_t ack = segment.ack.value();
    const std::uint32_t end = segment.end.value();
    const std::uint32_t window = std::max<std::uint32_t>(segment.window, 1);
    const bool is_expected = segment.kind == SegmentKind::synack &&
                             direction == CtDirection::reply && line.state() == TcpState::syn_sent;
    if (!is_expected || sender.max_window != 0 || asker.max_window == 0) return false;
    // Bounds II, III and IV: as its sender begins with it, edge II is its own end, by the other's window lower.
    const std::uint32_t ack_window = std::max(window, detail::kLeastAckWindow);
    const bool is_inside =
        detail::is_negative((0 - (asker.max_window + 1)) & (ack - (asker.end + 1)) &
                            (asker.end - ack_window - 1 - ack));
    if (!is_inside) return false;
    const SynOptions offered = scan_syn_options(segment.options);
    if (offered.has_sack) return false;

    unsigned flags = line.flags[1];
    unsigned scale = line.scale(1);
    if (segment.options.size() != 0) {
        constexpr unsigned kNotRead = side_flag::kBeLiberal | (0xffU & ~TcpLine::kSideFlags);
        flags = (flags & kNotRead) | offered.flags;
        scale = offered.scale;
    }
    const bool both_scale = (flags & line.flags[0] & side_flag::kWindowScale) != 0;
    const unsigned scales = line.scale(0) | scale << kScaleBits;
    line.scales = static_cast<std::uint8_t>(detail::choose(both_scale, scales, 0));
    const bool acknowledges_more =
        ((flags & side_flag::kMaxAckSet) == 0) | detail::is_before(sender.max_ack, ack);
    sender = {end, end, window, detail::choose(acknowledges_more, ack, sender.max_ack)};
    line.flags[1] = static_cast<std::uint8_t>(flags | side_flag::kMaxAckSet);
    const std::uint32_t reach = ack + segment.window;
    asker.max_end =
        detail::choose(detail::is_before(asker.max_end - 1, reach),
                       reach + static_cast<std::uint32_t>(segment.window == 0), asker.max_end);
    const unsigned done = static_cast<unsigned>(ack == asker.end) * side_flag::kDataUnacknowledged;
    line.flags[0] = static_cast<std::uint8_t>(line.flags[0] & ~done);
    line.set_what(TcpState::syn_recv, SegmentKind::synack, direction);
    step.state_changed = true;
    step.becomes_assured = false;
    step.timeout_s =
        detail::step_timeout_s(line, TcpState::syn_recv, SegmentKind::synack, settings);
    return true;
}

}  // namespace keepstate::ct
