// The names that iptables 1.8.9 gives to ICMP and ICMPv6 types, as `-p icmp -h` lists them.
//
// A name stands for a type and a range of codes: "destination-unreachable" for all of type 3,
// "port-unreachable" for type 3 code 3. The packet language takes the first code of the range; a rule takes all.
// source: man:iptables-extensions icmp, icmp6; `iptables -p icmp -h`.   Tested by: wire/packet_text_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "keepstate/address.hpp"

namespace keepstate::wire {

struct IcmpName {
    std::string_view name;
    std::uint8_t type = 0;
    std::uint8_t code_first = 0;
    std::uint8_t code_last = 0;  ///< 255 with code_first 0: any code
};

/// All names of a family, in iptables' order; synonyms follow the name they stand for.
std::span<const IcmpName> icmp_names(Family family);
/// The exact name, in any case of letters; nullopt if there is none.
std::optional<IcmpName> find_icmp_name(Family family, std::string_view name);
/// The name of a type and code (the most exact one), empty if it has none.
std::string_view icmp_name(Family family, std::uint8_t type, std::uint8_t code);

}  // namespace keepstate::wire
