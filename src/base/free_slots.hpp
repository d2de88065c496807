// Which of a fixed number of slots are free: a bit each, and over every 64 bits one that says whether any of them is set.
//
//     level 0   slots 0..63 | 64..127 | ...      1: free
//     level 1   one bit a word of level 0         1: some bit of it is set
//     ...       up to a level of one word
//
// So the lowest free slot is some steps away (four levels for 16 million slots), and any slot can be taken, not only the
// one that came back last. The bits of a million slots are 128 KiB.
//
// Threads: one owner.  Cost: constant; no allocation after the making.  Tested by: base/free_slots_test.cpp.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace keepstate::base {

class FreeSlots {
  public:
    static constexpr std::uint32_t kNone = 0xffffffffU;

    /// Slots 0 to `count` - 1, all free.
    explicit FreeSlots(std::uint32_t count);

    bool is_free(std::uint32_t slot) const {
        return (words_[slot / kBits] >> slot % kBits & 1U) != 0;
    }
    /// The free ones of the `Width` slots from `first` on, a multiple of Width: bit i is slot first + i.
    template <unsigned Width>
    std::uint64_t among(std::uint32_t first) const {
        static_assert(Width < kBits && kBits % Width == 0);
        return words_[first / kBits] >> first % kBits & ((std::uint64_t{1} << Width) - 1);
    }
    /// The lowest that is free; kNone if none is.
    std::uint32_t lowest() const {
        if (words_[begins_.back()] == 0) return kNone;
        std::uint32_t at = 0;
        for (std::size_t level = begins_.size(); level-- > 0;) {
            const std::uint64_t word = words_[begins_[level] + at];
            at = at * kBits + static_cast<std::uint32_t>(std::countr_zero(word));
        }
        return at;
    }
    /// The one that lowest() will give when `more` slots have been taken that way; kNone: it does not stand near by.
    std::uint32_t lowest_after(std::uint32_t more) const {
        const std::uint32_t slot = lowest();
        if (slot == kNone) return kNone;
        std::uint64_t word = words_[slot / kBits];
        for (; more != 0 && word != 0; --more) word &= word - 1;
        if (word == 0) return kNone;
        return slot / kBits * kBits + static_cast<std::uint32_t>(std::countr_zero(word));
    }

    /// A free one is so no longer.
    void take(std::uint32_t slot) {
        for (const std::uint32_t begin : begins_) {
            std::uint64_t& word = words_[begin + slot / kBits];
            word &= ~(std::uint64_t{1} << slot % kBits);
            if (word != 0) return;
            slot /= kBits;
        }
    }
    void give_back(std::uint32_t slot) {
        for (const std::uint32_t begin : begins_) {
            std::uint64_t& word = words_[begin + slot / kBits];
            const bool was_known = word != 0;
            word |= std::uint64_t{1} << slot % kBits;
            if (was_known) return;
            slot /= kBits;
        }
    }

  private:
    static constexpr std::uint32_t kBits = 64;

    std::vector<std::uint64_t> words_;   ///< level 0 first
    std::vector<std::uint32_t> begins_;  ///< where each level begins in it
};

inline FreeSlots::FreeSlots(std::uint32_t count) {
    do {
        const std::uint32_t words = count / kBits + (count % kBits != 0 || count == 0 ? 1 : 0);
        begins_.push_back(static_cast<std::uint32_t>(words_.size()));
        words_.resize(words_.size() + words, ~std::uint64_t{0});
        if (const std::uint32_t last = count - (words - 1) * kBits; last < kBits) {
            words_.back() = (std::uint64_t{1} << last) - 1;
        }
        count = words;
    } while (count > 1);
}

}  // namespace keepstate::base
