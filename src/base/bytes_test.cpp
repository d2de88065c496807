// ByteView: what is not there cannot be read.
#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace keepstate::base {
namespace {

constexpr std::array<std::uint8_t, 6> kBytes{1, 2, 3, 4, 5, 6};
constexpr ByteView kView{kBytes.data(), kBytes.size()};

TEST(ByteView, knows_what_is_there_even_for_offsets_that_would_wrap) {
    EXPECT_TRUE(kView.has(0, 6));
    EXPECT_TRUE(kView.has(6, 0));
    EXPECT_FALSE(kView.has(7, 0));
    EXPECT_FALSE(kView.has(5, 2));
    EXPECT_FALSE(kView.has(SIZE_MAX, 2));
    EXPECT_FALSE(kView.has(2, SIZE_MAX));
    EXPECT_FALSE(ByteView{}.has(0, 1));
}

TEST(ByteView, cuts_parts_that_never_reach_past_the_end) {
    EXPECT_EQ(kView.sub(2, 3).size(), 3U);
    EXPECT_EQ(kView.sub(4).size(), 2U);
    EXPECT_EQ(kView.sub(4, 100).size(), 2U);
    EXPECT_EQ(kView.sub(6).size(), 0U);
    EXPECT_EQ(kView.sub(SIZE_MAX).size(), 0U);
}

TEST(ByteView, reads_numbers_in_network_order) {
    EXPECT_EQ(kView.u8(5), 6);
    EXPECT_EQ(kView.be16(1), 0x0203);
    EXPECT_EQ(kView.be32(2), 0x03040506U);
    std::array<std::uint8_t, 4> out{};
    store_be32(out.data(), 0x01020304);
    EXPECT_EQ(load_be32(out.data()), 0x01020304U);
}

TEST(ByteViewDeathTest, stops_the_program_when_our_own_code_reads_past_the_end) {
    EXPECT_DEATH(static_cast<void>(kView.be16(5)), "bug");
}

}  // namespace
}  // namespace keepstate::base
