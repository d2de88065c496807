// What a frame, an IPv4 and an IPv6 header must be to reach PREROUTING. Every row about Linux was put through
// a TUN device of a live 6.18 kernel, with a rule that logs in raw PREROUTING.
#include "wire/parse.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "keepstate/tuple.hpp"
#include "wire/checksum.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;
using Bytes = std::vector<std::uint8_t>;

ByteView view(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

const Bytes kUdp{0x03, 0xe8, 0x07, 0xd0, 0, 8, 0, 0};

/// 10.0.0.2 > 10.9.0.2, checksum set.
Bytes ipv4(const Bytes& payload, const Bytes& options = {}, std::uint8_t protocol = 17,
           std::uint16_t fragment = 0) {
    Bytes head{0x45, 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 2, 10, 9, 0, 2};
    head = head + options;
    while (head.size() % 4 != 0) head.push_back(0);
    head[0] = static_cast<std::uint8_t>(0x40 | head.size() / 4);
    base::store_be16(&head[2], static_cast<std::uint16_t>(head.size() + payload.size()));
    base::store_be16(&head[6], fragment);
    base::store_be16(&head[10], static_cast<std::uint16_t>(~sum16(view(head))));
    return head + payload;
}

/// Sets two bytes of the header and its checksum anew.
Bytes with_be16(Bytes packet, std::size_t at, std::uint16_t value) {
    base::store_be16(&packet[at], value);
    base::store_be16(&packet[10], 0);
    base::store_be16(&packet[10], static_cast<std::uint16_t>(~sum16(view(packet).sub(0, 20))));
    return packet;
}

Address address(const char* words) { return *parse_address(words); }

/// 2001:db8::2 > 2001:db8:1::2 unless told otherwise.
Bytes ipv6(const Bytes& payload, std::uint8_t next, const char* source = "2001:db8::2",
           const char* destination = "2001:db8:1::2") {
    Bytes head(40);
    head[0] = 0x60;
    base::store_be16(&head[4], static_cast<std::uint16_t>(payload.size()));
    head[6] = next;
    head[7] = 64;
    const Address from = address(source);
    const Address to = address(destination);
    std::copy(from.bytes.begin(), from.bytes.end(), head.begin() + 8);
    std::copy(to.bytes.begin(), to.bytes.end(), head.begin() + 24);
    return head + payload;
}

struct Row {
    const char* what;
    Bytes bytes;
    Reason wanted;
};

TEST(ParseIpv4, refuses_what_linux_drops_before_prerouting) {
    const Bytes good = ipv4(kUdp);
    Bytes version = good;
    version[0] = 0x55;
    Bytes bad_sum = good;
    bad_sum[10] ^= 1;
    for (const Row& row : {
             Row{"a datagram", good, Reason::none},
             Row{"padding behind it", good + Bytes(10), Reason::none},
             Row{"19 bytes", Bytes(good.begin(), good.begin() + 19), Reason::ipv4_header_truncated},
             Row{"nothing", {}, Reason::ipv4_header_truncated},
             Row{"version 5", version, Reason::ipv4_version},
             Row{"a header of 16 bytes", with_be16(good, 0, 0x4400), Reason::ipv4_header_length},
             Row{"a header beyond the frame", with_be16(good, 0, 0x4f00),
                 Reason::ipv4_header_length},
             Row{"a wrong checksum", bad_sum, Reason::ipv4_checksum},
             Row{"a length beyond", with_be16(good, 2, 29), Reason::ipv4_total_length_beyond},
             Row{"a length below the header", with_be16(good, 2, 19),
                 Reason::ipv4_total_length_short},
             Row{"length 0", with_be16(good, 2, 0), Reason::ipv4_total_length_short},
             Row{"a header alone", with_be16(good, 2, 20), Reason::none},
         }) {
        Packet packet;
        EXPECT_EQ(parse_ip(Family::ipv4, view(row.bytes), true, packet), row.wanted) << row.what;
    }
}

TEST(ParseIpv4, measures_the_packet_and_cuts_padding) {
    const Bytes bytes = ipv4(kUdp, {1, 1, 1, 0}) + Bytes(7);
    Packet packet;
    ASSERT_EQ(parse_ip(Family::ipv4, view(bytes), true, packet), Reason::none);
    EXPECT_EQ(packet.ip.size(), 32U);
    EXPECT_EQ(packet.header_bytes, 24);
    EXPECT_EQ(packet.transport_offset, 24U);
    EXPECT_EQ(packet.transport().size(), 8U);
    EXPECT_EQ(packet.protocol, protocol::kUdp);
    EXPECT_TRUE(packet.has_transport);
    EXPECT_FALSE(packet.is_fragment);
    EXPECT_EQ(text(packet.source()), "10.0.0.2");
    EXPECT_EQ(text(packet.destination()), "10.9.0.2");
}

TEST(ParseIpv4, finds_no_transport_header_in_a_later_fragment) {
    Packet packet;
    const Bytes first = ipv4(kUdp, {}, 17, 0x2000);
    ASSERT_EQ(parse_ip(Family::ipv4, view(first), true, packet), Reason::none);
    EXPECT_TRUE(packet.is_fragment && packet.more_fragments && packet.has_transport);
    EXPECT_EQ(packet.rules_fragment_offset, 0);
    const Bytes later = ipv4(kUdp, {}, 17, 0x0003);
    ASSERT_EQ(parse_ip(Family::ipv4, view(later), true, packet), Reason::none);
    EXPECT_TRUE(packet.is_fragment && !packet.more_fragments && !packet.has_transport);
    EXPECT_EQ(packet.fragment_offset, 24);
    EXPECT_EQ(packet.rules_fragment_offset, 3);
    EXPECT_EQ(packet.fragment_id, 1U);
}

TEST(CheckIpv4Options, refuses_what_a_linux_router_does_not_forward) {
    constexpr Reason kBad = Reason::ipv4_options;
    constexpr Reason kRoute = Reason::source_route_refused;
    for (const Row& row : {
             Row{"loose source route", {131, 7, 4, 10, 0, 0, 9}, kRoute},
             Row{"strict source route", {137, 7, 4, 10, 0, 0, 9}, kRoute},
             Row{"a finished source route", {137, 7, 8, 10, 0, 0, 9}, kRoute},
             Row{"a source route's pointer of 3", {131, 3, 3}, kBad},
             Row{"length 1", {7, 1, 4}, kBad},
             Row{"record route", {7, 7, 4, 0, 0, 0, 0}, Reason::none},
             Row{"record route that is full", {7, 7, 8, 0, 0, 0, 0}, Reason::none},
             Row{"record route, pointer between", {7, 7, 5, 0, 0, 0, 0}, kBad},
             Row{"record route, pointer 3", {7, 7, 3, 0, 0, 0, 0}, kBad},
             Row{"record route twice", {7, 3, 4, 7, 3, 4}, kBad},
             Row{"timestamp", {68, 8, 5, 0, 0, 0, 0, 0}, Reason::none},
             Row{"timestamp with address, no room", {68, 8, 5, 1, 0, 0, 0, 0}, kBad},
             Row{"timestamp with address", {68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0}, Reason::none},
             Row{"timestamp of unknown kind", {68, 8, 5, 2, 0, 0, 0, 0}, Reason::none},
             Row{"timestamp, overflow counter full", {68, 8, 9, 0xf0, 0, 0, 0, 0}, kBad},
             Row{"the same, prespecified", {68, 8, 9, 0xf3, 0, 0, 0, 0}, Reason::none},
             Row{"unknown", {200, 4, 1, 1}, Reason::none},
             Row{"security", {130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Reason::none},
             Row{"cipso", {134, 10, 0, 0, 0, 1, 1, 4, 0, 1}, kBad},
             Row{"router alert of 3", {148, 3, 0}, kBad},
             Row{"router alert", {148, 4, 0, 0}, Reason::none},
             Row{"router alert of another value", {148, 4, 0, 1}, Reason::none},
             Row{"bytes behind the end", {0, 1, 200, 1}, Reason::none},
             Row{"a kind without length at the end", {1, 1, 1, 7}, kBad},
         }) {
        const Bytes bytes = ipv4(kUdp, row.bytes);
        Packet packet;
        ASSERT_EQ(parse_ip(Family::ipv4, view(bytes), true, packet), Reason::none) << row.what;
        EXPECT_EQ(check_ipv4_options(packet, false), row.wanted) << row.what;
        EXPECT_EQ(check_ipv4_options(packet, true),
                  row.wanted == kRoute ? Reason::none : row.wanted);
    }
}

TEST(ParseIpv4, tells_where_options_end_and_where_they_are_wrong) {
    struct OptionsRow {
        Bytes bytes;
        std::size_t end;
        int fault;  ///< -1: none
    };
    for (const OptionsRow& row : {
             OptionsRow{{1, 1, 1, 1}, 24, -1},
             OptionsRow{{1, 0, 9, 9}, 21, -1},
             OptionsRow{{148, 4, 0, 0, 0, 1, 2, 3}, 24, -1},
             OptionsRow{{148, 4, 0, 0, 7, 3, 3, 0}, 27, 26},
             OptionsRow{{1, 7, 2, 0}, 23, 22},
             OptionsRow{{1, 1, 200, 1}, 24, 22},
             OptionsRow{{134, 4, 0, 0}, 24, 21},
             OptionsRow{{134, 8, 0, 0, 0, 1, 5, 2}, 28, 22},
         }) {
        const Bytes bytes = ipv4(kUdp, row.bytes);
        Packet packet;
        ASSERT_EQ(parse_ip(Family::ipv4, view(bytes), true, packet), Reason::none);
        EXPECT_EQ(find_ipv4_options_end(packet), row.end);
        Ipv4OptionFault fault;
        const bool is_bad = check_ipv4_options(packet, false, &fault) == Reason::ipv4_options;
        EXPECT_EQ(is_bad ? int{fault.at} : -1, row.fault);
    }
}

TEST(ParseIpv6, refuses_what_linux_drops_before_prerouting) {
    Bytes version = ipv6(kUdp, 17);
    version[0] = 0x50;
    Bytes beyond = ipv6(kUdp, 17);
    beyond[5] = 9;
    Bytes nothing = ipv6(kUdp, 17);
    nothing[5] = 0;
    constexpr Reason kScope = Reason::ipv6_multicast_scope;
    constexpr Reason kLoopback = Reason::ipv6_loopback_from_outside;
    for (const Row& row : {
             Row{"a datagram", ipv6(kUdp, 17), Reason::none},
             Row{"padding behind it", ipv6(kUdp, 17) + Bytes(9), Reason::none},
             Row{"39 bytes", Bytes(39, 0x60), Reason::ipv6_header_truncated},
             Row{"version 5", version, Reason::ipv6_version},
             Row{"a length beyond", beyond, Reason::ipv6_payload_beyond},
             Row{"length 0 without hop-by-hop", nothing, Reason::none},
             Row{"multicast source", ipv6(kUdp, 17, "ff02::1"), Reason::ipv6_source_multicast},
             Row{"loopback source", ipv6(kUdp, 17, "::1"), kLoopback},
             Row{"loopback destination", ipv6(kUdp, 17, "fe80::1", "::1"), kLoopback},
             Row{"interface-local multicast", ipv6(kUdp, 17, "fe80::1", "ff01::1"), kScope},
             Row{"multicast of scope 0", ipv6(kUdp, 17, "fe80::1", "ff00::1"), kScope},
             Row{"link-local multicast", ipv6(kUdp, 17, "fe80::1", "ff02::1"), Reason::none},
             Row{"no source", ipv6(kUdp, 17, "::"), Reason::none},
             Row{"a mapped source", ipv6(kUdp, 17, "::ffff:1.2.3.4"), Reason::none},
         }) {
        Packet packet;
        EXPECT_EQ(parse_ip(Family::ipv6, view(row.bytes), true, packet), row.wanted) << row.what;
    }
    Packet packet;
    const Bytes own = ipv6(kUdp, 17, "::1", "ff01::1");
    EXPECT_EQ(parse_ip(Family::ipv6, view(own), false, packet), Reason::none);
}

TEST(ParseIpv6, refuses_hop_by_hop_options_as_linux_does) {
    constexpr Reason kBad = Reason::ipv6_hop_by_hop;
    const auto hop = [](const Bytes& options) {
        return Bytes{17, static_cast<std::uint8_t>((options.size() + 2) / 8 - 1)} + options + kUdp;
    };
    const Bytes eight{30, 0, 30, 0, 30, 0, 30, 0, 30, 0, 30, 0, 30, 0, 30, 0};
    for (const Row& row : {
             Row{"PadN", hop({1, 4, 0, 0, 0, 0}), Reason::none},
             Row{"Pad1 six times", hop(Bytes(6)), Reason::none},
             Row{"PadN that is not zero", hop({1, 4, 0, 1, 0, 0}), kBad},
             Row{"14 bytes of padding", hop(Bytes{1, 12} + Bytes(12)), kBad},
             Row{"router alert", hop({5, 2, 0, 0, 1, 0}), Reason::none},
             Row{"router alert of 3 bytes", hop({5, 3, 0, 0, 0, 0}), kBad},
             Row{"unknown, to be ignored", hop({30, 4, 0, 0, 0, 0}), Reason::none},
             Row{"unknown, to be dropped", hop({0x5e, 4, 0, 0, 0, 0}), kBad},
             Row{"unknown, to be answered", hop({0x9e, 4, 0, 0, 0, 0}), kBad},
             Row{"an option beyond the header", hop({30, 5, 0, 0, 0, 0}), kBad},
             Row{"a kind without length", hop({30, 3, 0, 0, 0, 30}), kBad},
             Row{"eight options", hop(eight + Bytes{1, 4, 0, 0, 0, 0}), Reason::none},
             Row{"nine options", hop(eight + Bytes{30, 0, 1, 2, 0, 0}), kBad},
             Row{"calipso", hop({7, 8, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 0, 0}), kBad},
             Row{"ioam, not aligned", hop({49, 4, 0, 0, 0, 0}), kBad},
             Row{"ioam, aligned", hop({1, 0, 49, 2, 0, 0}), Reason::none},
             Row{"jumbo that is not", hop({194, 4, 0, 0, 0, 16}), kBad},
             Row{"a header beyond the packet", Bytes{17, 5, 1, 4, 0, 0, 0, 0} + kUdp, kBad},
             Row{"nothing there", {}, kBad},
         }) {
        Packet packet;
        const Bytes bytes = ipv6(row.bytes, 0);
        EXPECT_EQ(parse_ip(Family::ipv6, view(bytes), true, packet), row.wanted) << row.what;
    }
}

TEST(ParseIpv6, takes_the_whole_frame_if_the_length_is_zero_before_hop_by_hop_options) {
    Bytes bytes = ipv6(Bytes{17, 0, 1, 4, 0, 0, 0, 0} + kUdp + Bytes(5), 0);
    base::store_be16(&bytes[4], 0);
    Packet packet;
    ASSERT_EQ(parse_ip(Family::ipv6, view(bytes), true, packet), Reason::none);
    EXPECT_EQ(packet.ip.size(), bytes.size());
    Bytes jumbo = ipv6(Bytes{17, 0, 194, 4, 0, 1, 0, 16} + Bytes(0x10020), 0);
    base::store_be16(&jumbo[4], 0);
    ASSERT_EQ(parse_ip(Family::ipv6, view(jumbo), true, packet), Reason::none);
    EXPECT_EQ(packet.ip.size(), 40U + 0x10010U);
    jumbo.resize(0x10000);
    EXPECT_EQ(parse_ip(Family::ipv6, view(jumbo), true, packet), Reason::ipv6_payload_beyond);
}

struct ChainRow {
    const char* what;
    Bytes payload;
    std::uint8_t next;
    bool tracked;           ///< connection tracking finds a transport header or what stands for one
    std::uint8_t protocol;  ///< that it finds
    std::uint32_t offset;
    int rules_protocol;  ///< that ip6_tables finds; -1 if the chain is broken for it
};

TEST(ParseIpv6, reads_the_chain_of_extension_headers_as_tracking_and_as_rules_do) {
    const Bytes pad{1, 4, 0, 0, 0, 0};
    const Bytes later{17, 0, 0, 8, 0, 0, 0, 1};
    for (const ChainRow& row : {
             ChainRow{"none", kUdp, 17, true, 17, 40, 17},
             ChainRow{"destination options", Bytes{17, 0} + pad + kUdp, 60, true, 17, 48, 17},
             ChainRow{"no next header", kUdp, 59, false, 0, 0, 59},
             ChainRow{"esp", kUdp, 50, true, 50, 40, 50},
             ChainRow{"mobility", kUdp, 135, true, 135, 40, 135},
             ChainRow{"ah", Bytes{17, 4} + Bytes(22) + kUdp, 51, true, 17, 64, 17},
             ChainRow{"ah beyond the end", Bytes{99, 40} + Bytes(22), 51, true, 99, 208, 99},
             ChainRow{"routing", Bytes{17, 2, 0, 1} + Bytes(20) + kUdp, 43, true, 17, 64, 17},
             ChainRow{"routing, cut after three bytes", {17, 0, 0}, 43, true, 17, 48, -1},
             ChainRow{"one byte of options", {17}, 60, false, 0, 0, -1},
             ChainRow{"options and no more", Bytes{17, 0} + pad, 60, true, 17, 48, 17},
             ChainRow{"first fragment", Bytes{17, 0, 0, 1, 0, 0, 0, 1} + kUdp, 44, true, 17, 48,
                      17},
             ChainRow{"later fragment", later + kUdp, 44, false, 44, 40, 17},
             ChainRow{"later fragment of options", Bytes{60, 0, 0, 8, 0, 0, 0, 1}, 44, false, 44,
                      40, -1},
             ChainRow{"later fragment of nothing", Bytes{59, 0, 0, 8, 0, 0, 0, 1}, 44, false, 44,
                      40, 59},
             ChainRow{"a fragment header cut", {17, 0, 0}, 44, false, 0, 0, -1},
         }) {
        const Bytes bytes = ipv6(row.payload, row.next);
        Packet packet;
        ASSERT_EQ(parse_ip(Family::ipv6, view(bytes), true, packet), Reason::none) << row.what;
        EXPECT_EQ(packet.has_transport, row.tracked) << row.what;
        EXPECT_EQ(packet.protocol, row.protocol) << row.what;
        EXPECT_EQ(packet.transport_offset, row.offset) << row.what;
        EXPECT_EQ(packet.rules_chain_broken, row.rules_protocol < 0) << row.what;
        if (row.rules_protocol >= 0) {
            EXPECT_EQ(packet.rules_protocol, row.rules_protocol) << row.what;
        }
    }
}

TEST(ParseIpv6, finds_the_fragment_header_behind_other_extension_headers) {
    const Bytes bytes =
        ipv6(Bytes{44, 0, 1, 4, 0, 0, 0, 0} + Bytes{17, 0, 0x05, 0xa9, 1, 2, 3, 4} + kUdp, 60);
    Packet packet;
    ASSERT_EQ(parse_ip(Family::ipv6, view(bytes), true, packet), Reason::none);
    EXPECT_TRUE(packet.is_fragment && packet.more_fragments);
    EXPECT_EQ(packet.fragment_offset, 0x5a8);
    EXPECT_EQ(packet.rules_fragment_offset, 0x5a8);
    EXPECT_EQ(packet.fragment_id, 0x01020304U);
    EXPECT_EQ(packet.fragment_header_offset, 48U);
    EXPECT_EQ(packet.fragment_prior_nexthdr_offset, 40U);
}

TEST(FindQuotedTransport, reads_a_cut_packet_without_judging_it) {
    Bytes inner = ipv4(kUdp);
    inner[0] = 0x75;    // version 7: nobody looks
    inner[10] ^= 0xff;  // checksum: nobody looks
    const Bytes bytes = ipv4(Bytes{3, 3, 0, 0, 0, 0, 0, 0} + inner, {}, 1);
    Packet packet;
    ASSERT_EQ(parse_ip(Family::ipv4, view(bytes), true, packet), Reason::none);
    Quoted quoted;
    ASSERT_TRUE(find_quoted_transport(packet, 28, Family::ipv4, quoted));
    EXPECT_EQ(text(quoted.source), "10.0.0.2");
    EXPECT_EQ(quoted.protocol, protocol::kUdp);
    EXPECT_EQ(quoted.transport_offset, 48U);
    EXPECT_FALSE(find_quoted_transport(packet, 37, Family::ipv4, quoted));
    EXPECT_FALSE(find_quoted_transport(packet, 1000, Family::ipv4, quoted));
}

TEST(FindQuotedTransport, finds_nothing_in_later_fragments_or_headers_beyond_the_end) {
    struct QuoteRow {
        const char* what;
        Bytes inner;
        bool found;
    };
    Bytes long_header = ipv4({});
    long_header[0] = 0x46;
    for (const QuoteRow& row : {QuoteRow{"a first fragment", ipv4(kUdp, {}, 17, 0x2000), true},
                                QuoteRow{"a later fragment", ipv4(kUdp, {}, 17, 1), false},
                                QuoteRow{"a header beyond the end", long_header, false},
                                QuoteRow{"a header alone", ipv4({}), true}}) {
        const Bytes bytes = ipv4(Bytes{3, 3, 0, 0, 0, 0, 0, 0} + row.inner, {}, 1);
        Packet packet;
        ASSERT_EQ(parse_ip(Family::ipv4, view(bytes), true, packet), Reason::none);
        Quoted quoted;
        EXPECT_EQ(find_quoted_transport(packet, 28, Family::ipv4, quoted), row.found) << row.what;
    }
    const Bytes inner = ipv6(Bytes{17, 0, 0, 8, 0, 0, 0, 1}, 44);
    const Bytes bytes = ipv6(Bytes(8) + inner, 58);
    Packet packet;
    ASSERT_EQ(parse_ip(Family::ipv6, view(bytes), true, packet), Reason::none);
    Quoted quoted;
    EXPECT_FALSE(find_quoted_transport(packet, 48, Family::ipv6, quoted));
}

TEST(ParseTcp, keeps_a_nonsense_data_offset_as_written) {
    Bytes tcp(24);
    tcp[0] = 0x9c;
    tcp[3] = 80;
    tcp[7] = 100;
    tcp[12] = 0x50;
    tcp[13] = tcp_flag::kSyn | tcp_flag::kAck;
    for (const auto& [offset, options, payload] :
         {std::tuple{0x50, 0U, 4U}, {0x60, 4U, 0U}, {0x40, 0U, 0U}, {0x70, 0U, 0U}}) {
        tcp[12] = static_cast<std::uint8_t>(offset);
        const Bytes bytes = ipv4(tcp, {}, 6);
        Packet packet;
        ASSERT_EQ(parse_ip(Family::ipv4, view(bytes), true, packet), Reason::none);
        const auto header = parse_tcp(packet);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->header_bytes, offset / 4);
        EXPECT_EQ(header->options.size(), options);
        EXPECT_EQ(header->payload_bytes, payload);
        EXPECT_EQ(header->seq, 100U);
        EXPECT_EQ(header->flags, 0x12);
    }
    Packet packet;
    const Bytes bytes = ipv4(Bytes(19), {}, 6);
    ASSERT_EQ(parse_ip(Family::ipv4, view(bytes), true, packet), Reason::none);
    EXPECT_FALSE(parse_tcp(packet));
}

TEST(ParseLink, finds_the_ip_packet_in_every_kind_of_frame) {
    const Bytes ip = ipv4(kUdp);
    const Bytes macs{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    Bytes eight_tags = macs;
    for (int i = 0; i < 8; ++i) eight_tags = eight_tags + Bytes{0x81, 0, 0, 1};
    struct LinkRow {
        LinkType type;
        Bytes head;
        Reason wanted;
    };
    for (const LinkRow& row : {
             LinkRow{LinkType::ethernet, macs + Bytes{8, 0}, Reason::none},
             LinkRow{LinkType::ethernet, macs + Bytes{8, 6}, Reason::frame_no_ip},
             LinkRow{LinkType::ethernet, macs + Bytes{0, 60}, Reason::frame_no_ip},
             LinkRow{LinkType::ethernet, macs + Bytes{0x81, 0, 0, 5, 8, 0}, Reason::none},
             LinkRow{LinkType::ethernet, macs + Bytes{0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0},
                     Reason::none},
             LinkRow{LinkType::ethernet, eight_tags + Bytes{8, 0}, Reason::none},
             LinkRow{LinkType::ethernet, eight_tags + Bytes{0x81, 0, 0, 1, 8, 0},
                     Reason::frame_no_ip},
             LinkRow{LinkType::ethernet, macs + Bytes{0x88, 0x64, 0x11, 0, 0, 1, 0, 30, 0, 0x21},
                     Reason::none},
             LinkRow{LinkType::ppp_ether, {0x11, 0, 0, 1, 0, 30, 0, 0x21}, Reason::none},
             LinkRow{LinkType::ppp_ether, {0x11, 9, 0, 1, 0, 30, 0, 0x21}, Reason::frame_no_ip},
             LinkRow{LinkType::ppp, {0xff, 3, 0, 0x21}, Reason::none},
             LinkRow{LinkType::ppp, {0x21}, Reason::none},
             LinkRow{LinkType::ppp, {0xff, 3, 0xc0, 0x21}, Reason::frame_no_ip},
             LinkRow{LinkType::ppp_hdlc, {0xff, 3, 0, 0x21}, Reason::none},
             LinkRow{LinkType::ppp_hdlc, {0x0f, 0, 8, 0}, Reason::none},
             LinkRow{LinkType::null, {2, 0, 0, 0}, Reason::none},
             LinkRow{LinkType::null, {0, 0, 0, 2}, Reason::none},
             LinkRow{LinkType::loop, {0, 0, 0, 2}, Reason::none},
             LinkRow{LinkType::loop, {0, 0, 0, 7}, Reason::frame_no_ip},
             LinkRow{LinkType::raw, {}, Reason::none},
             LinkRow{LinkType::raw_bsd, {}, Reason::none},
             LinkRow{LinkType::ipv4, {}, Reason::none},
             LinkRow{LinkType::linux_sll, Bytes{0, 0, 0, 1, 0, 6} + Bytes(8) + Bytes{8, 0},
                     Reason::none},
             LinkRow{LinkType::linux_sll2, Bytes{8, 0} + Bytes(18), Reason::none},
             LinkRow{static_cast<LinkType>(9999), {}, Reason::frame_no_ip},
         }) {
        const Bytes frame = row.head + ip;
        const LinkPayload payload = parse_link(row.type, view(frame));
        EXPECT_EQ(payload.reason, row.wanted)
            << static_cast<int>(row.type) << " " << row.head.size();
        if (row.wanted == Reason::none) {
            EXPECT_EQ(payload.family, Family::ipv4);
            EXPECT_EQ(payload.ip.data(), frame.data() + row.head.size());
        }
    }
    const Bytes frame = macs + Bytes{8, 0} + ip;
    EXPECT_EQ(parse_link(LinkType::ethernet, view(frame)).hardware_source.u8(5), 2);
}

TEST(ParseLink, tells_to_whom_a_frame_is_addressed) {
    const Bytes ip{0x45};
    const auto ethernet = [&ip](std::uint8_t first, std::uint8_t rest) {
        const Bytes head{first, rest, rest, rest, rest, rest, 2, 0, 0, 0, 0, 1, 8, 0};
        return parse_link(LinkType::ethernet, view(head + ip)).addressed;
    };
    EXPECT_EQ(ethernet(0x02, 0x11), Addressed::host);
    EXPECT_EQ(ethernet(0x01, 0x00), Addressed::multicast);
    EXPECT_EQ(ethernet(0xff, 0xff), Addressed::broadcast);
    EXPECT_EQ(ethernet(0xff, 0xfe), Addressed::multicast);
    const auto cooked = [&ip](std::uint8_t kind) {
        const Bytes head{0, kind, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0};
        return parse_link(LinkType::linux_sll, view(head + ip)).addressed;
    };
    const auto cooked2 = [&ip](std::uint8_t kind) {
        const Bytes head{8, 0, 0, 0, 0, 0, 0, 1, 0, 1, kind, 6, 2, 0, 0, 0, 0, 1, 0, 0};
        return parse_link(LinkType::linux_sll2, view(head + ip)).addressed;
    };
    constexpr Addressed kKinds[] = {Addressed::host, Addressed::broadcast, Addressed::multicast,
                                    Addressed::host, Addressed::host};
    for (std::uint8_t kind = 0; kind < 5; ++kind) {
        EXPECT_EQ(cooked(kind), kKinds[kind]) << int{kind};
        EXPECT_EQ(cooked2(kind), kKinds[kind]) << int{kind};
    }
}

TEST(ParseLink, calls_a_frame_truncated_that_ends_inside_its_header) {
    const Bytes zeros(20);
    for (const auto& [type, size] : {std::pair{LinkType::ethernet, 13},
                                     {LinkType::null, 3},
                                     {LinkType::ppp, 0},
                                     {LinkType::ppp, 1},
                                     {LinkType::raw, 0},
                                     {LinkType::linux_sll, 15},
                                     {LinkType::linux_sll2, 19},
                                     {LinkType::ppp_ether, 5}})
        EXPECT_EQ(parse_link(type, ByteView{zeros.data(), static_cast<std::size_t>(size)}).reason,
                  Reason::frame_truncated)
            << static_cast<int>(type);
}

}  // namespace
}  // namespace keepstate::wire
