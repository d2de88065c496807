// What identifies a flow, protocol by protocol; see keepstate/tuple.hpp for the meaning of the keys.
//
// source: kernel:net/netfilter/nf_conntrack_core.c, nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c,
// nf_conntrack_proto_gre.c; RFC 2637 (enhanced GRE).   tested by: ct/tuple_test.cpp, tests/kernel.
#include "ct/tuple.hpp"

#include <array>
#include <cstring>

namespace keepstate::ct {

namespace {

bool has_ports(std::uint8_t number) {
    return number == protocol::kTcp || number == protocol::kUdp || number == protocol::kUdpLite ||
           number == protocol::kSctp;
}

struct IcmpPair {
    std::uint8_t query;
    std::uint8_t answer;
};

constexpr std::array kIcmpPairs{IcmpPair{8, 0}, IcmpPair{13, 14}, IcmpPair{15, 16},
                                IcmpPair{17, 18}};
constexpr std::array kIcmpv6Pairs{IcmpPair{128, 129}, IcmpPair{139, 140}};

template <std::size_t N>
std::optional<std::uint8_t> partner_of(const std::array<IcmpPair, N>& pairs, std::uint8_t type) {
    for (const IcmpPair& pair : pairs) {
        if (pair.query == type) return pair.answer;
        if (pair.answer == type) return pair.query;
    }
    return std::nullopt;
}

constexpr std::uint16_t kGreVersionMask = 0x0007;
constexpr std::uint16_t kGrePpp = 0x880b;

TupleResult read_gre(base::ByteView ip, std::size_t offset, Tuple tuple) {
    if (!ip.has(offset, 4) || (ip.be16(offset) & kGreVersionMask) != 1)
        return {Reason::none, tuple};
    if (!ip.has(offset, 8)) return {Reason::none, tuple};
    if (ip.be16(offset + 2) != kGrePpp) return {Reason::gre_key, tuple};
    tuple.destination_key = ip.be16(offset + 6);
    return {Reason::none, tuple, true};
}

}  // namespace

TupleResult read_tuple(base::ByteView ip, std::size_t offset, const Address& source,
                       const Address& destination, std::uint8_t number) {
    Tuple tuple{source, destination, number, 0, 0};
    if (has_ports(number)) {
        if (!ip.has(offset, 4)) return {Reason::tuple_truncated, tuple};
        tuple.source_key = ip.be16(offset);
        tuple.destination_key = ip.be16(offset + 2);
    } else if (number == protocol::kIcmp || number == protocol::kIcmpv6) {
        if (!ip.has(offset, 8)) return {Reason::tuple_truncated, tuple};
        tuple.source_key = ip.be16(offset + 4);
        tuple.destination_key = ip.be16(offset);  // type << 8 | code
    } else if (number == protocol::kGre) {
        return read_gre(ip, offset, tuple);
    }
    return {Reason::none, tuple};
}

TupleResult read_tuple(const wire::Packet& packet) {
    return read_tuple(packet.ip, packet.transport_offset, packet.source(), packet.destination(),
                      packet.protocol);
}

std::optional<Tuple> inverse_of(const Tuple& tuple) {
    Tuple inverse{tuple.destination, tuple.source, tuple.protocol, tuple.destination_key,
                  tuple.source_key};
    const bool is_icmp = tuple.protocol == protocol::kIcmp;
    if (!is_icmp && tuple.protocol != protocol::kIcmpv6) return inverse;
    const std::optional<std::uint8_t> type = is_icmp ? partner_of(kIcmpPairs, tuple.icmp_type())
                                                     : partner_of(kIcmpv6Pairs, tuple.icmp_type());
    if (!type) return std::nullopt;
    inverse.source_key = tuple.source_key;
    inverse.destination_key = static_cast<std::uint16_t>(*type << 8 | tuple.icmp_code());
    return inverse;
}

std::uint64_t hash_of(const Tuple& tuple, std::uint16_t zone, const base::HashKey& key) {
    const auto word_at = [](const Address& address, std::size_t offset) {
        std::uint64_t word = 0;
        std::memcpy(&word, address.bytes.data() + offset, sizeof word);
        return word;
    };
    base::SipHash13 hash{key};
    const std::uint64_t rest = std::uint64_t{tuple.source_key} << 48 |
                               std::uint64_t{tuple.destination_key} << 32 |
                               std::uint64_t{zone} << 16 | std::uint64_t{tuple.protocol} << 8 |
                               static_cast<std::uint64_t>(tuple.source.family);
    hash.add(rest);
    if (tuple.source.family == Family::ipv4) {
        hash.add(word_at(tuple.source, 0) << 32 | word_at(tuple.destination, 0));
        return hash.finish();
    }
    hash.add(word_at(tuple.source, 0));
    hash.add(word_at(tuple.source, 8));
    hash.add(word_at(tuple.destination, 0));
    hash.add(word_at(tuple.destination, 8));
    return hash.finish();
}

}  // namespace keepstate::ct
