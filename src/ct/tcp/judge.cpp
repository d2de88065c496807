// The way of one segment through the TCP machine; see judge.hpp.
//
// source: kernel:net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet, tcp_new.
// tested by: ct/tcp/judge_test.cpp, tests/scenarios/tcp, tests/kernel.
#include "ct/tcp/judge.hpp"

#include "ct/tcp/timeout.hpp"

namespace keepstate::ct {

namespace {

std::size_t index_of(CtDirection direction) { return static_cast<std::size_t>(direction); }

/// The numbers of a segment that is let by, so that its answer can be understood.
void remember_let_by(TcpMemory& memory, const Segment& segment, CtDirection direction) {
    memory.last_kind = segment.kind;
    memory.last_direction = direction;
    memory.last_seq = segment.seq;
    memory.last_end = segment.end;
    memory.last_window = segment.window;
    if (segment.kind == SegmentKind::syn && direction == CtDirection::original) {
        TcpSide offered;
        read_syn_options(segment.options, offered);
        memory.last_flags = offered.flags & (side_flag::kWindowScale | side_flag::kSackPermitted);
        memory.last_scale = offered.scale;
        // The other side may answer with a challenge ACK, which looks like the last ACK of a close.
        if (memory.state == TcpState::last_ack) memory.last_flags |= side_flag::kExpectChallengeAck;
    }
    if (memory.state == TcpState::syn_sent && segment.kind == SegmentKind::ack &&
        direction == CtDirection::reply) {
        memory.last_ack = segment.ack;
    }
}

/// The SYN that was let by was right: the flow begins with it, from the values that were noted.
void adopt_let_by_syn(TcpMemory& memory, CtDirection direction) {
    TcpSide& opener = memory.seen[index_of(memory.last_direction)];
    opener.end = opener.max_end = memory.last_end;
    opener.max_window = memory.last_window == 0 ? 1 : memory.last_window;
    opener.scale = memory.last_scale;
    memory.last_flags &= static_cast<std::uint8_t>(~side_flag::kExpectChallengeAck);
    opener.flags = memory.last_flags;
    TcpSide& answering = memory.seen[index_of(direction)];
    const std::uint8_t kept = answering.flags & side_flag::kBeLiberal;
    answering = TcpSide{};
    answering.flags = kept;
}

void apply_note(TcpMemory& memory, TcpNote note, const Segment& segment, CtDirection direction) {
    switch (note) {
        case TcpNote::nothing: return;
        case TcpNote::remember_let_by: return remember_let_by(memory, segment, direction);
        case TcpNote::adopt_let_by_syn: return adopt_let_by_syn(memory, direction);
        case TcpNote::forget_challenge:
            memory.last_flags &= static_cast<std::uint8_t>(~side_flag::kExpectChallengeAck);
            return;
        case TcpNote::mark_simultaneous_open:
            memory.last_flags |= side_flag::kSimultaneousOpen;
            return;
    }
}

/// A FIN or RST outside of the window, answered by another from the other side: the hosts agree that it
/// is over, only we do not. The entry must not stay for days.
void suspect_close(TcpJudgement& judgement, const Segment& segment, CtDirection direction,
                   std::uint32_t status, const Settings& settings) {
    if ((status & status::kAssured) == 0 || (status & status::kFixedTimeout) != 0) return;
    if (segment.kind != SegmentKind::rst && segment.kind != SegmentKind::fin) return;
    TcpMemory& memory = judgement.memory;
    const bool is_answer =
        memory.last_direction != direction &&
        (memory.last_kind == SegmentKind::fin || memory.last_kind == SegmentKind::rst);
    if (is_answer) {
        judgement.timeout_s = settings.tcp_timeout_unacknowledged;
        judgement.shorten_only = true;
        return;
    }
    memory.last_kind = segment.kind;
    memory.last_direction = direction;
}

/// Cells of which no exception speaks, whatever else is known: nearly all segments fall into one.
bool is_without_exception(const TcpCase& c) {
    switch (c.ruling) {
        case Ruling::es:
        case Ruling::fw:
        case Ruling::cw:
        case Ruling::la: return true;
        case Ruling::ss:
            return c.memory.state != TcpState::time_wait && c.memory.state != TcpState::close;
        case Ruling::sr: return c.segment.kind != SegmentKind::ack;
        case Ruling::tw: return c.memory.last_kind != SegmentKind::syn;
        case Ruling::cl: return c.segment.kind != SegmentKind::rst;
        default: return false;
    }
}

TcpAnswer ask_exceptions(const TcpCase& tcp_case, std::string_view& name) {
    if (is_without_exception(tcp_case)) {
        return {TcpAnswerKind::go_on, state_of(tcp_case.ruling)};
    }
    for (const TcpException& exception : tcp_exceptions()) {
        const TcpAnswer answer = exception.ask(tcp_case);
        if (answer.kind == TcpAnswerKind::no_opinion) continue;
        name = exception.name;
        return answer;
    }
    return {TcpAnswerKind::go_on, state_of(tcp_case.ruling)};
}

/// The segment counts: new state, timeout, and what only holds before an answer was seen.
void accept(TcpJudgement& judgement, const Segment& segment, CtDirection direction,
            TcpState old_state, TcpState new_state, std::uint32_t status,
            const Settings& settings) {
    TcpMemory& memory = judgement.memory;
    memory.last_kind = segment.kind;
    memory.last_direction = direction;
    memory.state = new_state;
    if (old_state != new_state && new_state == TcpState::fin_wait) {
        memory.seen[index_of(direction)].flags |= side_flag::kCloseInit;
    }
    judgement.state_changed = old_state != new_state;
    judgement.outcome = TcpOutcome::accepted;
    judgement.timeout_s = tcp_timeout_s(settings, memory, segment.kind);
    if ((status & status::kSeenReply) == 0) {
        if (segment.has(wire::tcp_flag::kRst)) {
            judgement.outcome = TcpOutcome::forget;  // the only answer is a refusal: no flow
            judgement.timeout_s.reset();
        } else if (segment.kind == SegmentKind::syn && old_state == TcpState::syn_sent) {
            // SYN again: a port that is tried for ever must not keep its entry for ever.
            judgement.outcome = TcpOutcome::let_by;
            judgement.timeout_s.reset();
        } else if (new_state == TcpState::established &&
                   *judgement.timeout_s > settings.tcp_timeout_unacknowledged) {
            judgement.timeout_s = settings.tcp_timeout_unacknowledged;  // picked up, one-way so far
        }
        return;
    }
    const bool was_open = old_state == TcpState::syn_recv || old_state == TcpState::established;
    judgement.becomes_assured =
        (status & status::kAssured) == 0 && was_open && new_state == TcpState::established;
}

}  // namespace

TcpBeginning begin_tcp(const Segment& segment, const Settings& settings) {
    TcpBeginning beginning;
    beginning.reason = begin_tcp(beginning.memory, segment, settings);
    return beginning;
}

Reason begin_tcp(TcpMemory& memory, const Segment& segment, const Settings& settings) {
    const Ruling ruling = ruling_of(CtDirection::original, segment.kind, TcpState::none);
    if (ruling == Ruling::bad) return Reason::tcp_not_an_opening;
    TcpSide& sender = memory.seen[0];
    sender.end = sender.max_end = segment.end;
    sender.max_window = segment.window == 0 ? 1 : segment.window;
    if (ruling == Ruling::ss) {
        read_syn_options(segment.options, sender);
    } else if (settings.tcp_loose == 0) {
        return Reason::tcp_loose_off;
    } else {
        // The middle of a flow: scaling and SACK are not known, so assume SACK and do not insist.
        sender.max_end = segment.end + sender.max_window;
        sender.flags = side_flag::kSackPermitted | side_flag::kBeLiberal;
        memory.seen[1].flags = sender.flags;
    }
    memory.last_kind = SegmentKind::none;
    return Reason::none;
}

TcpJudgement judge_tcp(const TcpMemory& memory, const Segment& segment, CtDirection direction,
                       std::uint32_t status, const Settings& settings) {
    TcpJudgement judgement{.memory = memory};
    judge_tcp(judgement, segment, direction, status, settings);
    return judgement;
}

void judge_tcp(TcpJudgement& judgement, const Segment& segment, CtDirection direction,
               std::uint32_t status, const Settings& settings) {
    const TcpMemory& memory = judgement.memory;
    const TcpState begun_in = memory.state;
    judgement.ruling = ruling_of(direction, segment.kind, memory.state);
    const TcpAnswer answer =
        ask_exceptions(TcpCase{memory, segment, direction, status, judgement.ruling, settings},
                       judgement.exception);
    apply_note(judgement.memory, answer.note, segment, direction);
    switch (answer.kind) {
        case TcpAnswerKind::reopen: judgement.outcome = TcpOutcome::reopen; return;
        case TcpAnswerKind::let_by: judgement.outcome = TcpOutcome::let_by; return;
        case TcpAnswerKind::invalid: judgement.reason = answer.reason; return;
        case TcpAnswerKind::skip_window: break;
        case TcpAnswerKind::no_opinion:
        case TcpAnswerKind::go_on:
            judge_window(judgement.window, judgement.memory, segment, direction,
                         settings.tcp_be_liberal != 0);
            if (judgement.window.ruling == WindowRuling::let_by) {
                judgement.outcome = TcpOutcome::let_by;
                return;
            }
            if (judgement.window.ruling == WindowRuling::outside) {
                judgement.reason = judgement.window.reason;
                suspect_close(judgement, segment, direction, status, settings);
                return;
            }
            break;
    }
    // A flow that begins with an adopted SYN was in SYN_SENT, whatever we believed.
    const TcpState old_state =
        answer.note == TcpNote::adopt_let_by_syn ? TcpState::syn_sent : begun_in;
    accept(judgement, segment, direction, old_state, answer.state, status, settings);
}

}  // namespace keepstate::ct
