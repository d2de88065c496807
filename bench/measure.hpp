// Clocks and scales of the benchmarks, and the one measurement that they share: the engine's own share of a loop.
//
// A loop that makes packets and has them judged costs generator + engine. The generator alone is run in turns with it,
// a fraction of a millisecond each, and its cost subtracted; so whatever slows the machine for a while slows both. Time
// is that of this thread: what other programs take of the processor does not count, what they take of its caches does.
// Single batches are timed by the processor's own counter: there a pause of the machine counts, and shows in the
// percentiles.
//
// Threads: plain functions; a Latencies has one owner.
#pragma once

#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include "bench/workload.hpp"
#include "keepstate/engine.hpp"

namespace keepstate::bench {

inline double nanoseconds(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}
/// Nanoseconds of processor time that this thread has had.
inline double thread_ns() { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }
/// Nanoseconds on the clock on the wall.
inline double wall_ns() { return nanoseconds(CLOCK_MONOTONIC); }

/// The processor's counter, read after all that stands before it is done; where there is none, the wall clock.
inline std::uint64_t ticks() {
#if defined(__x86_64__)
    unsigned processor;
    return __builtin_ia32_rdtscp(&processor);
#else
    return static_cast<std::uint64_t>(wall_ns());
#endif
}
/// Nanoseconds of one tick, measured once over 20 ms.
inline double tick_ns() {
    static const double length = [] {
        const double begin = wall_ns();
        const std::uint64_t first = ticks();
        while (wall_ns() - begin < 20e6) continue;
        return (wall_ns() - begin) / static_cast<double>(ticks() - first);
    }();
    return length;
}

/// Makes the compiler compute a value that nobody reads.
template <typename Value>
void keep(const Value& value) {
    asm volatile("" : : "r,m"(value) : "memory");
}

/// A number of kilobytes that stands behind `name` in a file of /proc, in bytes; 0 if it is not there.
inline std::uint64_t proc_bytes(const char* path, const char* name) {
    std::FILE* const file = std::fopen(path, "r");
    if (file == nullptr) return 0;
    char line[256];
    char word[64];
    unsigned long long kilobytes = 0;
    unsigned long long found = 0;
    while (found == 0 && std::fgets(line, sizeof line, file) != nullptr) {
        if (std::sscanf(line, "%63s %llu kB", word, &kilobytes) != 2) continue;
        if (std::string_view(word) == name) found = kilobytes;
    }
    std::fclose(file);
    return found * 1024;
}
/// Bytes of memory that this process holds, free heap given back first; 0 if the machine does not tell.
inline std::uint64_t resident_bytes() {
    malloc_trim(0);
    return proc_bytes("/proc/self/smaps_rollup", "Rss:");
}
inline std::uint64_t available_bytes() { return proc_bytes("/proc/meminfo", "MemAvailable:"); }

/// How long single batches took.
class Latencies {
  public:
    explicit Latencies(std::size_t expected) { samples_.reserve(expected); }
    void add(std::uint64_t length_ticks) { samples_.push_back(length_ticks); }
    bool is_empty() const { return samples_.empty(); }
    /// In nanoseconds; `share` from 0 to 1. Sorts.
    double at(double share) {
        if (samples_.empty()) return 0;
        std::sort(samples_.begin(), samples_.end());
        const auto last = static_cast<double>(samples_.size() - 1);
        return static_cast<double>(samples_[static_cast<std::size_t>(share * last)]) * tick_ns();
    }

  private:
    std::vector<std::uint64_t> samples_;
};

/// Judges one batch; returns how many of its packets were not accepted.
inline std::uint64_t judge(Engine& engine, std::span<const Frame> frames,
                           std::vector<Decision>& decisions) {
    engine.process(frames, std::span(decisions).first(frames.size()));
    std::uint64_t refused = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        refused += decisions[i].verdict != Verdict::accept ? 1 : 0;
    }
    return refused;
}

/// Nanoseconds a packet.
struct Cost {
    double engine = 0;     ///< without the generator
    double generator = 0;  ///< making the packets
    std::uint64_t packets = 0;
    std::uint64_t refused = 0;  ///< packets that the engine did not accept
};

/// What two ways of spending batches cost, in nanoseconds a packet; taken in turns.
struct Pair {
    double first = 0;
    double second = 0;
    std::uint64_t packets = 0;  ///< of the second
};

/// `first` and `second` each handle one batch and return how many packets it had. Runs them in turns until about
/// `seconds` of this thread's time are over, at least four turns each.
template <typename First, typename Second>
Pair measure_pair(First first, Second second, double seconds) {
    constexpr double kTurnNs = 300e3;
    constexpr std::uint64_t kMostBatches = 4096;
    const double begin = thread_ns();
    // How many batches make a turn; long enough that asking the clock is nothing beside them. Not counted.
    std::uint64_t batches = 1;
    for (double before = begin; batches < kMostBatches; batches *= 2) {
        for (std::uint64_t i = 0; i < batches; ++i) {
            first();
            second();
        }
        const double after = thread_ns();
        if (after - before >= kTurnNs) break;
        before = after;
    }
    double spent[2] = {};
    std::uint64_t packets[2] = {};
    double now = thread_ns();
    for (int turns = 0; turns < 4 || now - begin < seconds * 1e9; ++turns) {
        for (std::uint64_t i = 0; i < batches; ++i) packets[0] += first();
        const double between = thread_ns();
        for (std::uint64_t i = 0; i < batches; ++i) packets[1] += second();
        spent[0] += between - now;
        now = thread_ns();
        spent[1] += now - between;
    }
    return {spent[0] / static_cast<double>(packets[0]), spent[1] / static_cast<double>(packets[1]),
            packets[1]};
}

/// What the engine adds to `make_batch`.
template <typename MakeBatch>
Cost measure(Engine& engine, std::vector<Decision>& decisions, MakeBatch make_batch,
             double seconds) {
    Cost cost;
    const auto alone = [&make_batch] {
        const std::span<const Frame> frames = make_batch();
        keep(frames.data());
        return frames.size();
    };
    const auto together = [&] {
        const std::span<const Frame> frames = make_batch();
        cost.refused += judge(engine, frames, decisions);
        return frames.size();
    };
    const Pair pair = measure_pair(alone, together, seconds);
    cost.generator = pair.first;
    cost.engine = pair.second - pair.first;
    cost.packets = pair.packets;
    return cost;
}

}  // namespace keepstate::bench
