// SCTP: what is tested before the machine in ct/sctp/ is asked: length, checksum, which chunks stand together.
// source: kernel:net/netfilter/nf_conntrack_proto_sctp.c sctp_error, do_basic_checks.
// tested by: tests/kernel/sctp_cells_test.cpp, tests/kernel/differ.
#include "ct/proto/protocol.hpp"
#include "ct/sctp/judge.hpp"
#include "wire/checksum.hpp"

namespace keepstate::ct {

namespace {

Outcome outcome_of(SctpOutcome outcome) {
    switch (outcome) {
        case SctpOutcome::accepted: return Outcome::accepted;
        case SctpOutcome::let_by: return Outcome::let_by;
        case SctpOutcome::invalid: return Outcome::invalid;
    }
    return Outcome::invalid;
}

Reason test_packet(const ProtocolCase& c, SctpPacket& packet) {
    constexpr std::size_t kHeader = 12;
    const base::ByteView bytes = c.packet.transport();
    if (!bytes.has(0, kHeader)) return Reason::sctp_header_truncated;
    if (c.tests_checksum() && !wire::has_right_sctp_checksum(c.packet)) {
        return Reason::sctp_checksum;
    }
    return parse_sctp_chunks(bytes, packet);
}

}  // namespace

Judgement judge_sctp_packet(const ProtocolCase& c) {
    SctpPacket packet;
    const Reason fault = test_packet(c, packet);
    if (fault != Reason::none) return Judgement::refused(fault, c.entry.memory());

    SctpMemory before;
    if (c.is_first()) {
        const SctpBeginning beginning = begin_sctp(packet);
        if (beginning.reason != Reason::none) {
            return Judgement::refused(beginning.reason, c.entry.memory());
        }
        before = beginning.memory;
    } else {
        const ProtocolMemory memory = c.entry.memory();
        if (const auto* known = std::get_if<SctpMemory>(&memory)) before = *known;
    }
    const SctpJudgement sctp = judge_sctp(before, packet, c.direction, c.entry.status, c.settings);
    if (c.observer) c.observer->sctp_judged(before, packet, c.direction, sctp);

    Judgement judgement;
    judgement.outcome = outcome_of(sctp.outcome);
    judgement.reason = sctp.reason;
    judgement.timeout_s = sctp.timeout_s;
    judgement.becomes_assured = sctp.becomes_assured;
    judgement.state_changed = sctp.state_changed;
    judgement.memory = sctp.memory;
    return judgement;
}

}  // namespace keepstate::ct
