// IPv4: what Linux tests before PREROUTING, and what it tests of the options after it.
//
//     ip_rcv_core   20 bytes there | ihl >= 5, version 4 | ihl * 4 there | header checksum | total length
//                   not beyond the frame | total length >= ihl * 4 | padding is cut
//     PREROUTING    (reassembly, tracking, ...)
//     ip_rcv_finish options | source route            -> check_ipv4_options, called by the router's step
//
// CIPSO labels are refused whatever they say: Linux asks for a domain of interpretation that the administrator
// has configured with netlabelctl, and keepstate knows none.
//
// Both readers of the transport header agree in IPv4: it follows the header, and a later fragment has none.
// source: kernel:net/ipv4/ip_input.c, kernel:net/ipv4/ip_options.c, RFC 791.   Tested by: wire/parse_test.cpp.
#include <algorithm>
#include <optional>
#include <utility>

#include "wire/checksum.hpp"
#include "wire/parse.hpp"
#include "wire/parse_family.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kOffsetMask = 0x1fff;

namespace option {
constexpr std::uint8_t kEnd = 0;
constexpr std::uint8_t kNoop = 1;
constexpr std::uint8_t kRecordRoute = 7;
constexpr std::uint8_t kTimestamp = 68;
constexpr std::uint8_t kLooseSourceRoute = 131;
constexpr std::uint8_t kCipso = 134;
constexpr std::uint8_t kStrictSourceRoute = 137;
constexpr std::uint8_t kRouterAlert = 148;
}  // namespace option

void fill_fragment(Packet& packet) {
    const std::uint16_t bits = packet.ip.be16(6);
    packet.more_fragments = (bits & kMoreFragments) != 0;
    packet.fragment_offset = static_cast<std::uint16_t>((bits & kOffsetMask) * 8);
    packet.is_fragment = packet.more_fragments || packet.fragment_offset != 0;
    packet.fragment_id = packet.ip.be16(4);
}

/// Options that may stand once only.
struct SeenOptions {
    bool source_route = false;
    bool record_route = false;
    bool timestamp = false;
};

// Where an option is wrong: the offset in it that Linux's "parameter problem" points to; nothing if it is right.
using FaultAt = std::optional<std::uint8_t>;
constexpr std::uint8_t kAtType = 0, kAtLength = 1, kAtPointer = 2, kAtFlags = 3;

FaultAt find_record_route_fault(ByteView at) {
    if (at.size() < 3) return kAtLength;
    if (at.u8(2) < 4) return kAtPointer;
    if (at.u8(2) <= at.size() && at.u8(2) + 3U > at.size()) return kAtPointer;
    return std::nullopt;
}

FaultAt find_timestamp_fault(ByteView at) {
    if (at.size() < 4) return kAtLength;
    if (at.u8(2) < 5) return kAtPointer;
    const unsigned kind = at.u8(3) & 0x0fU;
    if (at.u8(2) > at.size()) {
        if (kind == 3 || at.u8(3) >> 4 != 15) return std::nullopt;
        return kAtFlags;
    }
    if (at.u8(2) + 3U > at.size()) return kAtPointer;
    if ((kind == 1 || kind == 3) && at.u8(2) + 7U > at.size()) return kAtPointer;
    return std::nullopt;
}

/// One option, `at` exactly its bytes.
FaultAt find_option_fault(ByteView at, SeenOptions& seen) {
    const auto is_second = [](bool& flag) { return std::exchange(flag, true); };
    switch (at.u8(0)) {
        case option::kLooseSourceRoute:
        case option::kStrictSourceRoute:
            if (at.size() < 3) return kAtLength;
            if (at.u8(2) < 4) return kAtPointer;
            return is_second(seen.source_route) ? FaultAt{kAtType} : std::nullopt;
        case option::kRecordRoute:
            return is_second(seen.record_route) ? FaultAt{kAtType} : find_record_route_fault(at);
        case option::kTimestamp:
            return is_second(seen.timestamp) ? FaultAt{kAtType} : find_timestamp_fault(at);
        case option::kCipso:  // no domain of interpretation is configured
            return at.size() < 8 ? kAtLength : kAtPointer;
        case option::kRouterAlert: return at.size() >= 4 ? FaultAt{} : FaultAt{kAtLength};
        default: return std::nullopt;
    }
}

}  // namespace

