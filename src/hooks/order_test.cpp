#include "hooks/order.hpp"

#include <gtest/gtest.h>

namespace keepstate::hooks {
namespace {

constexpr std::array kAllHooks{Hook::prerouting, Hook::input, Hook::forward, Hook::output,
                               Hook::postrouting};

TEST(Order, priorities_rise_at_every_hook) {
    for (const Hook hook : kAllHooks) {
        const std::span<const OrderedStep> steps = steps_at(hook);
        ASSERT_FALSE(steps.empty());
        for (std::size_t i = 1; i < steps.size(); ++i) {
            EXPECT_LT(steps[i - 1].priority, steps[i].priority) << static_cast<int>(hook);
        }
    }
}

TEST(Order, only_the_last_hooks_of_a_path_confirm) {
    for (const Hook hook : kAllHooks) {
        const bool is_last = hook == Hook::input || hook == Hook::postrouting;
        EXPECT_EQ(steps_at(hook).back().step == Step::confirm, is_last);
    }
}

}  // namespace
}  // namespace keepstate::hooks
