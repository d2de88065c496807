#include "base/hash.hpp"

#include <gtest/gtest.h>
#include <array>

namespace keepstate::base {
namespace {

TEST(SipHash, another_key_gives_another_hash) {
    const std::array<std::uint64_t, 2> words{1, 2};
    EXPECT_NE(sip_hash(HashKey::from_seed(1), words), sip_hash(HashKey::from_seed(2), words));
}

TEST(SipHash, order_and_number_of_words_count) {
    const HashKey key = HashKey::from_seed(7);
    const std::array<std::uint64_t, 2> ab{1, 2}, ba{2, 1};
    const std::array<std::uint64_t, 1> a{1};
    const std::array<std::uint64_t, 2> a0{1, 0};
    EXPECT_NE(sip_hash(key, ab), sip_hash(key, ba));
    EXPECT_NE(sip_hash(key, a), sip_hash(key, a0));
}

TEST(SipHash, low_bits_spread_over_buckets_for_consecutive_inputs) {
    const HashKey key = HashKey::from_seed(42);
    std::array<unsigned, 64> filled{};
    for (std::uint64_t i = 0; i < 6400; ++i) {
        const std::array<std::uint64_t, 1> words{i};
        ++filled[sip_hash(key, words) % filled.size()];
    }
    for (const unsigned count : filled) {
        EXPECT_GT(count, 50U);
        EXPECT_LT(count, 160U);
    }
}

}  // namespace
}  // namespace keepstate::base
