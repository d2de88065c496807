// Bytes -> Packet | Reason: the tests that Linux makes before any hook, each with a named refusal.
#pragma once

#include <optional>
#include <variant>

#include "wire/packet.hpp"

namespace keepstate::wire {

/// Link types by their pcap LINKTYPE_ number; `raw` begins with the IP header itself.
enum class LinkType : std::uint16_t {
    null = 0,
    ethernet = 1,
    ppp = 9,
    raw_bsd = 12,
    raw_bsd2 = 14,
    ppp_hdlc = 50,
    ppp_ether = 51,
    raw = 101,
    loop = 108,
    linux_sll = 113,
    ipv4 = 228,
    ipv6 = 229,
    linux_sll2 = 276,
};

/// Where the IP packet begins in a frame, or why there is none (frame_no_ip, frame_truncated).
/// Tags (802.1Q, 802.1ad, any number up to 8) and PPPoE session headers are stepped over.
struct LinkPayload {
    Reason reason = Reason::none;
    Family family = Family::ipv4;
    base::ByteView ip;                 ///< from the IP header to the end of the frame
    base::ByteView hardware_source;    ///< 6 bytes for Ethernet, empty otherwise
};
LinkPayload parse_link(LinkType type, base::ByteView frame);

/// The IP header and, for IPv6, the extension header chain. Reason::none and `packet` filled, or the
/// reason for which the kernel would drop it before PREROUTING.
/// `from_outside`: the packet came in by a network device (some tests apply only then).
/// cost: one pass over the headers, no allocation. source: kernel:net/ipv4/ip_input.c ip_rcv_core,
/// kernel:net/ipv6/ip6_input.c ip6_rcv_core.
Reason parse_ip(Family family, base::ByteView bytes, bool from_outside, Packet& packet);

/// The TCP header at the packet's transport offset; nullopt if fewer than 20 bytes are there.
std::optional<TcpHeader> parse_tcp(const Packet& packet);

}  // namespace keepstate::wire
