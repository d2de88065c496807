// What the firewall itself sends in answer: REJECT's ICMP errors and TCP resets, "time exceeded", and "parameter
// problem" about IPv4 options.
//
// An answer is a packet that this host sends: it passes OUTPUT and POSTROUTING and is counted there. An ICMP
// error or reset about a tracked packet carries that packet's flow, in the other direction, as RELATED.
// An answer may be answered itself: a reset that OUTPUT rejects by an ICMP error. It ends there, since an ICMP error
// gets none.
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

bool is_link_local(const Address& a) {
    return a.family == Family::ipv6 && a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80;
}

/// ICMP errors, and types that nobody knows or that are missing: they are not answered. In IPv4 only queries
/// and their replies are.
bool is_icmp_error(const wire::Packet& packet) {
    const bool is_v6 = packet.family == Family::ipv6;
    if (packet.protocol != (is_v6 ? protocol::kIcmpv6 : protocol::kIcmp)) return false;
    // Of a fragment that ends before the type IPv6 believes the best; the last fragment header counts, and any bit of
    // its offset's field. RFC 8200 4.5; kernel:net/ipv6/icmp.c is_ineligible.
    if (packet.transport().size() == 0) {
        constexpr std::size_t kNextHeader = 6;
        return !is_v6 ||
               wire::skip_ipv6_extensions(packet.ip, kIpv6Header, packet.ip.u8(kNextHeader))
                       .fragment_bits == 0;
    }
    const std::uint8_t type = packet.transport().u8(0);
    if (is_v6) return type < 128;
    return type != 0 && type != 8 && (type < 13 || type > 18);
}

/// Whether REJECT tests the packet's checksum before it answers. Linux takes every protocol that it does not know to
/// be otherwise for one with a checksum over all its bytes, DCCP too.
/// source: kernel:include/net/netfilter/nf_reject.h nf_reject_verify_csum; seen: protocols 0 to 255.
bool has_checksum(const wire::Packet& packet) {
    const base::ByteView bytes = packet.transport();
    switch (packet.protocol) {
        case protocol::kUdp: return !bytes.has(0, 8) || bytes.be16(6) != 0;
        case protocol::kGre:
        case protocol::kAh:
        case protocol::kEsp:
        case protocol::kSctp:
        case protocol::kUdpLite: return false;
        default: return true;
    }
}

bool deserves_answer(const wire::Packet& packet) {
    const bool is_later_ipv4 = packet.family == Family::ipv4 && packet.fragment_offset != 0;
    return !is_later_ipv4 && !is_group_address(packet.source()) &&
           !is_group_address(packet.destination()) && !packet.source().is_unspecified() &&
           !is_icmp_error(packet);
}

/// REJECT wants to see a transport header besides, and in IPv6 bytes in it.
bool may_be_rejected(const wire::Packet& packet) {
    const bool is_bare = packet.family == Family::ipv6 && packet.transport().size() == 0;
    return packet.has_transport && packet.fragment_offset == 0 && !is_bare &&
           deserves_answer(packet);
}

/// IPv4 options fill words of four bytes.
constexpr std::size_t padded(std::size_t option_bytes) { return (option_bytes + 3) / 4 * 4; }

