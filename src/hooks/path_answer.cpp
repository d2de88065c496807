// What the firewall itself sends in answer: REJECT's ICMP errors and TCP resets, and "time exceeded".
//
// An answer is a packet that this host sends: it passes OUTPUT and POSTROUTING and is counted there. An ICMP
// error or reset about a tracked packet carries that packet's flow, in the other direction, as RELATED.
// No answer is made to a later fragment, to an ICMP error, to a reset, to a multicast address, or to a
// packet whose checksum is wrong.
//
// source: kernel:net/ipv4/netfilter/nf_reject_ipv4.c, net/ipv6/netfilter/nf_reject_ipv6.c, net/ipv4/icmp.c
// icmp_send; RFC 1122 3.2.2, RFC 4443 2.4.   tested by: tests/scenarios/rules, tests/kernel.
#include <algorithm>
#include <cstring>

#include "hooks/path.hpp"
#include "hooks/trip.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::hooks {

namespace {

using rules::RejectType;

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kIcmpHeader = 8;
constexpr std::size_t kTcpHeader = 20;
/// An ICMP error never makes a packet longer than this. RFC 1812 4.3.2.3, RFC 4443 2.4 (c).
constexpr std::size_t kLongestIcmpPacket = 576;
constexpr std::size_t kLongestIcmpv6Packet = 1280;

struct IcmpKind {
    std::uint8_t type;
    std::uint8_t code;
};

constexpr std::uint8_t kUnreachable4 = 3;
constexpr std::uint8_t kUnreachable6 = 1;

IcmpKind icmp_kind_of(RejectType type) {
    switch (type) {
        case RejectType::icmp_net_unreachable: return {kUnreachable4, 0};
        case RejectType::icmp_host_unreachable: return {kUnreachable4, 1};
        case RejectType::icmp_proto_unreachable: return {kUnreachable4, 2};
        case RejectType::icmp_port_unreachable: return {kUnreachable4, 3};
        case RejectType::icmp_net_prohibited: return {kUnreachable4, 9};
        case RejectType::icmp_host_prohibited: return {kUnreachable4, 10};
        case RejectType::icmp_admin_prohibited: return {kUnreachable4, 13};
        case RejectType::icmp6_no_route: return {kUnreachable6, 0};
        case RejectType::icmp6_adm_prohibited: return {kUnreachable6, 1};
        case RejectType::icmp6_addr_unreachable: return {kUnreachable6, 3};
        case RejectType::icmp6_port_unreachable: return {kUnreachable6, 4};
        case RejectType::icmp6_policy_fail: return {kUnreachable6, 5};
        case RejectType::icmp6_reject_route: return {kUnreachable6, 6};
        case RejectType::none:
        case RejectType::tcp_reset: break;
    }
    return {kUnreachable4, 3};
}

bool is_group_address(const Address& a) {
    if (a.family == Family::ipv6) return a.bytes[0] == 0xff;
    return (a.bytes[0] & 0xf0) == 0xe0 || a == Address::v4(255, 255, 255, 255);
}

/// ICMP errors of either family, and numbers that nobody knows: they are not answered.
bool is_icmp_error(const wire::Packet& packet) {
    const bool is_icmp = packet.protocol == protocol::kIcmp || packet.protocol == protocol::kIcmpv6;
    if (!is_icmp || packet.transport().size() == 0) return false;
    const std::uint8_t type = packet.transport().u8(0);
    if (packet.family == Family::ipv6) return type < 128;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12 || type > 18;
}

/// Whether the packet's checksum is to be tested before an answer is made.
bool has_checksum(const wire::Packet& packet) {
    switch (packet.protocol) {
        case protocol::kTcp: return true;
        case protocol::kUdp: {
            const base::ByteView udp = packet.transport();
            return udp.has(6, 2) && udp.be16(6) != 0;
        }
        case protocol::kIcmp: return packet.family == Family::ipv4;
        case protocol::kIcmpv6: return packet.family == Family::ipv6;
        default: return false;
    }
}

bool deserves_answer(const wire::Packet& packet) {
    return packet.has_transport && packet.fragment_offset == 0 &&
           !is_group_address(packet.source()) && !is_group_address(packet.destination()) &&
           !packet.source().is_unspecified() && !is_icmp_error(packet);
}

/// Writes the IP header of an answer. Returns its length.
std::size_t write_ip(std::uint8_t* at, const Address& source, const Address& destination,
                     std::uint8_t number, std::size_t payload, std::uint8_t tos) {
    if (source.family == Family::ipv6) {
        base::store_be32(at, 6U << 28);
        base::store_be16(at + 4, static_cast<std::uint16_t>(payload));
        at[6] = number;
        at[7] = 64;
        std::memcpy(at + 8, source.bytes.data(), 16);
        std::memcpy(at + 24, destination.bytes.data(), 16);
        return kIpv6Header;
    }
    std::memset(at, 0, kIpv4Header);
    at[0] = 0x45;
    at[1] = tos;
    base::store_be16(at + 2, static_cast<std::uint16_t>(kIpv4Header + payload));
    at[8] = 64;
    at[9] = number;
    std::memcpy(at + 12, source.bytes.data(), 4);
    std::memcpy(at + 16, destination.bytes.data(), 4);
    const std::uint16_t sum = wire::sum16({at, kIpv4Header});
    base::store_be16(at + 10, static_cast<std::uint16_t>(~sum));
    return kIpv4Header;
}

std::uint16_t transport_checksum(const Address& source, const Address& destination,
                                 std::uint8_t number, base::ByteView bytes) {
    const bool has_pseudo_header = number != protocol::kIcmp;
    const std::uint32_t start =
        has_pseudo_header ? wire::pseudo_header_sum(source, destination, number,
                                                    static_cast<std::uint32_t>(bytes.size()))
                          : 0;
    return static_cast<std::uint16_t>(~wire::sum16(bytes, start));
}

/// Linux's resets say so, its ICMP errors do not.
void set_do_not_fragment(std::uint8_t* ipv4) {
    constexpr std::uint16_t kDoNotFragment = 0x4000;
    base::store_be16(ipv4 + 6, kDoNotFragment);
    base::store_be16(ipv4 + 10, 0);
    base::store_be16(ipv4 + 10, static_cast<std::uint16_t>(~wire::sum16({ipv4, kIpv4Header})));
}

/// An ICMP error that quotes `packet`. Returns the length of the whole answer.
std::size_t write_icmp(std::uint8_t* at, const wire::Packet& packet, const Address& from,
                       IcmpKind kind) {
    const bool is_v4 = packet.family == Family::ipv4;
    const std::size_t header = is_v4 ? kIpv4Header : kIpv6Header;
    const std::size_t longest = is_v4 ? kLongestIcmpPacket : kLongestIcmpv6Packet;
    const std::size_t quoted = std::min(packet.ip.size(), longest - header - kIcmpHeader);
    const std::uint8_t number = is_v4 ? protocol::kIcmp : protocol::kIcmpv6;
    const Address to = packet.source();
    constexpr std::uint8_t kInternetControl = 0xc0;
    const std::uint8_t tos = static_cast<std::uint8_t>((packet.tos & 0x1e) | kInternetControl);
    write_ip(at, from, to, number, kIcmpHeader + quoted, tos);
    std::uint8_t* icmp = at + header;
    std::memset(icmp, 0, kIcmpHeader);
    icmp[0] = kind.type;
    icmp[1] = kind.code;
    std::memcpy(icmp + kIcmpHeader, packet.ip.data(), quoted);
    base::store_be16(icmp + 2, transport_checksum(from, to, number, {icmp, kIcmpHeader + quoted}));
    return header + kIcmpHeader + quoted;
}

/// The reset that answers a segment; 0 if none is due.
std::size_t write_reset(std::uint8_t* at, const wire::Packet& packet) {
    const std::optional<wire::TcpHeader> tcp = wire::parse_tcp(packet);
    if (!tcp || (tcp->flags & wire::tcp_flag::kRst)) return 0;
    const Address from = packet.destination();
    const Address to = packet.source();
    const std::size_t header = write_ip(at, from, to, protocol::kTcp, kTcpHeader, 0);
    if (packet.family == Family::ipv4) set_do_not_fragment(at);
    std::uint8_t* reset = at + header;
    std::memset(reset, 0, kTcpHeader);
    base::store_be16(reset, tcp->destination_port);
    base::store_be16(reset + 2, tcp->source_port);
    reset[12] = (kTcpHeader / 4) << 4;
    if (tcp->flags & wire::tcp_flag::kAck) {
        base::store_be32(reset + 4, tcp->ack);
        reset[13] = wire::tcp_flag::kRst;
    } else {
        const std::uint32_t controls = ((tcp->flags & wire::tcp_flag::kSyn) ? 1U : 0U) +
                                       ((tcp->flags & wire::tcp_flag::kFin) ? 1U : 0U);
        const std::uint32_t length =
            static_cast<std::uint32_t>(packet.transport().size()) - tcp->header_bytes;
        base::store_be32(reset + 8, tcp->seq + controls + length);
        reset[13] = wire::tcp_flag::kRst | wire::tcp_flag::kAck;
    }
    base::store_be16(reset + 16, transport_checksum(from, to, protocol::kTcp, {reset, kTcpHeader}));
    return header + kTcpHeader;
}

}  // namespace

