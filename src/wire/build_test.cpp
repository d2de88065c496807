// Built packets pass the parser and carry right checksums.
#include "wire/build.hpp"

#include <gtest/gtest.h>

#include "keepstate/tuple.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::wire {
namespace {

IpFields between(const char* source, const char* destination) {
    IpFields ip;
    ip.source = *parse_address(source);
    ip.destination = *parse_address(destination);
    ip.id = 7;
    return ip;
}

Packet parsed(const Bytes& bytes) {
    Packet packet;
    const Family family = bytes[0] >> 4 == 4 ? Family::ipv4 : Family::ipv6;
    EXPECT_EQ(parse_ip(family, {bytes.data(), bytes.size()}, true, packet), Reason::none);
    return packet;
}

const Bytes kPayload{'a', 'b', 'c'};

TEST(Build, makes_packets_of_both_families_with_right_checksums) {
    TcpFields tcp;
    tcp.source_port = 1;
    tcp.destination_port = 2;
    tcp.options = {2, 4, 5, 0xb4, 1};
    for (const IpFields& ip : {between("10.0.0.1", "10.0.0.2"), between("fe80::1", "fe80::2")}) {
        const bool is_ipv4 = ip.source.family == Family::ipv4;
        const Bytes segment = build_tcp(ip, tcp, kPayload);
        EXPECT_TRUE(has_right_checksum(parsed(segment), protocol::kTcp));
        EXPECT_EQ(parse_tcp(parsed(segment))->header_bytes, 28);
        EXPECT_EQ(parse_tcp(parsed(segment))->payload_bytes, 3U);
        const Bytes datagram = build_udp(ip, 1, 2, kPayload);
        EXPECT_TRUE(has_right_checksum(parsed(datagram), protocol::kUdp));
        const Bytes echo = build_icmp(ip, is_ipv4 ? 8 : 128, 0, 0x00070001, kPayload);
        const Packet packet = parsed(echo);
        EXPECT_EQ(packet.protocol, is_ipv4 ? protocol::kIcmp : protocol::kIcmpv6);
        EXPECT_TRUE(has_right_checksum(packet, packet.protocol));
        const Bytes abort = build_sctp(ip, 1, 2, 5, Bytes{6, 0, 0, 4});
        EXPECT_TRUE(has_right_sctp_checksum(parsed(abort)));
    }
}

TEST(Build, never_writes_a_udp_checksum_of_zero) {
    IpFields ip = between("10.0.0.1", "10.0.0.2");
    for (std::uint32_t word = 0; word < 0x10000; ++word) {
        Bytes payload(2);
        base::store_be16(payload.data(), static_cast<std::uint16_t>(word));
        const Bytes bytes = build_udp(ip, 1, 2, payload);
        ASSERT_NE(base::load_be16(&bytes[26]), 0);
    }
}

TEST(CutFragment, cuts_what_the_fields_say) {
    Bytes payload(100);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i);
    for (const IpFields& ip : {between("10.0.0.1", "10.0.0.2"), between("fe80::1", "fe80::2")}) {
        const Bytes whole = build_udp(ip, 1, 2, payload);
        const Bytes first = cut_fragment(whole, {0, true, 9}, 0, 64);
        const Bytes last = cut_fragment(whole, {64, false, 9}, 64, 1000);
        const Packet a = parsed(first);
        const Packet b = parsed(last);
        EXPECT_TRUE(a.is_fragment && a.more_fragments && a.has_transport);
        EXPECT_TRUE(b.is_fragment && !b.more_fragments && !b.has_transport);
        EXPECT_EQ(b.fragment_offset, 64);
        EXPECT_EQ(b.fragment_id, 9U);
        EXPECT_EQ(last.back(), 99);
        const std::size_t head = ip.source.family == Family::ipv4 ? 20 : 48;
        EXPECT_EQ(first.size(), head + 64);
        EXPECT_EQ(last.size(), head + 44);
        EXPECT_EQ(last[head], 64 - 8);
    }
}

}  // namespace
}  // namespace keepstate::wire
