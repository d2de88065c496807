// IPv6: the header's tests, the hop-by-hop options, and three walks along the extension headers.
//
//     ip6_rcv_core    40 bytes there | version 6 | loopback from outside | multicast scope | multicast source |
//                     payload length not beyond the frame (0 before hop-by-hop: the frame's) | padding is cut |
//                     hop-by-hop options, if they come first
//
// The walks disagree on purpose, as the kernel's do:
//
//     find_fragment_header   reassembly's: up to the first fragment header (nf_conntrack_reasm find_prev_fhdr)
//     skip_ipv6_extensions   tracking's: past first fragments, "no next header" finds nothing, the end may lie
//                            past the packet (ipv6_skip_exthdr)
//     find_rules_transport   ip6_tables': "no next header" is a protocol, a cut chain is an error (ipv6_find_hdr)
//
// source: kernel:net/ipv6/ip6_input.c, exthdrs.c, exthdrs_core.c, RFC 8200, RFC 4291.
// Tested by: wire/parse_test.cpp, fuzz/packet.cpp.
#include <algorithm>

#include "keepstate/tuple.hpp"
#include "wire/parse.hpp"
#include "wire/parse_family.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

constexpr std::size_t kHeader = 40;
constexpr std::uint16_t kOffsetMask = 0xfff8;

/// sysctl net.ipv6.max_hbh_opts_number, its default: options that are no padding.
constexpr int kMostHopByHopOptions = 8;
/// Padding bytes in a row: more than seven align nothing.
constexpr std::size_t kMostPadding = 7;

namespace option {
constexpr std::uint8_t kPad1 = 0;
constexpr std::uint8_t kPadN = 1;
constexpr std::uint8_t kRouterAlert = 5;
constexpr std::uint8_t kCalipso = 7;
constexpr std::uint8_t kIoam = 49;
constexpr std::uint8_t kJumbo = 194;
}  // namespace option

bool is_loopback(ByteView address) {
    return address.u8(15) == 1 && std::all_of(address.data(), address.data() + 15,
                                              [](std::uint8_t byte) { return byte == 0; });
}

Reason check_addresses(ByteView bytes) {
    const ByteView source = bytes.sub(8, 16);
    const ByteView destination = bytes.sub(24, 16);
    if (is_loopback(source) || is_loopback(destination)) return Reason::ipv6_loopback_from_outside;
    if (destination.u8(0) == 0xff) {
        const int scope = destination.u8(1) & 0x0f;
        if (scope <= 1) return Reason::ipv6_multicast_scope;
    }
    if (source.u8(0) == 0xff) return Reason::ipv6_source_multicast;
    return Reason::none;
}

/// Header bytes of an extension header other than a fragment header, from its length byte.
constexpr std::size_t extension_bytes(std::uint8_t next_header, std::uint8_t length) {
    return next_header == protocol::kAh ? (length + 2U) * 4U : (length + 1U) * 8U;
}

/// What is wrong with hop-by-hop options.
struct HopFault {
    Reason reason = Reason::none;
    HopByHopFault words;
};
constexpr HopFault kSilent{Reason::ipv6_hop_by_hop, {}};

HopFault field_fault(std::size_t at) {
    return {Reason::ipv6_hop_by_hop, {true, false, static_cast<std::uint32_t>(at)}};
}

/// A jumbogram names its length in an option; then the packet may be longer than 65535 bytes.
HopFault check_jumbo(ByteView ip, std::size_t at, std::size_t& jumbo_bytes) {
    if (ip.u8(at + 1) != 4 || (at & 3) != 2) return kSilent;
    const std::size_t payload = ip.be32(at + 2);
    if (payload <= 0xffff) return field_fault(at + 2);
    if (ip.be16(4) != 0) return field_fault(at);
    if (payload > ip.size() - kHeader) return {Reason::ipv6_payload_beyond, {}};
    jumbo_bytes = payload + kHeader;
    return {};
}

