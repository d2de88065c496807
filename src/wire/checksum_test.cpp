// Checksums: published vectors, a slow reference, and the kernel's two habits.
#include "wire/checksum.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

#include "keepstate/tuple.hpp"
#include "wire/parse.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

ByteView view(const std::vector<std::uint8_t>& bytes) { return {bytes.data(), bytes.size()}; }

std::uint16_t slow_sum16(const std::vector<std::uint8_t>& bytes, std::uint32_t sum) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : std::uint32_t{bytes[i]};
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

TEST(Checksum, sums_the_example_of_rfc_1071) {
    const std::vector<std::uint8_t> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    EXPECT_EQ(sum16(view(bytes)), 0xddf2);
}

TEST(Checksum, agrees_with_a_slow_reference_for_every_length_and_alignment) {
    std::mt19937 random(7);
    std::vector<std::uint8_t> pool(512);
    for (auto& byte : pool) byte = static_cast<std::uint8_t>(random());
    for (std::size_t begin = 0; begin < 8; ++begin)
        for (std::size_t size = 0; size < 100; ++size) {
            const std::vector<std::uint8_t> part(pool.begin() + begin, pool.begin() + begin + size);
            const auto initial = static_cast<std::uint32_t>(random() & 0xffff);
            ASSERT_EQ(sum16(ByteView{pool.data() + begin, size}, initial),
                      slow_sum16(part, initial))
                << begin << " " << size;
        }
}

TEST(Checksum, gives_the_crc32c_of_the_standard_check_word_and_of_any_split) {
    constexpr std::string_view kCheck = "123456789";
    const std::vector<std::uint8_t> bytes(kCheck.begin(), kCheck.end());
    EXPECT_EQ(~crc32c(view(bytes)), 0xe3069283U);
    std::vector<std::uint8_t> zeros(32);
    EXPECT_EQ(~crc32c(view(zeros)), 0x8a9136aaU);  // RFC 3720 B.4
    for (std::size_t cut = 0; cut <= zeros.size(); ++cut)
        EXPECT_EQ(crc32c(view(zeros).sub(cut), crc32c(view(zeros).sub(0, cut))),
                  crc32c(view(zeros)));
}

Packet ipv4_packet(const std::vector<std::uint8_t>& bytes) {
    Packet packet;
    packet.ip = view(bytes);
    packet.header_bytes = 20;
    packet.transport_offset = 20;
    return packet;
}

std::vector<std::uint8_t> ipv4_with(const std::vector<std::uint8_t>& transport) {
    std::vector<std::uint8_t> bytes{0x45, 0, 0,  0, 0, 0, 0,  0, 64, 17,
                                    0,    0, 10, 0, 0, 1, 10, 0, 0,  2};
    bytes.insert(bytes.end(), transport.begin(), transport.end());
    return bytes;
}

TEST(Checksum, of_udp_covers_the_pseudo_header_and_that_of_icmp_does_not) {
    // 10.0.0.1:1 > 10.0.0.2:2, length 9, one byte 'a'
    const auto udp = ipv4_with({0, 1, 0, 2, 0, 9, 0x8a, 0xd6, 'a'});
    EXPECT_TRUE(has_right_checksum(ipv4_packet(udp), protocol::kUdp));
    EXPECT_FALSE(has_right_checksum(ipv4_packet(udp), protocol::kIcmp));
    auto broken = udp;
    broken.back() ^= 1;
    EXPECT_FALSE(has_right_checksum(ipv4_packet(broken), protocol::kUdp));
    const auto echo = ipv4_with({8, 0, 0xf7, 0xfd, 0, 1, 0, 1});
    EXPECT_TRUE(has_right_checksum(ipv4_packet(echo), protocol::kIcmp));
}

TEST(Checksum, of_icmp_made_of_zeros_is_right_as_the_kernel_sums_the_ip_header_too) {
    EXPECT_TRUE(
        has_right_checksum(ipv4_packet(ipv4_with({0, 0, 0, 0, 0, 0, 0, 0})), protocol::kIcmp));
}

TEST(Checksum, of_udplite_covers_only_what_it_says) {
    auto bytes = ipv4_with({0, 1, 0, 2, 0, 8, 0, 0, 'a', 'b', 'c'});
    const std::uint16_t sum =
        sum16(ByteView{bytes.data() + 20, 8},
              pseudo_header_sum(Address::v4(10, 0, 0, 1), Address::v4(10, 0, 0, 2), 136, 11));
    base::store_be16(&bytes[26], static_cast<std::uint16_t>(~sum));
    EXPECT_TRUE(has_right_partial_checksum(ipv4_packet(bytes), protocol::kUdpLite, 8));
    EXPECT_FALSE(has_right_partial_checksum(ipv4_packet(bytes), protocol::kUdpLite, 11));
}

TEST(Checksum, of_sctp_is_crc32c_in_little_endian_order) {
    // RFC 3720's 32 zero bytes do not fit; a hand-made INIT ACK-less common header with an ABORT chunk.
    auto bytes = ipv4_with({0, 1, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 6, 0, 0, 4});
    const Packet packet = ipv4_packet(bytes);
    EXPECT_FALSE(has_right_sctp_checksum(packet));
    base::store_be32(&bytes[28], sctp_checksum(packet.transport()));
    EXPECT_TRUE(has_right_sctp_checksum(packet));
    EXPECT_FALSE(has_right_sctp_checksum(ipv4_packet(ipv4_with({0, 1, 0, 2}))));
}

}  // namespace
}  // namespace keepstate::wire
