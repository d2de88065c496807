// Packets made from fields: what tests, the packet language and reject build with.
//
// Everything returns whole IP packets with lengths and checksums set. These functions allocate: they are not for
// the path of a forwarded packet. The family is that of the source address; the destination has the same one.
//
//     build_tcp, build_udp, ...  ->  transport bytes, checksum set  ->  build_ip  ->  packet  ->  cut_fragment
//
// source: RFC 791, 8200, 9293, 768, 3828, 792, 4443, 9260.   Tested by: wire/build_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "keepstate/address.hpp"

namespace keepstate::wire {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

/// What the network header says. Options are IPv4's, filled up to a multiple of four with zeros.
struct IpFields {
    Address source;
    Address destination;
    std::uint8_t ttl = 64;
    std::uint8_t tos = 0;
    std::uint16_t id = 0;
    bool dont_fragment = false;
    Bytes ipv4_options;
};

/// What the TCP header says; options are filled up with zeros (at most 40 bytes count).
struct TcpFields {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint8_t flags = 0;  ///< tcp_flag:: bits
    std::uint16_t window = 65535;
    std::uint16_t urgent = 0;
    Bytes options;
};

/// The network header and what follows it, whatever it is. At most 65535 bytes in all (IPv6: payload).
Bytes build_ip(const IpFields& ip, std::uint8_t protocol, ByteSpan transport);

Bytes build_tcp(const IpFields& ip, const TcpFields& tcp, ByteSpan payload = {});
Bytes build_udp(const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                ByteSpan payload = {});
/// ICMP for IPv4 addresses, ICMPv6 for IPv6. `rest` is the second word of the header: id and sequence number,
/// gateway, mtu.
Bytes build_icmp(const IpFields& ip, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                 ByteSpan payload = {});
/// `chunks` as they stand on the wire.
Bytes build_sctp(const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                 std::uint32_t verification_tag, ByteSpan chunks);

/// The transport header alone, its checksum zero: what build_tcp puts before the payload.
Bytes tcp_header(const TcpFields& tcp);

/// Computes the checksum of `transport` for the pseudo header of these addresses and writes it to its place.
/// Protocols without one, and headers too short for it, are left alone. UDP's 0 becomes 0xffff.
void set_transport_checksum(const Address& source, const Address& destination,
                            std::uint8_t protocol, std::span<std::uint8_t> transport);

/// What a fragment says.
struct FragmentFields {
    std::uint16_t offset = 0;  ///< in bytes, a multiple of 8
    bool more = false;
    std::uint32_t id = 0;
};
/// The network header of `packet` (IPv6: a fragment header after the first 40 bytes) and `count` bytes of what
/// follows it from `begin`, as the fragment that `fields` says: they need not fit, tests want wrong ones.
Bytes cut_fragment(ByteSpan packet, const FragmentFields& fields, std::size_t begin,
                   std::size_t count);

}  // namespace keepstate::wire
