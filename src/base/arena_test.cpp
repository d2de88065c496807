#include "base/arena.hpp"

#include <gtest/gtest.h>
#include <cstring>

namespace keepstate::base {
namespace {

TEST(Arena, what_is_taken_does_not_overlap_and_comes_again_after_a_reset) {
    Arena arena;
    std::uint8_t* first = arena.take(100);
    std::uint8_t* second = arena.take(100);
    std::memset(first, 1, 100);
    std::memset(second, 2, 100);
    EXPECT_EQ(first[99], 1);
    arena.reset();
    EXPECT_EQ(arena.take(100), first);
}

TEST(Arena, more_than_a_chunk_in_all_is_served_from_further_chunks) {
    Arena arena;
    std::uint8_t* first = arena.take(Arena::kChunk);
    std::uint8_t* second = arena.take(Arena::kChunk);
    EXPECT_NE(first, second);
    first[Arena::kChunk - 1] = 7;
    second[0] = 9;
    EXPECT_EQ(first[Arena::kChunk - 1], 7);
}

}  // namespace
}  // namespace keepstate::base
