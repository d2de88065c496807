// What a rule surely asks of a packet, so far as two rules can be compared: addresses, devices, protocol,
// ports and conntrack states as sets, all else as the words that iptables-save prints.
//
//     covers(a, b)   every packet that b matches, a matches too: said only when it is certain
//
// A module's data is known to the module alone, so the sets are read from its printed form, which is the
// canonical one. A match whose answer may differ between two looks at the same packet (a rate, a counter,
// a mark that a rule between may have changed) makes a rule that covers nothing.
//
// Limits: a port list is compared as a set of ranges; sets, marks and rates are not compared at all.
// Tested by: rules/advice_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rules/text.hpp"

namespace keepstate::rules {

/// Ports as ranges, ascending and apart. All of them by default.
struct PortSet {
    std::vector<std::pair<std::uint16_t, std::uint16_t>> ranges = {{0, 0xffff}};

    bool is_all() const { return ranges.size() == 1 && ranges[0] == std::pair{kFirst, kLast}; }
    bool holds(const PortSet& other) const;
    bool has(std::uint16_t port) const;
    /// How many ports.
    std::uint32_t count() const;

    static constexpr std::uint16_t kFirst = 0;
    static constexpr std::uint16_t kLast = 0xffff;
};

namespace fact_state {
inline constexpr std::uint8_t kInvalid = 1;
inline constexpr std::uint8_t kNew = 2;
inline constexpr std::uint8_t kRelated = 4;
inline constexpr std::uint8_t kEstablished = 8;
inline constexpr std::uint8_t kUntracked = 16;
inline constexpr std::uint8_t kAny = 31;
}  // namespace fact_state

struct RuleFacts {
    const Rule* rule = nullptr;
    PortSet source_ports;
    PortSet destination_ports;
    std::uint8_t states = fact_state::kAny;
    bool lasting = true;  ///< the same packet always gets the same answer
    std::vector<std::string>
        others;  ///< other matches: "icmp --icmp-type 8", in the order of bytes

    bool names_states() const { return states != fact_state::kAny; }
    /// Nothing is asked: every packet matches.
    bool matches_all() const;
};

RuleFacts facts_of(const Rule& rule, Family family);

/// Whether every packet that `inner` matches is matched by `outer`. False if that is not certain.
bool covers(const RuleFacts& outer, const RuleFacts& inner);

}  // namespace keepstate::rules