/// Unknown options say themselves what to do: step over, drop, and tell the sender (but not of multicast).
HopFault check_unknown_option(ByteView ip, std::size_t at) {
    const std::uint8_t wish = ip.u8(at) >> 6;
    const bool is_multicast = ip.u8(24) == 0xff;
    if (wish == 0) return {};
    const bool is_answered = wish == 2 || (wish == 3 && !is_multicast);
    return {Reason::ipv6_hop_by_hop, {is_answered, true, static_cast<std::uint32_t>(at)}};
}

/// One option that is no padding; its bytes are all there.
HopFault check_hop_option(ByteView ip, std::size_t at, std::size_t& jumbo_bytes) {
    switch (ip.u8(at)) {
        case option::kRouterAlert: return ip.u8(at + 1) == 2 ? HopFault{} : kSilent;
        case option::kIoam: return (at & 3) == 0 ? HopFault{} : kSilent;
        case option::kJumbo: return check_jumbo(ip, at, jumbo_bytes);
        case option::kCalipso: return kSilent;  // no domain of interpretation is configured
        default: return check_unknown_option(ip, at);
    }
}

bool is_zero(ByteView bytes) {
    return std::all_of(bytes.data(), bytes.data() + bytes.size(),
                       [](std::uint8_t byte) { return byte == 0; });
}

/// The options of the hop-by-hop header at kHeader. Sets jumbo_bytes if there is a jumbo option.
HopFault check_hop_by_hop(ByteView ip, std::size_t& jumbo_bytes) {
    if (!ip.has(kHeader, 8)) return kSilent;
    const std::size_t bytes = extension_bytes(protocol::kHopByHop, ip.u8(kHeader + 1));
    if (!ip.has(kHeader, bytes)) return kSilent;
    const std::size_t end = kHeader + bytes;
    std::size_t padding = 0;
    int options = 0;
    for (std::size_t at = kHeader + 2; at < end;) {
        if (ip.u8(at) == option::kPad1) {
            if (++padding > kMostPadding) return kSilent;
            ++at;
            continue;
        }
        if (end - at < 2) return kSilent;
        const std::size_t length = ip.u8(at + 1) + 2U;
        if (length > end - at) return kSilent;
        if (ip.u8(at) == option::kPadN) {
            padding += length;
            if (padding > kMostPadding || !is_zero(ip.sub(at + 2, length - 2))) return kSilent;
        } else {
            padding = 0;
            if (++options > kMostHopByHopOptions) return kSilent;
            const HopFault fault = check_hop_option(ip, at, jumbo_bytes);
            if (fault.reason != Reason::none) return fault;
        }
        at += length;
    }
    return {};
}

/// Reassembly's walk: the first fragment header, and the byte that names it.
void find_fragment_header(Packet& packet) {
    const ByteView ip = packet.ip;
    std::size_t named_at = 6;
    std::size_t at = kHeader;
    for (std::uint8_t next = ip.u8(6); next != protocol::kFragment; next = ip.u8(named_at)) {
        if (!is_ipv6_extension(next) || next == protocol::kNoNext || !ip.has(at, 2)) return;
        named_at = at;
        at += extension_bytes(next, ip.u8(at + 1));
    }
    if (at > ip.size()) return;
    packet.fragment_header_offset = static_cast<std::uint32_t>(at);
    packet.fragment_prior_nexthdr_offset = static_cast<std::uint32_t>(named_at);
    if (!ip.has(at, 8)) return;
    packet.is_fragment = true;
    packet.more_fragments = (ip.be16(at + 2) & 1) != 0;
    packet.fragment_offset = ip.be16(at + 2) & kOffsetMask;
    packet.fragment_id = ip.be32(at + 4);
}

