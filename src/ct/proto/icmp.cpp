// ICMP and ICMPv6 queries: only a query begins a flow, its answers belong to it.
//
// Errors do not come here: they belong to the flow they quote (see tracker_icmp.cpp).
// source: kernel:net/netfilter/nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c.
// tested by: tests/scenarios/icmp, tests/kernel.
#include "ct/proto/protocol.hpp"

namespace keepstate::ct {

namespace {

bool is_icmp_query(std::uint8_t type) {
    constexpr std::uint8_t kEcho = 8, kTimestamp = 13, kInformation = 15, kAddressMask = 17;
    return type == kEcho || type == kTimestamp || type == kInformation || type == kAddressMask;
}

bool is_icmpv6_query(std::uint8_t type) {
    constexpr std::uint8_t kEcho = 128, kNodeInformation = 139;
    return type == kEcho || type == kNodeInformation;
}

Judgement renewed(const ProtocolCase& c, std::uint32_t timeout_s) {
    Judgement judgement;
    judgement.memory = c.entry.memory();
    judgement.timeout_s = timeout_s;
    return judgement;
}

}  // namespace

Judgement judge_icmp_packet(const ProtocolCase& c) {
    if (c.packet.family != Family::ipv4) {
        return Judgement::refused(Reason::icmp_wrong_family, c.entry.memory());
    }
    if (!is_icmp_query(c.entry.original().icmp_type())) {
        return Judgement::refused(Reason::icmp_not_a_query, c.entry.memory());
    }
    return renewed(c, c.settings.icmp_timeout);
}

Judgement judge_icmpv6_packet(const ProtocolCase& c) {
    if (c.packet.family != Family::ipv6) {
        return Judgement::refused(Reason::icmp_wrong_family, c.entry.memory());
    }
    if (c.is_first() && !is_icmpv6_query(c.entry.original().icmp_type())) {
        return Judgement::refused(Reason::icmp_not_a_query, c.entry.memory());
    }
    return renewed(c, c.settings.icmpv6_timeout);
}

}  // namespace keepstate::ct
