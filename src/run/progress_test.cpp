// The progress line's text.
#include "run/progress.hpp"

#include <gtest/gtest.h>

namespace keepstate::run {
namespace {

TEST(Progress, ShowsHowMuchHowFastAndHowLong) {
    EXPECT_EQ(
        progress_line({12'000'000, 24'000'000, 400'000, 2.0}, 200),
        "[############............]  50%  12.0 of 24.0 MB  400000 packets  200 k/s  0:02 left");
    EXPECT_EQ(progress_line({24'000'000, 24'000'000, 5, 10'000.0}, 200),
              "[########################] 100%  24.0 of 24.0 MB  5 packets  0/s  0:00 left");
}

TEST(Progress, HasNoBarWithoutAKnownEnd) {
    EXPECT_EQ(progress_line({12'000'000, 0, 3'000'000, 1.0}, 200),
              "12.0 MB  3000000 packets  3.0 M/s");
}

TEST(Progress, FitsTheTerminalAndAFileThatGrows) {
    EXPECT_EQ(progress_line({1, 2, 3, 4.0}, 10).size(), 10U);
    EXPECT_NE(progress_line({50, 20, 3, 4.0}, 200).find("100%"), std::string::npos);
}

TEST(Progress, ShowsHoursWhenItTakesThem) {
    EXPECT_NE(progress_line({1'000'000, 10'000'000, 1, 1000.0}, 200).find("2:30:00 left"),
              std::string::npos);
}

}  // namespace
}  // namespace keepstate::run