/// ip6_tables' walk for `-p`. A later fragment's protocol is what its fragment header names.
void find_rules_transport(Packet& packet) {
    const ByteView ip = packet.ip;
    std::uint8_t next = ip.u8(6);
    std::size_t at = kHeader;
    packet.rules_chain_broken = true;
    while (is_ipv6_extension(next) && next != protocol::kNoNext) {
        if (!ip.has(at, next == protocol::kRouting || next == protocol::kFragment ? 4 : 2)) return;
        const std::uint8_t after = ip.u8(at);
        if (next == protocol::kFragment) {
            const std::uint16_t offset = ip.be16(at + 2) & kOffsetMask;
            if (offset != 0) {
                if (is_ipv6_extension(after) && after != protocol::kNoNext) return;
                packet.rules_fragment_offset = offset;
                next = after;
                break;
            }
            at += 8;
        } else {
            at += extension_bytes(next, ip.u8(at + 1));
        }
        next = after;
    }
    packet.rules_chain_broken = false;
    packet.rules_protocol = next;
    packet.rules_transport_offset = static_cast<std::uint32_t>(at);
}

}  // namespace

bool is_ipv6_extension(std::uint8_t next_header) {
    switch (next_header) {
        case protocol::kHopByHop:
        case protocol::kRouting:
        case protocol::kFragment:
        case protocol::kAh:
        case protocol::kNoNext:
        case protocol::kDestinationOptions: return true;
        default: return false;
    }
}

SkippedChain skip_ipv6_extensions(ByteView ip, std::size_t offset, std::uint8_t next_header) {
    SkippedChain chain;
    while (is_ipv6_extension(next_header)) {
        if (next_header == protocol::kNoNext || !ip.has(offset, 2)) return chain;
        std::size_t bytes = 8;
        if (next_header == protocol::kFragment) {
            if (!ip.has(offset + 2, 2)) return chain;
            chain.fragment_bits = ip.be16(offset + 2);
            if ((chain.fragment_bits & kOffsetMask) != 0) break;
        } else {
            bytes = extension_bytes(next_header, ip.u8(offset + 1));
        }
        next_header = ip.u8(offset);
        offset += bytes;
    }
    chain.found = true;
    chain.protocol = next_header;
    chain.offset = static_cast<std::uint32_t>(offset);
    return chain;
}

HopByHopFault find_hop_by_hop_fault(ByteView ip) {
    if (!ip.has(0, kHeader)) return {};
    const std::size_t payload = ip.be16(4);
    if (payload != 0) ip = ip.sub(0, std::min(ip.size(), payload + kHeader));
    std::size_t jumbo_bytes = 0;
    return check_hop_by_hop(ip, jumbo_bytes).words;
}

Reason parse_ipv6(ByteView bytes, bool from_outside, Packet& packet) {
    if (!bytes.has(0, kHeader)) return Reason::ipv6_header_truncated;
    if (bytes.u8(0) >> 4 != 6) return Reason::ipv6_version;
    // Only a host's own stack looks at these; what merely passes is not received by anybody here.
    const Reason addresses = from_outside ? check_addresses(bytes) : Reason::none;
    if (addresses != Reason::none) return addresses;

    const std::size_t payload = bytes.be16(4);
    const bool starts_with_options = bytes.u8(6) == protocol::kHopByHop;
    if (payload != 0 || !starts_with_options) {
        if (payload + kHeader > bytes.size()) return Reason::ipv6_payload_beyond;
        bytes = bytes.sub(0, payload + kHeader);
    }
    if (starts_with_options) {
        std::size_t jumbo_bytes = bytes.size();
        const Reason options = check_hop_by_hop(bytes, jumbo_bytes).reason;
        if (options != Reason::none && from_outside) return options;
        if (options == Reason::none) bytes = bytes.sub(0, jumbo_bytes);
    }

    packet.ip = bytes;
    packet.header_bytes = kHeader;
    packet.ttl = bytes.u8(7);
    packet.tos = static_cast<std::uint8_t>(bytes.be16(0) >> 4);
    find_fragment_header(packet);
    const SkippedChain chain = skip_ipv6_extensions(bytes, kHeader, bytes.u8(6));
    packet.has_transport = chain.found && (chain.fragment_bits & kOffsetMask) == 0;
    packet.protocol = chain.protocol;
    packet.transport_offset = chain.offset;
    find_rules_transport(packet);
    return Reason::none;
}

}  // namespace keepstate::wire
