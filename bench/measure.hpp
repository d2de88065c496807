// Clocks and scales of the benchmarks, and the one measurement that they share: the engine's own share of a loop.
//
// A loop that makes packets and has them judged costs generator + engine. The generator alone is run in turns with it,
// some thousand packets each, and its cost subtracted; so whatever slows the machine for a while slows both. Time is
// that of this thread: what other programs take of the processor does not count, what they take of its caches does.
#pragma once

#include <malloc.h>
#include <ctime>

#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "bench/workload.hpp"
#include "keepstate/engine.hpp"

namespace keepstate::bench {

/// Nanoseconds of processor time that this thread has had.
inline double thread_ns() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Makes the compiler compute a value that nobody reads.
template <typename Value>
void keep(const Value& value) {
    asm volatile("" : : "r,m"(value) : "memory");
}

/// Bytes of memory that this process holds, free heap given back first; 0 if the machine does not tell.
inline std::uint64_t resident_bytes() {
    malloc_trim(0);
    std::FILE* const file = std::fopen("/proc/self/smaps_rollup", "r");
    if (file == nullptr) return 0;
    char line[256];
    unsigned long long kilobytes = 0;
    while (std::fgets(line, sizeof line, file) != nullptr) {
        if (std::sscanf(line, "Rss: %llu kB", &kilobytes) == 1) break;
    }
    std::fclose(file);
    return kilobytes * 1024;
}

/// Nanoseconds a packet.
struct Cost {
    double engine = 0;     ///< without the generator
    double generator = 0;  ///< making the packets
    std::uint64_t packets = 0;
    std::uint64_t refused = 0;  ///< packets that the engine did not accept
};

/// Runs `make_batch`, alone and with the engine in turns, until about `seconds` of this thread's time are over.
template <typename MakeBatch>
Cost measure(Engine& engine, std::vector<Decision>& decisions, MakeBatch make_batch,
             double seconds) {
    constexpr std::uint64_t kTurnPackets = 4096;
    Cost cost;
    double alone = 0;
    double together = 0;
    std::uint64_t alone_packets = 0;
    const double begin = thread_ns();
    double now = begin;
    while (now - begin < seconds * 1e9) {
        std::uint64_t made = 0;
        while (made < kTurnPackets) {
            const std::span<const Frame> frames = make_batch();
            keep(frames.data());
            made += frames.size();
        }
        alone_packets += made;
        const double between = thread_ns();
        alone += between - now;
        std::uint64_t judged = 0;
        while (judged < kTurnPackets) {
            const std::span<const Frame> frames = make_batch();
            engine.process(frames, std::span(decisions).first(frames.size()));
            for (std::size_t i = 0; i < frames.size(); ++i) {
                cost.refused += decisions[i].verdict != Verdict::accept ? 1 : 0;
            }
            judged += frames.size();
        }
        cost.packets += judged;
        now = thread_ns();
        together += now - between;
    }
    cost.generator = alone / static_cast<double>(alone_packets);
    cost.engine = together / static_cast<double>(cost.packets) - cost.generator;
    return cost;
}

}  // namespace keepstate::bench
