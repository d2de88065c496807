// Reassembly. The rows of sizes are what a live 6.18 kernel let come out of raw PREROUTING, fragment by fragment:
// "-" nothing, a number the bytes of the IP packet that went on.
#include "wire/reassembly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "keepstate/tuple.hpp"
#include "wire/build.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::wire {
namespace {

constexpr std::uint32_t kUser = 1;
constexpr std::uint32_t kDevice = 3;

IpFields between(Family family) {
    IpFields ip;
    ip.source = *parse_address(family == Family::ipv4 ? "10.0.0.2" : "2001:db8::2");
    ip.destination = *parse_address(family == Family::ipv4 ? "10.9.0.2" : "2001:db8:1::2");
    return ip;
}

/// A UDP packet whose bytes all differ a little.
Bytes datagram(const IpFields& ip, std::size_t payload_bytes) {
    Bytes payload(payload_bytes);
    for (std::size_t i = 0; i < payload.size(); ++i)
        payload[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return build_udp(ip, 1000, 2000, payload);
}

struct Piece {
    std::uint16_t offset;
    std::uint16_t bytes;
    bool more;
};

Packet parsed(const Bytes& bytes) {
    Packet packet;
    const Family family = bytes[0] >> 4 == 4 ? Family::ipv4 : Family::ipv6;
    EXPECT_EQ(parse_ip(family, {bytes.data(), bytes.size()}, true, packet), Reason::none);
    return packet;
}

Bytes cut(const Bytes& whole, const Piece& piece, std::uint32_t id = 1) {
    return cut_fragment(whole, {piece.offset, piece.more, id}, piece.offset, piece.bytes);
}

/// The size of what goes on, "-" if nothing does.
std::string outcome(Reassembler& reassembler, const Bytes& fragment, Time now = {}) {
    const Reassembled result = reassembler.take(parsed(fragment), kUser, kDevice, now);
    if (result.fate == FragmentFate::pass) return std::to_string(fragment.size());
    if (result.fate == FragmentFate::whole) return std::to_string(result.whole.size());
    return "-";
}

struct Row {
    const char* what;
    std::vector<Piece> pieces;
    const char* ipv4;
    const char* ipv6;
};

TEST(Reassembly, does_with_each_fragment_what_linux_does) {
    constexpr bool kMore = true;
    constexpr bool kLast = false;
    const std::vector<Row> rows{
        {"in order", {{0, 64, kMore}, {64, 64, kMore}, {128, 20, kLast}}, "- - 168", "- - 188"},
        {"in reverse", {{128, 20, kLast}, {64, 64, kMore}, {0, 64, kMore}}, "- - 168", "- - 188"},
        {"an exact duplicate",
         {{0, 64, kMore}, {64, 64, kMore}, {64, 64, kMore}, {128, 20, kLast}},
         "- - - 168",
         "- - - 188"},
        {"the first twice",
         {{0, 64, kMore}, {0, 64, kMore}, {64, 20, kLast}},
         "- - 104",
         "- - 124"},
        {"the last twice",
         {{64, 20, kLast}, {64, 20, kLast}, {0, 64, kMore}},
         "- - 104",
         "- - 124"},
        {"inside a run, across two fragments",
         {{0, 64, kMore}, {64, 64, kMore}, {32, 64, kMore}, {128, 20, kLast}},
         "- - - 168",
         "- - - 188"},
        {"the same, but they are two runs",
         {{64, 64, kMore}, {0, 64, kMore}, {32, 64, kMore}, {128, 20, kLast}},
         "- - - -",
         "- - - -"},
        {"smaller and inside",
         {{0, 64, kMore}, {8, 16, kMore}, {64, 20, kLast}},
         "- - 104",
         "- - 124"},
        {"bigger and around",
         {{8, 16, kMore}, {0, 64, kMore}, {64, 20, kLast}, {0, 64, kMore}},
         "- - - 104",
         "- - - 124"},
        {"an overlap, then all anew",
         {{0, 64, kMore}, {32, 64, kMore}, {0, 64, kMore}, {64, 20, kLast}},
         "- - - 104",
         "- - - 124"},
        {"an overlap, then the rest",
         {{0, 64, kMore}, {32, 64, kMore}, {64, 20, kLast}},
         "- - -",
         "- - -"},
        {"a last one below what is held",
         {{0, 64, kMore}, {64, 64, kMore}, {64, 20, kLast}, {128, 20, kLast}},
         "- - - -",
         "- - - 188"},
        {"two last ones", {{64, 20, kLast}, {64, 28, kLast}, {0, 64, kMore}}, "- - -", "- - 124"},
        {"two last ones, then the first of them",
         {{64, 20, kLast}, {64, 28, kLast}, {64, 20, kLast}, {0, 64, kMore}},
         "- - - 104",
         "- - - 124"},
        {"beyond the last", {{64, 24, kLast}, {88, 64, kMore}, {0, 64, kMore}}, "- - -", "- - 128"},
        {"beyond the last, then the last again",
         {{64, 24, kLast}, {88, 64, kMore}, {0, 64, kMore}, {64, 24, kLast}},
         "- - - 108",
         "- - 128 -"},
        {"an empty last one", {{0, 64, kMore}, {64, 0, kLast}, {64, 20, kLast}}, "- - -", "- - -"},
        {"an empty last one first", {{64, 0, kLast}, {0, 64, kMore}}, "- -", "- 104"},
        {"an empty one in the middle",
         {{0, 64, kMore}, {64, 0, kMore}, {64, 20, kLast}},
         "- - -",
         "- - 124"},
        {"an empty first one",
         {{0, 0, kMore}, {0, 64, kMore}, {64, 20, kLast}},
         "- - 104",
         "48 - 124"},
        {"61 bytes, not last", {{0, 61, kMore}, {56, 20, kLast}}, "- 96", "109 -"},
        {"13 bytes, not last",
         {{0, 64, kMore}, {64, 13, kMore}, {72, 20, kLast}},
         "- - 112",
         "- 61 -"},
        {"5 bytes, not last",
         {{0, 5, kMore}, {0, 64, kMore}, {64, 20, kLast}},
         "- - 104",
         "53 - 124"},
        {"the whole in one fragment", {{0, 64, kLast}}, "84", "104"},
        {"a gap that stays", {{0, 64, kMore}, {128, 20, kLast}}, "- -", "- -"},
    };
    for (const Row& row : rows)
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            Reassembler reassembler{ReassemblySettings{}};
            const Bytes whole = datagram(between(family), 400);
            std::string seen;
            for (const Piece& piece : row.pieces)
                seen += (seen.empty() ? "" : " ") + outcome(reassembler, cut(whole, piece));
            EXPECT_EQ(seen, family == Family::ipv4 ? row.ipv4 : row.ipv6) << row.what;
        }
}

TEST(Reassembly, of_ipv6_takes_an_atomic_fragment_for_a_part_of_what_is_held) {
    Reassembler reassembler{ReassemblySettings{}};
    const Bytes whole = datagram(between(Family::ipv6), 400);
    EXPECT_EQ(outcome(reassembler, cut(whole, {0, 64, true})), "-");
    EXPECT_EQ(outcome(reassembler, cut(whole, {0, 64, false})), "-");
    EXPECT_EQ(outcome(reassembler, cut(whole, {64, 20, false})), "-");
}

TEST(Reassembly, gives_back_the_datagram_byte_by_byte) {
    std::mt19937 random(5);
    for (const Family family : {Family::ipv4, Family::ipv6})
        for (int round = 0; round < 300; ++round) {
            const Bytes whole = datagram(between(family), 1 + random() % 9000);
            const std::size_t head = family == Family::ipv4 ? 20 : 40;
            std::vector<Piece> pieces;
            for (std::size_t at = 0; at < whole.size() - head;) {
                const std::size_t bytes =
                    std::min(8 * (1 + random() % 200), whole.size() - head - at);
                pieces.push_back({static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(bytes),
                                  at + bytes < whole.size() - head});
                at += bytes;
            }
            std::shuffle(pieces.begin(), pieces.end(), random);
            // A first IPv6 fragment may be too short for its UDP header only below 8 bytes: there is none here.
            Reassembler reassembler{ReassemblySettings{}};
            for (std::size_t i = 0; i < pieces.size(); ++i) {
                const Bytes fragment = cut(whole, pieces[i]);
                const Packet packet = parsed(fragment);
                const Reassembled result = reassembler.take(packet, kUser, kDevice, Time{});
                if (i + 1 < pieces.size()) {
                    ASSERT_EQ(result.fate, FragmentFate::held);
                    continue;
                }
                if (!packet.is_fragment) break;  // IPv4 in one piece
                ASSERT_EQ(result.fate, FragmentFate::whole);
                Bytes out(result.whole.data(), result.whole.data() + result.whole.size());
                if (family == Family::ipv4) {  // the id is the fragments'
                    out[5] = 0;
                    base::store_be16(&out[10], base::load_be16(&whole[10]));
                }
                ASSERT_EQ(out, whole);
                ASSERT_EQ(reassembler.datagrams_held(), 0U);
            }
        }
}

struct EcnRow {
    std::uint8_t first;
    std::uint8_t second;
    int whole;  ///< -1: dropped
};

TEST(Reassembly, combines_congestion_marks_as_linux_does) {
    for (const EcnRow& row :
         {EcnRow{0, 0, 0}, EcnRow{0, 1, -1}, EcnRow{1, 1, 1}, EcnRow{2, 2, 2}, EcnRow{1, 2, 1},
          EcnRow{2, 3, 3}, EcnRow{1, 3, 3}, EcnRow{3, 3, 3}, EcnRow{0, 3, -1}, EcnRow{3, 0, -1},
          EcnRow{2, 1, 2}, EcnRow{0x10, 0x20, 0x10}, EcnRow{0xfc, 1, -1}})
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            IpFields ip = between(family);
            ip.tos = row.first;
            const Bytes first = cut(datagram(ip, 100), {0, 64, true});
            ip.tos = row.second;
            const Bytes second = cut(datagram(ip, 100), {64, 44, false});
            Reassembler reassembler{ReassemblySettings{}};
            reassembler.take(parsed(first), kUser, kDevice, Time{});
            const Reassembled result = reassembler.take(parsed(second), kUser, kDevice, Time{});
            EXPECT_EQ(result.fate, row.whole < 0 ? FragmentFate::dropped : FragmentFate::whole);
            if (result.fate == FragmentFate::dropped) {
                EXPECT_EQ(result.reason, Reason::fragment_ecn);
                continue;
            }
            Packet packet;
            ASSERT_EQ(parse_ip(family, result.whole, true, packet), Reason::none);
            EXPECT_EQ(packet.tos, row.whole) << int{row.first} << " " << int{row.second};
        }
}

