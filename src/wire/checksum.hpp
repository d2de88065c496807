// The Internet checksum and CRC32c, and the tests that connection tracking makes with them.
#pragma once

#include <cstdint>

#include "wire/packet.hpp"

namespace keepstate::wire {

/// RFC 1071 one's complement sum, folded to 16 bits, not inverted. `initial` continues a sum (its
/// bytes must have been of even number).
std::uint16_t sum16(base::ByteView bytes, std::uint32_t initial = 0);

/// Whether the transport checksum over the pseudo header and all bytes after transport_offset is right.
/// For ICMP there is no pseudo header. The UDP rule "zero means none" is the caller's.
/// source: kernel:net/netfilter/utils.c nf_ip_checksum, nf_ip6_checksum.
bool has_right_checksum(const Packet& packet, std::uint8_t protocol);
/// The same over the first `coverage` transport bytes only (UDP-Lite).
bool has_right_partial_checksum(const Packet& packet, std::uint8_t protocol, std::uint32_t coverage);

/// CRC32c as SCTP uses it.
std::uint32_t crc32c(base::ByteView bytes, std::uint32_t crc = 0xffffffffU);

}  // namespace keepstate::wire
