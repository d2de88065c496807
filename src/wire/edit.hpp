// Rewriting a packet on its way: TTL, TOS, options, lengths, with every checksum kept as the kernel keeps it.
//
//     Packet::ip ──> the caller's frame, or what reassembly made        (never written)
//                └─> a copy in the engine's arena from the first change on, with room for a longer header
//
// Checksums are changed by what the words changed (RFC 1624), not computed anew: a wrong checksum stays exactly
// as wrong as it was, as in Linux.
//
// Life: as long as the Packet and the arena's content.  Threads: one owner.  No allocation but the arena's.
// source: RFC 1624; kernel:net/core/utils.c inet_proto_csum_replace4, include/net/checksum.h csum_replace2.
// Tested by: wire/edit_test.cpp.
#pragma once

#include <cstdint>

#include "base/arena.hpp"
#include "wire/packet.hpp"

namespace keepstate::wire {

class PacketEditor {
  public:
    /// How many bytes a packet may grow in all: a TCP header's options.
    static constexpr std::size_t kRoom = 40;

    PacketEditor(Packet& packet, base::Arena& arena) : packet_(packet), arena_(arena) {}

    /// The packet's bytes, which may be written. A view of them taken earlier shows the old bytes after the
    /// first call.
    std::uint8_t* bytes();

    /// IPv4 TTL or IPv6 hop limit.
    void set_ttl(std::uint8_t ttl);
    /// IPv4 TOS or IPv6 traffic class, all eight bits.
    void set_tos(std::uint8_t tos);
    /// The two bytes at `offset`, which may be odd, and the checksum at `checksum_offset` by the difference. Both
    /// must lie in the packet.
    void set_be16(std::size_t offset, std::uint16_t value, std::size_t checksum_offset);
    /// Only the two bytes.
    void set_be16(std::size_t offset, std::uint16_t value);
    /// Makes the packet longer by `count` bytes (zeros) before `offset`, and the lengths of its IP header with
    /// it. False: no room, nothing was changed. Checksums of the transport are the caller's.
    bool insert(std::size_t offset, std::size_t count);

  private:
    Packet& packet_;
    base::Arena& arena_;
    std::uint8_t* own_ = nullptr;
    std::size_t room_ = 0;
};

/// The checksum field `sum` after a covered word changed `from` -> `to`. RFC 1624, equation 3.
std::uint16_t updated_checksum(std::uint16_t sum, std::uint16_t from, std::uint16_t to);

}  // namespace keepstate::wire
