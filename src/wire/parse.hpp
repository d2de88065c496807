// Bytes -> Packet | Reason: the tests that Linux makes before any hook, each with a named refusal.
//
// parse_link finds the IP packet in a frame, parse_ip judges and measures its network header, the rest are
// the readers that later steps use on it. Nothing here copies, allocates or keeps state.
//
// Tested by: wire/parse_test.cpp, fuzz/packet.cpp.
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

/// To whom the link says that a frame goes; numbers as the kernel's PACKET_.
enum class Addressed : std::uint8_t { host, broadcast, multicast };

/// Where the IP packet begins in a frame, or why there is none (frame_no_ip, frame_truncated).
/// Tags (802.1Q, 802.1ad, any number up to 8) and PPPoE session headers are stepped over.
struct LinkPayload {
    Reason reason = Reason::none;
    Family family = Family::ipv4;
    base::ByteView ip;               ///< from the IP header to the end of the frame
    base::ByteView hardware_source;  ///< 6 bytes for Ethernet and cooked frames, empty otherwise
    Addressed addressed = Addressed::host;  ///< host too if the link has no addresses
    base::ByteView ethernet;  ///< 12 bytes, destination and source; empty if it is no Ethernet
};
LinkPayload parse_link(LinkType type, base::ByteView frame);

/// The IP header and, for IPv6, the extension header chain. Reason::none and `packet` filled, or the
/// reason for which the kernel would drop it before PREROUTING.
/// `from_outside`: the packet came in by a network device (some tests apply only then).
/// cost: one pass over the headers, no allocation. source: kernel:net/ipv4/ip_input.c ip_rcv_core,
/// kernel:net/ipv6/ip6_input.c ip6_rcv_core.
Reason parse_ip(Family family, base::ByteView bytes, bool from_outside, Packet& packet);

/// What Linux's "parameter problem" says of malformed options.
struct Ipv4OptionFault {
    std::uint8_t at = 0;   ///< where in the packet the first fault is
    base::ByteView label;  ///< the CIPSO option that is at fault: the answer carries it too
};
/// The tests that a router makes of IPv4 options after PREROUTING and before it decides where the packet
/// goes: Reason::ipv4_options if they are malformed, source_route_refused if they ask for a source route
/// and `source_routes_allowed` (sysctl accept_source_route, by default off) is false.
/// source: kernel:net/ipv4/ip_options.c ip_options_compile, ip_input.c ip_rcv_options.
/// `fault`, if not null, is filled for malformed options.
Reason check_ipv4_options(const Packet& packet, bool source_routes_allowed,
                          Ipv4OptionFault* fault = nullptr);
/// What Linux's ICMPv6 "parameter problem" says of a packet that parse_ip refused for its hop-by-hop options.
struct HopByHopFault {
    bool is_answered = false;
    bool is_unknown_option = false;  ///< code 2, else 0
    std::uint32_t at = 0;            ///< where in the packet the fault is
};
HopByHopFault find_hop_by_hop_fault(base::ByteView ip);
/// Where the options of an IPv4 packet end by their own word (End of Option List); the header's end if they do
/// not say or are malformed.
std::size_t find_ipv4_options_end(const Packet& packet);

/// The packet that an ICMP error quotes, at `offset` of packet.ip: as connection tracking reads it, that
/// is without looking at version, lengths or checksums. False if it names no flow: cut before the
/// addresses end, a later fragment, or an extension header chain that ends nowhere.
/// source: kernel:net/netfilter/nf_conntrack_core.c nf_ct_get_tuplepr.
bool find_quoted_transport(const Packet& packet, std::size_t offset, Family family, Quoted& quoted);

/// Whether an IPv6 next-header value names an extension header that Linux steps over (hop-by-hop, routing,
/// fragment, AH, none, destination options; not ESP, not mobility).
bool is_ipv6_extension(std::uint8_t next_header);

/// What ipv6_skip_exthdr finds. `offset` may lie past the end if the last header names a length beyond it.
struct SkippedChain {
    bool found = false;         ///< false: the chain is cut or ends with "no next header"
    std::uint8_t protocol = 0;  ///< of what stands at offset
    std::uint32_t offset = 0;
    std::uint16_t fragment_bits =
        0;  ///< offset and flags of the last fragment header; & 0xfff8: a later fragment
};
/// Steps over extension headers from `offset`, whose kind is `next_header`. At a later fragment's header it
/// stops: protocol is then kFragment. source: kernel:net/ipv6/exthdrs_core.c ipv6_skip_exthdr.
SkippedChain skip_ipv6_extensions(base::ByteView ip, std::size_t offset, std::uint8_t next_header);

/// The TCP header at the packet's transport offset; nullopt if fewer than 20 bytes are there.
std::optional<TcpHeader> parse_tcp(const Packet& packet);

}  // namespace keepstate::wire
