// An element of an IP set, from its words to its keys: "10.0.0.0/24,tcp:80-90" is eleven.
//
// Parts are parted by commas. A part may be a range; each combination of the parts is one element.
// source: man:ipset.   Tested by: rules/sets_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/sets.hpp"

namespace keepstate::rules {

/// Addresses from first to last: "A", "A/BITS" or "A-B" (IPv4).
struct SetSpan {
    Address first;
    Address last;
    unsigned bits = 0;  ///< written behind a `/`, or all
    bool is_range = false;
    bool has_bits = false;
};
std::optional<SetSpan> parse_set_span(std::string_view words, Family family);

/// `is_wildcard`: its device is how a device's name begins. Nothing: `fault` says why.
std::optional<std::vector<SetKey>> parse_set_element(const IpSet& set, std::string_view words,
                                                     bool is_wildcard, std::string& fault);

}  // namespace keepstate::rules
