// What SNPT and DNPT share: IPv6-to-IPv6 network prefix translation, which needs no memory and no checksum.
//
//     | prefix, the longer of both lengths: --dst-pfx's bits | word chosen to keep the sum | the rest as it was |
//
// The word is the fourth if the prefix has at most 48 bits; else the first of words five to eight that is not
// 0xffff. It takes up what the prefix changed, so that the address's sum, and every checksum over it, stays right.
//
// An ICMPv6 error that stands right behind the IPv6 header has the address of the packet it quotes translated
// too: the quoted destination where the source is translated, and the other way round.
// source: RFC 6296; kernel:net/ipv6/netfilter/ip6t_NPT.c.
// Tested by: tests/rules/SNPT.t, tests/rules/DNPT.t, tests/scenarios/rules/an-ipv6-prefix-is-translated.yaml.
#pragma once

#include <array>

#include "rules/module.hpp"

namespace keepstate::rules::target {

struct PrefixPair {
    std::array<std::uint8_t, 16> from{};
    std::array<std::uint8_t, 16> to{};
    std::uint8_t from_bits = 0;
    std::uint8_t to_bits = 0;
    std::uint16_t adjustment = 0;  ///< one's complement sum of `from` less that of `to`
};

enum : std::uint8_t { kFromPrefix, kToPrefix };

/// Where the translated address stands in an IPv6 header, in bytes.
enum class AddressField : std::uint8_t { source = 8, destination = 24 };

void parse_prefix_pair(PrefixPair& pair, const OptionUse& use, RuleReader& reader);
/// Both lengths at most 64, and nothing behind them.
Complaint check_prefix_pair(const PrefixPair& pair, std::string_view target);
/// As ip6tables-save: an all-zero prefix is not printed.
void print_prefix_pair(const PrefixPair& pair, std::string& out);
/// Rewrites the packet's address; drops it if no word can take up the difference.
Ruling translate_prefix(const PrefixPair& pair, AddressField field, Context& context, Says says);

}  // namespace keepstate::rules::target
