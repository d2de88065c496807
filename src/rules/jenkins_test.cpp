// The kernel's jhash, by numbers of its own making.
#include "rules/jenkins.hpp"

#include <gtest/gtest.h>

#include <array>

namespace keepstate::rules {
namespace {

TEST(Jenkins, three_words_are_hashed_alike_either_way) {
    constexpr std::array<std::uint32_t, 3> kWords{1, 2, 3};
    EXPECT_EQ(Jenkins::hash(kWords, 9), Jenkins::hash3(1, 2, 3, 9));
}

TEST(Jenkins, every_word_and_the_seed_count) {
    std::array<std::uint32_t, 4> words{1, 2, 3, 4};
    const std::uint32_t before = Jenkins::hash(words, 9);
    for (std::uint32_t& word : words) {
        ++word;
        EXPECT_NE(Jenkins::hash(words, 9), before);
        --word;
    }
    EXPECT_NE(Jenkins::hash(words, 10), before);
}

TEST(Jenkins, scaling_keeps_within_the_count) {
    EXPECT_EQ(scale_to(0, 10), 0U);
    EXPECT_EQ(scale_to(0xffffffffU, 10), 9U);
    EXPECT_EQ(scale_to(0x80000000U, 10), 5U);
}

}  // namespace
}  // namespace keepstate::rules
