// See steering.hpp.
#include "ct/steering.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace keepstate::ct {

namespace {

constexpr std::size_t kPorts = 65536;

Address address_at(base::ByteView ip, std::size_t offset) {
    return Address::v4(ip.u8(offset), ip.u8(offset + 1), ip.u8(offset + 2), ip.u8(offset + 3));
}

/// TCP and UDP over IPv4 without options, whole and no fragment: what nearly all packets are.
bool is_usual(base::ByteView ip) {
    constexpr std::uint8_t kVersion4NoOptions = 0x45;
    constexpr std::uint16_t kFragmentBits = 0x3fff;
    if (!ip.has(0, 24) || ip.u8(0) != kVersion4NoOptions) return false;
    if ((ip.be16(6) & kFragmentBits) != 0) return false;
    const std::uint8_t number = ip.u8(9);
    if (number != protocol::kTcp && number != protocol::kUdp) return false;
    return ip.be16(2) >= 24 && ip.be16(2) <= ip.size();
}

}  // namespace

void HelperReach::add(std::uint8_t number, std::uint16_t low, std::uint16_t high) {
    if (number != protocol::kTcp && number != protocol::kUdp) return;
    std::vector<bool>& ports = number == protocol::kTcp ? tcp_ : udp_;
    if (ports.empty()) ports.resize(kPorts);
    for (std::uint32_t port = low; port <= high; ++port) ports[port] = true;
}

bool HelperReach::covers(const HelperReach& other) const {
    const auto covers_ports = [](const std::vector<bool>& all, const std::vector<bool>& some) {
        for (std::size_t port = 0; port < some.size(); ++port) {
            if (some[port] && (all.empty() || !all[port])) return false;
        }
        return true;
    };
    return covers_ports(tcp_, other.tcp_) && covers_ports(udp_, other.udp_) &&
           (has_gre_ || !other.has_gre_);
}

Steering::Steering(std::uint32_t shards, std::uint64_t seed, bool completes_cut_frames,
                   HelperReach reach)
    : shards_(std::clamp<std::uint32_t>(shards, 1, kMostShards)),
      keys_(seed),
      fragments_(seed),
      completes_cut_frames_(completes_cut_frames),
      reach_(std::move(reach)) {}

/// A packet is steered though tracking may refuse it: then it does not matter where.
Reason Steering::parse(Family family, base::ByteView ip, wire::Packet& packet) {
    const Reason reason = wire::parse_ip(family, ip, false, packet);
    const bool is_cut =
        reason == Reason::ipv4_total_length_beyond || reason == Reason::ipv6_payload_beyond;
    if (!completes_cut_frames_ || !is_cut) return reason;
    const std::size_t wanted = family == Family::ipv4 ? ip.be16(2) : std::size_t{40} + ip.be16(4);
    completed_.assign(wanted, 0);
    std::copy_n(ip.data(), std::min(ip.size(), wanted), completed_.begin());
    return wire::parse_ip(family, {completed_.data(), wanted}, false, packet);
}

Way Steering::way_of(wire::LinkType type, base::ByteView frame) {
    const wire::LinkPayload link = wire::parse_link(type, frame);
    if (link.reason != Reason::none) return {};
    if (link.family == Family::ipv4 && is_usual(link.ip)) {
        if (!reach_.is_empty()) {
            return way_of(Tuple{address_at(link.ip, 12), address_at(link.ip, 16), link.ip.u8(9),
                                link.ip.be16(20), link.ip.be16(22)});
        }
        Way way;
        way.shard = shard_of(
            keys_.key_of_ipv4(FlowKeys::join_ipv4(link.ip.data() + 12, link.ip.data() + 16),
                              FlowKeys::join_ports(link.ip.be16(20), link.ip.be16(22)),
                              link.ip.u8(9) == protocol::kTcp));
        return way;
    }
    wire::Packet packet;
    const Reason reason = parse(link.family, link.ip, packet);
    if (reason == Reason::ipv6_hop_by_hop) {
        // The answer quotes it, and is tracked.
        packet.ip = link.ip;
        packet.family = link.family;
        wire::Quoted quoted;
        if (!wire::find_quoted_transport(packet, 0, link.family, quoted)) return {};
        const TupleResult read = read_tuple(packet.ip, quoted.transport_offset, quoted.source,
                                            quoted.destination, quoted.protocol);
        return read.reason == Reason::none ? way_of(read.tuple) : Way{};
    }
    if (reason != Reason::none) return {};
    if (packet.is_fragment || packet.fragment_header_offset != 0) {
        Way way;
        way.kind = Way::Kind::fragment;
        return way;
    }
    return way_of(packet);
}

