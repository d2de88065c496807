// Keyed hashes: SipHash-1-3 over 64-bit words, and a faster one for where every nanosecond counts.
//
// Strangers choose the tuples of their packets; with a key they do not know they cannot choose where in the
// entry map those end up. Not for signatures. Words instead of bytes, since tuples are packed anyway.
// FoldedHash multiplies 64 by 64 bits and folds the product, as the hashes of the wyhash family do: about 3 ns for an IPv4
// flow. It is no pseudorandom function as SipHash is; who does not know the key cannot say which inputs collide, and
// ct/entry_index_test.cpp tries what can be tried without it.
// source: Aumasson, Bernstein, "SipHash: a fast short-input PRF" (the 1-3 variant); Lemire, Kaser, "Strongly universal
// string hashing is fast" (multiplications with keys).
// Cost: SipHash13 about 15 ns for three words.  Tested by: base/hash_test.cpp.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "base/split_mix.hpp"

namespace keepstate::base {

struct HashKey {
    std::uint64_t k0 = 0;
    std::uint64_t k1 = 0;

    /// Spreads a seed over both halves.
    static constexpr HashKey from_seed(std::uint64_t seed) {
        SplitMix64 random(seed);
        HashKey key;
        key.k0 = random.next();
        key.k1 = random.next();
        return key;
    }
};

class SipHash13 {
  public:
    constexpr explicit SipHash13(const HashKey& key)
        : v0_(key.k0 ^ 0x736f6d6570736575ULL),
          v1_(key.k1 ^ 0x646f72616e646f6dULL),
          v2_(key.k0 ^ 0x6c7967656e657261ULL),
          v3_(key.k1 ^ 0x7465646279746573ULL) {}

    constexpr void add(std::uint64_t word) {
        v3_ ^= word;
        round();
        v0_ ^= word;
        ++words_;
    }
    constexpr std::uint64_t finish() {
        add(words_ << 59);
        v2_ ^= 0xff;
        round();
        round();
        round();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

  private:
    constexpr void round() {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }
    std::uint64_t v0_, v1_, v2_, v3_;
    std::uint64_t words_ = 0;
};

/// The hash of some words.
constexpr std::uint64_t sip_hash(const HashKey& key, std::span<const std::uint64_t> words) {
    SipHash13 hash{key};
    for (const std::uint64_t word : words) hash.add(word);
    return hash.finish();
}

/// The two halves of a 128-bit product, folded.
constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// See the head of the file. All 64 bits are good.
class FoldedHash {
  public:
    constexpr explicit FoldedHash(std::uint64_t seed)
        : first_(HashKey::from_seed(seed)), second_(HashKey::from_seed(~seed)) {}

    constexpr std::uint64_t operator()(std::uint64_t a, std::uint64_t b) const {
        const std::uint64_t mixed = fold_multiply(a ^ first_.k0, b ^ first_.k1);
        return fold_multiply(mixed ^ second_.k0, second_.k1);
    }
    /// More words: hash((a, b), (c, d), ...).
    constexpr std::uint64_t add(std::uint64_t hash, std::uint64_t a, std::uint64_t b) const {
        return fold_multiply(hash ^ (*this)(a, b), first_.k1 ^ second_.k0);
    }

  private:
    HashKey first_;
    HashKey second_;
};

}  // namespace keepstate::base
