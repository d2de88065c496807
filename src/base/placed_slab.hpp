// A slab in which whoever takes a slot says where he would like to be.
//
// As base/slab.hpp, a fixed number of slots, made once. A wish names two groups of kGroup slots; if one of the first is free it is
// given, else one of the second, else the lowest free one of all. When all slots are taken, seven in ten stand in their first
// group and one in ten in its second. Who knows the wish of an element, but not its slot yet, can ask memory for the
// few places where it most likely stands. Such wishes spread elements over all of the memory, so they are heard only
// where all of it was touched at the making (Touch::first); else slots are given from the lowest up, and memory that nobody needed is never touched.
//
// Threads: one owner.  Cost: constant; no allocation after the making.  Tested by: base/placed_slab_test.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/assert.hpp"
#include "base/free_slots.hpp"
#include "base/inline.hpp"
#include "base/pages.hpp"

namespace keepstate::base {

template <typename T>
class PlacedSlab {
  public:
    static constexpr std::uint32_t kNone = FreeSlots::kNone;
    /// Slots of one wish.
    static constexpr std::uint32_t kGroup = 4;

    PlacedSlab(std::uint32_t capacity, Touch touch)
        : free_(capacity),
          capacity_(capacity),
          groups_(touch == Touch::first ? capacity / kGroup : 0),
          pages_(sizeof(Cell) * capacity, touch),
          cells_(static_cast<Cell*>(pages_.data())) {}
    PlacedSlab(const PlacedSlab&) = delete;
    PlacedSlab& operator=(const PlacedSlab&) = delete;

    std::uint32_t used() const { return used_; }
    /// No slot from here on was ever taken; those are as the system gave them: zeros.
    std::uint32_t touched() const { return touched_; }
    /// Whether wishes are heard.
    bool has_groups() const { return groups_ != 0; }
    /// Whether so many are taken that some stand in their second group.
    bool is_crowded() const { return used_ > capacity_ / 2; }
    /// The first slot of a wish's group; `wish`: any number, all of its bits as likely as not. With has_groups.
    std::uint32_t group_of(std::uint32_t wish) const {
        return static_cast<std::uint32_t>(std::uint64_t{wish} * groups_ >> 32) * kGroup;
    }
    std::uint32_t second_group_of(std::uint32_t wish) const {
        constexpr std::uint32_t kOther =
            0x9e3779b1U;  // the upper bits of the product hang on all of the wish's
        return group_of(wish * kOther);
    }

    /// A fresh T and its slot; kNone if all are taken.
    std::uint32_t take(std::uint32_t wish) {
        const std::uint32_t slot = next(wish, 0);
        if (slot == kNone) return kNone;
        free_.take(slot);
        touched_ = std::max(touched_, slot + 1);
        ++used_;
        ::new (static_cast<void*>(cells_[slot].storage)) T{};
        return slot;
    }
    void give_back(std::uint32_t slot) {
        KS_ASSERT(slot < touched_ && !free_.is_free(slot));
        at(slot).~T();
        free_.give_back(slot);
        --used_;
    }
    /// The slot that take() of this wish gives after `more` others, as far as that is known by now; else kNone.
    std::uint32_t next(std::uint32_t wish, std::uint32_t more) const {
        if (groups_ == 0) return free_.lowest_after(more);
        std::uint32_t first = group_of(wish);
        std::uint64_t free = free_.template among<kGroup>(first);
        if (free == 0) {
            first = second_group_of(wish);
            free = free_.template among<kGroup>(first);
            if (free == 0) return free_.lowest();
        }
        return first + static_cast<std::uint32_t>(std::countr_zero(free));
    }

    T& at(std::uint32_t slot) { return *std::launder(reinterpret_cast<T*>(cells_[slot].storage)); }
    const T& at(std::uint32_t slot) const {
        return *std::launder(reinterpret_cast<const T*>(cells_[slot].storage));
    }
    /// The slot of an element that at() named.
    std::uint32_t slot_of(const T& element) const {
        return static_cast<std::uint32_t>(reinterpret_cast<const Cell*>(&element) - cells_);
    }

  private:
    struct Cell {
        alignas(T) std::byte storage[sizeof(T)];
    };
    static_assert(alignof(Cell) <= 64, "what Pages gives");

    FreeSlots free_;
    std::uint32_t capacity_;
    std::uint32_t groups_;  ///< 0: wishes are not heard
    std::uint32_t touched_ = 0;
    std::uint32_t used_ = 0;
    Pages pages_;
    Cell* cells_;
};

}  // namespace keepstate::base