std::uint64_t Steering::hash_of_ends(const Tuple& tuple) const {
    if (tuple.protocol != protocol::kGre) return keys_.key_of(tuple, 0).hash;
    // A call id says nothing of the other direction's.
    Tuple addresses = tuple;
    addresses.source_key = addresses.destination_key = 0;
    return keys_.key_of(addresses, 0).hash;
}

std::uint32_t Steering::shard_of_ends(const Tuple& tuple) const {
    return shard_of_hash(hash_of_ends(tuple));
}

/// Where an ICMP error or a redirect quotes the packet it is about.
bool Steering::find_quote(const wire::Packet& packet, std::size_t& offset) const {
    constexpr std::size_t kHeader = 8, kRedirectHeader = 40;
    constexpr std::uint8_t kRedirect6 = 137, kRedirectedHeader = 4, kFirstInformational = 128;
    const std::size_t at = packet.transport_offset;
    if (!packet.ip.has(at, kHeader)) return false;
    const std::uint8_t type = packet.ip.u8(at);
    offset = at + kHeader;
    if (packet.family == Family::ipv4) {
        return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    }
    if (type != kRedirect6) return type < kFirstInformational;
    const std::size_t option = at + kRedirectHeader;
    offset = option + kHeader;
    return packet.ip.has(option, 2) && packet.ip.u8(option) == kRedirectedHeader;
}

Way Steering::way_of(const wire::Packet& packet) const {
    if (!packet.has_transport) return way_of_addresses(packet);
    const bool is_v4 = packet.family == Family::ipv4;
    const bool is_icmp = packet.protocol == (is_v4 ? protocol::kIcmp : protocol::kIcmpv6);
    std::size_t quote = 0;
    TupleResult read;
    if (is_icmp && find_quote(packet, quote)) {
        wire::Quoted quoted;
        if (!wire::find_quoted_transport(packet, quote, packet.family, quoted)) {
            return way_of_addresses(packet);
        }
        read = read_tuple(packet.ip, quoted.transport_offset, quoted.source, quoted.destination,
                          quoted.protocol);
    } else {
        read = read_tuple(packet);
    }
    if (read.reason != Reason::none) return way_of_addresses(packet);
    Way way = way_of(read.tuple);
    // Where extension headers are odd, rules and tracking find different transport headers.
    const bool agree = packet.rules_transport_offset == packet.transport_offset &&
                       packet.rules_protocol == packet.protocol;
    if (!agree && way.kind == Way::Kind::plain && packet.ip.has(packet.rules_transport_offset, 4)) {
        const std::uint16_t port = packet.ip.be16(packet.rules_transport_offset + 2);
        if (reach_.holds(packet.rules_protocol, port)) way.kind = Way::Kind::suspect;
    }
    return way;
}

Way Steering::way_of(const Tuple& tuple) const {
    Way way;
    way.tuple = tuple;
    way.has_tuple = true;
    if (reach_.holds(tuple)) {
        way.kind = Way::Kind::helped;
        return way;
    }
    way.shard = shard_of_hash(hash_of_ends(tuple));
    return way;
}

/// Nothing of it is ever found or kept.
Way Steering::way_of_addresses(const wire::Packet& packet) const {
    Way way = way_of(Tuple{packet.source(), packet.destination(), 0, 0, 0});
    way.has_tuple = false;
    return way;
}

std::uint32_t Steering::shard_of_fragment(wire::LinkType type, base::ByteView frame) {
    const wire::LinkPayload link = wire::parse_link(type, frame);
    wire::Packet packet;
    if (link.reason != Reason::none || parse(link.family, link.ip, packet) != Reason::none) {
        return 0;
    }
    const auto half = [&packet](unsigned shift) {
        return static_cast<std::uint16_t>(packet.fragment_id >> shift);
    };
    // One way only: the halves of the id stand where ports do, the same at both ends.
    Tuple tuple{packet.source(), packet.destination(), 0, half(0), half(0)};
    return shard_of_hash(fragments_.add(hash_of_ends(tuple), half(16), 0));
}

}  // namespace keepstate::ct
