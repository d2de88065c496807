#include "base/slab.hpp"

#include <gtest/gtest.h>
#include <set>

namespace keepstate::base {
namespace {

TEST(Slab, gives_each_slot_once_and_refuses_beyond_its_capacity) {
    Slab<int> slab{3};
    const std::set<std::uint32_t> slots{slab.take(), slab.take(), slab.take()};
    EXPECT_EQ(slots.size(), 3U);
    EXPECT_EQ(slab.take(), Slab<int>::kNone);
    EXPECT_EQ(slab.used(), 3U);
}

TEST(Slab, a_slot_given_back_is_fresh_when_it_is_taken_again) {
    Slab<int> slab{1};
    const std::uint32_t slot = slab.take();
    slab.at(slot) = 7;
    slab.give_back(slot);
    EXPECT_EQ(slab.used(), 0U);
    ASSERT_EQ(slab.take(), slot);
    EXPECT_EQ(slab.at(slot), 0);
}

}  // namespace
}  // namespace keepstate::base