/// Writes the IP header of an answer, `options` in an IPv4 one. Returns its length.
std::size_t write_ip(std::uint8_t* at, const Address& source, const Address& destination,
                     std::uint8_t number, std::size_t payload, std::uint8_t tos,
                     base::ByteView options = {}) {
    if (source.family == Family::ipv6) {
        base::store_be32(at, 6U << 28);
        base::store_be16(at + 4, static_cast<std::uint16_t>(payload));
        at[6] = number;
        at[7] = 64;
        std::memcpy(at + 8, source.bytes.data(), 16);
        std::memcpy(at + 24, destination.bytes.data(), 16);
        return kIpv6Header;
    }
    const std::size_t header = kIpv4Header + padded(options.size());
    std::memset(at, 0, header);
    at[0] = static_cast<std::uint8_t>(0x40 | header / 4);
    at[1] = tos;
    base::store_be16(at + 2, static_cast<std::uint16_t>(header + payload));
    at[8] = 64;
    at[9] = number;
    std::memcpy(at + 12, source.bytes.data(), 4);
    std::memcpy(at + 16, destination.bytes.data(), 4);
    if (options.size() != 0) std::memcpy(at + kIpv4Header, options.data(), options.size());
    const std::uint16_t sum = wire::sum16({at, header});
    base::store_be16(at + 10, static_cast<std::uint16_t>(~sum));
    return header;
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

/// An ICMP error that quotes `packet`; `rest` is what stands behind the checksum, `options` in its IPv4 header.
/// Returns the length of the whole answer.
std::size_t write_icmp(std::uint8_t* at, const wire::Packet& packet, const Address& from,
                       IcmpKind kind, std::uint32_t rest = 0, base::ByteView options = {}) {
    const bool is_v4 = packet.family == Family::ipv4;
    const std::size_t header = is_v4 ? kIpv4Header + padded(options.size()) : kIpv6Header;
    const std::size_t longest = is_v4 ? kLongestIcmpPacket : kLongestIcmpv6Packet;
    const std::size_t quoted = std::min(packet.ip.size(), longest - header - kIcmpHeader);
    const std::uint8_t number = is_v4 ? protocol::kIcmp : protocol::kIcmpv6;
    const Address to = packet.source();
    constexpr std::uint8_t kInternetControl = 0xc0;
    const std::uint8_t tos = static_cast<std::uint8_t>((packet.tos & 0x1e) | kInternetControl);
    write_ip(at, from, to, number, kIcmpHeader + quoted, tos, options);
    std::uint8_t* icmp = at + header;
    std::memset(icmp, 0, kIcmpHeader);
    icmp[0] = kind.type;
    icmp[1] = kind.code;
    base::store_be32(icmp + 4, rest);
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

/// Linux takes the IP header into the sum, so that a stale one spoils it. For an ICMP error it is enough that tracking
/// has tested the packet before; a reset tests it once more.
bool Path::has_sound_checksum(const Trip& trip, RejectType type) const {
    const wire::Packet& packet = trip.packet;
    if (!has_checksum(packet)) return true;
    const bool is_tested_kind = packet.protocol == protocol::kTcp ||
                                packet.protocol == protocol::kUdp ||
                                packet.protocol == protocol::kIcmp;
    const bool was_tested = type != RejectType::tcp_reset && is_tested_kind &&
                            tracker_.settings().checksum != 0 && !trip.is_own &&
                            trip.context.flow.state != CtState::untracked;
    return wire::has_right_checksum(packet, packet.protocol) &&
           (was_tested || !trip.header_sum_is_stale);
}

void Path::answer(Trip& trip, RejectType type) {
    if (!may_be_rejected(trip.packet)) return;
    if (!has_sound_checksum(trip, type)) return;
    if (trip.observer) trip.observer->answered(text(type));
    std::uint8_t* answer = arena_.take(kLongestIcmpv6Packet);
    const std::size_t bytes =
        type == RejectType::tcp_reset
            ? write_reset(answer, trip.packet)
            : write_icmp(answer, trip.packet, answer_source(trip), icmp_kind_of(type));
    if (type == RejectType::tcp_reset && bytes != 0 && trip.context.flow.entry) {
        tracker_.set_closing(*trip.context.flow.entry, trip.context.now);
    }
    send_answer(trip, {answer, bytes});
}

/// The answer to malformed IPv4 options, which points to the fault.
void Path::answer_parameter_problem(Trip& trip) {
    if (trip.is_answer || !deserves_answer(trip.packet)) return;
    if (trip.observer) trip.observer->answered("parameter problem");
    wire::Ipv4OptionFault fault;
    wire::check_ipv4_options(trip.packet, false, &fault);
    std::uint8_t* answer = arena_.take(kLongestIcmpv6Packet);
    constexpr IcmpKind kParameterProblem{12, 0};
    send_answer(trip,
                {answer, write_icmp(answer, trip.packet, answer_source(trip), kParameterProblem,
                                    std::uint32_t{fault.at} << 24, fault.label)});
}

/// The answer to IPv6 hop-by-hop options that nobody knows, or that contradict themselves. The packet passes no hook.
void Path::answer_hop_by_hop(const wire::HopByHopFault& fault, Trip& trip) {
    const wire::Packet& packet = trip.packet;
    if (!fault.is_answered || packet.source().is_unspecified() || is_group_address(packet.source()))
        return;
    if (is_icmp_error(packet)) return;
    const Address asked = packet.destination();
    if (is_group_address(asked) && !fault.is_unknown_option) return;
    trip.is_for_us = routing_.is_local(asked);
    // A link-local sender is reached by whom it spoke to, if there is a way at all.
    const bool is_reached = trip.is_for_us && routing_.has_network(packet.source());
    if (is_link_local(packet.source()) && !is_reached) return;
    if (trip.observer) trip.observer->answered("parameter problem");
    const IcmpKind kind{4, fault.is_unknown_option ? std::uint8_t{2} : std::uint8_t{0}};
    std::uint8_t* answer = arena_.take(kLongestIcmpv6Packet);
    send_answer(trip, {answer, write_icmp(answer, packet, answer_source(trip), kind, fault.at)});
}

void Path::answer_ttl_exceeded(Trip& trip) {
    if (trip.is_answer || !deserves_answer(trip.packet)) return;
    if (trip.observer) trip.observer->answered("time exceeded");
    const IcmpKind kind = trip.packet.family == Family::ipv4 ? IcmpKind{11, 0} : IcmpKind{3, 0};
    std::uint8_t* answer = arena_.take(kLongestIcmpv6Packet);
    send_answer(trip, {answer, write_icmp(answer, trip.packet, answer_source(trip), kind)});
}

/// A host answers with the address it was asked at, a router with one of its own. None is known: with the asked one
/// all the same, but for a group's.
Address Path::answer_source(const Trip& trip) const {
    const Address asked = trip.packet.destination();
    if (trip.is_for_us) return asked;
    const Address otherwise = is_group_address(asked) ? Address{asked.family, {}} : asked;
    return routing_.own_address(trip.packet.family).value_or(otherwise);
}

void Path::send_answer(Trip& asked, base::ByteView bytes) {
    wire::Packet packet;
    if (wire::parse_ip(asked.packet.family, bytes, false, packet) != Reason::none) return;
    Decision own;
    Trip trip{packet, own, asked.observer, asked.program, *this};
    trip.is_own = trip.is_answer = true;
    trip.context.now = asked.context.now;
    trip.context.log = asked.context.log;
    trip.out = &routing_.way_out(packet.destination());
    const bool carries_flow = asked.context.flow.entry != nullptr;
    if (carries_flow) {
        trip.is_tracked = true;
        trip.context.flow = {asked.context.flow.entry, CtState::related,
                             opposite(asked.context.flow.direction)};
    }
    // To Linux it is RELATED to a flow that is not there: no rule can untrack it, and tracking looks at it.
    trip.context.track.is_closed =
        asked.is_tracked && asked.context.flow.state == CtState::untracked;
    if (travel_from_here(trip)) {
        asked.decision.reply_bytes = trip.packet.ip.span();
    } else {
        asked.decision.reply_bytes = own.reply_bytes;
    }
    if (!carries_flow) tracker_.finish(trip.context.flow, trip.context.now);
}

}  // namespace keepstate::hooks
