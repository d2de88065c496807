// Clocks and scales of the benchmarks, and the one measurement that they share: the engine's own share of a loop.
//
// A loop that makes packets and has them judged costs generator + engine. The generator alone is run in turns with it,
// a fraction of a millisecond each, and its cost subtracted; so whatever slows the machine for a while slows both. Time
// is that of this thread: what other programs take of the processor does not count, what they take of its caches does.
// Single batches are timed by the processor's own counter: there a pause of the machine counts, and shows in the
// percentiles.
//
// Where others have the other hyperthread of the core, it has full speed at some times and two thirds of it at others, for
// milliseconds to minutes. A Pulse tells which; what is measured is all of it, and beside that what it was in calm turns alone.
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

/// How fast the core goes now, by a piece of work that is always the same and waits for nothing.  Threads: one.
class Pulse {
  public:
    /// Whether it goes as fast as it ever did, or nearly. Takes some microseconds.
    static bool is_calm() {
        constexpr int kRounds = 1000;
        constexpr double kNearly = 1.12;
        std::uint64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
        const std::uint64_t begin = ticks();
        for (int i = 0; i < kRounds; ++i) {
            asm volatile(""
                         : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h));
            ++a, ++b, ++c, ++d, ++e, ++f, ++g, ++h;
        }
        const auto length = static_cast<double>(ticks() - begin);
        asm volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f), "r"(g), "r"(h));
        static double least = length;
        least = std::min(least, length);
        return length <= least * kNearly;
    }
};

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
    double calm = 0;       ///< the same in calm turns; 0: there were too few
    double generator = 0;  ///< making the packets
    std::uint64_t packets = 0;
    std::uint64_t refused = 0;  ///< packets that the engine did not accept
};

/// What two ways of spending batches cost, in nanoseconds a packet; taken in turns.
struct Pair {
    double first = 0;
    double second = 0;
    std::uint64_t packets = 0;  ///< of the second
    /// What the second took more in calm turns; 0: there were too few.
    double calm_difference = 0;
};

/// What turns have taken.
class Spent {
  public:
    void add(double first_ns, std::uint64_t first_packets, double second_ns,
             std::uint64_t second_packets) {
        ns_[0] += first_ns;
        ns_[1] += second_ns;
        packets_[0] += first_packets;
        packets_[1] += second_packets;
    }
    std::uint64_t packets() const { return packets_[1]; }
    double first() const { return ns_[0] / static_cast<double>(packets_[0]); }
    double second() const { return ns_[1] / static_cast<double>(packets_[1]); }

  private:
    double ns_[2] = {};
    std::uint64_t packets_[2] = {};
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
    const auto time = [batches](auto& one, std::uint64_t& packets) {
        const double start = thread_ns();
        for (std::uint64_t i = 0; i < batches; ++i) packets += one();
        return thread_ns() - start;
    };
    Spent all, calm;
    bool was_calm = Pulse::is_calm();
    for (int turns = 0; turns < 4 || thread_ns() - begin < seconds * 1e9; ++turns) {
        std::uint64_t packets[2] = {};
        const double first_ns = time(first, packets[0]);
        const bool is_between_calm = Pulse::is_calm();
        const double second_ns = time(second, packets[1]);
        const bool is_calm = Pulse::is_calm();
        all.add(first_ns, packets[0], second_ns, packets[1]);
        if (was_calm && is_between_calm && is_calm) {
            calm.add(first_ns, packets[0], second_ns, packets[1]);
        }
        was_calm = is_calm;
    }
    constexpr std::uint64_t kEnough = 10;  // one packet in so many
    const bool has_calm = calm.packets() * kEnough >= all.packets();
    return {all.first(), all.second(), all.packets(), has_calm ? calm.second() - calm.first() : 0};
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
    cost.calm = pair.calm_difference;
    cost.packets = pair.packets;
    return cost;
}

}  // namespace keepstate::bench
