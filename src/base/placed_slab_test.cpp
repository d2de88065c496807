#include "base/placed_slab.hpp"

#include <gtest/gtest.h>
#include <set>

#include "base/split_mix.hpp"

namespace keepstate::base {
namespace {

/// The wish of a group, in a slab of so many groups.
std::uint32_t wish_of(std::uint32_t group, std::uint32_t groups) {
    return static_cast<std::uint32_t>(((std::uint64_t{group} << 32) + groups - 1) / groups);
}

TEST(PlacedSlab, a_wish_is_heard_while_its_group_has_room) {
    PlacedSlab<int> slab(16, Touch::first);
    const std::uint32_t wish = wish_of(2, 4) + 1;
    EXPECT_EQ(slab.group_of(wish), 8U);
    for (std::uint32_t i = 0; i < PlacedSlab<int>::kGroup; ++i) {
        EXPECT_EQ(slab.next(wish, 0), 8 + i);
        EXPECT_EQ(slab.take(wish), 8 + i);
    }
    const std::uint32_t second = slab.second_group_of(wish);
    ASSERT_NE(second, 8U) << "else the test says nothing";
    EXPECT_EQ(slab.take(wish), second) << "then it is its second one";
    slab.give_back(9);
    EXPECT_EQ(slab.take(wish), 9U);
}

/// Of so many elements with random wishes.
struct Placed {
    std::uint32_t first = 0;   ///< stand in their first group
    std::uint32_t second = 0;  ///< or in their second
};
Placed fill(PlacedSlab<int>& slab, std::uint32_t slots, std::uint32_t elements) {
    SplitMix64 random(5);
    Placed placed;
    for (std::uint32_t i = 0; i < elements; ++i) {
        const auto wish = static_cast<std::uint32_t>(random.next());
        EXPECT_EQ(slab.is_crowded(), i > slots / 2);
        const std::uint32_t group = slab.take(wish) / 4 * 4;
        const bool is_first = group == slab.group_of(wish);
        placed.first += is_first ? 1 : 0;
        placed.second += !is_first && group == slab.second_group_of(wish) ? 1 : 0;
    }
    return placed;
}

TEST(PlacedSlab, most_stand_where_they_are_looked_for_even_if_it_is_full) {
    constexpr std::uint32_t kSlots = 1U << 16;
    PlacedSlab<int> full(kSlots, Touch::first);
    const Placed in_full = fill(full, kSlots, kSlots);
    EXPECT_GT(in_full.first, kSlots / 100 * 70);
    EXPECT_GT(in_full.first + in_full.second, kSlots / 100 * 82);
    PlacedSlab<int> roomy(kSlots, Touch::first);
    constexpr std::uint32_t kMost = kSlots / 11 * 10;
    const Placed in_roomy = fill(roomy, kSlots, kMost);
    EXPECT_GT(in_roomy.first + in_roomy.second, kMost / 100 * 89);
}

TEST(PlacedSlab, memory_that_is_not_there_yet_is_taken_from_the_lowest_up) {
    PlacedSlab<int> slab(16, Touch::later);
    EXPECT_FALSE(slab.has_groups());
    EXPECT_EQ(slab.next(0xffffffff, 2), 2U);
    EXPECT_EQ(slab.take(0xffffffff), 0U);
    EXPECT_EQ(slab.take(0x80000000), 1U);
    EXPECT_EQ(slab.touched(), 2U);
}

TEST(PlacedSlab, each_slot_is_given_once_and_none_beyond_the_last) {
    for (const Touch touch : {Touch::first, Touch::later}) {
        PlacedSlab<int> slab(7, touch);
        std::set<std::uint32_t> slots;
        for (std::uint32_t i = 0; i < 7; ++i) slots.insert(slab.take(i * 0x24924924U));
        EXPECT_EQ(slots.size(), 7U);
        EXPECT_EQ(*slots.rbegin(), 6U);
        EXPECT_EQ(slab.take(0), PlacedSlab<int>::kNone);
        EXPECT_EQ(slab.used(), 7U);
    }
}

TEST(PlacedSlab, a_slot_given_back_is_fresh_when_it_is_taken_again) {
    PlacedSlab<int> slab(1, Touch::later);
    const std::uint32_t slot = slab.take(0);
    slab.at(slot) = 7;
    slab.give_back(slot);
    EXPECT_EQ(slab.used(), 0U);
    ASSERT_EQ(slab.take(0), slot);
    EXPECT_EQ(slab.at(slot), 0);
}

}  // namespace
}  // namespace keepstate::base
