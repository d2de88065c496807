// What the matches on a 32-bit number of a header share (SPI, fragment id, segments left): LOW:HIGH.
//
// The real tools take a range that goes down; no number is in it. They print nothing for a range that holds
// every number, even inverted, though the kernel then matches nothing: kept, because rulesets are compared
// by what is printed.
// Tested by: tests/rules/ah.t, esp.t, ipcomp.t, frag.t, rt.t.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "rules/module.hpp"

namespace keepstate::rules::match {

/// low..high, both included.
struct NumberRange {
    std::uint32_t low = 0;
    std::uint32_t high = 0xffffffffU;
    std::uint32_t inverted = 0;

    /// An option of kind number_range.
    void read(const OptionUse& use) {
        low = static_cast<std::uint32_t>(use.value.low);
        high = static_cast<std::uint32_t>(use.value.high);
        inverted = use.inverted;
    }
    bool holds(std::uint32_t number) const {
        return (number >= low && number <= high) != (inverted != 0);
    }
    std::string words(std::string_view option) const {
        const std::string range =
            low == high ? fmt::format("{}", low) : fmt::format("{}:{}", low, high);
        return fmt::format("{}--{} {}", inverted ? "! " : "", option, range);
    }
    /// " --espspi 1:2", or nothing for all numbers.
    void print(std::string_view option, std::string& out) const {
        if (low != 0 || high != 0xffffffffU) out += " " + words(option);
    }
};

}  // namespace keepstate::rules::match
