// What SNAT, DNAT, MASQUERADE, REDIRECT and NETMAP share: the addresses and ports to translate to.
//
//     1.2.3.4   1.2.3.4-1.2.3.9   1.2.3.4:80   1.2.3.4:80-90   :80   [2001:db8::1]:80
//
// Translation itself is the nat layer's; here a rule says only that it would apply (Ruling translate).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "rules/module.hpp"

namespace keepstate::rules::target {

struct NatRange {
    std::array<std::uint8_t, 16> low{};
    std::array<std::uint8_t, 16> high{};
    std::uint16_t port_low = 0;
    std::uint16_t port_high = 0;
    std::uint16_t port_base = 0;
    std::uint8_t has_address = 0;
    std::uint8_t has_ports = 0;
    std::uint8_t has_base = 0;
};

/// What "80-90/85" means to a target: the base is no part of the language, is kept, or is read and
/// forgotten (SNAT, where iptables 1.8.9 prints it as 0).
enum class PortBase : std::uint8_t { refused, kept, forgotten };

/// "[addresses][:ports]" of --to-source and --to-destination. Says the fault itself.
void parse_nat_range(NatRange& range, std::string_view words, PortBase base, RuleReader& reader);
/// "80", "80-90" or one service's name, of --to-ports. Says the fault itself.
void parse_nat_ports(NatRange& range, std::string_view words, PortBase base, RuleReader& reader);
/// "1.2.3.4-1.2.3.9:80-90".
std::string nat_range_text(const NatRange& range, Family family);
std::string nat_ports_text(const NatRange& range);

}  // namespace keepstate::rules::target
