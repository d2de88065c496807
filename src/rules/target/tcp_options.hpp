// Where a TCP header and its options stand in a packet, for targets that rewrite them.
#pragma once

#include <cstdint>
#include <optional>

#include "wire/packet.hpp"

namespace keepstate::rules::target {

/// Offsets count from the IP header.
struct TcpOptions {
    std::size_t tcp = 0;  ///< the TCP header
    std::size_t header_bytes =
        0;  ///< as its offset field says, at least 20; may reach past the packet

    static constexpr std::size_t kFixed = 20;
    std::size_t first() const { return tcp + kFixed; }
    std::size_t checksum() const { return tcp + 16; }
    std::size_t offset_word() const { return tcp + 12; }
};

/// Nothing: no 20 bytes are there, or the offset field says fewer.
inline std::optional<TcpOptions> find_tcp_options(const wire::Packet& packet) {
    if (!packet.has_transport) return std::nullopt;
    const std::size_t tcp = packet.transport_offset;
    if (!packet.ip.has(tcp, TcpOptions::kFixed)) return std::nullopt;
    const std::size_t header_bytes = std::size_t{packet.ip.u8(tcp + 12)} / 16 * 4;
    if (header_bytes < TcpOptions::kFixed) return std::nullopt;
    return TcpOptions{tcp, header_bytes};
}

/// Bytes of the option at `at`, which is not the header's last byte: end and no-op have one, a length of 0
/// counts as 1.
inline std::size_t option_length(base::ByteView ip, std::size_t at) {
    const std::uint8_t length = ip.u8(at + 1);
    return ip.u8(at) <= 1 || length == 0 ? 1 : length;
}

}  // namespace keepstate::rules::target
