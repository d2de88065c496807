// What identifies a flow, protocol by protocol, and what its answer has.
#include "ct/tuple.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace keepstate::ct {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Address kA = Address::v4(10, 0, 0, 1);
const Address kB = Address::v4(10, 0, 0, 2);

TupleResult read(std::uint8_t protocol, const Bytes& bytes, std::size_t offset = 0) {
    return read_tuple(base::ByteView{bytes}, offset, kA, kB, protocol);
}

TEST(Tuple, ports_are_read_for_tcp_udp_udplite_and_sctp) {
    for (const std::uint8_t number :
         {protocol::kTcp, protocol::kUdp, protocol::kUdpLite, protocol::kSctp}) {
        const TupleResult result = read(number, {0x03, 0xe8, 0x00, 0x50});
        EXPECT_EQ(result.reason, Reason::none);
        EXPECT_EQ(result.tuple, (Tuple{kA, kB, number, 1000, 80}));
    }
}

TEST(Tuple, icmp_is_its_id_type_and_code) {
    for (const std::uint8_t number : {protocol::kIcmp, protocol::kIcmpv6}) {
        const TupleResult result = read(number, {8, 3, 0xaa, 0xbb, 0x12, 0x34, 0, 1});
        EXPECT_EQ(result.reason, Reason::none);
        EXPECT_EQ(result.tuple.source_key, 0x1234);
        EXPECT_EQ(result.tuple.icmp_type(), 8);
        EXPECT_EQ(result.tuple.icmp_code(), 3);
    }
}

TEST(Tuple, gre_has_a_key_only_in_version_1) {
    const Tuple unkeyed{kA, kB, protocol::kGre, 0, 0};
    EXPECT_EQ(read(protocol::kGre, {0x00, 0x00, 0x08, 0x00}).tuple, unkeyed);
    EXPECT_EQ(read(protocol::kGre, {0x20, 0x00, 0x08, 0x00, 0, 0, 1, 2}).tuple, unkeyed);
    const TupleResult pptp = read(protocol::kGre, {0x20, 0x01, 0x88, 0x0b, 0, 4, 1, 2});
    EXPECT_EQ(pptp.reason, Reason::none);
    EXPECT_EQ(pptp.tuple, (Tuple{kA, kB, protocol::kGre, 0, 0x0102}));
    EXPECT_EQ(read(protocol::kGre, {0x20, 0x01, 0x08, 0x00, 0, 4, 1, 2}).reason, Reason::gre_key);
}

TEST(Tuple, other_protocols_are_their_addresses_and_number) {
    const TupleResult result = read(protocol::kEsp, {});
    EXPECT_EQ(result.reason, Reason::none);
    EXPECT_EQ(result.tuple, (Tuple{kA, kB, protocol::kEsp, 0, 0}));
}

TEST(Tuple, too_few_bytes_are_told_and_never_read) {
    for (std::size_t have = 0; have < 8; ++have) {
        const Bytes bytes(have, 0);
        const bool has_ports = have >= 4;
        EXPECT_EQ(read(protocol::kTcp, bytes).reason == Reason::none, has_ports) << have;
        EXPECT_EQ(read(protocol::kIcmp, bytes).reason, Reason::tuple_truncated) << have;
    }
    EXPECT_EQ(read(protocol::kUdp, Bytes(8, 0), 5).reason, Reason::tuple_truncated);
    EXPECT_EQ(read(protocol::kUdp, Bytes(8, 0), 4).reason, Reason::none);
    EXPECT_EQ(read(protocol::kUdp, Bytes(8, 0), 4000).reason, Reason::tuple_truncated);
}

TEST(Tuple, the_inverse_of_the_inverse_is_the_tuple) {
    for (const std::uint8_t number :
         {protocol::kTcp, protocol::kUdp, protocol::kUdpLite, protocol::kSctp, protocol::kGre,
          protocol::kEsp, protocol::kDccp}) {
        const Tuple tuple{kA, kB, number, 7, 9};
        const std::optional<Tuple> inverse = inverse_of(tuple);
        ASSERT_TRUE(inverse);
        EXPECT_EQ(*inverse, (Tuple{kB, kA, number, 9, 7}));
        EXPECT_EQ(inverse_of(*inverse), tuple);
    }
}

struct IcmpRow {
    std::uint8_t protocol, query, answer;
};

TEST(Tuple, the_answer_to_an_icmp_query_has_its_id_and_the_other_type) {
    const IcmpRow rows[] = {
        {protocol::kIcmp, 8, 0},   {protocol::kIcmp, 13, 14},     {protocol::kIcmp, 15, 16},
        {protocol::kIcmp, 17, 18}, {protocol::kIcmpv6, 128, 129}, {protocol::kIcmpv6, 139, 140},
    };
    for (const IcmpRow& row : rows) {
        const Tuple query{kA, kB, row.protocol, 55, static_cast<std::uint16_t>(row.query << 8 | 2)};
        const Tuple answer{kB, kA, row.protocol, 55,
                           static_cast<std::uint16_t>(row.answer << 8 | 2)};
        EXPECT_EQ(inverse_of(query), answer);
        EXPECT_EQ(inverse_of(answer), query);
    }
}

TEST(Tuple, icmp_messages_that_nothing_answers_have_no_inverse) {
    for (const int type : {3, 4, 5, 9, 10, 11, 12, 19, 255}) {
        EXPECT_FALSE(
            inverse_of({kA, kB, protocol::kIcmp, 1, static_cast<std::uint16_t>(type << 8)}))
            << type;
    }
    for (const int type : {1, 2, 3, 4, 130, 133, 137, 143, 8}) {
        EXPECT_FALSE(
            inverse_of({kA, kB, protocol::kIcmpv6, 1, static_cast<std::uint16_t>(type << 8)}))
            << type;
    }
}

TEST(Tuple, the_hash_depends_on_every_part_and_on_the_key) {
    const base::HashKey key = base::HashKey::from_seed(1);
    const Address v6 = parse_address("2001:db8::1").value();
    const Tuple tuple{kA, kB, protocol::kTcp, 1, 2};
    const std::uint64_t hash = hash_of(tuple, 0, key);
    EXPECT_EQ(hash_of(tuple, 0, key), hash);
    EXPECT_NE(hash_of(tuple, 1, key), hash);
    EXPECT_NE(hash_of(tuple, 0, base::HashKey::from_seed(2)), hash);
    const Tuple others[] = {
        {kB, kB, protocol::kTcp, 1, 2}, {kA, kA, protocol::kTcp, 1, 2},
        {kA, kB, protocol::kUdp, 1, 2}, {kA, kB, protocol::kTcp, 2, 2},
        {kA, kB, protocol::kTcp, 1, 3}, {kB, kA, protocol::kTcp, 1, 2},
    };
    for (const Tuple& other : others) EXPECT_NE(hash_of(other, 0, key), hash);
    for (std::size_t i = 0; i < 16; ++i) {
        Tuple wide{v6, v6, protocol::kTcp, 1, 2};
        const std::uint64_t before = hash_of(wide, 0, key);
        wide.destination.bytes[i] ^= 1;
        EXPECT_NE(hash_of(wide, 0, key), before) << i;
    }
}

}  // namespace
}  // namespace keepstate::ct
