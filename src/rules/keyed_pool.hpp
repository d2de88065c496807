// A pool of remembered things, found by key: what recent, hashlimit, connlimit and IP sets keep.
//
//     buckets_ --> cell --> cell          chains of cells whose key falls into one bucket
//     oldest  <--> cell <--> cell <--> youngest      the order of the last touch()
//
// All room is asked for when the pool is made; it is touched, and so given pages, as it is first used. A full pool says so and takes nothing: its owner gives something back first, or does without.
// A key is a few 64-bit words. Keys come from packets, so the hash is keyed (base/hash.hpp). Two cells may have
// the same key; find_if() tells them apart.
//
// Threads: one owner.  Cost: constant; nothing is allocated after the making.
// Tested by: rules/keyed_pool_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>

#include "base/assert.hpp"
#include "base/hash.hpp"

namespace keepstate::rules {

template <std::size_t kWords, typename Value>
class KeyedPool {
  public:
    using Key = std::array<std::uint64_t, kWords>;
    static constexpr std::uint32_t kNone = 0xffffffffU;
    static_assert(std::is_trivially_destructible_v<Value>);

    KeyedPool(std::uint32_t capacity, const base::HashKey& key)
        : capacity_(capacity),
          hash_key_(key),
          bucket_mask_(std::bit_ceil(std::max<std::uint32_t>(capacity, 1)) - 1),
          buckets_(static_cast<std::uint32_t*>(
              std::calloc(std::size_t{bucket_mask_} + 1, sizeof(std::uint32_t)))),
          cells_(static_cast<Cell*>(::operator new(sizeof(Cell) * capacity))) {
        KS_ASSERT(buckets_ != nullptr);
    }
    ~KeyedPool() {
        ::operator delete(cells_);
        std::free(buckets_);
    }
    KeyedPool(const KeyedPool&) = delete;
    KeyedPool& operator=(const KeyedPool&) = delete;

    std::uint32_t capacity() const { return capacity_; }
    std::uint32_t size() const { return size_; }
    bool is_full() const { return size_ == capacity_; }

    /// The slot with this key of which `is_it(value)` holds; kNone if there is none.
    template <typename Test>
    std::uint32_t find_if(const Key& key, Test is_it) const {
        std::uint32_t slot = buckets_[bucket_of(key)] - 1;
        while (slot != kNone && !(cells_[slot].key == key && is_it(cells_[slot].value))) {
            slot = cells_[slot].next - 1;
        }
        return slot;
    }
    std::uint32_t find(const Key& key) const {
        return find_if(key, [](const Value&) { return true; });
    }
    /// A new cell with a fresh value, the youngest; kNone if the pool is full.
    std::uint32_t add(const Key& key) {
        std::uint32_t slot = free_;
        if (slot != kNone) {
            free_ = cells_[slot].next - 1;
        } else {
            if (touched_ == capacity_) return kNone;
            slot = touched_++;
        }
        Cell& cell = *::new (static_cast<void*>(&cells_[slot])) Cell{};
        cell.key = key;
        std::uint32_t& bucket = buckets_[bucket_of(key)];
        cell.next = bucket;
        bucket = slot + 1;
        append(slot);
        ++size_;
        return slot;
    }
    void remove(std::uint32_t slot) {
        KS_ASSERT(size_ > 0);
        std::uint32_t* link = &buckets_[bucket_of(cells_[slot].key)];
        while (*link != slot + 1) {
            KS_ASSERT(*link != 0);
            link = &cells_[*link - 1].next;
        }
        *link = cells_[slot].next;
        unlink(slot);
        cells_[slot].next = free_ + 1;
        free_ = slot;
        --size_;
    }
    /// Makes it the youngest.
    void touch(std::uint32_t slot) {
        if (slot == youngest_) return;
        unlink(slot);
        append(slot);
    }
    std::uint32_t oldest() const { return oldest_; }
    /// The next younger one; kNone behind the youngest.
    std::uint32_t younger(std::uint32_t slot) const { return cells_[slot].younger; }

    Value& at(std::uint32_t slot) { return cells_[slot].value; }
    const Value& at(std::uint32_t slot) const { return cells_[slot].value; }
    const Key& key(std::uint32_t slot) const { return cells_[slot].key; }
    void clear() {
        while (oldest_ != kNone) remove(oldest_);
    }

  private:
    struct Cell {
        Key key{};
        std::uint32_t next =
            0;  ///< in its bucket, or of the free ones: its slot and one, 0 at the end
        std::uint32_t older = kNone;
        std::uint32_t younger = kNone;
        Value value{};
    };
    std::size_t bucket_of(const Key& key) const {
        return static_cast<std::size_t>(base::sip_hash(hash_key_, key)) & bucket_mask_;
    }
    void append(std::uint32_t slot) {
        cells_[slot].older = youngest_;
        cells_[slot].younger = kNone;
        (youngest_ == kNone ? oldest_ : cells_[youngest_].younger) = slot;
        youngest_ = slot;
    }
    void unlink(std::uint32_t slot) {
        const Cell& cell = cells_[slot];
        (cell.older == kNone ? oldest_ : cells_[cell.older].younger) = cell.younger;
        (cell.younger == kNone ? youngest_ : cells_[cell.younger].older) = cell.older;
    }

    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    std::uint32_t touched_ = 0;
    std::uint32_t free_ = kNone;
    std::uint32_t oldest_ = kNone;
    std::uint32_t youngest_ = kNone;
    base::HashKey hash_key_;
    std::uint32_t bucket_mask_;
    std::uint32_t* buckets_;  ///< the first slot and one; zeros, which the system gives untouched
    Cell* cells_;
};

}  // namespace keepstate::rules
