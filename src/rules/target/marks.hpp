// What MARK and CONNMARK share: five spellings of "clear these bits, then flip those".
#pragma once

#include <cstdint>

#include "rules/module.hpp"

namespace keepstate::rules::target {

enum : std::uint8_t { kSetXmark, kSetMark, kAndMark, kOrMark, kXorMark, kMarkIds };
/// None goes with another.
inline constexpr std::uint64_t kMarkSetters = 0x1f;

struct MarkChange {
    std::uint32_t value = 0;
    std::uint32_t mask = 0;

    std::uint32_t of(std::uint32_t mark) const { return (mark & ~mask) ^ value; }
};

/// What MARK keeps. fast() reads it too: it does this target itself.
struct MarkData {
    MarkChange change;
    std::uint32_t given = 0;
};

inline MarkChange mark_change(const OptionUse& use) {
    const auto value = static_cast<std::uint32_t>(use.value.low);
    const auto mask = static_cast<std::uint32_t>(use.value.high);
    switch (use.id()) {
        case kSetXmark: return {value, mask};
        case kSetMark: return {value, mask | value};
        case kAndMark: return {0, ~value};
        case kOrMark: return {value, value};
        default: return {value, 0};
    }
}

}  // namespace keepstate::rules::target
