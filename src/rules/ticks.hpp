// The kernel's clock as rules see it: 250 ticks a second (CONFIG_HZ), since some limits are counted in them.
//
// source: kernel:include/linux/jiffies.h; CONFIG_HZ=250, which most distributions choose.
#pragma once

#include <cstdint>

#include "keepstate/time.hpp"

namespace keepstate::rules {

inline constexpr std::int64_t kTicksPerSecond = 250;
inline constexpr std::int64_t kNsPerTick = kNsPerSecond / kTicksPerSecond;

constexpr std::int64_t tick_of(Time now) { return now.ns / kNsPerTick; }
/// Rounded up, as the kernel's msecs_to_jiffies.
constexpr std::int64_t ticks_of_ms(std::uint32_t ms) {
    constexpr std::int64_t kMsPerTick = 1000 / kTicksPerSecond;
    return (std::int64_t{ms} + kMsPerTick - 1) / kMsPerTick;
}

}  // namespace keepstate::rules
