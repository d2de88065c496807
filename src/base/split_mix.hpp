// SplitMix64: a small and fast sequence of numbers that look random, the same for the same seed.
//
// For dice whose throws must be repeatable, and to make keys of a seed; no secret can be made of it.
// source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".   Tested by: base/split_mix_test.cpp.
#pragma once

#include <cstdint>

namespace keepstate::base {

class SplitMix64 {
  public:
    constexpr explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
    constexpr std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

  private:
    std::uint64_t state_;
};

}  // namespace keepstate::base
