// The arithmetic of hashlimit: rates as words, as what the rule keeps, and as credits a tick.
//
//     packets:  "5/min"   -> average = 1000000 * 60 / 5   -> cost = average * 137438953; a tick gives 2^39
//     bytes:    "512kb/s" -> average = (2^32-1) / (32768+1), of chunks of 16 bytes -> cost; a tick gives 2^24
//
// All in the kernel's and the real tool's widths: what overflows there overflows here, since rulesets are printed so.
// source: kernel:net/netfilter/xt_hashlimit.c; seen:tests/rules/hashlimit.t.   Tested by: tests/rules/hashlimit.t.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rules/nearest.hpp"
#include "rules/ticks.hpp"

namespace keepstate::rules::match {

inline constexpr std::uint64_t kRateScale = 1000000;
inline constexpr std::uint64_t kCreditsPerTick = std::uint64_t{1} << 39;
inline constexpr std::uint64_t kByteCreditsPerTick = std::uint64_t{1} << 24;
inline constexpr std::uint64_t kMostByteCredit =
    kByteCreditsPerTick * static_cast<std::uint64_t>(kTicksPerSecond);

/// A rate of packets, or many times that for a burst, in credits.
constexpr std::uint64_t credits_of(std::uint64_t average) {
    return average * (static_cast<std::uint64_t>(kTicksPerSecond) * kCreditsPerTick / kRateScale);
}
/// What a chunk of 16 bytes costs at a rate of bytes.
constexpr std::uint32_t credits_of_byte_cost(std::uint64_t average) {
    return static_cast<std::uint32_t>(average * kMostByteCredit >> 32);
}
/// Bytes a second as rules keep the rate.
constexpr std::uint64_t cost_of_bytes(std::uint64_t bytes) {
    const auto chunks = static_cast<std::uint32_t>(bytes >> 4);
    return 0xffffffffU / (std::uint64_t{chunks} + 1);
}
/// A rate of bytes, as rules keep it, in bytes a second.
constexpr std::uint64_t bytes_of_cost(std::uint64_t cost) {
    const std::uint64_t chunks = cost != 0 ? 0xffffffffU / cost : 0xffffffffU;
    return (chunks - 1) << 4;
}

struct HashRate {
    std::uint64_t average = 0;
    std::uint32_t unit_seconds = 1;
    bool is_bytes = false;
    std::string fault;  ///< empty: it was good
};

inline HashRate read_hash_rate(std::string_view text) {
    HashRate rate;
    const std::string words(text);
    // "b/s" behind a number makes it bytes; what else stands there does not count.
    const std::size_t bytes = words.find("b/s");
    if (bytes != std::string::npos && bytes != 0) {
        const std::uint64_t number = std::strtoull(words.c_str(), nullptr, 10);
        if (number == 0) {
            rate.fault = "is no rate: NUMBERb/s, NUMBERkb/s or NUMBERmb/s";
            return rate;
        }
        const char unit = words[bytes - 1];
        const std::uint64_t factor = unit == 'm' ? 1U << 20 : unit == 'k' ? 1U << 10 : 1;
        rate.is_bytes = true;
        rate.average = cost_of_bytes(number * factor);
        return rate;
    }
    const std::size_t slash = words.find('/');
    struct Unit {
        std::string_view name;
        std::uint32_t seconds;
    };
    constexpr Unit kUnits[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
    if (slash != std::string::npos) {
        rate.unit_seconds = 0;
        for (const Unit& unit : kUnits) {
            const bool is_it =
                slash + 1 < words.size() &&
                begins_in_any_case(unit.name, std::string_view(words).substr(slash + 1));
            if (is_it) rate.unit_seconds = unit.seconds;
        }
    }
    const std::uint64_t number = std::strtoull(words.c_str(), nullptr, 10);
    if (rate.unit_seconds == 0 || number == 0) {
        rate.fault = "is no rate: NUMBER/second, /minute, /hour or /day";
        return rate;
    }
    rate.average = kRateScale * rate.unit_seconds / number;
    if (rate.average == 0) rate.fault = fmt::format("is too fast: {} a second at most", kRateScale);
    return rate;
}

/// "5/min"; `unit_seconds` is told too.
inline std::string packet_rate_text(std::uint64_t average, std::uint32_t& unit_seconds) {
    struct Unit {
        std::string_view name;
        std::uint32_t seconds;
    };
    constexpr Unit kUnits[] = {{"day", 86400}, {"hour", 3600}, {"min", 60}, {"sec", 1}};
    const Unit* shown = &kUnits[0];
    for (const Unit& unit : kUnits) {
        const std::uint64_t whole = unit.seconds * kRateScale;
        if (average > whole || whole / average < whole % average) break;
        shown = &unit;
    }
    unit_seconds = shown->seconds;
    return fmt::format("{}/{}", shown->seconds * kRateScale / average, shown->name);
}

/// "512kb", "1000b", rounded down.
inline std::string byte_count_text(std::uint64_t bytes) {
    if (bytes >= 1U << 20) return fmt::format("{}mb", bytes >> 20);
    if (bytes >= 1U << 10) return fmt::format("{}kb", bytes >> 10);
    return fmt::format("{}b", bytes);
}
/// "512kb/s": in the largest unit that is read as the same rate again.
inline std::string byte_rate_text(std::uint64_t average) {
    const std::uint64_t bytes = bytes_of_cost(average);
    struct Unit {
        unsigned shift;
        char letter;
    };
    for (const Unit unit : {Unit{20, 'm'}, Unit{10, 'k'}}) {
        // The real tool rounds in 32 bits, so that fast rates are never short.
        const std::uint32_t rounded = static_cast<std::uint32_t>(bytes) >> unit.shift << unit.shift;
        if (rounded != 0 && cost_of_bytes(rounded) == average) {
            return fmt::format("{}{}b/s", bytes >> unit.shift, unit.letter);
        }
    }
    return fmt::format("{}b/s", bytes);
}

}  // namespace keepstate::rules::match
