// SCTP packets for the kernel tests, with the right checksum or a wrong one on purpose. Apart from the
// library's own code for the same reason as packets.hpp: a fault there must not hide in both sides.
#pragma once

#include <array>

#include "packets.hpp"

namespace keepstate::kernel {

struct SctpChunk {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    Bytes body{};
    /// Written into the length field; by default the true one.
    std::optional<std::uint16_t> length{};
};

struct SctpSegment {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t vtag = 0;
    std::vector<SctpChunk> chunks{};
    Bytes tail{};                 ///< behind the last chunk
    std::uint32_t damage = 0;     ///< xored into the checksum
    std::size_t keep = SIZE_MAX;  ///< bytes of the whole that are sent
};

/// The body of an INIT or INIT_ACK that names this tag.
inline Bytes init_body(std::uint32_t tag) {
    Bytes body;
    put32(body, tag);
    put32(body, 65535);
    put32(body, 0x000a000a);
    put32(body, 1);
    return body;
}

/// CRC32c, bit by bit, in the order in which SCTP puts it on the wire.
inline std::array<std::uint8_t, 4> sctp_crc(const Bytes& bytes) {
    std::uint32_t crc = 0xffffffffU;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
    }
    crc = ~crc;
    std::array<std::uint8_t, 4> wire{};
    for (std::size_t i = 0; i < 4; ++i) wire[i] = static_cast<std::uint8_t>(crc >> (8 * i));
    return wire;
}

inline Bytes make_sctp(const IpEnds& ends, const SctpSegment& segment) {
    Bytes bytes;
    put16(bytes, segment.source_port);
    put16(bytes, segment.destination_port);
    put32(bytes, segment.vtag);
    put32(bytes, 0);
    for (const SctpChunk& chunk : segment.chunks) {
        bytes.push_back(chunk.type);
        bytes.push_back(chunk.flags);
        put16(bytes, chunk.length.value_or(static_cast<std::uint16_t>(4 + chunk.body.size())));
        bytes.insert(bytes.end(), chunk.body.begin(), chunk.body.end());
        while (bytes.size() % 4 != 0) bytes.push_back(0);
    }
    bytes.insert(bytes.end(), segment.tail.begin(), segment.tail.end());
    bytes.resize(std::min(bytes.size(), segment.keep));
    if (bytes.size() >= 12) {
        const std::array<std::uint8_t, 4> crc = sctp_crc(bytes);
        for (std::size_t i = 0; i < 4; ++i) {
            bytes[8 + i] = static_cast<std::uint8_t>(crc[i] ^ segment.damage >> (8 * i));
        }
    }
    return make_ip(ends, IPPROTO_SCTP, bytes);
}

}  // namespace keepstate::kernel
