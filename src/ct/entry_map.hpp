// The entry map: tuple -> entry.
//
//     EntryIndex   key of a tuple -> slot        one place a flow, see ct/entry_index.hpp
//     entries_     slab of Entry, two lines of the cache each, near where the key says (prefetch_likely)
//     extras_      slab of EntryExtra, for the few that have one
//
// All room is taken when it is made (nf_conntrack_max entries and two more for the packet in flight, and a tenth more where entries
// are placed by their keys) and costs nothing before it is used.
//
// Threads: one owner.  Cost: constant; no allocation after the making.  Tested by: ct/entry_map_test.cpp.
#pragma once

#include <array>

#include "base/inline.hpp"
#include "base/placed_slab.hpp"
#include "base/slab.hpp"
#include "ct/entry.hpp"
#include "ct/entry_index.hpp"

namespace keepstate::ct {

struct Found {
    Entry* entry = nullptr;
    CtDirection direction = CtDirection::original;
};

class EntryMap {
  public:
    struct Room {
        std::uint32_t entries = 0;  ///< that stand in the map; two more may be made beside them
        /// Every entry may stand in two places: its reply need not be the original's inverse.
        bool two_places = false;
        base::Touch touch = base::Touch::later;
    };
    /// What others note of a flow, by CtDirection; 0 when it is made.
    using Memo = std::array<std::uint16_t, 2>;
    EntryMap(const Room& room, std::uint64_t seed);

    /// An entry that stands nowhere yet; null if all slots are taken. `original`: the key under which it will stand.
    Entry* make(const FlowKey& original);
    /// Gives an entry that stands nowhere back.
    void discard(Entry& entry);
    /// Puts it under both tuples. False, and nothing done: the index has no room for it.
    bool insert(Entry& entry) { return insert(entry, key_of(entry, CtDirection::original)); }
    /// The same, its original tuple's key being at hand.
    bool insert(Entry& entry, const FlowKey& original);
    /// Takes it out of the map; it keeps its slot. Asserts that it stands there.
    void remove(Entry& entry);

    /// The entry that has this tuple in a direction whose zone is that of `zones`. An entry stands under the zone of each
    /// direction, so where the two differ both are asked, the original's first.
    /// source: kernel:net/netfilter/nf_conntrack_core.c resolve_normal_ct, nf_conntrack_find_get.
    Found find(const Tuple& tuple, const Zones& zones);
    const Entry* find(const Tuple& tuple, const Zones& zones) const;
    /// The same under `direction`'s zone alone: what an entry's confirmation asks.
    Found find_at(CtDirection direction, const Tuple& tuple, const Zones& zones);

    /// The same by a key that is at hand, in zone 0, of this tuple.
    Found find_by_key(const FlowKey& key, const Tuple& tuple) { return find_by(key, 0, tuple, {}); }
    /// Asks memory for an entry, or only for its first line.
    KS_INLINE void prefetch(std::uint32_t slot, bool whole) const {
        const char* const at = reinterpret_cast<const char*>(&entries_.at(slot));
        __builtin_prefetch(at, 1);
        if (whole) __builtin_prefetch(at + 64, 1);
    }

    /// Asks memory for the entry that make() will give after `more` others.
    KS_INLINE void prefetch_next(const FlowKey& original, std::uint32_t more) const {
        const std::uint32_t slot = entries_.next(wish_of(original), more);
        if (slot == base::FreeSlots::kNone) return;
        prefetch(slot, true);
        if (has_memos_) prefetch_memo(slot);
    }
    /// Asks memory for all that find() reads of a key, before it is known where it stands: both buckets, and the first line of each
    /// entry where its flow may have been placed. More lines than are needed, but at once; with has_likely().
    KS_INLINE void prefetch_likely(const FlowKey& key) const {
        const std::uint32_t first = entries_.group_of(wish_of(key));
        for (std::uint32_t i = 0; i < base::PlacedSlab<Entry>::kGroup; ++i)
            prefetch(first + i, false);
        index_.prefetch(index_.second_bucket(key));
    }
    bool has_likely() const { return entries_.has_groups(); }
    /// The same of the less likely places; nothing if hardly anybody stands there.
    KS_INLINE void prefetch_less_likely(const FlowKey& key) const {
        if (!entries_.is_crowded()) return;
        const std::uint32_t first = entries_.second_group_of(wish_of(key));
        for (std::uint32_t i = 0; i < base::PlacedSlab<Entry>::kGroup; ++i)
            prefetch(first + i, false);
    }
    /// Asks memory for what remove() will read of the index.
    KS_INLINE void prefetch_index(const Entry& entry) const {
        index_.prefetch(index_.first_bucket(entry.has_ipv4_ports() && !entry.has_extra()
                                                ? key_of_ipv4(entry)
                                                : key_of(entry, CtDirection::original)));
    }

