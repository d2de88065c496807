// The named exceptions of the TCP machine. See exceptions.hpp for how they are asked.
//
// Three groups, after the cell's ruling: segments that open a closed flow again or are let by (SYN to a
// living flow, SYN/ACK, early ACK); closes that are none (challenge ACK); and RSTs, of which a stranger
// may send many: only one exactly at the edge of what was acknowledged closes an established flow.
//
// source: RFC 5961, RFC 9293 3.10.7; kernel:net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet.
// tested by: tests/scenarios/tcp, tests/kernel.
#include "ct/tcp/exceptions.hpp"

#include <array>

namespace keepstate::ct {

namespace {

using enum TcpAnswerKind;

bool is_closed(TcpState state) { return state == TcpState::time_wait || state == TcpState::close; }

/// The cell lets by, or says "open again" of a closed flow (which needs more than a SYN).
bool is_passing(const TcpCase& c) {
    return c.ruling == Ruling::pass || (c.ruling == Ruling::ss && is_closed(c.memory.state));
}

/// A SYN to a flow that was closed by a FIN of either side, or by an RST from the same side.
TcpAnswer reopens_closed_flow(const TcpCase& c) {
    if (c.ruling != Ruling::ss || !is_closed(c.memory.state)) return {};
    const std::uint8_t both = c.memory.seen[0].flags | c.memory.seen[1].flags;
    const bool own_rst =
        c.memory.last_direction == c.direction && c.memory.last_kind == SegmentKind::rst;
    if ((both & side_flag::kCloseInit) == 0 && !own_rst) return {};
    return {reopen};
}

/// We let a SYN by, not knowing whether it was right. This SYN/ACK says it was.
TcpAnswer synack_answers_let_by_syn(const TcpCase& c) {
    const bool answers = is_passing(c) && c.segment.kind == SegmentKind::synack &&
                         c.memory.last_kind == SegmentKind::syn &&
                         c.memory.last_direction != c.direction &&
                         c.segment.ack == c.memory.last_end;
    if (!answers) return {};
    return {go_on, TcpState::syn_recv, Reason::none, TcpNote::adopt_let_by_syn};
}

/// SYN, SYN/ACK or ACK that may be right or wrong: the end points will sort it out.
TcpAnswer let_by_unjudged(const TcpCase& c) {
    if (!is_passing(c)) return {};
    return {let_by, c.memory.state, Reason::none, TcpNote::remember_let_by};
}

TcpAnswer not_possible_in_this_state(const TcpCase& c) {
    if (c.ruling != Ruling::bad) return {};
    return {invalid, c.memory.state, Reason::tcp_state};
}

/// RFC 5961: a host answers a SYN within a living flow with an ACK. It does not acknowledge the last FIN.
TcpAnswer challenge_ack(const TcpCase& c) {
    const bool is_challenge = c.ruling == Ruling::tw && c.memory.state == TcpState::last_ack &&
                              c.segment.kind == SegmentKind::ack &&
                              c.memory.last_direction != c.direction &&
                              c.memory.last_kind == SegmentKind::syn &&
                              (c.memory.last_flags & side_flag::kExpectChallengeAck) != 0;
    if (!is_challenge) return {};
    return {let_by, c.memory.state, Reason::none, TcpNote::forget_challenge};
}

/// Both sides sent a SYN.
TcpAnswer simultaneous_open(const TcpCase& c) {
    if (c.ruling != Ruling::s2) return {};
    return {go_on, TcpState::syn_sent2, Reason::none, TcpNote::mark_simultaneous_open};
}

/// After a simultaneous open the last ACK of the handshake may come from the reply direction.
TcpAnswer simultaneous_open_completed(const TcpCase& c) {
    const bool completes = c.ruling == Ruling::sr && c.direction == CtDirection::reply &&
                           c.segment.kind == SegmentKind::ack &&
                           (c.memory.last_flags & side_flag::kSimultaneousOpen) != 0;
    if (!completes) return {};
    return {go_on, TcpState::established};
}

bool is_closing_rst(const TcpCase& c) {
    return c.ruling == Ruling::cl && c.segment.kind == SegmentKind::rst;
}

/// Whether what the other side acknowledged tells if an RST is right. It does not directly after a SYN: the
/// hosts may be opening anew, with numbers that we do not know.
bool knows_max_ack(const TcpCase& c) {
    return (c.receiver().flags & side_flag::kMaxAckSet) != 0 &&
           c.memory.last_kind != SegmentKind::syn;
}

/// A flow that is being closed may be gone from both hosts and its ports in use again: what we know of its
/// windows is outdated, so nothing is tested.
TcpAnswer rst_to_closing_flow(const TcpCase& c) {
    const bool is_closing =
        c.memory.state >= TcpState::fin_wait && c.memory.state <= TcpState::close;
    if (!is_closing_rst(c) || !is_closing) return {};
    return {skip_window, TcpState::close};
}

/// RFC 5961: a SYN to a flow that only the other host remembers draws a challenge ACK, which an RST with
/// just the number that it acknowledged answers.
TcpAnswer rst_answers_challenge_ack(const TcpCase& c) {
    const bool answers = is_closing_rst(c) && c.memory.state == TcpState::syn_sent &&
                         c.memory.last_kind == SegmentKind::ack &&
                         c.segment.seq == c.memory.last_ack;
    if (!answers) return {};
    return {skip_window, TcpState::close};
}

/// Sequence number 0 in a flow that is not established: it answers a SYN that was let by.
TcpAnswer rst_answers_unseen_syn(const TcpCase& c) {
    const bool answers = is_closing_rst(c) && knows_max_ack(c) &&
                         c.segment.seq == wire::SeqNumber{0} && !c.is_established();
    if (!answers) return {};
    return {go_on, TcpState::close};
}

TcpAnswer rst_before_acknowledged_data(const TcpCase& c) {
    const bool is_old = is_closing_rst(c) && knows_max_ack(c) &&
                        before(c.segment.seq, c.receiver().max_ack) &&
                        c.settings.tcp_ignore_invalid_rst == 0;
    if (!is_old) return {};
    return {invalid, c.memory.state, Reason::tcp_invalid_rst};
}

/// Exactly where the other side has acknowledged to; or the flow is not established yet.
TcpAnswer rst_at_the_edge(const TcpCase& c) {
    if (!is_closing_rst(c) || !knows_max_ack(c)) return {};
    if (c.is_established() && c.segment.seq != c.receiver().max_ack) return {};
    return {go_on, TcpState::close};
}

/// It follows its own data directly.
TcpAnswer rst_behind_own_data(const TcpCase& c) {
    const bool follows =
        is_closing_rst(c) && knows_max_ack(c) && c.memory.last_kind == SegmentKind::ack &&
        c.memory.last_direction == c.direction && c.segment.seq == c.memory.last_end;
    if (!follows) return {};
    return {go_on, TcpState::close};
}

/// It answers a SYN or ACK that was let by: its numbers need not fit our window.
TcpAnswer rst_answers_let_by(const TcpCase& c) {
    if (!is_closing_rst(c)) return {};
    const bool after_syn = (c.status & status::kSeenReply) != 0 &&
                           c.memory.last_kind == SegmentKind::syn &&
                           c.memory.last_direction != c.direction;
    const bool after_ack =
        (c.status & status::kAssured) == 0 && c.memory.last_kind == SegmentKind::ack;
    if (!(after_syn || after_ack) || c.segment.ack != c.memory.last_end) return {};
    return {skip_window, knows_max_ack(c) ? c.memory.state : TcpState::close};
}

/// In the window but not at its edge: a challenge ACK may follow, the flow stays as it is.
TcpAnswer rst_not_at_the_edge(const TcpCase& c) {
    if (!is_closing_rst(c) || !knows_max_ack(c)) return {};
    return {go_on, c.memory.state};
}

constexpr std::array kExceptions{
    TcpException{"a closed flow is opened again", reopens_closed_flow},
    TcpException{"SYN/ACK answers a SYN that was let by", synack_answers_let_by_syn},
    TcpException{"let by, not judged", let_by_unjudged},
    TcpException{"not possible in this state", not_possible_in_this_state},
    TcpException{"challenge ACK", challenge_ack},
    TcpException{"simultaneous open", simultaneous_open},
    TcpException{"simultaneous open completed", simultaneous_open_completed},
    TcpException{"RST to a closing flow", rst_to_closing_flow},
    TcpException{"RST answers a challenge ACK", rst_answers_challenge_ack},
    TcpException{"RST answers a SYN that was let by unseen", rst_answers_unseen_syn},
    TcpException{"RST before acknowledged data", rst_before_acknowledged_data},
    TcpException{"RST exactly at the edge", rst_at_the_edge},
    TcpException{"RST directly behind its own data", rst_behind_own_data},
    TcpException{"RST answers a segment that was let by", rst_answers_let_by},
    TcpException{"RST not exactly at the edge", rst_not_at_the_edge},
};

}  // namespace

std::span<const TcpException> tcp_exceptions() { return kExceptions; }

}  // namespace keepstate::ct
