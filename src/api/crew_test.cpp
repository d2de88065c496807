// Threads that do jobs side by side.
#include "api/crew.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace keepstate {
namespace {

struct Sums final : Crew::Work {
    void work(std::uint32_t member, std::uint32_t job) override { by_member[member] += job; }
    std::array<std::uint64_t, 8> by_member{};  // plain: what run() returns behind is seen
};

TEST(Crew, has_every_member_do_every_job_and_waits_for_all) {
    for (std::uint32_t members = 1; members <= 4; ++members) {
        Sums sums;
        Crew crew(members, sums, false);
        EXPECT_EQ(crew.members(), members);
        std::uint64_t wanted = 0;
        for (std::uint32_t job = 1; job <= 2000; ++job) {
            crew.run(job);
            wanted += job;
            for (std::uint32_t m = 0; m < members; ++m) ASSERT_EQ(sums.by_member[m], wanted);
        }
        EXPECT_EQ(sums.by_member[members], 0U);
    }
}

TEST(Crew, wakes_members_that_have_gone_to_sleep) {
    Sums sums;
    Crew crew(3, sums, true);
    for (int i = 0; i < 3; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        crew.run(1);
    }
    EXPECT_EQ(sums.by_member[1], 3U);
    EXPECT_EQ(sums.by_member[2], 3U);
}

TEST(Crew, ends_without_having_worked) {
    Sums sums;
    Crew crew(4, sums, false);
}

}  // namespace
}  // namespace keepstate