    Entry& at(std::uint32_t slot) { return entries_.at(slot); }
    const Entry& at(std::uint32_t slot) const { return entries_.at(slot); }
    std::uint32_t slot_of(const Entry& entry) const { return entries_.slot_of(entry); }
    /// What few entries have; made if it is not there.
    EntryExtra& extra_of(Entry& entry);
    const Memo& memo_of(const Entry& entry) const { return memos()[slot_of(entry)]; }
    void set_memo(const Entry& entry, CtDirection direction, std::uint16_t memo) {
        memos()[slot_of(entry)][static_cast<std::size_t>(direction)] = memo;
        has_memos_ = true;
    }
    /// All are 0 again. Cost: 4 bytes for each entry that there ever was at once.
    void forget_memos();
    KS_INLINE void prefetch_memo(std::uint32_t slot) const {
        __builtin_prefetch(&memos()[slot], 1);
    }
    std::uint32_t size() const { return size_; }  ///< entries that stand in the map
    /// Whether each stands under one key, which only it and its inverse have.
    bool are_all_plain() const { return odd_ == 0; }
    std::uint32_t in_use() const { return entries_.used(); }
    const EntryIndex& index() const { return index_; }

    /// Of the entries for which `is_wanted` holds, and which have a tuple that belongs to the index's bucket `distance` places
    /// behind the tuple's own, the youngest.
    template <typename Wanted>
    Entry* find_near(const Tuple& tuple, std::uint16_t zone, std::uint32_t distance,
                     Wanted is_wanted) {
        Entry* found = nullptr;
        index_.visit_near(index_.keys().key_of(tuple, zone), distance, [&](std::uint32_t slot) {
            Entry& entry = entries_.at(slot);
            if (!is_wanted(entry)) return;
            if (found == nullptr || entry.number() > found->number()) found = &entry;
        });
        return found;
    }
    /// For which of the first `count` distances (at most 32) find_near() may find somebody: bit i. A bit too many is possible,
    /// one too few is not. All that it reads is asked from memory at once.
    template <typename Wanted>
    std::uint32_t find_distances(const Tuple& tuple, std::uint16_t zone, std::uint32_t count,
                                 Wanted is_wanted) const {
        struct Near {
            std::uint32_t distance;
            std::uint32_t slot;
        };
        std::array<Near, 128> all;
        std::size_t known = 0;
        std::uint32_t bits = 0;
        index_.visit_all_near(index_.keys().key_of(tuple, zone), count,
                              [&](std::uint32_t distance, std::uint32_t slot) {
                                  if (known == all.size()) {
                                      bits |= 1U << distance;
                                      return;
                                  }
                                  all[known++] = {distance, slot};
                                  prefetch(slot, false);
                              });
        for (std::size_t i = 0; i < known; ++i) {
            if (is_wanted(entries_.at(all[i].slot))) bits |= 1U << all[i].distance;
        }
        return bits;
    }
    /// Visits every entry that is confirmed and not dying once, in the order of the slots. `visit` may not change the map.
    template <typename Visit>
    void visit_all(Visit visit) const {
        for (std::uint32_t slot = 0; slot < entries_.touched(); ++slot) {
            const Entry& entry = entries_.at(slot);
            if (entry.is_confirmed() && !entry.has(status::kDying)) visit(entry);
        }
    }

  private:
    FlowKey key_of(const Entry& entry, CtDirection direction) const;
    /// The original's, of an entry that has_ipv4_ports() and nothing rare.
    KS_INLINE FlowKey key_of_ipv4(const Entry& entry) const {
        return index_.keys().key_of_ipv4(
            FlowKeys::join_ipv4(entry.source_bytes(), entry.destination_bytes()),
            FlowKeys::join_ports(entry.source_key(), entry.destination_key()), entry.is_tcp());
    }
    Found find_by(const FlowKey& key, std::uint16_t zone, const Tuple& tuple,
                  const Zones& zones) const;
    static std::uint32_t wish_of(const FlowKey& key) {
        return static_cast<std::uint32_t>(key.hash);
    }
    Found find_in_zone(std::uint16_t zone, const Tuple& tuple, const Zones& zones) const;

    Memo* memos() const { return static_cast<Memo*>(memos_.data()); }

    EntryIndex index_;
    base::PlacedSlab<Entry> entries_;
    base::Pages memos_;       ///< by slot
    bool has_memos_ = false;  ///< one of them may not be 0
    base::Slab<EntryExtra> extras_;
    std::uint32_t size_ = 0;
    std::uint32_t odd_ = 0;  ///< those that are not plain
};

}  // namespace keepstate::ct
