// VALUE, VALUE/MASK or a name, as iproute2 names numbers: realms, device groups.
//
// Only the names that every Linux has are known; those an administrator adds to iproute2's files are not.
// source: seen:tests/rules/realm.t, devgroup.t.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

struct NamedNumber {
    std::uint32_t value = 0;
    std::uint32_t mask = 0xffffffffU;
    std::uint32_t inverted = 0;

    /// `name`: what 0 is called. A fault is told to the reader.
    void read(const OptionUse& use, std::string_view name, RuleReader& reader) {
        const std::string_view words = use.value.text;
        inverted = use.inverted;
        const std::size_t slash = words.find('/');
        const auto number = parse_number(words.substr(0, slash), 0, 0xffffffffU);
        if (!number) {
            if (words != name) {
                reader.fault(fmt::format(
                    "`{}' is no number of 32 bits, and the only name known is `{}'", words, name));
            }
            return;
        }
        value = static_cast<std::uint32_t>(*number);
        if (slash == std::string_view::npos) return;
        const auto mask_number = parse_number(words.substr(slash + 1), 0, 0xffffffffU);
        if (!mask_number) reader.fault(fmt::format("`{}' is no mask", words.substr(slash + 1)));
        mask = static_cast<std::uint32_t>(mask_number.value_or(0));
    }
    bool holds(std::uint32_t number) const { return ((number & mask) == value) != (inverted != 0); }
    std::string words(std::string_view option, std::string_view name) const {
        std::string out = fmt::format("{}--{} ", inverted ? "! " : "", option);
        if (mask != 0xffffffffU) return out + fmt::format("{:#x}/{:#x}", value, mask);
        if (value == 0) return out.append(name);
        return out + fmt::format("{:#x}", value);
    }
};

}  // namespace keepstate::rules::match
