// The packet language: what each word makes of a packet, and where faults point.
#include <gtest/gtest.h>

#include "keepstate/packet.hpp"
#include "keepstate/tuple.hpp"
#include "wire/checksum.hpp"
#include "wire/icmp_names.hpp"
#include "wire/parse.hpp"
#include "wire/print.hpp"

namespace keepstate::wire {
namespace {

/// Words -> packet -> the summary of what the parser sees; "fault COLUMN" of the first fault.
std::string round_trip(std::string_view words) {
    const auto written = parse_packet_text(words);
    if (!written) return "fault " + std::to_string(written.error().faults.front().column);
    std::string line;
    keepstate::print_summary(kLinkRaw, written->ip, line);
    return line;
}

struct Row {
    const char* words;
    const char* line;
};

TEST(PacketText, means_what_its_summary_says) {
    for (const Row& row : {
             Row{"tcp 192.168.1.1:40000 192.168.3.1:80",
                 "192.168.1.1:40000 > 192.168.3.1:80 SYN seq 0 win 65535 len 0"},
             Row{"tcp 192.168.3.1:80 192.168.1.1:40000 flags syn,ack seq 500 ack 101 win 0x100 len "
                 "9",
                 "192.168.3.1:80 > 192.168.1.1:40000 SYN,ACK seq 500 ack 101 win 256 len 9"},
             Row{"tcp [2001:db8::1]:1 [2001:db8::2]:2 flags fin,psh,urg",
                 "[2001:db8::1]:1 > [2001:db8::2]:2 FIN,PSH,URG seq 0 win 65535 len 0"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 flags none mss 1460 wscale 7 sackok ts 1 2 sack 1-2 data "
                 "\"a\\r\\n\"",
                 "1.1.1.1:1 > 2.2.2.2:2 no flags seq 0 win 65535 len 3"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 doff 60",
                 "1.1.1.1:1 > 2.2.2.2:2 SYN seq 0 win 65535 len 0 bad data offset 60"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 len 30", "1.1.1.1:1 > 2.2.2.2:2 udp len 30"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 hex 01:02.03 04", "fault 38"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 hex 01:02.0304", "1.1.1.1:1 > 2.2.2.2:2 udp len 4"},
             Row{"udplite 1.1.1.1:1 2.2.2.2:2 coverage 8 len 5",
                 "1.1.1.1:1 > 2.2.2.2:2 udplite len 5"},
             Row{"icmp 1.1.1.1 2.2.2.2 echo-request id 7 seq 1 len 56",
                 "1.1.1.1 > 2.2.2.2 icmp echo-request id 7 seq 1 len 56"},
             Row{"icmp 1.1.1.1 2.2.2.2 pong", "1.1.1.1 > 2.2.2.2 icmp echo-reply id 0 seq 0 len 0"},
             Row{"icmp 2.2.2.2 1.1.1.1 port-unreachable quote \"udp 1.1.1.1:1 2.2.2.2:2 len 4\"",
                 "2.2.2.2 > 1.1.1.1 icmp port-unreachable (1.1.1.1:1 > 2.2.2.2:2 udp)"},
             Row{"icmp 2.2.2.2 1.1.1.1 type 3/1 quote (icmp 1.1.1.1 2.2.2.2 8 id 5) cut 28",
                 "2.2.2.2 > 1.1.1.1 icmp host-unreachable (1.1.1.1 > 2.2.2.2 icmp 8/0 id 5)"},
             Row{"icmp 2.2.2.2 1.1.1.1 fragmentation-needed mtu 1400 quote (tcp 1.1.1.1:1 "
                 "2.2.2.2:2) cut 19",
                 "2.2.2.2 > 1.1.1.1 icmp fragmentation-needed mtu 1400 (quotes no flow)"},
             Row{"icmp 2.2.2.2 1.1.1.1 redirect gateway 9.9.9.9 quote (udp 1.1.1.1:1 2.2.2.2:2)",
                 "2.2.2.2 > 1.1.1.1 icmp network-redirect (1.1.1.1:1 > 2.2.2.2:2 udp)"},
             Row{"icmp 1.1.1.1 2.2.2.2 250/3 len 2", "1.1.1.1 > 2.2.2.2 icmp type 250/3 len 2"},
             Row{"icmp6 fe80::1 fe80::2 neighbour-solicitation target fe80::2",
                 "fe80::1 > fe80::2 icmp6 neighbour-solicitation len 16"},
             Row{"icmp6 [fe80::1] [fe80::2] packet-too-big mtu 1280 quote (udp [fe80::2]:1 "
                 "[fe80::1]:2)",
                 "fe80::1 > fe80::2 icmp6 packet-too-big mtu 1280 ([fe80::2]:1 > [fe80::1]:2 udp)"},
             Row{"sctp 1.1.1.1:1 2.2.2.2:2", "1.1.1.1:1 > 2.2.2.2:2 sctp vtag 0x0 init"},
             Row{"sctp 1.1.1.1:1 2.2.2.2:2 vtag 0xabc chunks cookie_echo,data len 3",
                 "1.1.1.1:1 > 2.2.2.2:2 sctp vtag 0xabc cookie_echo,data"},
             Row{"ip 1.1.1.1 2.2.2.2 proto 99 len 20", "1.1.1.1 > 2.2.2.2 proto 99 len 20"},
             Row{"gre 1.1.1.1 2.2.2.2 key 5 len 20", "1.1.1.1 > 2.2.2.2 gre type 0x0800 len 24"},
             Row{"gre 1.1.1.1 2.2.2.2 callid 5 len 20",
                 "1.1.1.1 > 2.2.2.2 gre pptp callid 5 len 20"},
             Row{"esp 1.1.1.1 2.2.2.2 spi 0x10 seq 3 len 20",
                 "1.1.1.1 > 2.2.2.2 esp spi 0x10 seq 3 len 20"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 len 2000 id 7 frag 0:1480+",
                 "1.1.1.1:1 > 2.2.2.2:2 udp len 1472 fragment id 7 offset 0 more"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 len 2000 id 7 frag 1480:2000",
                 "1.1.1.1 > 2.2.2.2 udp fragment id 7 offset 1480 len 528"},
             Row{"udp [fe80::1]:1 [fe80::2]:2 len 100 id 0x12345678 frag 8+",
                 "fe80::1 > fe80::2 udp fragment id 305419896 offset 8 len 108 more"},
             Row{"udp [fe80::1]:1 [fe80::2]:2 ext hop,dst,routing,ah",
                 "[fe80::1]:1 > [fe80::2]:2 udp len 0"},
             Row{"ip fe80::1 fe80::2 proto 59 len 4", "fe80::1 > fe80::2 no transport header"},
             Row{"raw 4500", "fewer bytes than an IPv4 header has"},
         })
        EXPECT_EQ(round_trip(row.words), row.line) << row.words;
}

TEST(PacketText, points_at_the_word_that_is_wrong) {
    for (const Row& row : {
             Row{"", "fault 1"},
             Row{"tpc 1.1.1.1:1 2.2.2.2:2", "fault 1"},
             Row{"tcp 1.1.1.1 2.2.2.2:2", "fault 5"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:70000", "fault 23"},
             Row{"tcp 1.1.1.1:1", "fault 14"},
             Row{"tcp 1.1.1.1:1 [fe80::1]:2", "fault 15"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 flgs syn", "fault 25"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 flags syn,akc", "fault 35"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 seq 4294967296", "fault 29"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 seq", "fault 28"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 sack 1-x", "fault 32"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 sack 1", "fault 31"},
             Row{"tcp 1.1.1.1:1 2.2.2.2:2 sack 1-2,1-2,1-2,1-2,1-2", "fault 30"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 flags syn", "fault 25"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 len 65535", "fault 1"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 frag 9+", "fault 30"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 ext hop", "fault 1"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 data \"a\\q\"", "fault 32"},
             Row{"udp 1.1.1.1:1 2.2.2.2:2 data \"a", "fault 30"},
             Row{"icmp 1.1.1.1 2.2.2.2 nonsense", "fault 22"},
             Row{"icmp 1.1.1.1 2.2.2.2 3/300", "fault 22"},
             Row{"icmp fe80::1 fe80::2 3", "fault 14"},
             Row{"icmp 1.1.1.1 2.2.2.2 3/3 quote udp", "fault 32"},
             Row{"icmp 1.1.1.1 2.2.2.2 3/3 quote (udp 1.1.1.1:1 x)", "fault 47"},
             Row{"gre 1.1.1.1 2.2.2.2 badsum", "fault 21"},
             Row{"raw 450", "fault 5"},
             Row{"raw 45 00", "fault 8"},
             Row{"raw 4500 in eth0 x", "fault 18"},
         })
        EXPECT_EQ(round_trip(row.words), row.line) << row.words;
}

TEST(PacketText, names_the_nearest_word_and_every_fault) {
    const auto written = parse_packet_text("tcp 1.1.1.1:1 2.2.2.2:2 flgs 5 ttl 300");
    ASSERT_FALSE(written);
    const auto& faults = written.error().faults;
    ASSERT_EQ(faults.size(), 3U);
    EXPECT_EQ(faults[0].words, "unknown word of tcp 'flgs'; the nearest known is 'flags'");
    EXPECT_EQ(faults[1].column, 30);
    EXPECT_EQ(faults[2].words, "'300' is no TTL (a number up to 255)");
    EXPECT_EQ(faults[2].column, 36);
    EXPECT_EQ(faults[2].source_line, "tcp 1.1.1.1:1 2.2.2.2:2 flgs 5 ttl 300");
}

TEST(PacketText, sets_right_checksums_and_wrong_ones_on_request) {
    for (const char* flow : {"tcp 1.1.1.1:1 2.2.2.2:2", "udp [fe80::1]:1 [fe80::2]:2 ext dst len 7",
                             "icmp 1.1.1.1 2.2.2.2 echo-request id 1", "icmp6 fe80::1 fe80::2 ping",
                             "udplite 1.1.1.1:1 2.2.2.2:2 len 9"})
        for (const bool is_bad : {false, true}) {
            const auto written = parse_packet_text(std::string(flow) + (is_bad ? " badsum" : ""));
            ASSERT_TRUE(written) << flow;
            Packet packet;
            const Family family = written->ip[0] >> 4 == 4 ? Family::ipv4 : Family::ipv6;
            ASSERT_EQ(parse_ip(family, base::ByteView{written->ip}, true, packet), Reason::none);
            EXPECT_EQ(has_right_checksum(packet, packet.protocol), !is_bad) << flow;
        }
}

TEST(PacketText, keeps_the_header_words_and_the_device) {
    const auto written = parse_packet_text(
        "udp 1.1.1.1:1 2.2.2.2:2 ttl 3 tos 0x10 id 5 df in eth0 options 94040000");
    ASSERT_TRUE(written);
    EXPECT_EQ(written->in_device, "eth0");
    Packet packet;
    ASSERT_EQ(parse_ip(Family::ipv4, base::ByteView{written->ip}, true, packet), Reason::none);
    EXPECT_EQ(packet.ttl, 3);
    EXPECT_EQ(packet.tos, 0x10);
    EXPECT_EQ(packet.header_bytes, 24);
    EXPECT_EQ(packet.ip.be16(4), 5);
    EXPECT_EQ(packet.ip.be16(6), 0x4000);
}

TEST(PacketText, raw_bytes_may_name_their_device) {
    const auto written = parse_packet_text("raw 4500.ff in eth1");
    ASSERT_TRUE(written);
    EXPECT_EQ(written->in_device, "eth1");
    EXPECT_EQ(written->ip, (std::vector<std::uint8_t>{0x45, 0, 0xff}));
}

TEST(IcmpNames, are_exact_before_they_are_general) {
    EXPECT_EQ(icmp_name(Family::ipv4, 3, 3), "port-unreachable");
    EXPECT_EQ(icmp_name(Family::ipv4, 3, 8), "destination-unreachable");
    EXPECT_EQ(icmp_name(Family::ipv6, 1, 4), "port-unreachable");
    EXPECT_EQ(icmp_name(Family::ipv4, 200, 0), "");
    EXPECT_EQ(find_icmp_name(Family::ipv4, "TOS-host-REDIRECT")->code_first, 3);
    EXPECT_EQ(find_icmp_name(Family::ipv4, "destination-unreachable")->code_last, 255);
    EXPECT_FALSE(find_icmp_name(Family::ipv6, "source-quench"));
}

}  // namespace
}  // namespace keepstate::wire
