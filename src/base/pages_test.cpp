// Large memory is zero, aligned, and comes when it is touched.
#include "base/pages.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace keepstate::base {
namespace {

TEST(Pages, are_zeros_from_the_first_byte_to_the_last_and_aligned) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{64}, std::size_t{65535},
                                    std::size_t{65536}, std::size_t{5} << 20}) {
        for (const Touch touch : {Touch::later, Touch::first}) {
            const Pages pages(bytes, touch);
            ASSERT_EQ(pages.size(), bytes);
            auto* const at = static_cast<unsigned char*>(pages.data());
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(at) % 64, 0U);
            EXPECT_EQ(at[0], 0);
            EXPECT_EQ(at[bytes - 1], 0);
            at[0] = at[bytes - 1] = 1;
        }
    }
}

TEST(Pages, what_is_never_touched_may_be_larger_than_the_machine) {
    const Pages pages(std::size_t{1} << 40);
    auto* const at = static_cast<unsigned char*>(pages.data());
    at[pages.size() - 1] = 7;
    EXPECT_EQ(at[pages.size() - 1], 7);
}

TEST(Pages, move_from_hand_to_hand) {
    Pages first(100);
    void* const at = first.data();
    Pages second(std::move(first));
    EXPECT_EQ(second.data(), at);
    Pages third;
    third = std::move(second);
    EXPECT_EQ(third.data(), at);
    EXPECT_EQ(third.size(), 100U);
}

TEST(Pages, none_are_none) { EXPECT_EQ(Pages(0).data(), nullptr); }

}  // namespace
}  // namespace keepstate::base