TEST(Reassembly, of_ipv4_keeps_the_first_fragments_header_and_its_dont_fragment_rule) {
    struct DfRow {
        bool first;
        bool second;
        bool whole;
    };
    for (const DfRow& row : {DfRow{true, true, true}, DfRow{true, false, true},
                             DfRow{false, true, false}, DfRow{false, false, false}}) {
        IpFields ip = between(Family::ipv4);
        ip.dont_fragment = row.first;
        ip.ipv4_options = {0x94, 4, 0, 0};
        ip.ttl = 50;
        const Bytes first = cut(datagram(ip, 100), {0, 64, true});
        ip = between(Family::ipv4);
        ip.dont_fragment = row.second;
        ip.ttl = 9;
        const Bytes second = cut(datagram(ip, 100), {64, 44, false});
        Reassembler reassembler{ReassemblySettings{}};
        reassembler.take(parsed(second), kUser, kDevice, Time{});
        const Reassembled result = reassembler.take(parsed(first), kUser, kDevice, Time{});
        ASSERT_EQ(result.fate, FragmentFate::whole);
        EXPECT_EQ(result.largest_fragment_bytes, 88U);
        Packet packet;
        ASSERT_EQ(parse_ip(Family::ipv4, result.whole, true, packet), Reason::none);
        EXPECT_EQ(packet.header_bytes, 24);
        EXPECT_EQ(packet.ttl, 50);
        EXPECT_EQ(result.whole.u8(6), row.whole ? 0x40 : 0);
        EXPECT_EQ(packet.fragment_id, 1U);
    }
}

