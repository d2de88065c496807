// How many random cases a test draws.
//
// What a property needs to be believed are many cases, and a plain build runs them. A sanitizer makes a program five to
// thirty times slower and looks for something else: a read too far, a race. For that a part of the cases will do, as long
// as every kind of them is among it; so a test states both numbers, side by side.
//
// KEEPSTATE_SEED and KEEPSTATE_RUNS, where a test asks for them, choose other cases in every build.
#pragma once

#include <cstdint>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KS_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define KS_IS_SANITIZED 1
#endif
#endif
#ifndef KS_IS_SANITIZED
#define KS_IS_SANITIZED 0
#endif

namespace keepstate {

/// Whether a sanitizer looks on.
constexpr bool kIsSanitized = KS_IS_SANITIZED != 0;

/// `usual` in a plain build, `sanitized` where a sanitizer looks on.
template <typename Number>
constexpr Number draws(Number usual, Number sanitized) {
    return kIsSanitized ? sanitized : usual;
}

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 0);
}

inline std::uint64_t first_seed() { return from_environment("KEEPSTATE_SEED", 1); }

/// draws(), if KEEPSTATE_RUNS does not say how many.
inline std::uint64_t runs(std::uint64_t usual, std::uint64_t sanitized) {
    return from_environment("KEEPSTATE_RUNS", draws(usual, sanitized));
}

}  // namespace keepstate
