// The ring between two threads.
#include "base/spsc_ring.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace keepstate::base {
namespace {

TEST(SpscRing, gives_what_was_pushed_in_its_order) {
    SpscRing<int, 4> ring;
    int value = 0;
    EXPECT_FALSE(ring.try_pop(value));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(i));
    EXPECT_FALSE(ring.try_push(4));
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(ring.try_pop(value));
        EXPECT_EQ(value, i);
    }
    EXPECT_FALSE(ring.try_pop(value));
}

// `looks` 0: both sides sleep whenever they have to wait.
void send_through(std::uint32_t looks, int count) {
    SpscRing<int, 2> ring{looks};
    int last = -1;
    std::uint64_t plain = 0;  // written before each push, read behind its pop
    std::thread popper([&] {
        for (int i = 0; i < count; ++i) {
            const int value = ring.pop();
            ASSERT_EQ(value, last + 1);
            last = value;
        }
        EXPECT_GE(plain, 1U);
    });
    plain = 1;
    for (int i = 0; i < count; ++i) ring.push(i);
    popper.join();
    EXPECT_EQ(last, count - 1);
}

TEST(SpscRing, carries_values_between_threads_that_spin) { send_through(2000, 20000); }
TEST(SpscRing, carries_values_between_threads_that_sleep) { send_through(0, 20000); }

TEST(SpscRing, wakes_a_popper_that_has_gone_to_sleep) {
    SpscRing<int, 2> ring{1};
    int got = 0;
    std::thread popper([&] { got = ring.pop(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ring.push(7);
    popper.join();
    EXPECT_EQ(got, 7);
}

}  // namespace
}  // namespace keepstate::base
