// A slab: a fixed number of slots for one type, taken and given back in constant time.
//
// Made once; the memory is asked for at once but, unless wanted, not touched, so the system gives pages only as
// slots are first used. Slots are named by number, which stays half the size of a pointer.
//
// Threads: one owner.  Tested by: base/slab_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "base/assert.hpp"
#include "base/pages.hpp"

namespace keepstate::base {

template <typename T>
class Slab {
  public:
    static constexpr std::uint32_t kNone = 0xffffffffU;

    explicit Slab(std::uint32_t capacity, Touch touch = Touch::later)
        : capacity_(capacity),
          pages_(sizeof(Cell) * capacity, touch),
          cells_(static_cast<Cell*>(pages_.data())) {}
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;

    std::uint32_t capacity() const { return capacity_; }
    std::uint32_t used() const { return used_; }
    /// Slots from 0 on that were ever taken; the others are as the system gave them.
    std::uint32_t touched() const { return touched_; }

    /// A fresh T and its slot; kNone if all are taken.
    std::uint32_t take() {
        std::uint32_t slot = free_;
        if (slot != kNone) {
            free_ = cells_[slot].next_free;
        } else {
            if (touched_ == capacity_) return kNone;
            slot = touched_++;
        }
        ++used_;
        ::new (static_cast<void*>(cells_[slot].storage)) T{};
        return slot;
    }
    void give_back(std::uint32_t slot) {
        KS_ASSERT(slot < touched_);
        at(slot).~T();
        cells_[slot].next_free = free_;
        free_ = slot;
        --used_;
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
    union Cell {
        std::uint32_t next_free;
        alignas(T) std::byte storage[sizeof(T)];
    };
    static_assert(alignof(Cell) <= 64, "what Pages gives");
    std::uint32_t capacity_;
    std::uint32_t touched_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t free_ = kNone;
    Pages pages_;
    Cell* cells_;
};

}  // namespace keepstate::base
