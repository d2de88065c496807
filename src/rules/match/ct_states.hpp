// What state and conntrack share: the states of a packet as bits and as words.
#pragma once

#include <string>
#include <string_view>

#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace ct_bit {
inline constexpr std::uint16_t kInvalid = 1;
inline constexpr std::uint16_t kNew = 2;
inline constexpr std::uint16_t kRelated = 4;
inline constexpr std::uint16_t kEstablished = 8;
inline constexpr std::uint16_t kUntracked = 16;
inline constexpr std::uint16_t kSnat = 32;
inline constexpr std::uint16_t kDnat = 64;
}  // namespace ct_bit

/// "NEW,established" into bits: any case, a word may be cut short; `with_nat` knows SNAT and DNAT too.
/// Says the fault itself.
std::uint16_t parse_ct_states(std::string_view list, bool with_nat, RuleReader& reader);
/// "INVALID,NEW": in iptables' order.
std::string ct_states_text(std::uint16_t bits);
/// What the packet is. SNAT and DNAT come from its entry, and only if `with_nat`.
std::uint16_t ct_state_bits(const Context& context, bool with_nat);

}  // namespace keepstate::rules::match