Bytes ipv6_fragment(Bytes before, std::uint8_t first, std::uint16_t bits, const Bytes& payload,
                    std::uint8_t next = 17) {
    const Bytes header{
        next, 0, static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits), 0, 0, 0, 9};
    before.insert(before.end(), header.begin(), header.end());
    before.insert(before.end(), payload.begin(), payload.end());
    return build_ip(between(Family::ipv6), first, before);
}

TEST(Reassembly, of_ipv6_keeps_the_headers_before_the_first_fragment_only) {
    const Bytes options{44, 0, 1, 4, 0, 0, 0, 0};
    struct HeadRow {
        bool first;
        bool second;
        std::size_t size;
    };
    for (const HeadRow& row :
         {HeadRow{true, true, 156}, HeadRow{true, false, 156}, HeadRow{false, true, 148}}) {
        Reassembler reassembler{ReassemblySettings{}};
        const Bytes first =
            ipv6_fragment(row.first ? options : Bytes{}, row.first ? 60 : 44, 1, Bytes(64));
        const Bytes second =
            ipv6_fragment(row.second ? options : Bytes{}, row.second ? 60 : 44, 64, Bytes(44), 6);
        EXPECT_EQ(outcome(reassembler, first), "-");
        const Reassembled result = reassembler.take(parsed(second), kUser, kDevice, Time{});
        ASSERT_EQ(result.whole.size(), row.size);
        Packet packet;
        ASSERT_EQ(parse_ip(Family::ipv6, result.whole, true, packet), Reason::none);
        EXPECT_EQ(packet.protocol, 17);
        EXPECT_FALSE(packet.is_fragment);
    }
}

