// Slots that are free, found from the lowest one or by their number.
#include "base/free_slots.hpp"

#include <gtest/gtest.h>
#include <set>

#include "base/split_mix.hpp"

namespace keepstate::base {
namespace {

TEST(FreeSlots, the_lowest_comes_first_and_there_is_an_end) {
    for (const std::uint32_t count : {1U, 63U, 64U, 65U, 4096U, 4097U, 300000U}) {
        FreeSlots slots(count);
        for (std::uint32_t i = 0; i < count; ++i) {
            ASSERT_EQ(slots.lowest(), i) << count;
            slots.take(i);
        }
        EXPECT_EQ(slots.lowest(), FreeSlots::kNone) << count;
        slots.give_back(count - 1);
        EXPECT_EQ(slots.lowest(), count - 1);
    }
}

TEST(FreeSlots, none_at_all_is_possible) {
    EXPECT_EQ(FreeSlots(0).lowest(), FreeSlots::kNone);
    EXPECT_EQ(FreeSlots(0).lowest_after(0), FreeSlots::kNone);
}

TEST(FreeSlots, those_of_a_group_are_its_bits) {
    FreeSlots slots(70);
    slots.take(65);
    EXPECT_EQ(slots.among<4>(64), 0b1101U);
    EXPECT_EQ(slots.among<4>(60), 0b1111U);
    EXPECT_EQ(slots.among<4>(68), 0b0011U) << "there are only 70";
}

TEST(FreeSlots, whoever_is_lowest_later_is_known_near_by) {
    FreeSlots slots(64);
    slots.take(0);
    slots.take(2);
    EXPECT_EQ(slots.lowest_after(0), 1U);
    EXPECT_EQ(slots.lowest_after(1), 3U);
    EXPECT_EQ(slots.lowest_after(61), 63U);
    EXPECT_EQ(slots.lowest_after(62), FreeSlots::kNone);
}

TEST(FreeSlots, taken_and_given_back_in_any_order_they_are_those_of_a_set) {
    constexpr std::uint32_t kCount = 5000;
    FreeSlots slots(kCount);
    std::set<std::uint32_t> free;
    for (std::uint32_t i = 0; i < kCount; ++i) free.insert(free.end(), i);
    SplitMix64 dice(7);
    for (int i = 0; i < 100000; ++i) {
        // Drifts to and fro between none free and all.
        const bool takes = dice.next() % 10 < (i / 10000 % 2 == 0 ? 8U : 3U);
        const auto slot = static_cast<std::uint32_t>(dice.next() % kCount);
        ASSERT_EQ(slots.is_free(slot), free.count(slot) == 1);
        if (takes && !free.empty()) {
            const std::uint32_t taken = slots.is_free(slot) ? slot : slots.lowest();
            slots.take(taken);
            free.erase(taken);
        } else if (free.insert(slot).second) {
            slots.give_back(slot);
        }
        ASSERT_EQ(slots.lowest(), free.empty() ? FreeSlots::kNone : *free.begin());
    }
}

}  // namespace
}  // namespace keepstate::base
