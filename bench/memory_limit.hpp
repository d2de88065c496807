// What the machine's memory allows at best: the same accesses that any flow table must make, and nothing else.
//
//     random index line --its slot names--> entry line, read and written
//
// In batches, as the engine may do it: all index lines are asked for, then all entry lines, then all entries are
// touched. Index and entries lie in a ratio of 1 to 2, as with 64 bytes an entry and 32 of index for each flow; no
// hash is computed, no packet read. An engine cannot be faster than this by design, only by having less to touch.
//
// Threads: one owner.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keepstate::bench {

enum class Pages : std::uint8_t {
    small,  ///< 4 KiB
    huge,   ///< 2 MiB, asked for by madvise; the machine may refuse silently
};

/// Bytes of index and entry that a flow needs at least: half a line and a line.
inline constexpr std::size_t kLeastFlowBytes = 96;

class MemoryLimit {
  public:
    /// `footprint` bytes in all, at least 192. Errors: none; without memory the program ends.
    MemoryLimit(std::size_t footprint, Pages pages, std::uint64_t seed);
    ~MemoryLimit();
    MemoryLimit(const MemoryLimit&) = delete;
    MemoryLimit& operator=(const MemoryLimit&) = delete;

    /// Nanoseconds of this thread's time an access, over about `accesses` of them in batches of `batch` (1 to 256).
    double measure(std::uint32_t batch, std::uint64_t accesses);
    /// The same, each access begun when the one before is done: what who asks for one packet at a time and waits for the answer
    /// waits for memory. measure(1, ...) lets the processor run ahead, which no engine's code is short enough for.
    double measure_alone(std::uint64_t accesses);

  private:
    struct alignas(64) Line {
        std::uint64_t words[8];
    };
    static Line* map(std::size_t lines, Pages pages, std::size_t& mapped_bytes);

    std::uint32_t index_lines_;
    std::uint32_t entry_lines_;
    std::size_t index_bytes_ = 0;
    std::size_t entry_bytes_ = 0;
    Line* index_;
    Line* entries_;
    std::uint64_t seed_;
};

}  // namespace keepstate::bench
