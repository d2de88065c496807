// What the matches on one IPv6 extension header share: finding it.
//
// The walk is ip6_tables' own for a wanted header: the first one of its kind, not behind a later fragment's
// header (what stands there is payload from the middle of the datagram). A chain that is cut before the
// wanted header was found drops the packet, as does a wanted header whose first bytes are not there.
// source: kernel:net/ipv6/exthdrs_core.c ipv6_find_hdr; RFC 8200.
// Tested by: tests/scenarios/rules/ipsec-headers-are-matched-by-their-spi.yaml, fuzz/matches.cpp.
#pragma once

#include <optional>

#include "keepstate/tuple.hpp"
#include "rules/module.hpp"
#include "wire/parse.hpp"

namespace keepstate::rules::match {

/// Where a header stands and what of the packet follows it.
struct Extension {
    std::size_t offset = 0;
    base::ByteView bytes;  ///< from the header to the packet's end

    /// Its size as its second byte tells (RFC 8200; of an authentication header: RFC 4302).
    std::size_t header_bytes() const { return (bytes.u8(1) + 1U) * 8U; }
    std::size_t ah_bytes() const { return (bytes.u8(1) + 2U) * 4U; }
};

enum class Chain : std::uint8_t { found, absent, cut };

/// Looks for `wanted` from the IPv6 header on.
inline Chain find_extension(base::ByteView ip, std::uint8_t wanted, std::size_t& at) {
    std::uint8_t next = ip.u8(6);
    at = 40;
    for (;;) {
        const bool found = next == wanted;
        if (!wire::is_ipv6_extension(next) || next == protocol::kNoNext) {
            return found ? Chain::found : Chain::absent;
        }
        const std::size_t least = next == protocol::kRouting || next == protocol::kFragment ? 4 : 2;
        if (!ip.has(at, least)) return Chain::cut;
        if (found) return Chain::found;
        std::size_t size = (ip.u8(at + 1) + 1U) * 8U;
        if (next == protocol::kFragment) {
            if ((ip.be16(at + 2) & 0xfff8U) != 0) return Chain::absent;
            size = 8;
        } else if (next == protocol::kAh) {
            size = (ip.u8(at + 1) + 2U) * 4U;
        }
        next = ip.u8(at);
        at += size;
    }
}

/// The wanted header, if `least` of its bytes are there. Otherwise nothing, and Why and hotdrop say what
/// that means to the kernel.
inline std::optional<Extension> extension(Context& context, std::uint8_t wanted, std::size_t least,
                                          std::string_view name, Why why) {
    Extension header;
    const base::ByteView ip = context.packet->ip;
    const Chain chain = find_extension(ip, wanted, header.offset);
    if (chain == Chain::absent) {
        why.no("the packet has no {}", name);
        return std::nullopt;
    }
    if (chain == Chain::cut || !ip.has(header.offset, least)) {
        context.hotdrop = true;
        why.no("the packet ends within its {}: it is dropped",
               chain == Chain::cut ? std::string_view("extension headers") : name);
        return std::nullopt;
    }
    header.bytes = ip.sub(header.offset);
    return header;
}

}  // namespace keepstate::rules::match
