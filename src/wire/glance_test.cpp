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

Bytes framed(const Bytes& ip, bool is_v4) {
    Bytes frame(14, 2);
    frame[12] = is_v4 ? 0x08 : 0x86;
    frame[13] = is_v4 ? 0x00 : 0xdd;
    frame.insert(frame.end(), ip.begin(), ip.end());
    return frame;
}

base::ByteView view(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

// Everything that a plain or usual glance says is what parsing says.
void expect_as_parsed(const Bytes& frame, bool is_ethernet, const Glance& glance) {
    const LinkPayload link =
        parse_link(is_ethernet ? LinkType::ethernet : LinkType::raw, view(frame));
    ASSERT_EQ(link.reason, Reason::none);
    Packet packet;
    ASSERT_EQ(parse_ip(link.family, link.ip, false, packet), Reason::none);
    ASSERT_EQ(packet.protocol, protocol::kTcp);
    ASSERT_TRUE(packet.has_transport && !packet.is_fragment);
    const auto tcp = parse_tcp(packet);
    ASSERT_TRUE(tcp.has_value());
    ASSERT_EQ(tcp->source_port, glance.source_port);
    ASSERT_EQ(tcp->destination_port, glance.destination_port);
    if (glance.is_usual) {
        ASSERT_EQ(tcp->seq, glance.seq);
        ASSERT_EQ(tcp->ack, glance.ack);
        ASSERT_EQ(tcp->window, glance.window);
        ASSERT_EQ(tcp->payload_bytes, glance.payload_bytes);
        ASSERT_GE(tcp->header_bytes, 20);
        ASSERT_LE(tcp->header_bytes, packet.transport().size());
    }
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
                    ASSERT_TRUE(glance.is_usual && glance.is_plain);
                    ASSERT_TRUE(glance.has_ports && glance.is_tcp);
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
        EXPECT_FALSE(glance.is_usual) << flags;
        EXPECT_TRUE(glance.has_ports && glance.is_plain);
    }
    glance_at(view(tcp_packet(true, kAck, 0, scale)), false, glance);
    EXPECT_FALSE(glance.is_usual);
    EXPECT_TRUE(glance.is_plain);
    Bytes later = tcp_packet(false, kAck, 0);
    later[6] = protocol::kUdp;
    glance_at(view(later), false, glance);
    EXPECT_FALSE(glance.is_plain || glance.is_usual);
}

// Sound packets with a few bytes changed, cut anywhere: what is called plain or usual holds against the parsers, and a view of exactly the frame's
// bytes shows to the sanitizer whoever reads past it.
TEST(Glance, of_broken_packets_says_what_the_parsers_say) {
    Random random{5};
    std::uint32_t usual = 0, plain = 0;
    for (int i = 0; i < 60'000; ++i) {
        const bool is_v4 = random() % 2 == 0;
        const bool is_ethernet = random() % 2 == 0;
        const Bytes ip = tcp_packet(
            is_v4, random() % 4 == 0 ? static_cast<std::uint8_t>(random()) : tcp_flag::kAck,
            random() % 30,
            random() % 2 == 0 ? Bytes{} : Bytes{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2});
        Bytes frame = is_ethernet ? framed(ip, is_v4) : ip;
        for (std::uint32_t n = random() % 3; n > 0; --n) {
            frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
        }
        if (random() % 3 == 0) frame.resize(random() % (frame.size() + 1));
        const std::vector<std::uint8_t> exact(frame.begin(), frame.end());
        Glance glance;
        glance_at(view(exact), is_ethernet, glance);
        ASSERT_TRUE(glance.is_plain || !glance.is_usual);
        if (!glance.is_plain) continue;
        ++(glance.is_usual ? usual : plain);
        expect_as_parsed(exact, is_ethernet, glance);
        if (HasFatalFailure()) return;
    }
    EXPECT_GT(usual, 10'000U);
    EXPECT_GT(plain, 5'000U);
}

}  // namespace
}  // namespace keepstate::wire
