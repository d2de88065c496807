// The line, and when to draw it.
#include "run/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace keepstate::run {
namespace {

constexpr auto kFirst = std::chrono::milliseconds(200);
constexpr auto kEvery = std::chrono::milliseconds(100);
constexpr int kBarColumns = 24;

std::string rate_text(double packets_a_second) {
    if (packets_a_second >= 1e6) return fmt::format("{:.1f} M/s", packets_a_second / 1e6);
    if (packets_a_second >= 1e4) return fmt::format("{:.0f} k/s", packets_a_second / 1e3);
    return fmt::format("{:.0f}/s", packets_a_second);
}

std::string span_text(double seconds) {
    const auto whole = static_cast<long>(std::ceil(std::min(seconds, 359999.0)));
    if (whole >= 3600) {
        return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
    }
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

std::string progress_line(const ProgressState& state, int columns) {
    const double megabytes = static_cast<double>(state.done_bytes) / 1e6;
    const double elapsed_s = std::max(state.elapsed_s, 1e-3);
    const std::string packets = fmt::format(
        "{} packets  {}", state.packets, rate_text(static_cast<double>(state.packets) / elapsed_s));
    std::string line;
    if (state.all_bytes == 0) {
        line = fmt::format("{:.1f} MB  {}", megabytes, packets);
    } else {
        const double part = std::min(
            1.0, static_cast<double>(state.done_bytes) / static_cast<double>(state.all_bytes));
        const int filled = static_cast<int>(part * kBarColumns);
        line = fmt::format("[{}{}] {:3.0f}%  {:.1f} of {:.1f} MB  {}", std::string(filled, '#'),
                           std::string(kBarColumns - filled, '.'), std::floor(part * 100),
                           megabytes, static_cast<double>(state.all_bytes) / 1e6, packets);
        if (part > 0) line += fmt::format("  {} left", span_text(elapsed_s / part - elapsed_s));
    }
    if (columns > 0 && line.size() > static_cast<std::size_t>(columns)) line.resize(columns);
    return line;
}

Progress::Progress(bool shown, std::uint64_t all_bytes, int columns)
    : shown_(shown),
      all_bytes_(all_bytes),
      columns_(columns),
      begin_(Clock::now()),
      next_(begin_ + kFirst) {}

void Progress::update(std::uint64_t done_bytes, std::uint64_t packets) {
    if (!shown_) return;
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + kEvery;
    const double elapsed_s = std::chrono::duration<double>(now - begin_).count();
    const std::string line =
        progress_line({done_bytes, all_bytes_, packets, elapsed_s}, columns_ - 1);
    std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void Progress::clear() {
    if (!drawn_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    drawn_ = false;
}

}  // namespace keepstate::run
