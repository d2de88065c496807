// What the matches on ports share: reading the transport header's ports, and port ranges in words.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>

#include "rules/module.hpp"

namespace keepstate::rules::match {

/// --sport or --dport: low..high, both included.
struct PortRange {
    std::uint16_t low = 0;
    std::uint16_t high = 0xffff;
    std::uint8_t inverted = 0;
    std::uint8_t padding = 0;  ///< rules are compared as bytes

    bool holds(std::uint16_t port) const {
        return (port >= low && port <= high) != (inverted != 0);
    }
    bool is_any() const { return low == 0 && high == 0xffff; }
    /// Into the key of the rule, whose `span` is that of the same ports.
    void narrow(PortSpan& span, RuleKey& key) const {
        if (inverted != 0) {
            key.is_whole = false;
        } else {
            key.narrow(span, PortSpan{low, high});
        }
    }
    std::string words(std::string_view option) const {
        const std::string range =
            low == high ? fmt::format("{}", low) : fmt::format("{}:{}", low, high);
        return fmt::format("{}--{} {}", inverted ? "! " : "", option, range);
    }
    /// " --dport 80", or nothing for all ports: even inverted, as iptables 1.8.9 prints it.
    void print(std::string_view option, std::string& out) const {
        if (!is_any()) out += " " + words(option);
    }
};

/// The --dport of a `-m tcp' or a `-m udp'; null if the match is another one.
const PortRange* tcp_destination_of(const MatchUse& use);
const PortRange* udp_destination_of(const MatchUse& use);

/// The bytes of the transport header as iptables finds it, if this fragment has its beginning; `bytes`
/// of them must be there. Otherwise nothing, and Why and hotdrop say what that means to the kernel:
/// a later fragment is no match, a first one that is cut is dropped.
inline std::optional<base::ByteView> transport(Context& context, std::size_t bytes, Why why) {
    const wire::Packet& packet = *context.packet;
    if (packet.rules_fragment_offset != 0) {
        why.no("a later fragment has no transport header");
        return std::nullopt;
    }
    const base::ByteView view = packet.ip.sub(packet.rules_transport_offset);
    if (!view.has(0, bytes)) {
        why.no("the transport header is cut: the packet is dropped");
        context.hotdrop = true;
        return std::nullopt;
    }
    return view;
}

}  // namespace keepstate::rules::match