TEST(Reassembly, of_ipv6_names_the_next_header_in_eight_bits_as_linux_does) {
    Bytes before{60, 31, 1, 4, 0, 0, 0, 0};
    before.resize(256);
    const Bytes options{44, 0, 1, 4, 0, 0, 0, 0};
    before.insert(before.end(), options.begin(), options.end());
    Reassembler reassembler{ReassemblySettings{}};
    const Bytes first = ipv6_fragment(before, 60, 1, Bytes(64));
    const Bytes second = ipv6_fragment(before, 60, 64, Bytes(40));
    EXPECT_EQ(outcome(reassembler, first), "-");
    const Reassembled result = reassembler.take(parsed(second), kUser, kDevice, Time{});
    ASSERT_EQ(result.whole.size(), 408U);
    EXPECT_EQ(result.whole.u8(40), 17);   // 296 modulo 256
    EXPECT_EQ(result.whole.u8(296), 44);  // still says that a fragment header follows
}

TEST(Reassembly, of_ipv6_lets_a_first_fragment_without_its_headers_by) {
    struct FirstRow {
        const char* what;
        std::uint8_t next;
        Bytes payload;
        bool passes;
    };
    for (const FirstRow& row :
         {FirstRow{"16 bytes of tcp", 6, Bytes(16), true},
          FirstRow{"24 bytes of tcp", 6, Bytes(24), false},
          FirstRow{"8 bytes of icmpv6", 58, Bytes(8), false},
          FirstRow{"options cut", 60, Bytes{17, 1, 0, 0, 0, 0, 0, 0}, true},
          FirstRow{"options whole, udp missing", 60, Bytes{17, 0, 0, 0, 0, 0, 0, 0}, true},
          FirstRow{"no next header", 59, Bytes(8), false},
          FirstRow{"nothing of esp", 50, Bytes{}, true}}) {
        Reassembler reassembler{ReassemblySettings{}};
        const Bytes first = ipv6_fragment({}, 44, 1, row.payload, row.next);
        EXPECT_EQ(outcome(reassembler, first), row.passes ? std::to_string(first.size()) : "-")
            << row.what;
    }
}

TEST(Reassembly, of_ipv6_drops_a_fragment_header_that_is_cut_unless_its_offset_says_first) {
    const Bytes header{17, 0, 0, 0, 0, 0, 0, 1};
    for (const auto& [bytes, seen] : {std::pair{1, "-"}, {3, "-"}, {4, "44"}, {7, "47"}}) {
        Reassembler reassembler{ReassemblySettings{}};
        const Bytes part(header.begin(), header.begin() + bytes);
        EXPECT_EQ(outcome(reassembler, build_ip(between(Family::ipv6), 44, part)), seen) << bytes;
    }
    Reassembler reassembler{ReassemblySettings{}};
    EXPECT_EQ(outcome(reassembler, build_ip(between(Family::ipv6), 44, Bytes{17, 0, 0, 8})), "-");
}

TEST(Reassembly, of_ipv6_leaves_jumbograms_alone) {
    Bytes packet = ipv6_fragment({44, 0, 1, 4, 0, 0, 0, 0}, 0, 1, Bytes(64));
    base::store_be16(&packet[4], 0);
    Reassembler reassembler{ReassemblySettings{}};
    EXPECT_EQ(outcome(reassembler, packet), std::to_string(packet.size()));
}

