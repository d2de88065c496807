// The Internet checksum and CRC32c, and the tests that connection tracking makes with them.
//
// Tested by: wire/checksum_test.cpp.
#pragma once

#include <cstdint>

#include "wire/packet.hpp"

namespace keepstate::wire {

/// RFC 1071 one's complement sum, folded to 16 bits, not inverted. `initial` continues a sum (its
/// bytes must have been of even number).
std::uint16_t sum16(base::ByteView bytes, std::uint32_t initial = 0);

/// Whether the transport checksum over the pseudo header and all bytes after transport_offset is right.
/// With IPv4 only TCP, UDP and UDP-Lite have a pseudo header, with IPv6 all do. The UDP rule "zero means none" is the caller's.
/// source: kernel:net/netfilter/utils.c nf_ip_checksum, nf_ip6_checksum.
bool has_right_checksum(const Packet& packet, std::uint8_t protocol);
/// The same over the first `coverage` transport bytes only (UDP-Lite). With IPv4 the pseudo header holds the
/// length modulo 256, as Linux computes it there (nf_ip_checksum_partial): seen:tests/scenarios/udp.
bool has_right_partial_checksum(const Packet& packet, std::uint8_t protocol,
                                std::uint32_t coverage);

/// The sum of the pseudo header: addresses, `protocol`, `bytes` of transport. To be continued by sum16.
std::uint32_t pseudo_header_sum(const Address& source, const Address& destination,
                                std::uint8_t protocol, std::uint32_t bytes);

/// CRC32c as SCTP uses it: the running register, not inverted at the end.
std::uint32_t crc32c(base::ByteView bytes, std::uint32_t crc = 0xffffffffU);

/// The four checksum bytes of an SCTP packet (from its common header to its end) as they stand on the wire,
/// read as a big-endian number; the field itself counts as zero. The packet has at least 12 bytes.
std::uint32_t sctp_checksum(base::ByteView sctp);
/// Whether the SCTP checksum over all bytes after transport_offset is right; false below 12 bytes.
/// source: RFC 9260 6.8, kernel:include/net/sctp/checksum.h.
bool has_right_sctp_checksum(const Packet& packet);

}  // namespace keepstate::wire
