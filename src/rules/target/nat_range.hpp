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

/// "[addresses][:ports]" of --to-source and --to-destination. Says the fault itself.
void parse_nat_range(NatRange& range, std::string_view words, bool with_base, RuleReader& reader);
/// "80", "80-90" or a service's name, of --to-ports. Says the fault itself.
void parse_nat_ports(NatRange& range, std::string_view words, bool with_base, RuleReader& reader);
/// "1.2.3.4-1.2.3.9:80-90".
std::string nat_range_text(const NatRange& range, Family family);
std::string nat_ports_text(const NatRange& range);

}  // namespace keepstate::rules::target
