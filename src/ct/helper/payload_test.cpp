#include "ct/helper/payload.hpp"

#include <gtest/gtest.h>

namespace keepstate::ct {
namespace {

TEST(HelperPayload, NumbersAreReadAsFarAsDigitsGo) {
    EXPECT_EQ(read_number("167772417 5").value, 167772417U);
    EXPECT_EQ(read_number("167772417 5").digits, 9U);
    EXPECT_EQ(read_number("007x").value, 7U);
    EXPECT_EQ(read_number("007x").digits, 3U);
    for (const char* none : {"", " 1", "+1", "-1", "x", "/", ":"}) {
        EXPECT_EQ(read_number(none).digits, 0U) << none;
        EXPECT_EQ(read_number(none).value, 0U) << none;
    }
}

TEST(HelperPayload, ANumberTooLargeCountsModuloTwoToTheSixtyFour) {
    EXPECT_EQ(read_number("18446744073709551616").value, 0U);
    EXPECT_EQ(read_number("18446744073877324033").value, 167772417U);
    EXPECT_EQ(read_number("18446744073877324033").digits, 20U);
}

TEST(HelperPayload, AHelpersMemoryIsNewUntilItHasRememberedSomething) {
    HelperMemory memory;
    EXPECT_FALSE(own_memory<SaneMemory>(memory).is_start_requested);
    own_memory<SaneMemory>(memory).is_start_requested = true;
    EXPECT_TRUE(own_memory<SaneMemory>(memory).is_start_requested);
}

}  // namespace
}  // namespace keepstate::ct
