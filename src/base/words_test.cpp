#include "base/words.hpp"

#include <gtest/gtest.h>
#include <array>

namespace keepstate::base {
namespace {

TEST(Words, distance_counts_changed_added_and_missing_letters) {
    EXPECT_EQ(edit_distance("state", "state"), 0U);
    EXPECT_EQ(edit_distance("sate", "state"), 1U);
    EXPECT_EQ(edit_distance("conntarck", "conntrack"), 2U);
    EXPECT_EQ(edit_distance("", "tcp"), 3U);
}

TEST(Words, the_nearest_word_wins_and_none_is_empty) {
    constexpr std::array<std::string_view, 3> known{"tcp", "udp", "conntrack"};
    EXPECT_EQ(nearest_word("contrack", known), "conntrack");
    EXPECT_EQ(nearest_word("tpc", known), "tcp");
    EXPECT_EQ(nearest_word("x", {}), "");
}

}  // namespace
}  // namespace keepstate::base
