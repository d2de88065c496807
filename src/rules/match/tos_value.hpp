// How the real tools read a TOS value: VALUE, VALUE/MASK, or one of five names.
//
// source: man:iptables-extensions tos; RFC 1349.   Tested by: tests/rules/tos.t.
#pragma once

#include <cctype>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

struct TosValue {
    std::uint8_t value = 0;
    std::uint8_t mask = 0xff;
};

struct TosName {
    std::string_view name;
    std::uint8_t value;
};
inline constexpr TosName kTosNames[] = {{"Minimize-Delay", 0x10},
                                        {"Maximize-Throughput", 0x08},
                                        {"Maximize-Reliability", 0x04},
                                        {"Minimize-Cost", 0x02},
                                        {"Normal-Service", 0x00}};
/// A name says nothing of the two upper bits.
inline constexpr std::uint8_t kTosNameMask = 0x3f;

/// Nothing: a fault was told. `default_mask`: of a value without one.
inline std::optional<TosValue> parse_tos(std::string_view words, std::uint8_t default_mask,
                                         RuleReader& reader) {
    const auto number = parse_number_prefix(words);
    if (number && number->value <= 255) {
        TosValue tos{static_cast<std::uint8_t>(number->value), default_mask};
        const std::string_view rest = words.substr(number->bytes);
        if (rest.empty()) return tos;
        const auto mask = rest.front() == '/' ? parse_number(rest.substr(1), 0, 255) : std::nullopt;
        if (!mask) {
            reader.fault(fmt::format("`{}' is no VALUE or VALUE/MASK of 8 bits", words));
            return std::nullopt;
        }
        tos.mask = static_cast<std::uint8_t>(*mask);
        return tos;
    }
    std::vector<std::string_view> names;
    for (const TosName& row : kTosNames) {
        const bool same = row.name.size() == words.size() && begins_in_any_case(row.name, words);
        if (same) return TosValue{row.value, kTosNameMask};
        names.push_back(row.name);
    }
    reader.fault(fmt::format("`{}' is no TOS value from 0 to 255 and no name of one{}", words,
                             did_you_mean(words, names)));
    return std::nullopt;
}

}  // namespace keepstate::rules
