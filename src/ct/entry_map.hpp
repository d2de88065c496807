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

    /// The entry that has this tuple in a direction whose zone is that of `zones`. An entry stands in the bucket
    /// of its zone, so where the two differ both buckets are asked, the original's first.
    /// source: kernel:net/netfilter/nf_conntrack_core.c resolve_normal_ct, nf_conntrack_find_get.
    Found find(const Tuple& tuple, const Zones& zones);
    const Entry* find(const Tuple& tuple, const Zones& zones) const;
    /// The same in the bucket of `direction`'s zone alone: what an entry's confirmation asks.
    Found find_at(CtDirection direction, const Tuple& tuple, const Zones& zones);

    Entry& at(std::uint32_t slot) { return slab_.at(slot); }
    const Entry& at(std::uint32_t slot) const { return slab_.at(slot); }
    std::uint32_t size() const { return size_; }  ///< entries that stand in the map
    std::uint32_t in_use() const { return slab_.used(); }

    /// The first entry of the bucket `distance` places behind the tuple's own for which `is_wanted` holds.
    template <typename Wanted>
    Entry* find_near(const Tuple& tuple, std::uint16_t zone, std::uint32_t distance,
                     Wanted is_wanted) {
        std::uint32_t ref = buckets_[(bucket_of(tuple, zone) + distance) & mask_];
        while (ref != kNoEntry) {
            Entry& entry = slab_.at(ref >> 1);
            if (is_wanted(entry)) return &entry;
            ref = entry.next[ref & 1];
        }
        return nullptr;
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
    std::uint32_t find_reference(CtDirection direction, const Tuple& tuple,
                                 const Zones& zones) const;
    std::uint32_t find_reference(const Tuple& tuple, const Zones& zones) const;
    Found found(std::uint32_t reference);

    base::HashKey key_;
    std::uint32_t mask_;
    std::uint32_t size_ = 0;
    std::vector<std::uint32_t> buckets_;
    base::Slab<Entry> slab_;
};

}  // namespace keepstate::ct
