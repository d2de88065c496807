// Time as the engine knows it: a point on a clock that the caller owns.
//
// The engine never reads a clock. Replays pass the captures' own stamps, tests pass what they like, a
// live data plane passes its clock, read once a batch. A Time is nanoseconds since an epoch that the
// engine does not care about (captures: 1970-01-01 UTC); a span between two is nanoseconds too.
#pragma once

#include <compare>
#include <cstdint>

namespace keepstate {

/// Nanoseconds since the caller's epoch. May be negative; differences must fit 63 bits (292 years).
struct Time {
    std::int64_t ns = 0;

    static constexpr Time from_ns(std::int64_t value) { return Time{value}; }
    static constexpr Time from_s(std::int64_t value) { return Time{value * 1'000'000'000}; }

    constexpr auto operator<=>(const Time&) const = default;
    constexpr Time operator+(std::int64_t span_ns) const { return Time{ns + span_ns}; }
    constexpr std::int64_t operator-(Time earlier) const { return ns - earlier.ns; }
};

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace keepstate
