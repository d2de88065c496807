// See memory_limit.hpp.
#include "bench/memory_limit.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "bench/measure.hpp"
#include "bench/workload.hpp"

namespace keepstate::bench {

namespace {

constexpr std::size_t kHugePage = 2U << 20;
constexpr std::uint32_t kLongestBatch = 256;

}  // namespace

MemoryLimit::Line* MemoryLimit::map(std::size_t lines, Pages pages, std::size_t& mapped_bytes) {
    mapped_bytes = (lines * sizeof(Line) + kHugePage - 1) / kHugePage * kHugePage;
    // aligned_alloc's memory is the kernel's own pages at this size; alignment lets whole huge pages fit.
    void* const memory = std::aligned_alloc(kHugePage, mapped_bytes);
    if (memory == nullptr) {
        std::perror("memory limit");
        std::exit(3);
    }
    madvise(memory, mapped_bytes, pages == Pages::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return static_cast<Line*>(memory);
}

MemoryLimit::MemoryLimit(std::size_t footprint, Pages pages, std::uint64_t seed)
    : index_lines_(static_cast<std::uint32_t>(footprint / 3 / sizeof(Line))),
      entry_lines_(static_cast<std::uint32_t>(footprint / 3 * 2 / sizeof(Line))),
      index_(map(index_lines_, pages, index_bytes_)),
      entries_(map(entry_lines_, pages, entry_bytes_)),
      seed_(seed) {
    Random random(seed);
    for (std::uint32_t i = 0; i < index_lines_; ++i) {
        for (std::uint64_t& word : index_[i].words) word = random.below(entry_lines_);
    }
    for (std::uint32_t i = 0; i < entry_lines_; ++i) entries_[i] = {{i, 0, 0, 0, 0, 0, 0, 0}};
}

MemoryLimit::~MemoryLimit() {
    std::free(index_);
    std::free(entries_);
}

double MemoryLimit::measure(std::uint32_t batch, std::uint64_t accesses) {
    batch = std::clamp(batch, 1U, kLongestBatch);
    std::array<std::uint64_t, kLongestBatch> slots;
    std::array<Line*, kLongestBatch> found;
    Random random(++seed_);
    std::uint64_t sum = 0;
    const std::uint64_t rounds = accesses / batch + 1;
    const double start = thread_ns();
    for (std::uint64_t round = 0; round < rounds; ++round) {
        for (std::uint32_t i = 0; i < batch; ++i) {
            const std::uint64_t word = random.next();
            slots[i] = ((word >> 32) * index_lines_ >> 32) * 8 + (word & 7);
            __builtin_prefetch(&index_[slots[i] / 8]);
        }
        for (std::uint32_t i = 0; i < batch; ++i) {
            found[i] = &entries_[index_[slots[i] / 8].words[slots[i] % 8]];
            __builtin_prefetch(found[i], 1);
        }
        for (std::uint32_t i = 0; i < batch; ++i) {
            sum += found[i]->words[0];
            found[i]->words[1] += round;
        }
    }
    const double spent = thread_ns() - start;
    keep(sum);
    return spent / static_cast<double>(rounds * batch);
}

double MemoryLimit::measure_alone(std::uint64_t accesses) {
    constexpr std::size_t kAlwaysZero = 7;
    Random random(++seed_);
    std::uint64_t last = 0;
    const double start = thread_ns();
    for (std::uint64_t i = 0; i < accesses; ++i) {
        const std::uint64_t word = random.next() + last;
        const Line& index = index_[(word >> 32) * index_lines_ >> 32];
        Line& entry = entries_[index.words[word & 7]];
        last = entry.words[kAlwaysZero];
        entry.words[1] += i;
    }
    const double spent = thread_ns() - start;
    keep(last);
    return spent / static_cast<double>(accesses);
}

}  // namespace keepstate::bench
