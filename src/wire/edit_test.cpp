// A packet that was rewritten is the packet that one would have built so; a wrong checksum stays wrong.
#include "wire/edit.hpp"

#include <gtest/gtest.h>

#include "keepstate/tuple.hpp"
#include "wire/build.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::wire {
namespace {

struct Family2 {
    const char* source;
    const char* destination;
};
constexpr Family2 kFamilies[] = {{"10.0.0.1", "10.0.0.2"}, {"fd00::1", "fd00::2"}};

IpFields fields_of(const Family2& family) {
    IpFields ip;
    ip.source = *parse_address(family.source);
    ip.destination = *parse_address(family.destination);
    return ip;
}

Packet parse(const Bytes& bytes) {
    Packet packet;
    const Family family = bytes[0] >> 4 == 4 ? Family::ipv4 : Family::ipv6;
    EXPECT_EQ(parse_ip(family, {bytes.data(), bytes.size()}, true, packet), Reason::none);
    return packet;
}

Bytes bytes_of(const Packet& packet) {
    return {packet.ip.data(), packet.ip.data() + packet.ip.size()};
}

TEST(PacketEditor, ttl_and_tos_become_what_a_sender_would_have_written) {
    for (const Family2& family : kFamilies) {
        for (const unsigned value : {0U, 1U, 0x1cU, 0xfeU, 255U}) {
            IpFields ip = fields_of(family);
            const Bytes before = build_udp(ip, 1, 2, Bytes(5));
            ip.ttl = ip.tos = static_cast<std::uint8_t>(value);
            Packet packet = parse(before);
            base::Arena arena;
            PacketEditor editor{packet, arena};
            editor.set_ttl(ip.ttl);
            editor.set_tos(ip.tos);
            EXPECT_EQ(bytes_of(packet), build_udp(ip, 1, 2, Bytes(5))) << value;
            EXPECT_EQ(packet.ttl, value);
            EXPECT_EQ(packet.tos, value);
        }
    }
}

TEST(PacketEditor, the_frame_itself_is_never_written) {
    const Bytes frame = build_udp(fields_of(kFamilies[0]), 1, 2, {});
    const Bytes kept = frame;
    Packet packet = parse(frame);
    base::Arena arena;
    PacketEditor editor{packet, arena};
    editor.set_ttl(3);
    EXPECT_EQ(frame, kept);
    EXPECT_NE(packet.ip.data(), frame.data());
}

TEST(PacketEditor, words_at_odd_places_count_at_both_ends) {
    for (const std::size_t offset : {28U, 29U, 30U, 31U}) {
        const Bytes frame = build_udp(fields_of(kFamilies[0]), 1, 2, Bytes(8, 0x5a));
        Packet packet = parse(frame);
        base::Arena arena;
        PacketEditor editor{packet, arena};
        editor.set_be16(offset, 0x1234, 26);
        EXPECT_TRUE(has_right_checksum(packet, protocol::kUdp)) << offset;
        EXPECT_EQ(packet.ip.be16(offset), 0x1234);
    }
}

TEST(PacketEditor, inserted_bytes_make_the_packet_longer_and_its_header_say_so) {
    for (const Family2& family : kFamilies) {
        const Bytes frame = build_udp(fields_of(family), 1, 2, Bytes(5, 7));
        Packet packet = parse(frame);
        base::Arena arena;
        PacketEditor editor{packet, arena};
        ASSERT_TRUE(editor.insert(packet.transport_offset + 8, 4));
        const Bytes longer = bytes_of(packet);
        EXPECT_EQ(longer.size(), frame.size() + 4);
        EXPECT_EQ(parse(longer).ip.size(), longer.size());
        EXPECT_EQ(longer[packet.transport_offset + 8], 0);
        EXPECT_EQ(longer[packet.transport_offset + 12], 7);
        EXPECT_FALSE(editor.insert(packet.transport_offset, 1000));
        EXPECT_EQ(bytes_of(packet), longer);
    }
}

TEST(PacketEditor, a_wrong_checksum_stays_as_wrong) {
    Bytes frame = build_udp(fields_of(kFamilies[0]), 1, 2, Bytes(8));
    frame[26] ^= 0x40;
    Packet packet = parse(frame);
    base::Arena arena;
    PacketEditor editor{packet, arena};
    editor.set_be16(28, 0xffff, 26);
    EXPECT_FALSE(has_right_checksum(packet, protocol::kUdp));
    editor.set_be16(28, 0, 26);
    EXPECT_EQ(bytes_of(packet), frame);
}

}  // namespace
}  // namespace keepstate::wire
