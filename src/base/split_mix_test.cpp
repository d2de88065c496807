// The sequence of its authors.
#include "base/split_mix.hpp"

#include <gtest/gtest.h>

namespace keepstate::base {
namespace {

// source: the published reference sequence of seed 1234567.
TEST(SplitMix64, gives_the_published_sequence) {
    SplitMix64 random(1234567);
    EXPECT_EQ(random.next(), 6457827717110365317ULL);
    EXPECT_EQ(random.next(), 3203168211198807973ULL);
    EXPECT_EQ(random.next(), 9817491932198370423ULL);
    EXPECT_EQ(random.next(), 4593380528125082431ULL);
    EXPECT_EQ(random.next(), 16408922859458223821ULL);
}

}  // namespace
}  // namespace keepstate::base
