// An arena: bytes that live until the next reset, from chunks that are kept.
//
// For what an engine hands out until its next call (rewritten packets, answers). After the first busy call
// it asks for no memory any more.
//
// Threads: one owner.  Tested by: base/arena_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/assert.hpp"

namespace keepstate::base {

class Arena {
  public:
    /// The most that one take() may ask for.
    static constexpr std::size_t kChunk = 256 * 1024;

    /// `bytes` fresh bytes, not zeroed; at most kChunk.
    std::uint8_t* take(std::size_t bytes) {
        KS_ASSERT(bytes <= kChunk);
        if (chunks_.empty()) add_chunk();
        if (used_ + bytes > kChunk) {
            ++current_;
            used_ = 0;
            if (current_ == chunks_.size()) add_chunk();
        }
        std::uint8_t* at = chunks_[current_].get() + used_;
        used_ += bytes;
        return at;
    }
    /// Nothing was taken since the last reset().
    bool is_empty() const { return current_ == 0 && used_ == 0; }
    /// Everything taken so far may be given out again.
    void reset() { current_ = used_ = 0; }

  private:
    void add_chunk() {
        chunks_.push_back(std::unique_ptr<std::uint8_t[]>(new std::uint8_t[kChunk]));
    }

    std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
    std::size_t current_ = 0;
    std::size_t used_ = 0;
};

}  // namespace keepstate::base
