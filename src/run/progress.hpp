// The progress line of a long replay: how much of the input is done, how fast, how long it will take.
//
//     [##########..............]  42%  11.9 of 28.3 MB  412034 packets  380 k/s  0:02 left
//
// Drawn over itself on stderr at most ten times a second, first after a fifth of a second (so that a
// short replay shows none), removed at the end. The caller says whether there is a terminal.
//
// Threads: one owner.  Tested by: run/progress_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace keepstate::run {

/// One state of affairs, as the line shows it.
struct ProgressState {
    std::uint64_t done_bytes = 0;
    std::uint64_t all_bytes = 0;  ///< 0: not known (a pipe); then no bar and no time left
    std::uint64_t packets = 0;
    double elapsed_s = 0;
};

/// The line without control characters, at most `columns` wide. Pure.
std::string progress_line(const ProgressState& state, int columns);

class Progress {
  public:
    /// `shown` false: does nothing. `columns` is the terminal's width.
    Progress(bool shown, std::uint64_t all_bytes, int columns);
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Cost: a clock read; ten times a second a write.
    void update(std::uint64_t done_bytes, std::uint64_t packets);
    /// Removes the line.
    void clear();

  private:
    using Clock = std::chrono::steady_clock;
    bool shown_;
    bool drawn_ = false;
    std::uint64_t all_bytes_;
    int columns_;
    Clock::time_point begin_;
    Clock::time_point next_;
};

}  // namespace keepstate::run
