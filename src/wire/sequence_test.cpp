// Sequence numbers on their circle.
#include "wire/sequence.hpp"

#include <gtest/gtest.h>

namespace keepstate::wire {
namespace {

TEST(SeqNumber, comes_before_what_is_less_than_half_the_circle_ahead) {
    struct Row {
        std::uint32_t a;
        std::uint32_t b;
        bool before;
        bool after;
    };
    for (const Row& row : {Row{1, 2, true, false}, Row{2, 1, false, true}, Row{5, 5, false, false},
                           Row{0xffffffff, 0, true, false}, Row{0, 0x7fffffff, true, false},
                           Row{0, 0x80000001, false, true}, Row{0x80000001, 0, true, false}}) {
        EXPECT_EQ(before(SeqNumber{row.a}, SeqNumber{row.b}), row.before) << row.a << " " << row.b;
        EXPECT_EQ(after(SeqNumber{row.a}, SeqNumber{row.b}), row.after) << row.a << " " << row.b;
    }
}

TEST(SeqNumber, counts_on_over_the_wrap) {
    EXPECT_EQ((SeqNumber{0xfffffffe} + 4U).value(), 2U);
    EXPECT_EQ((SeqNumber{2} - 4U).value(), 0xfffffffeU);
    EXPECT_EQ(SeqNumber{2} - SeqNumber{0xfffffffe}, 4U);
}

}  // namespace
}  // namespace keepstate::wire
