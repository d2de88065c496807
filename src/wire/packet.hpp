// What the parser knows of one packet: views and offsets, no copies.
//
//     frame:  | link header | IP header | extension headers | transport header | payload | padding |
//     Packet:               ^ip                              ^transport_offset            ^ip.size()
//
// `ip` begins at the IP header and ends where the IP header says the packet ends (link padding is cut,
// as Linux's receive path trims it). Two readers look for the transport header and do not always agree,
// so there are two answers: connection tracking's (kernel ipv6_skip_exthdr and ipv4_get_l4proto) and
// iptables' (kernel ipv6_find_hdr), see `rules_*`.
//
// Life: a Packet points into the caller's frame and lives no longer than it.
// Tested by: wire/parse_test.cpp, fuzz/packet.cpp.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "keepstate/address.hpp"
#include "keepstate/reason.hpp"

namespace keepstate::wire {

/// One IP packet whose network header has passed the kernel's tests.
struct Packet {
    base::ByteView ip;  ///< from the IP header to the end the header names
    Family family = Family::ipv4;
    std::uint16_t header_bytes = 0;  ///< IPv4: header with options; IPv6: 40
    std::uint8_t ttl = 0;            ///< IPv6: hop limit
    std::uint8_t tos = 0;            ///< IPv6: traffic class

    // fragments
    bool is_fragment =
        false;  ///< more-fragments set or offset not zero (IPv6: a whole fragment header is there)
    bool more_fragments = false;
    std::uint16_t fragment_offset = 0;  ///< in bytes
    std::uint32_t fragment_id = 0;
    std::uint32_t fragment_header_offset =
        0;  ///< IPv6: where the fragment header stands, maybe cut; 0 if none
    std::uint32_t fragment_prior_nexthdr_offset =
        0;  ///< IPv6: the byte that names the fragment header

    // the transport header as connection tracking finds it
    bool has_transport = false;  ///< false: a later fragment or a chain that ends nowhere
    std::uint8_t protocol = 0;   ///< IPv4: the header's field; IPv6: after the extension headers
    std::uint32_t transport_offset =
        0;  ///< may reach or pass ip.size(): nothing there, tracked anyway

    // the transport header as ip_tables and ip6_tables find it
    bool rules_chain_broken =
        false;  ///< IPv6: the chain is cut: -p rules drop it (kernel: hotdrop)
    std::uint8_t rules_protocol = 0;
    std::uint32_t rules_transport_offset = 0;
    /// As matches see it: not 0 = no transport header here. IPv4's in units of eight bytes, IPv6's in bytes, as the
    /// kernel has them; so tcp's "evil" offset 1 exists in IPv4 only.
    std::uint16_t rules_fragment_offset = 0;

    Address source() const;
    Address destination() const;
    /// Transport header and payload: what follows transport_offset.
    base::ByteView transport() const { return ip.sub(transport_offset); }
};

/// What a packet inside an ICMP error says of itself. Offsets count from the outer packet's `ip`.
struct Quoted {
    Family family = Family::ipv4;
    Address source;
    Address destination;
    std::uint8_t protocol = 0;
    std::uint32_t transport_offset = 0;  ///< may reach or pass ip.size()
};

/// A TCP header whose 20 bytes are all there. Numbers in host order.
struct TcpHeader {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint16_t window = 0;
    std::uint16_t header_bytes = 0;   ///< data offset * 4, as written: may be nonsense
    std::uint8_t flags = 0;           ///< tcp_flag:: bits
    base::ByteView options;           ///< empty if header_bytes is nonsense
    std::uint32_t payload_bytes = 0;  ///< 0 if header_bytes is nonsense
};

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kEce = 0x40;
inline constexpr std::uint8_t kCwr = 0x80;
}  // namespace tcp_flag

}  // namespace keepstate::wire
