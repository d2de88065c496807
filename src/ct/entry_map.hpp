// The entry map: tuple -> entry, each entry twice, once under each of its tuples.
//
//     buckets_  [ ref | ref | none | ... ]          ref = slot << 1 | direction
//                  |
//                  '-> entry.next[direction] -> ... -> none
//
// Its size is fixed when it is made (nf_conntrack_buckets); the hash is keyed, so that nobody who
// chooses tuples can choose buckets. Entries live in a slab of nf_conntrack_max slots and one more for
// the packet in flight.
//
// Threads: one owner.  Cost: one chain walk a look-up; no allocation after the making.
// Tested by: ct/entry_map_test.cpp.
#pragma once

#include <vector>

#include "base/hash.hpp"
#include "base/slab.hpp"
#include "ct/entry.hpp"

namespace keepstate::ct {

struct Found {
    Entry* entry = nullptr;
    CtDirection direction = CtDirection::original;
};

class EntryMap {
  public:
    /// `buckets` is rounded up to a power of two.
    EntryMap(std::uint32_t buckets, std::uint32_t capacity, std::uint64_t seed);

    /// An entry that stands nowhere yet; null if all slots are taken.
    Entry* make();
    /// Gives an entry that stands nowhere back.
    void discard(Entry& entry);
    /// Puts it under both tuples. Asserts that it stands nowhere.
    void insert(Entry& entry);
    /// Takes it from both places; it keeps its slot.
    void remove(Entry& entry);

    Found find(const Tuple& tuple, std::uint16_t zone);
    /// Null if there is none.
    const Entry* find(const Tuple& tuple, std::uint16_t zone) const;

    Entry& at(std::uint32_t slot) { return slab_.at(slot); }
    const Entry& at(std::uint32_t slot) const { return slab_.at(slot); }
    std::uint32_t size() const { return size_; }  ///< entries that stand in the map
    std::uint32_t in_use() const { return slab_.used(); }

    /// Visits the entries of `count` buckets from the one of `tuple` on; stops when `visit` says true.
    template <typename Visit>
    bool visit_near(const Tuple& tuple, std::uint16_t zone, std::uint32_t count, Visit visit) {
        const std::uint32_t first = bucket_of(tuple, zone);
        for (std::uint32_t i = 0; i < count; ++i) {
            std::uint32_t ref = buckets_[(first + i) & mask_];
            while (ref != kNoEntry) {
                Entry& entry = slab_.at(ref >> 1);
                const std::uint32_t next = entry.next[ref & 1];
                if (visit(entry)) return true;
                ref = next;
            }
        }
        return false;
    }
    /// Visits every entry once, in the order of the buckets. `visit` may not change the map.
    template <typename Visit>
    void visit_all(Visit visit) const {
        for (std::uint32_t ref : buckets_) {
            while (ref != kNoEntry) {
                const Entry& entry = slab_.at(ref >> 1);
                if ((ref & 1) == 0) visit(entry);
                ref = entry.next[ref & 1];
            }
        }
    }

  private:
    std::uint32_t bucket_of(const Tuple& tuple, std::uint16_t zone) const {
        return static_cast<std::uint32_t>(hash(tuple, zone)) & mask_;
    }
    std::uint64_t hash(const Tuple& tuple, std::uint16_t zone) const;
    /// slot << 1 | direction, or kNoEntry.
    std::uint32_t find_reference(const Tuple& tuple, std::uint16_t zone) const;

    base::HashKey key_;
    std::uint32_t mask_;
    std::uint32_t size_ = 0;
    std::vector<std::uint32_t> buckets_;
    base::Slab<Entry> slab_;
};

}  // namespace keepstate::ct
