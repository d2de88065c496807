// Shared objects: one by each kind and name, for as long as the engine lives.
#include "rules/objects.hpp"

#include <gtest/gtest.h>

namespace keepstate::rules {
namespace {

struct Count final : SharedObject {
    explicit Count(int from) : value(from) {}
    int value;
};

TEST(Objects, a_name_is_one_object_of_its_kind) {
    Objects objects;
    EXPECT_EQ(objects.find<Count>("count", "a"), nullptr);
    Count& a = objects.find_or_make<Count>("count", "a", 1);
    EXPECT_EQ(&objects.find_or_make<Count>("count", "a", 2), &a);
    EXPECT_EQ(a.value, 1);
    EXPECT_NE(&objects.find_or_make<Count>("other", "a", 3), &a);
    EXPECT_EQ(objects.find<Count>("count", "a"), &a);
}

TEST(Objects, nameless_ones_are_never_found_again) {
    Objects objects;
    Count& first = objects.make<Count>("count", 1);
    Count& second = objects.make<Count>("count", 2);
    EXPECT_NE(&first, &second);
    EXPECT_EQ(objects.find<Count>("count", ""), nullptr);
}

}  // namespace
}  // namespace keepstate::rules