TEST(Reassembly, drops_what_would_be_longer_than_65535_bytes) {
    struct SizeRow {
        Family family;
        std::uint32_t payload;
        Bytes options;
        const char* seen;
    };
    for (const SizeRow& row :
         {SizeRow{Family::ipv4, 65515, {}, "65535"}, SizeRow{Family::ipv4, 65516, {}, "-"},
          SizeRow{Family::ipv4, 65512, {0x94, 4, 0, 0}, "-"}}) {
        IpFields ip = between(row.family);
        ip.ipv4_options = row.options;
        Reassembler reassembler{ReassemblySettings{}};
        const Bytes big = build_ip(ip, 17, Bytes(40000));
        EXPECT_EQ(outcome(reassembler, cut_fragment(big, {0, true, 1}, 0, 32768)), "-");
        EXPECT_EQ(
            outcome(reassembler, cut_fragment(big, {32768, false, 1}, 0, row.payload - 32768)),
            row.seen);
    }
    const Bytes options{44, 0, 1, 4, 0, 0, 0, 0};
    for (const auto& [before, bytes, seen] :
         {std::tuple{Bytes{}, 32767, "65575"}, {options, 32767, "-"}, {options, 32759, "65575"}}) {
        Reassembler reassembler{ReassemblySettings{}};
        const std::uint8_t first = before.empty() ? 44 : 60;
        EXPECT_EQ(outcome(reassembler, ipv6_fragment(before, first, 1, Bytes(32768))), "-");
        const Bytes last =
            ipv6_fragment(before, first, 32768, Bytes(static_cast<std::size_t>(bytes)));
        EXPECT_EQ(outcome(reassembler, last), seen);
    }
    Reassembler reassembler{ReassemblySettings{}};
    const Bytes last = ipv6_fragment({}, 44, 65528, Bytes(8));
    EXPECT_EQ(reassembler.take(parsed(last), kUser, kDevice, Time{}).reason,
              Reason::fragment_too_large);
}

TEST(Reassembly, of_ipv4_forgets_what_it_held_after_64_other_fragments_of_the_source) {
    for (const int others : {62, 63, 64, 65}) {
        Reassembler reassembler{ReassemblySettings{}};
        const Bytes whole = datagram(between(Family::ipv4), 100);
        EXPECT_EQ(outcome(reassembler, cut(whole, {0, 64, true}, 1)), "-");
        for (int i = 0; i < others; ++i)
            outcome(reassembler, cut(whole, {0, 64, true}, static_cast<std::uint32_t>(100 + i)));
        EXPECT_EQ(outcome(reassembler, cut(whole, {64, 44, false}, 1)), others <= 63 ? "128" : "-")
            << others;
    }
}

TEST(Reassembly, keeps_datagrams_apart_that_differ_in_any_part_of_their_key) {
    const Bytes whole = datagram(between(Family::ipv4), 100);
    const Bytes first = cut(whole, {0, 64, true});
    IpFields other = between(Family::ipv4);
    other.source = Address::v4(10, 0, 0, 3);
    Bytes protocol = whole;
    protocol[9] = 99;
    for (const Bytes& last :
         {cut(whole, {64, 44, false}, 2), cut(datagram(other, 100), {64, 44, false}),
          cut(protocol, {64, 44, false})}) {
        Reassembler reassembler{ReassemblySettings{}};
        EXPECT_EQ(outcome(reassembler, first), "-");
        EXPECT_EQ(outcome(reassembler, last), "-");
        EXPECT_EQ(reassembler.datagrams_held(), 2U);
    }
    Reassembler reassembler{ReassemblySettings{}};
    EXPECT_EQ(outcome(reassembler, first), "-");
    const Bytes last = cut(whole, {64, 44, false});
    EXPECT_EQ(reassembler.take(parsed(last), kUser + 1, kDevice, Time{}).fate, FragmentFate::held);
    EXPECT_EQ(reassembler.take(parsed(last), kUser, kDevice + 1, Time{}).fate, FragmentFate::whole);
}

TEST(Reassembly, of_ipv6_minds_the_device_for_link_local_and_multicast_destinations) {
    for (const auto& [destination, parted] :
         {std::pair{"fe80::9", true}, {"ff02::1", true}, {"2001:db8::9", false}}) {
        IpFields ip = between(Family::ipv6);
        ip.destination = *parse_address(destination);
        const Bytes whole = datagram(ip, 100);
        Reassembler reassembler{ReassemblySettings{}};
        EXPECT_EQ(outcome(reassembler, cut(whole, {0, 64, true})), "-");
        const Bytes last = cut(whole, {64, 44, false});
        const Reassembled result = reassembler.take(parsed(last), kUser, kDevice + 1, Time{});
        EXPECT_EQ(result.fate, parted ? FragmentFate::held : FragmentFate::whole) << destination;
    }
}

