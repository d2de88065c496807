// A segment that moves a flow on as everybody expects: the ACK that ends the handshake, FINs, the ACKs of a close.
//
// As ct/tcp/established.hpp for the flow that is open: judge_tcp() answers for every segment, this for ACK and FIN in cells of which no
// exception speaks, inside the window of a flow whose both sides are known, on the line where the entry keeps its
// memory. In any other case it says so, and nothing was changed. The table of transitions is the same.
//
// In a header, for ct/tracker_plain.cpp alone.  Tested by: ct/tcp/step_test.cpp, which holds it against judge_tcp on random memories.
#pragma once

#include "base/inline.hpp"
#include "ct/tcp/established.hpp"
#include "ct/tcp/segment.hpp"
#include "ct/tcp/timeout.hpp"
#include "ct/tcp/transitions.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

/// What a step asks for the entry.
struct TcpStep {
    std::uint32_t timeout_s = 0;
    bool state_changed = false;
    bool becomes_assured = false;
};

/// `status` are the entry's bits before this packet. True: the line is brought up to date.
KS_INLINE bool judge_step(TcpLine& line, const Segment& segment, CtDirection direction,
                          std::uint32_t status, const Settings& settings, TcpStep& step) {
    const TcpState old_state = line.state();
    const bool is_ack = segment.kind == SegmentKind::ack;
    if (!is_ack && segment.kind != SegmentKind::fin) return false;
    TcpState state;
    switch (ruling_of(direction, segment.kind, old_state)) {
        case Ruling::es: state = TcpState::established; break;
        case Ruling::fw: state = TcpState::fin_wait; break;
        case Ruling::cw: state = TcpState::close_wait; break;
        case Ruling::la: state = TcpState::last_ack; break;
        case Ruling::tw:
            if (line.last_kind() == SegmentKind::syn) return false;  // it may be a challenge ACK
            state = TcpState::time_wait;
            break;
        default: return false;
    }
    const auto sender = static_cast<std::size_t>(direction);
    const bool may_have_sack = (line.flags[1 - sender] & side_flag::kSackPermitted) != 0;
    if (may_have_sack && highest_sack(segment.options, segment.ack) != segment.ack) return false;
    const detail::Numbers n{segment.seq.value(), segment.ack.value(), segment.end.value(),
                            segment.window};
    if (!detail::learn_inside(line, n, sender)) return false;
    if (is_ack) detail::count_retransmission(line, n, sender);
    line.set_what(state, segment.kind, direction);
    step.state_changed = old_state != state;
    if (step.state_changed && state == TcpState::fin_wait) {
        line.flags[sender] |= side_flag::kCloseInit;
    }
    const auto flags = static_cast<std::uint8_t>(line.side_flags(0) | line.side_flags(1));
    step.timeout_s = tcp_timeout_s(settings, {state, line.retransmissions, flags, line.last_window},
                                   segment.kind);
    if ((status & status::kSeenReply) == 0) {
        if (state == TcpState::established) {  // picked up, one-way so far
            step.timeout_s = std::min(step.timeout_s, settings.tcp_timeout_unacknowledged);
        }
        return true;
    }
    const bool was_open = old_state == TcpState::syn_recv || old_state == TcpState::established;
    step.becomes_assured =
        (status & status::kAssured) == 0 && was_open && state == TcpState::established;
    return true;
}

}  // namespace keepstate::ct
