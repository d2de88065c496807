// Names of DSCP classes, for the match and whoever sets a code point.
//
// source: RFC 2474 (CS), RFC 2597 (AF), RFC 3246 (EF), as the real tool knows them.   Tested by: tests/rules/dscp.t.
#pragma once

#include <cctype>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace keepstate::rules {

struct DscpClass {
    std::string_view name;
    std::uint8_t point;
};
inline constexpr DscpClass kDscpClasses[] = {
    {"CS0", 0x00},  {"CS1", 0x08},  {"CS2", 0x10},  {"CS3", 0x18},  {"CS4", 0x20},  {"CS5", 0x28},
    {"CS6", 0x30},  {"CS7", 0x38},  {"BE", 0x00},   {"AF11", 0x0a}, {"AF12", 0x0c}, {"AF13", 0x0e},
    {"AF21", 0x12}, {"AF22", 0x14}, {"AF23", 0x16}, {"AF31", 0x1a}, {"AF32", 0x1c}, {"AF33", 0x1e},
    {"AF41", 0x22}, {"AF42", 0x24}, {"AF43", 0x26}, {"EF", 0x2e},
};

/// The code point of a class; case does not count.
inline std::optional<std::uint8_t> find_dscp_class(std::string_view name) {
    for (const DscpClass& row : kDscpClasses) {
        bool same = row.name.size() == name.size();
        for (std::size_t i = 0; same && i < name.size(); ++i) {
            same = std::toupper(static_cast<unsigned char>(name[i])) == row.name[i];
        }
        if (same) return row.point;
    }
    return std::nullopt;
}

inline std::vector<std::string_view> dscp_class_names() {
    std::vector<std::string_view> names;
    for (const DscpClass& row : kDscpClasses) names.push_back(row.name);
    return names;
}

}  // namespace keepstate::rules
