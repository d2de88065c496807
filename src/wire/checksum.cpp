// RFC 1071 sums and CRC32c.
//
// sum16 adds 32-bit words as the machine stores them into 64 bits and folds at the end: the one's complement
// sum does not care for byte order but for a final swap. CRC32c goes eight bytes at a time through eight
// tables that the compiler fills.
//
// Two of the kernel's habits show here. It sums the whole IPv4 packet, header included, and relies on a good
// header summing to 0xffff; so ICMP made of zero bytes alone counts as right although RFC 1071 would say no.
// And in IPv4 only TCP and UDP(-Lite) get a pseudo header, in IPv6 every protocol.
//
// source: RFC 1071, RFC 9260 appendix A, kernel:net/netfilter/utils.c.   Tested by: wire/checksum_test.cpp.
#include "wire/checksum.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "keepstate/tuple.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

constexpr std::uint16_t fold(std::uint64_t sum) {
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

constexpr std::uint16_t to_network_order(std::uint16_t value) {
    if constexpr (std::endian::native == std::endian::little)
        return static_cast<std::uint16_t>(value >> 8 | value << 8);
    return value;
}

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
    CrcTables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
        tables[0][byte] = crc;
    }
    for (std::size_t table = 1; table < tables.size(); ++table)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[table - 1][byte];
            tables[table][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    return tables;
}

constexpr CrcTables kCrc = make_crc_tables();

std::uint32_t load_le32(const std::uint8_t* at) {
    return at[0] | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16 |
           std::uint32_t{at[3]} << 24;
}

std::uint32_t crc_eight(const std::uint8_t* at, std::uint32_t crc) {
    const std::uint32_t low = load_le32(at) ^ crc;
    const std::uint32_t high = load_le32(at + 4);
    return kCrc[7][low & 0xff] ^ kCrc[6][low >> 8 & 0xff] ^ kCrc[5][low >> 16 & 0xff] ^
           kCrc[4][low >> 24] ^ kCrc[3][high & 0xff] ^ kCrc[2][high >> 8 & 0xff] ^
           kCrc[1][high >> 16 & 0xff] ^ kCrc[0][high >> 24];
}

bool has_pseudo_header(const Packet& packet, std::uint8_t protocol) {
    return packet.family == Family::ipv6 || protocol == protocol::kTcp ||
           protocol == protocol::kUdp || protocol == protocol::kUdpLite;
}

/// `told_bytes`: the length that stands in the pseudo header.
bool has_right_sum(const Packet& packet, std::uint8_t protocol, std::uint32_t coverage,
                   std::uint32_t told_bytes) {
    // A good IPv4 header sums to 0xffff and is part of the kernel's sum.
    std::uint32_t initial = packet.family == Family::ipv4 ? 0xffff : 0;
    if (has_pseudo_header(packet, protocol))
        initial += pseudo_header_sum(packet.source(), packet.destination(), protocol, told_bytes);
    return sum16(packet.transport().sub(0, coverage), initial) == 0xffff;
}

}  // namespace

std::uint16_t sum16(ByteView bytes, std::uint32_t initial) {
    std::uint64_t sum = 0;
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 4; left -= 4, at += 4) {
        std::uint32_t word;
        std::memcpy(&word, at, 4);
        sum += word;
    }
    if (left >= 2) {
        std::uint16_t word;
        std::memcpy(&word, at, 2);
        sum += word;
        at += 2;
        left -= 2;
    }
    if (left == 1) {
        const std::array<std::uint8_t, 2> last{*at, 0};
        std::uint16_t word;
        std::memcpy(&word, last.data(), 2);
        sum += word;
    }
    return fold(std::uint64_t{to_network_order(fold(sum))} + initial);
}

std::uint32_t pseudo_header_sum(const Address& source, const Address& destination,
                                std::uint8_t protocol, std::uint32_t bytes) {
    const std::uint16_t addresses = sum16({destination.bytes.data(), destination.size()},
                                          sum16({source.bytes.data(), source.size()}));
    return fold(std::uint64_t{addresses} + protocol + bytes);
}

bool has_right_partial_checksum(const Packet& packet, std::uint8_t protocol,
                                std::uint32_t coverage) {
    const auto bytes = static_cast<std::uint32_t>(packet.transport().size());
    const bool is_v4 = packet.family == Family::ipv4;
    return has_right_sum(packet, protocol, coverage, is_v4 ? bytes & 0xff : bytes);
}

bool has_right_checksum(const Packet& packet, std::uint8_t protocol) {
    const auto bytes = static_cast<std::uint32_t>(packet.transport().size());
    return has_right_sum(packet, protocol, 0xffffffffU, bytes);
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t crc) {
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) crc = crc_eight(at, crc);
    for (; left > 0; --left, ++at) crc = crc >> 8 ^ kCrc[0][(crc ^ *at) & 0xff];
    return crc;
}

std::uint32_t sctp_checksum(ByteView sctp) {
    KS_ASSERT(sctp.has(0, 12));
    constexpr std::array<std::uint8_t, 4> kZero{};
    std::uint32_t crc = crc32c(sctp.sub(0, 8));
    crc = crc32c({kZero.data(), kZero.size()}, crc);
    crc = ~crc32c(sctp.sub(12), crc);
    std::array<std::uint8_t, 4> wire{};
    for (std::size_t i = 0; i < 4; ++i) wire[i] = static_cast<std::uint8_t>(crc >> (8 * i));
    return base::load_be32(wire.data());
}

bool has_right_sctp_checksum(const Packet& packet) {
    const ByteView transport = packet.transport();
    return transport.has(0, 12) && sctp_checksum(transport) == transport.be32(8);
}

}  // namespace keepstate::wire
