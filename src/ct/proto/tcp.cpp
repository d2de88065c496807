// TCP: what is tested before the machine in ct/tcp/ is asked.
// source: kernel:net/netfilter/nf_conntrack_proto_tcp.c tcp_error.   tested by: tests/scenarios/tcp, tests/kernel.
#include "ct/proto/protocol.hpp"
#include "ct/tcp/judge.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::ct {

namespace {

Outcome outcome_of(TcpOutcome outcome) {
    switch (outcome) {
        case TcpOutcome::accepted: return Outcome::accepted;
        case TcpOutcome::let_by: return Outcome::let_by;
        case TcpOutcome::invalid: return Outcome::invalid;
        case TcpOutcome::reopen: return Outcome::reopen;
        case TcpOutcome::forget: return Outcome::forget;
    }
    return Outcome::invalid;
}

Reason test_header(const ProtocolCase& c, const std::optional<wire::TcpHeader>& header) {
    constexpr std::uint16_t kLeastHeader = 20;
    if (!header) return Reason::tcp_header_truncated;
    if (header->header_bytes < kLeastHeader || header->header_bytes > c.packet.transport().size()) {
        return Reason::tcp_data_offset;
    }
    if (c.tests_checksum() && !wire::has_right_checksum(c.packet, protocol::kTcp)) {
        return Reason::tcp_checksum;
    }
    return is_possible(header->flags) ? Reason::none : Reason::tcp_flags;
}

}  // namespace

Demand demand_of(const TcpJudgement& tcp) {
    Demand demand;
    demand.outcome = outcome_of(tcp.outcome);
    demand.reason = tcp.reason;
    if (tcp.timeout_s) demand.timeout_s = *tcp.timeout_s;
    demand.shorten_only = tcp.shorten_only;
    demand.becomes_assured = tcp.becomes_assured;
    demand.state_changed = tcp.state_changed;
    return demand;
}

Judgement judge_tcp_packet(const ProtocolCase& c) {
    const std::optional<wire::TcpHeader> header = wire::parse_tcp(c.packet);
    const Reason fault = test_header(c, header);
    if (fault != Reason::none) return Judgement::refused(fault, c.entry.memory());
    const Segment segment = make_segment(*header);

    TcpMemory before;
    if (c.is_first()) {
        const TcpBeginning beginning = begin_tcp(segment, c.settings);
        if (beginning.reason != Reason::none) {
            return Judgement::refused(beginning.reason, c.entry.memory());
        }
        before = beginning.memory;
    } else if (const TcpLine* line = c.entry.tcp()) {
        before = unpack(*line);
    }
    const TcpJudgement tcp = judge_tcp(before, segment, c.direction, c.entry.status, c.settings);
    if (c.observer) c.observer->tcp_judged(before, segment, c.direction, tcp);

    return {demand_of(tcp), tcp.memory};
}

}  // namespace keepstate::ct
