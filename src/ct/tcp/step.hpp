// A segment that moves a flow on as everybody expects: the ACK that ends the handshake, FINs, the ACKs of a close, an RST where it belongs.
//
// As ct/tcp/established.hpp for the flow that is open: judge_tcp() answers for every segment, this for ACK and FIN in cells of which no
// exception speaks, inside the window of a flow whose both sides are known, on the line where the entry keeps its
// memory. In any other case it says so, and nothing was changed. The table of transitions is the same. Of RSTs, of which exceptions
// speak (ct/tcp/exceptions.cpp), it takes those of which the answer is plain.
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

namespace detail {

constexpr unsigned bit_of(Ruling ruling) { return 1U << static_cast<unsigned>(ruling); }
/// Bits of the rulings of which no exception speaks.
inline constexpr unsigned kSteps = bit_of(Ruling::es) | bit_of(Ruling::fw) | bit_of(Ruling::cw) |
                                   bit_of(Ruling::la) | bit_of(Ruling::tw);

/// The entry's timeout after a segment, of which the line knows by now.
KS_INLINE std::uint32_t step_timeout_s(const TcpLine& line, TcpState state, SegmentKind kind,
                                       const Settings& settings) {
    const auto flags = static_cast<std::uint8_t>(line.side_flags(0) | line.side_flags(1));
    return tcp_timeout_s(settings, {state, line.retransmissions, flags, line.last_window}, kind);
}

}  // namespace detail

/// `status` are the entry's bits before this packet. True: the line is brought up to date.
KS_INLINE bool judge_step(TcpLine& line, const Segment& segment, CtDirection direction,
                          std::uint32_t status, const Settings& settings, TcpStep& step) {
    const TcpState old_state = line.state();
    const bool is_ack = segment.kind == SegmentKind::ack;
    if (!is_ack && segment.kind != SegmentKind::fin) return false;
    const Ruling ruling = ruling_of(direction, segment.kind, old_state);
    // Behind a SYN it may be a challenge ACK.
    const bool may_be_challenge = ruling == Ruling::tw && line.last_kind() == SegmentKind::syn;
    if ((detail::kSteps >> static_cast<unsigned>(ruling) & 1U) == 0 || may_be_challenge) {
        return false;
    }
    const TcpState state = state_of(ruling);
    const auto sender = static_cast<std::size_t>(direction);
    const bool may_have_sack = (line.flags[1 - sender] & side_flag::kSackPermitted) != 0;
    if (may_have_sack && segment.options.size() != 0 &&
        highest_sack(segment.options, segment.ack) != segment.ack) {
        return false;
    }
    const detail::Numbers n{segment.seq.value(), segment.ack.value(), segment.end.value(),
                            segment.window};
    if (!detail::learn_inside(line, n, sender)) return false;
    if (is_ack) detail::count_retransmission(line, n, sender);
    line.set_what(state, segment.kind, direction);
    step.state_changed = old_state != state;
    if (step.state_changed && state == TcpState::fin_wait) {
        line.flags[sender] |= side_flag::kCloseInit;
    }
    step.timeout_s = detail::step_timeout_s(line, state, segment.kind, settings);
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

/// Of an RST, likewise: to a flow that is being closed, where nothing is tested; or to an open one, exactly at the edge and in the window. Without
/// a reply seen it ends its flow at once, which is not for here.
KS_INLINE bool judge_reset(TcpLine& line, const Segment& segment, CtDirection direction,
                           std::uint32_t status, const Settings& settings, TcpStep& step) {
    const TcpState old_state = line.state();
    const auto sender = static_cast<std::size_t>(direction);
    if (segment.kind != SegmentKind::rst || (status & status::kSeenReply) == 0) return false;
    if (old_state == TcpState::established || old_state == TcpState::syn_recv) {
        const TcpLine::Side& receiver = line.seen[1 - sender];
        const bool knows_max_ack = (line.flags[1 - sender] & side_flag::kMaxAckSet) != 0 &&
                                   line.last_kind() != SegmentKind::syn;
        const bool is_plain =
            segment.has(wire::tcp_flag::kAck) && segment.options.size() == 0 && knows_max_ack;
        if (!is_plain || segment.seq.value() != receiver.max_ack) return false;
        // Some stacks leave the number zero.
        const std::uint32_t ack =
            segment.ack == wire::SeqNumber{0} ? receiver.end : segment.ack.value();
        const detail::Numbers n{segment.seq.value(), ack, segment.end.value(), segment.window};
        if (!detail::learn_inside(line, n, sender)) return false;
    } else if (old_state < TcpState::fin_wait || old_state > TcpState::close) {
        return false;
    }
    line.set_what(TcpState::close, SegmentKind::rst, direction);
    step.state_changed = old_state != TcpState::close;
    step.becomes_assured = false;
    step.timeout_s = detail::step_timeout_s(line, TcpState::close, SegmentKind::rst, settings);
    return true;
}

}  // namespace keepstate::ct