Reason parse_ipv4(ByteView bytes, Packet& packet) {
    if (!bytes.has(0, 20)) return Reason::ipv4_header_truncated;
    const std::size_t header_bytes = (bytes.u8(0) & 0x0fU) * 4U;
    if (header_bytes < 20) return Reason::ipv4_header_length;
    if (bytes.u8(0) >> 4 != 4) return Reason::ipv4_version;
    if (!bytes.has(0, header_bytes)) return Reason::ipv4_header_length;
    if (sum16(bytes.sub(0, header_bytes)) != 0xffff) return Reason::ipv4_checksum;
    const std::size_t total = bytes.be16(2);
    if (total > bytes.size()) return Reason::ipv4_total_length_beyond;
    if (total < header_bytes) return Reason::ipv4_total_length_short;

    packet.ip = bytes.sub(0, total);
    packet.header_bytes = static_cast<std::uint16_t>(header_bytes);
    packet.ttl = bytes.u8(8);
    packet.tos = bytes.u8(1);
    fill_fragment(packet);
    packet.has_transport = packet.fragment_offset == 0;
    packet.protocol = bytes.u8(9);
    packet.transport_offset = packet.header_bytes;
    packet.rules_protocol = packet.protocol;
    packet.rules_transport_offset = packet.header_bytes;
    packet.rules_fragment_offset = static_cast<std::uint16_t>(packet.fragment_offset / 8);
    return Reason::none;
}

std::size_t find_ipv4_options_end(const Packet& packet) {
    std::size_t at = 20;
    while (at < packet.header_bytes && packet.ip.u8(at) != option::kEnd) {
        if (packet.ip.u8(at) == option::kNoop) {
            ++at;
            continue;
        }
        const std::size_t length = at + 1 < packet.header_bytes ? packet.ip.u8(at + 1) : 0U;
        if (length < 2) return packet.header_bytes;  // malformed: nobody knows where it ends
        at += length;
    }
    return std::min<std::size_t>(at, packet.header_bytes);
}

Reason check_ipv4_options(const Packet& packet, bool source_routes_allowed,
                          Ipv4OptionFault* fault) {
    const auto malformed = [&packet, fault](ByteView at, std::uint8_t in_option) {
        if (fault) {
            fault->at = static_cast<std::uint8_t>(at.data() - packet.ip.data() + in_option);
            const bool is_whole = at.size() >= 2 && at.u8(1) >= 2 && at.u8(1) <= at.size();
            if (is_whole && at.u8(0) == option::kCipso) fault->label = at.sub(0, at.u8(1));
        }
        return Reason::ipv4_options;
    };
    if (packet.family != Family::ipv4 || packet.header_bytes <= 20) return Reason::none;
    ByteView rest = packet.ip.sub(20, packet.header_bytes - 20U);
    SeenOptions seen;
    while (rest.size() > 0) {
        const std::uint8_t kind = rest.u8(0);
        if (kind == option::kEnd) break;
        if (kind == option::kNoop) {
            rest = rest.sub(1);
            continue;
        }
        if (rest.size() < 2) return malformed(rest, kAtType);
        const std::size_t length = rest.u8(1);
        if (length < 2 || length > rest.size()) return malformed(rest, kAtType);
        const FaultAt in_option = find_option_fault(rest.sub(0, length), seen);
        if (in_option) return malformed(rest, *in_option);
        rest = rest.sub(length);
    }
    if (seen.source_route && !source_routes_allowed) return Reason::source_route_refused;
    return Reason::none;
}

}  // namespace keepstate::wire