void Path::answer(Trip& trip, RejectType type) {
    if (trip.is_answer || !deserves_answer(trip.packet)) return;
    const bool is_sound =
        !has_checksum(trip.packet) || wire::has_right_checksum(trip.packet, trip.packet.protocol);
    if (!is_sound) return;
    if (trip.observer) trip.observer->answered(text(type));
    std::uint8_t* answer = arena_.take(kLongestIcmpv6Packet);
    const std::size_t bytes =
        type == RejectType::tcp_reset
            ? write_reset(answer, trip.packet)
            : write_icmp(answer, trip.packet, answer_source(trip), icmp_kind_of(type));
    send_answer(trip, {answer, bytes});
}

void Path::answer_ttl_exceeded(Trip& trip) {
    if (trip.is_answer || !deserves_answer(trip.packet)) return;
    if (trip.observer) trip.observer->answered("time exceeded");
    const IcmpKind kind = trip.packet.family == Family::ipv4 ? IcmpKind{11, 0} : IcmpKind{3, 0};
    std::uint8_t* answer = arena_.take(kLongestIcmpv6Packet);
    send_answer(trip, {answer, write_icmp(answer, trip.packet, answer_source(trip), kind)});
}

/// A host answers with the address it was asked at, a router with one of its own.
Address Path::answer_source(const Trip& trip) const {
    const Address asked = trip.packet.destination();
    if (trip.is_for_us) return asked;
    return routing_.own_address(trip.packet.family).value_or(asked);
}

void Path::send_answer(Trip& asked, base::ByteView bytes) {
    wire::Packet packet;
    if (wire::parse_ip(asked.packet.family, bytes, false, packet) != Reason::none) return;
    Decision own;
    Trip trip{packet, own, asked.observer, asked.program, *this};
    trip.is_own = trip.is_answer = true;
    trip.context.now = asked.context.now;
    trip.context.log = asked.context.log;
    trip.out = &routing_.device_of(packet.destination());
    const bool carries_flow = asked.context.flow.entry != nullptr;
    if (carries_flow) {
        trip.is_tracked = true;
        trip.context.flow = {asked.context.flow.entry, CtState::related,
                             opposite(asked.context.flow.direction)};
    }
    if (pass_hook(trip, Hook::output) && pass_hook(trip, Hook::postrouting)) {
        asked.decision.reply_bytes = trip.packet.ip.span();
    }
    if (!carries_flow) tracker_.finish(trip.context.flow);
}

}  // namespace keepstate::hooks
