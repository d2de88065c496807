// UDP and UDP-Lite: no states, two timeouts, and ASSURED for what is more than a question and an answer.
//
// A UDP flow that has gone both ways is a stream once it is older than two seconds; then the longer
// timeout holds and it becomes ASSURED. UDP-Lite takes the longer one as soon as there was an answer.
//
// source: kernel:net/netfilter/nf_conntrack_proto_udp.c; RFC 768, RFC 3828.
// tested by: tests/scenarios/udp, tests/kernel.
#include "ct/proto/protocol.hpp"
#include "wire/checksum.hpp"

namespace keepstate::ct {

namespace {

constexpr std::size_t kHeader = 8;
constexpr std::int64_t kStreamAfterNs = 2 * kNsPerSecond;

Reason test_udp(const ProtocolCase& c) {
    const base::ByteView udp = c.packet.transport();
    if (!udp.has(0, kHeader)) return Reason::udp_header_truncated;
    const std::uint16_t length = udp.be16(4);
    if (length > udp.size() || length < kHeader) return Reason::udp_length;
    const bool has_checksum = udp.be16(6) != 0;
    if (has_checksum && c.tests_checksum() && !wire::has_right_checksum(c.packet, protocol::kUdp)) {
        return Reason::udp_checksum;
    }
    return Reason::none;
}

Reason test_udplite(const ProtocolCase& c) {
    const base::ByteView udp = c.packet.transport();
    if (!udp.has(0, kHeader)) return Reason::udp_header_truncated;
    std::uint32_t coverage = udp.be16(4);
    if (coverage == 0) coverage = static_cast<std::uint32_t>(udp.size());
    if (coverage < kHeader || coverage > udp.size()) return Reason::udplite_coverage;
    if (udp.be16(6) == 0) return Reason::udplite_no_checksum;
    // Linux puts UDP's number, not UDP-Lite's, into the pseudo header here, so that it finds checksums made by
    // RFC 3828 wrong. As it is the specification, so does keepstate. seen:tests/scenarios/udp
    if (c.tests_checksum() &&
        !wire::has_right_partial_checksum(c.packet, protocol::kUdp, coverage)) {
        return Reason::udplite_checksum;
    }
    return Reason::none;
}

}  // namespace

Judgement judge_udp_packet(const ProtocolCase& c) {
    const Reason fault = test_udp(c);
    if (fault != Reason::none) return Judgement::refused(fault, c.entry.memory());
    Judgement judgement;
    judgement.memory = c.entry.memory();
    if (c.is_first()) judgement.memory = UdpMemory{c.now + kStreamAfterNs};
    judgement.timeout_s = c.settings.udp_timeout;
    const UdpMemory* memory = std::get_if<UdpMemory>(&judgement.memory);
    if (c.entry.has(status::kSeenReply) && memory && c.now > memory->stream_after) {
        judgement.timeout_s = c.settings.udp_timeout_stream;
        judgement.becomes_assured = !c.entry.has(status::kAssured | status::kNatClash);
    }
    return judgement;
}

Judgement judge_udplite_packet(const ProtocolCase& c) {
    const Reason fault = test_udplite(c);
    if (fault != Reason::none) return Judgement::refused(fault, c.entry.memory());
    Judgement judgement;
    judgement.memory = c.entry.memory();
    judgement.timeout_s = c.settings.udp_timeout;
    if (c.entry.has(status::kSeenReply)) {
        judgement.timeout_s = c.settings.udp_timeout_stream;
        judgement.becomes_assured = !c.entry.has(status::kAssured | status::kNatClash);
    }
    return judgement;
}

}  // namespace keepstate::ct
