// Bob Jenkins' hash lookup3, as the kernel's jhash has it: cluster and HMARK promise the same numbers on all hosts.
//
// source: http://burtleburtle.net/bob/c/lookup3.c (public domain); the kernel adds 0xdeadbeef and four times the
// number of words to the seed.   Tested by: rules/jenkins_test.cpp, tests/scenarios/rules.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace keepstate::rules {

class Jenkins {
  public:
    Jenkins(std::uint32_t words, std::uint32_t seed)
        : a_(0xdeadbeefU + (words << 2) + seed), b_(a_), c_(a_) {}

    /// The hash of `words`, any number of them.
    static std::uint32_t hash(std::span<const std::uint32_t> words, std::uint32_t seed) {
        Jenkins state(static_cast<std::uint32_t>(words.size()), seed);
        while (words.size() > 3) {
            state.add(words);
            state.mix();
            words = words.subspan(3);
        }
        if (words.empty()) return state.c_;
        state.add(words);
        return state.finish();
    }
    /// The same of three words.
    static std::uint32_t hash3(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                               std::uint32_t seed) {
        Jenkins state(3, seed);
        state.a_ += a;
        state.b_ += b;
        state.c_ += c;
        return state.finish();
    }

  private:
    void add(std::span<const std::uint32_t> words) {
        a_ += words[0];
        if (words.size() > 1) b_ += words[1];
        if (words.size() > 2) c_ += words[2];
    }
    void mix() {
        a_ -= c_, a_ ^= std::rotl(c_, 4), c_ += b_;
        b_ -= a_, b_ ^= std::rotl(a_, 6), a_ += c_;
        c_ -= b_, c_ ^= std::rotl(b_, 8), b_ += a_;
        a_ -= c_, a_ ^= std::rotl(c_, 16), c_ += b_;
        b_ -= a_, b_ ^= std::rotl(a_, 19), a_ += c_;
        c_ -= b_, c_ ^= std::rotl(b_, 4), b_ += a_;
    }
    std::uint32_t finish() {
        c_ ^= b_, c_ -= std::rotl(b_, 14);
        a_ ^= c_, a_ -= std::rotl(c_, 11);
        b_ ^= a_, b_ -= std::rotl(a_, 25);
        c_ ^= b_, c_ -= std::rotl(b_, 16);
        a_ ^= c_, a_ -= std::rotl(c_, 4);
        b_ ^= a_, b_ -= std::rotl(a_, 14);
        c_ ^= b_, c_ -= std::rotl(b_, 24);
        return c_;
    }
    std::uint32_t a_, b_, c_;
};

/// A hash scaled to 0..count-1: the upper half of their product.
constexpr std::uint32_t scale_to(std::uint32_t hash, std::uint32_t count) {
    return static_cast<std::uint32_t>(std::uint64_t{hash} * count >> 32);
}

}  // namespace keepstate::rules
