// The pool that recent, hashlimit, connlimit and sets keep their things in.
#include "rules/keyed_pool.hpp"

#include <gtest/gtest.h>

#include <map>

namespace keepstate::rules {
namespace {

using Pool = KeyedPool<1, int>;
constexpr base::HashKey kKey = base::HashKey::from_seed(7);

TEST(KeyedPool, what_was_added_is_found_until_it_is_removed) {
    Pool pool(4, kKey);
    EXPECT_EQ(pool.find({1}), Pool::kNone);
    const std::uint32_t slot = pool.add({1});
    pool.at(slot) = 11;
    ASSERT_EQ(pool.find({1}), slot);
    EXPECT_EQ(pool.at(slot), 11);
    pool.remove(slot);
    EXPECT_EQ(pool.find({1}), Pool::kNone);
    EXPECT_EQ(pool.size(), 0U);
}

TEST(KeyedPool, a_full_pool_takes_nothing) {
    Pool pool(2, kKey);
    EXPECT_NE(pool.add({1}), Pool::kNone);
    EXPECT_NE(pool.add({2}), Pool::kNone);
    EXPECT_TRUE(pool.is_full());
    EXPECT_EQ(pool.add({3}), Pool::kNone);
    pool.remove(pool.oldest());
    EXPECT_NE(pool.add({3}), Pool::kNone);
    EXPECT_EQ(pool.find({1}), Pool::kNone);
}

TEST(KeyedPool, a_touch_makes_the_youngest) {
    Pool pool(3, kKey);
    const std::uint32_t one = pool.add({1});
    const std::uint32_t two = pool.add({2});
    const std::uint32_t three = pool.add({3});
    EXPECT_EQ(pool.oldest(), one);
    pool.touch(one);
    EXPECT_EQ(pool.oldest(), two);
    EXPECT_EQ(pool.younger(three), one);
    EXPECT_EQ(pool.younger(one), Pool::kNone);
}

TEST(KeyedPool, equal_keys_are_told_apart_by_their_values) {
    Pool pool(3, kKey);
    pool.at(pool.add({1})) = 10;
    pool.at(pool.add({1})) = 20;
    const std::uint32_t slot = pool.find_if({1}, [](int value) { return value == 10; });
    ASSERT_NE(slot, Pool::kNone);
    EXPECT_EQ(pool.at(slot), 10);
}

TEST(KeyedPool, agrees_with_a_map_over_many_changes) {
    Pool pool(64, kKey);
    std::map<std::uint64_t, int> model;
    std::uint64_t state = 1;
    for (int i = 0; i < 20000; ++i) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        const std::uint64_t key = state >> 57;
        const std::uint32_t slot = pool.find({key});
        ASSERT_EQ(slot != Pool::kNone, model.contains(key)) << i;
        if (slot != Pool::kNone) {
            ASSERT_EQ(pool.at(slot), model[key]);
            pool.remove(slot);
            model.erase(key);
        } else if (!pool.is_full()) {
            pool.at(pool.add({key})) = i;
            model[key] = i;
        }
        ASSERT_EQ(pool.size(), model.size());
    }
}

}  // namespace
}  // namespace keepstate::rules
