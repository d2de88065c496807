// From a captured or received frame to the IP packet in it.
//
// Each link type has a small function that reads its header and gives an Ethernet type and where the rest
// begins; what all share, the step over VLAN tags and PPPoE, comes after. A frame that carries something else
// (ARP, LLC, CDP, ...) is no error: its reason is frame_no_ip, and callers count and skip it.
//
// IPv4 inside 802.2 SNAP is not taken for IP: Linux does not hand it to the IP layer either.
// source: https://www.tcpdump.org/linktypes.html, RFC 2516, RFC 1661.   Tested by: wire/parse_test.cpp.
#include <algorithm>

#include "wire/parse.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;
constexpr std::uint16_t kTypePppoeSession = 0x8864;
constexpr int kMostTags = 8;

constexpr bool is_vlan_type(std::uint16_t type) {
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

LinkPayload refuse(Reason reason) {
    LinkPayload payload;
    payload.reason = reason;
    return payload;
}

LinkPayload found(Family family, ByteView ip) {
    LinkPayload payload;
    payload.family = family;
    payload.ip = ip;
    return payload;
}

/// The version field alone says what follows.
LinkPayload parse_raw(ByteView rest) {
    if (rest.size() == 0) return refuse(Reason::frame_truncated);
    switch (rest.u8(0) >> 4) {
        case 4: return found(Family::ipv4, rest);
        case 6: return found(Family::ipv6, rest);
        default: return refuse(Reason::frame_no_ip);
    }
}

/// A PPP protocol field, one byte if its low bit is set, two otherwise; address and control before it
/// may be there or have been compressed away.
LinkPayload parse_ppp(ByteView rest) {
    if (rest.has(0, 2) && rest.u8(0) == 0xff && rest.u8(1) == 0x03) rest = rest.sub(2);
    if (!rest.has(0, 1)) return refuse(Reason::frame_truncated);
    const bool is_short = (rest.u8(0) & 1) != 0;
    if (!is_short && !rest.has(0, 2)) return refuse(Reason::frame_truncated);
    const std::uint16_t protocol = is_short ? rest.u8(0) : rest.be16(0);
    rest = rest.sub(is_short ? 1 : 2);
    switch (protocol) {
        case 0x21: return found(Family::ipv4, rest);
        case 0x57: return found(Family::ipv6, rest);
        default: return refuse(Reason::frame_no_ip);
    }
}

/// Six bytes: version and type 0x11, code 0 for a session's data, session id, length of what follows.
LinkPayload parse_pppoe(ByteView rest) {
    if (!rest.has(0, 6)) return refuse(Reason::frame_truncated);
    if (rest.u8(0) != 0x11 || rest.u8(1) != 0) return refuse(Reason::frame_no_ip);
    return parse_ppp(rest.sub(6, rest.be16(4)));
}

/// What an Ethernet type announces, tags stepped over.
LinkPayload parse_ether_type(std::uint16_t type, ByteView rest) {
    for (int tags = 0; is_vlan_type(type); ++tags) {
        if (tags == kMostTags) return refuse(Reason::frame_no_ip);
        if (!rest.has(0, 4)) return refuse(Reason::frame_truncated);
        type = rest.be16(2);
        rest = rest.sub(4);
    }
    switch (type) {
        case kTypeIpv4: return found(Family::ipv4, rest);
        case kTypeIpv6: return found(Family::ipv6, rest);
        case kTypePppoeSession: return parse_pppoe(rest);
        default: return refuse(Reason::frame_no_ip);
    }
}

Addressed addressed_by(ByteView destination) {
    const bool is_all = std::all_of(destination.data(), destination.data() + destination.size(),
                                    [](std::uint8_t byte) { return byte == 0xff; });
    if (is_all) return Addressed::broadcast;
    return (destination.u8(0) & 1) != 0 ? Addressed::multicast : Addressed::host;
}

LinkPayload parse_ethernet(ByteView frame) {
    if (!frame.has(0, 14)) return refuse(Reason::frame_truncated);
    LinkPayload payload = parse_ether_type(frame.be16(12), frame.sub(14));
    payload.hardware_source = frame.sub(6, 6);
    payload.ethernet = frame.sub(0, 12);
    payload.addressed = addressed_by(frame.sub(0, 6));
    return payload;
}

/// BSD loopback: an address family, of the capturing host's byte order (null) or big-endian (loop). IPv6 has
/// a different number on each BSD, and Linux's.
LinkPayload parse_null(ByteView frame) {
    if (!frame.has(0, 4)) return refuse(Reason::frame_truncated);
    std::uint32_t family = frame.be32(0);
    if (family > 0xffff) family = family >> 24 | (family >> 8 & 0xff00);
    switch (family) {
        case 2: return found(Family::ipv4, frame.sub(4));
        case 10:
        case 24:
        case 28:
        case 30: return found(Family::ipv6, frame.sub(4));
        default: return refuse(Reason::frame_no_ip);
    }
}

/// HDLC framing: PPP's address 0xff, or Cisco's 0x0f / 0x8f with an Ethernet type.
LinkPayload parse_ppp_hdlc(ByteView frame) {
    if (frame.has(0, 1) && (frame.u8(0) == 0x0f || frame.u8(0) == 0x8f)) {
        if (!frame.has(0, 4)) return refuse(Reason::frame_truncated);
        return parse_ether_type(frame.be16(2), frame.sub(4));
    }
    return parse_ppp(frame);
}

/// Where the fields of a Linux cooked header stand.
struct Cooked {
    std::size_t bytes, type_at, addressed_at, address_length_at, address_at;
};
constexpr Cooked kCooked1{16, 14, 1, 5, 6};
constexpr Cooked kCooked2{20, 0, 10, 11, 12};

LinkPayload parse_cooked(ByteView frame, const Cooked& header) {
    if (!frame.has(0, header.bytes)) return refuse(Reason::frame_truncated);
    LinkPayload payload = parse_ether_type(frame.be16(header.type_at), frame.sub(header.bytes));
    if (frame.u8(header.address_length_at) == 6) {
        payload.hardware_source = frame.sub(header.address_at, 6);
    }
    // To other hosts, and sent from here, are the kinds behind.
    const std::uint8_t kind = frame.u8(header.addressed_at);
    if (kind <= static_cast<std::uint8_t>(Addressed::multicast)) {
        payload.addressed = static_cast<Addressed>(kind);
    }
    return payload;
}

}  // namespace

LinkPayload parse_link(LinkType type, ByteView frame) {
    switch (type) {
        case LinkType::null:
        case LinkType::loop: return parse_null(frame);
        case LinkType::ethernet: return parse_ethernet(frame);
        case LinkType::ppp: return parse_ppp(frame);
        case LinkType::ppp_hdlc: return parse_ppp_hdlc(frame);
        case LinkType::ppp_ether: return parse_pppoe(frame);
        case LinkType::raw_bsd:
        case LinkType::raw_bsd2:
        case LinkType::raw: return parse_raw(frame);
        case LinkType::ipv4: return found(Family::ipv4, frame);
        case LinkType::ipv6: return found(Family::ipv6, frame);
        case LinkType::linux_sll: return parse_cooked(frame, kCooked1);
        case LinkType::linux_sll2: return parse_cooked(frame, kCooked2);
    }
    return refuse(Reason::frame_no_ip);
}

}  // namespace keepstate::wire
