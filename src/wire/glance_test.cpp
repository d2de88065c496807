// A glance says what the parsers say, of whatever bytes; and it says something of the packets that are meant.
#include "wire/glance.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "wire/build.hpp"
#include "wire/parse.hpp"

namespace keepstate::wire {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

Bytes tcp_packet(bool is_v4, std::uint8_t flags, std::size_t payload, Bytes options = {}) {
    IpFields ip;
    ip.source = *parse_address(is_v4 ? "10.0.0.1" : "fd00::1");
    ip.destination = *parse_address(is_v4 ? "10.0.1.1" : "fd00::2");
    TcpFields tcp;
    tcp.source_port = 1000;
    tcp.destination_port = 80;
    tcp.seq = 0x12345678;
    tcp.ack = 0x9abcdef0;
    tcp.window = 777;
    tcp.flags = flags;
    tcp.options = std::move(options);
    const Bytes bytes(payload, 7);
    return build_tcp(ip, tcp, bytes);
}

Bytes udp_packet(bool is_v4, std::size_t payload) {
    IpFields ip;
    ip.source = *parse_address(is_v4 ? "10.0.0.1" : "fd00::1");
    ip.destination = *parse_address(is_v4 ? "10.0.1.1" : "fd00::2");
    const Bytes bytes(payload, 7);
    return build_udp(ip, 1000, 53, bytes);
}

Bytes framed(const Bytes& ip, bool is_v4) {
    Bytes frame(14, 2);
    frame[12] = is_v4 ? 0x08 : 0x86;
    frame[13] = is_v4 ? 0x00 : 0xdd;
    frame.insert(frame.end(), ip.begin(), ip.end());
    return frame;
}

base::ByteView view(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

void expect_transport(const Packet& packet, const Glance& glance) {
    const base::ByteView transport = packet.transport();
    ASSERT_EQ(transport.be16(0), glance.source_port());
    ASSERT_EQ(transport.be16(2), glance.destination_port());
    if (!glance.is_tcp) {
        ASSERT_EQ(transport.be16(4), transport.size());
        return;
    }
    const auto tcp = parse_tcp(packet);
    ASSERT_TRUE(tcp.has_value());
    if (!glance.is_usual()) return;
    ASSERT_EQ(tcp->seq, glance.segment.seq);
    ASSERT_EQ(tcp->ack, glance.segment.ack);
    ASSERT_EQ(tcp->window, glance.segment.window);
    ASSERT_EQ(tcp->payload_bytes, glance.segment.payload_bytes);
    ASSERT_GE(tcp->header_bytes, 20);
    ASSERT_LE(tcp->header_bytes, transport.size());
}

// Everything that a plain or usual glance says is what parsing says.
void expect_as_parsed(const Bytes& frame, bool is_ethernet, const Glance& glance) {
    const LinkPayload link =
        parse_link(is_ethernet ? LinkType::ethernet : LinkType::raw, view(frame));
    ASSERT_EQ(link.reason, Reason::none);
    Packet packet;
    ASSERT_EQ(parse_ip(link.family, link.ip, false, packet), Reason::none);
    ASSERT_EQ(packet.protocol, glance.protocol());
    ASSERT_TRUE(packet.has_transport && !packet.is_fragment);
    expect_transport(packet, glance);
    Packet filled;
    fill_usual(glance, filled);
    EXPECT_EQ(filled.ip.data(), packet.ip.data());
    EXPECT_EQ(filled.ip.size(), packet.ip.size());
    EXPECT_EQ(filled.family, packet.family);
    EXPECT_EQ(filled.header_bytes, packet.header_bytes);
    EXPECT_EQ(filled.ttl, packet.ttl);
    EXPECT_EQ(filled.tos, packet.tos);
    EXPECT_EQ(filled.fragment_id, packet.fragment_id);
    EXPECT_EQ(filled.fragment_header_offset, packet.fragment_header_offset);
    EXPECT_EQ(filled.protocol, packet.protocol);
    EXPECT_EQ(filled.transport_offset, packet.transport_offset);
    EXPECT_EQ(filled.rules_protocol, packet.rules_protocol);
    EXPECT_EQ(filled.rules_transport_offset, packet.rules_transport_offset);
    EXPECT_EQ(filled.rules_fragment_offset, packet.rules_fragment_offset);
    EXPECT_EQ(filled.rules_chain_broken, packet.rules_chain_broken);
    EXPECT_EQ(addressed_of(frame.data()),
              is_ethernet ? static_cast<std::uint8_t>(link.addressed) : addressed_of(frame.data()));
}

TEST(Glance, the_usual_segments_are_usual) {
    const Bytes timestamp{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
    for (const bool is_v4 : {true, false}) {
        for (const Bytes& options : {Bytes{}, timestamp}) {
            for (const std::size_t payload : {0U, 1U, 1400U}) {
                const Bytes ip =
                    tcp_packet(is_v4, tcp_flag::kAck | tcp_flag::kPsh, payload, options);
                for (const bool is_ethernet : {true, false}) {
                    Bytes frame = is_ethernet ? framed(ip, is_v4) : ip;
                    frame.insert(frame.end(), payload % 7, 0);  // padding
                    Glance glance;
                    glance_at(view(frame), is_ethernet, glance);
                    ASSERT_TRUE(glance.is_usual() && glance.has_ports && glance.is_tcp);
                    expect_as_parsed(frame, is_ethernet, glance);
                }
            }
        }
    }
}

TEST(Glance, others_are_not) {
    using namespace tcp_flag;
    const Bytes scale{3, 3, 7, 0};
    Glance glance;
    for (const int flags : {int{kSyn}, kSyn | kAck, kFin | kAck, kRst | kAck, 0, int{kPsh}}) {
        glance_at(view(tcp_packet(true, static_cast<std::uint8_t>(flags), 0)), false, glance);
        EXPECT_FALSE(glance.is_usual()) << flags;
        EXPECT_TRUE(glance.has_ports);
    }
    glance_at(view(tcp_packet(true, kAck, 0, scale)), false, glance);
    EXPECT_FALSE(glance.is_usual());
}

// Sound packets with a few bytes changed, cut anywhere: what is called usual holds against the parsers, and a view of exactly the frame's
// bytes shows to the sanitizer whoever reads past it.
TEST(Glance, of_broken_packets_says_what_the_parsers_say) {
    Random random{5};
    std::uint32_t usual[2] = {};  // by whether it is TCP
    std::uint32_t plain = 0;
    for (int i = 0; i < 60'000; ++i) {
        const bool is_v4 = random() % 2 == 0;
        const bool is_ethernet = random() % 2 == 0;
        const std::size_t payload = random() % 30;
        const Bytes timestamp{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
        const auto flags = random() % 4 == 0 ? static_cast<std::uint8_t>(random()) : tcp_flag::kAck;
        const Bytes ip = random() % 3 == 0 ? udp_packet(is_v4, payload)
                                           : tcp_packet(is_v4, flags, payload,
                                                        random() % 2 == 0 ? Bytes{} : timestamp);
        Bytes frame = is_ethernet ? framed(ip, is_v4) : ip;
        for (std::uint32_t n = random() % 3; n > 0; --n) {
            frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
        }
        if (random() % 3 == 0) frame.resize(random() % (frame.size() + 1));
        const std::vector<std::uint8_t> exact(frame.begin(), frame.end());
        Glance glance;
        glance_at(view(exact), is_ethernet, glance);
        if (!glance.is_plain() && !glance.is_usual()) continue;
        ++(glance.is_usual() ? usual[glance.is_tcp ? 1 : 0] : plain);
        expect_as_parsed(exact, is_ethernet, glance);
        if (HasFatalFailure()) return;
    }
    EXPECT_GT(usual[0], 4'000U);
    EXPECT_GT(usual[1], 8'000U);
    EXPECT_GT(plain, 3'000U);
}

}  // namespace
}  // namespace keepstate::wire