TEST(Reassembly, forgets_a_datagram_when_its_time_is_over) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const std::int64_t seconds = family == Family::ipv4 ? 30 : 60;
        const Bytes whole = datagram(between(family), 100);
        Reassembler reassembler{ReassemblySettings{}};
        const Time begin = Time::from_s(1000);
        const Time nearly = begin + (seconds * kNsPerSecond - 1);
        outcome(reassembler, cut(whole, {0, 32, true}), begin);
        outcome(reassembler, cut(whole, {32, 32, true}), nearly);  // does not prolong it
        EXPECT_EQ(reassembler.expire(nearly), 0U);
        EXPECT_EQ(reassembler.expire(begin + seconds * kNsPerSecond), 1U);
        EXPECT_EQ(reassembler.datagrams_held(), 0U);
        EXPECT_EQ(reassembler.counters().timeouts, 1U);
    }
}

TEST(Reassembly, refuses_fragments_above_its_memory_limit_and_takes_them_again_below) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        ReassemblySettings settings;
        settings.ipv4_high_bytes = settings.ipv6_high_bytes = 20'000;
        settings.ipv4_max_distance = 0;
        Reassembler reassembler{settings};
        const Bytes whole = datagram(between(family), 100);
        int taken = 0;
        Reason reason = Reason::none;
        for (std::uint32_t id = 0; id < 100; ++id) {
            const Bytes fragment = cut(whole, {0, 64, true}, id);
            reason = reassembler.take(parsed(fragment), kUser, kDevice, Time{}).reason;
            taken += reason == Reason::fragment_held ? 1 : 0;
        }
        EXPECT_EQ(reason, Reason::fragment_limit);
        EXPECT_EQ(taken, 20);  // 1032 bytes each, and the one that passes the limit
        EXPECT_EQ(reassembler.expire(Time::from_s(60)), 20U);
        EXPECT_EQ(outcome(reassembler, cut(whole, {0, 64, true}), Time::from_s(61)), "-");
        EXPECT_EQ(reassembler.datagrams_held(), 1U);
    }
}

TEST(Reassembly, with_a_limit_of_zero_takes_nothing) {
    ReassemblySettings settings;
    settings.ipv4_high_bytes = 0;
    Reassembler reassembler{settings};
    const Bytes fragment = cut(datagram(between(Family::ipv4), 100), {0, 64, true});
    EXPECT_EQ(reassembler.take(parsed(fragment), kUser, kDevice, Time{}).reason,
              Reason::fragment_limit);
}

TEST(Reassembly, accounts_packets_as_linux_does_for_a_tun_device) {
    for (const auto& [payload, accounted] : {std::pair{8, 832},
                                             {128, 832},
                                             {192, 1280},
                                             {600, 1280},
                                             {700, 2304},
                                             {1480, 2304},
                                             {2000, 4352},
                                             {3000, 4352},
                                             {4000, 8448},
                                             {8000, 12544},
                                             {30000, 33024}})
        EXPECT_EQ(accounted_bytes(static_cast<std::uint32_t>(payload) + 20U),
                  static_cast<std::uint32_t>(accounted))
            << payload;
}

TEST(Reassembly, survives_a_long_storm_and_ends_empty) {
    ReassemblySettings settings;
    settings.ipv4_high_bytes = settings.ipv6_high_bytes = 60'000;
    Reassembler reassembler{settings};
    std::mt19937 random(11);
    const std::array wholes{datagram(between(Family::ipv4), 3000),
                            datagram(between(Family::ipv6), 3000)};
    std::int64_t ns = 0;
    for (int i = 0; i < 200'000; ++i) {
        const Bytes& whole = wholes[random() % 2];
        Piece piece{static_cast<std::uint16_t>(1000 * (random() % 3)), 1000, true};
        piece.more = piece.offset < 2000;
        if (random() % 20 == 0)
            piece = {static_cast<std::uint16_t>(8 * (random() % 380)),
                     static_cast<std::uint16_t>(random() % 1500), random() % 5 != 0};
        const Bytes fragment = cut(whole, piece, static_cast<std::uint32_t>(random() % 20));
        ns += static_cast<std::int64_t>(random() % 200'000'000);
        reassembler.take(parsed(fragment), kUser, kDevice, Time::from_ns(ns));
    }
    EXPECT_GT(reassembler.counters().whole, 100U);
    EXPECT_GT(reassembler.counters().overlaps, 100U);
    reassembler.expire(Time::from_ns(ns) + 60 * kNsPerSecond);
    EXPECT_EQ(reassembler.datagrams_held(), 0U);
}

}  // namespace
}  // namespace keepstate::wire
