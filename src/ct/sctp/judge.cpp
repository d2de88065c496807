// The way of one packet through the SCTP machine; see judge.hpp.
//
// source: kernel:net/netfilter/nf_conntrack_proto_sctp.c nf_conntrack_sctp_packet, sctp_new.
// tested by: ct/sctp/judge_test.cpp, tests/kernel/sctp_cells_test.cpp, tests/kernel/differ.
#include "ct/sctp/judge.hpp"

#include <algorithm>

#include "ct/sctp/timeout.hpp"

namespace keepstate::ct {

namespace {

std::size_t index_of(CtDirection direction) { return static_cast<std::size_t>(direction); }

void apply_note(SctpMemory& memory, SctpNote note, const SctpPacket& packet, const Chunk& chunk,
                CtDirection direction) {
    const std::size_t own = index_of(direction);
    const std::size_t other = index_of(opposite(direction));
    switch (note) {
        case SctpNote::nothing: return;
        case SctpNote::forget_inits: memory.init = {}; return;
        case SctpNote::adopt_tag: memory.vtag[own] = packet.vtag; return;
        case SctpNote::suspect_restart:
            memory.is_restart_suspected = true;
            memory.suspect = direction;
            return;
        case SctpNote::end_suspicion: memory.is_restart_suspected = false; return;
        case SctpNote::adopt_restarted_tag:
            memory.is_restart_suspected = false;
            memory.vtag[own] = packet.vtag;
            memory.vtag[other] = 0;
            return;
        case SctpNote::remember_init:
            if (memory.init[own]) memory.init[other] = false;  // an opening after a collision
            memory.init[own] = true;
            memory.vtag[other] = chunk.init_tag.value_or(0);
            return;
        case SctpNote::remember_init_ack: memory.vtag[other] = chunk.init_tag.value_or(0); return;
    }
}

SctpAnswer ask(std::span<const SctpException> exceptions, const SctpCase& sctp_case,
               std::string_view& name) {
    for (const SctpException& exception : exceptions) {
        const SctpAnswer answer = exception.ask(sctp_case);
        if (answer.kind == SctpAnswerKind::no_opinion) continue;
        name = exception.name;
        return answer;
    }
    return {SctpAnswerKind::go_on};
}

void enter_state(SctpJudgement& judgement, SctpState state, std::uint32_t status) {
    if (judgement.memory.state == state) return;
    judgement.memory.state = state;
    judgement.state_changed = true;
    if (state == SctpState::established && (status & status::kAssured) == 0) {
        judgement.becomes_assured = true;
    }
}

/// One chunk; false if it makes the packet INVALID.
bool judge_chunk(SctpJudgement& judgement, const SctpPacket& packet, const Chunk& chunk,
                 CtDirection direction, std::uint32_t status, bool& is_let_by) {
    SctpMemory& memory = judgement.memory;
    SctpStep& step = judgement.steps[std::min(judgement.step_count, SctpJudgement::kSteps - 1)];
    ++judgement.step_count;
    const SctpRuling ruling = sctp_ruling_of(direction, chunk.kind, memory.state);
    step = {chunk, memory.state, ruling, {}};
    const SctpCase sctp_case{memory, packet, chunk, direction, is_let_by};

    const auto refuse = [&judgement](Reason reason) {
        judgement.reason = reason;
        return false;
    };
    SctpAnswer answer = ask(sctp_tag_rules(), sctp_case, step.exception);
    if (answer.kind == SctpAnswerKind::invalid) return refuse(answer.reason);
    apply_note(memory, answer.note, packet, chunk, direction);
    if (answer.kind == SctpAnswerKind::skip_chunk) {
        is_let_by = true;
        return true;
    }
    if (ruling == SctpRuling::bad) return refuse(Reason::sctp_state);
    answer = ask(sctp_opening_rules(), sctp_case, step.exception);
    if (answer.kind == SctpAnswerKind::invalid) return refuse(answer.reason);
    if (answer.kind == SctpAnswerKind::go_on_quiet) is_let_by = true;
    apply_note(memory, answer.note, packet, chunk, direction);
    enter_state(judgement, state_of(ruling), status);
    return true;
}

bool cannot_open(const SctpPacket& packet) {
    return packet.has(ChunkKind::abort) || packet.has(ChunkKind::shutdown_complete) ||
           packet.has(ChunkKind::cookie_ack);
}

}  // namespace

SctpBeginning begin_sctp(const SctpPacket& packet) {
    SctpBeginning beginning;
    const auto refuse = [&beginning](Reason reason) {
        beginning.reason = reason;
        return beginning;
    };
    if (cannot_open(packet)) return refuse(Reason::sctp_not_an_opening);
    ChunkWalk walk(packet);
    Chunk chunk;
    while (walk.next(chunk)) {
        const SctpRuling ruling =
            sctp_ruling_of(CtDirection::original, chunk.kind, SctpState::none);
        if (ruling == SctpRuling::no) return refuse(Reason::sctp_not_an_opening);
        if (chunk.kind == ChunkKind::init) {
            if (packet.vtag != 0) return refuse(Reason::sctp_vtag);
            if (!chunk.init_tag) return refuse(Reason::sctp_chunks);
            beginning.memory.vtag[1] = *chunk.init_tag;
        } else if (chunk.kind == ChunkKind::heartbeat) {
            beginning.memory.vtag[0] = packet.vtag;
        } else if (chunk.kind == ChunkKind::shutdown_ack) {
            // Out of the blue: a SHUTDOWN_COMPLETE will send the tag back. source: RFC 9260 8.4 (5).
            beginning.memory.vtag[1] = packet.vtag;
        }
    }
    return beginning;
}

SctpJudgement judge_sctp(const SctpMemory& memory, const SctpPacket& packet, CtDirection direction,
                         std::uint32_t status, const Settings& settings) {
    SctpJudgement judgement;
    judgement.memory = memory;
    if (is_plainly_tagged(packet) && packet.vtag != memory.vtag[index_of(direction)]) {
        judgement.reason = Reason::sctp_vtag;
        return judgement;
    }
    bool is_let_by = false;
    ChunkWalk walk(packet);
    Chunk chunk;
    while (walk.next(chunk)) {
        if (!judge_chunk(judgement, packet, chunk, direction, status, is_let_by)) return judgement;
    }
    judgement.outcome = is_let_by ? SctpOutcome::let_by : SctpOutcome::accepted;
    if (!is_let_by) {
        judgement.timeout_s = sctp_state_timeout_s(settings, judgement.memory.state);
    }
    return judgement;
}

}  // namespace keepstate::ct
