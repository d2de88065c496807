// The index of the entry map: where in the slab the flow of a packet stands.
//
//     bucket = one line of the cache, four places:
//     | addresses 8 x 4 | ports 4 x 4 | slot, kind, order 4 x 4 |
//
// Both directions of a flow have the same key: the lower end first, whatever order that is. So a flow stands in one place, and in two only if its
// reply is not its original's inverse (translated, or zones that differ by direction). For TCP and UDP over IPv4 in zone 0, the place
// itself holds all that identifies the flow, unless its reply is not the inverse: the entry need not be looked at to know
// that it is the right one, and its first line is all that is fetched. Of all others (kOther) it holds the hash, and the entry is asked.
//
// Each key has two buckets. It stands in the first if there was room, else in the second, else somebody is moved to his
// own second bucket (a cuckoo hash). The second is one of the kFurthest behind the first, so that all whose first bucket
// is a given one can be found (early drop asks for that), wherever they stand. How many keys had to leave a bucket is
// counted in it, so that a look-up of what is not there mostly ends at the first line. Filled to 2/3, one flow in ten stands in its second bucket.
//
// The size is fixed at the making, for as many places as may be asked for: nothing is ever rehashed, nobody waits. The
// keys' hash is keyed: who does not know the key cannot fill chosen buckets. If a place cannot be found after all (a cycle of moves), it
// goes to the `rest`, a short list that is searched only while there is something in it.
//
// Threads: one owner. Cost: one or two lines a look-up, no allocation.  Tested by: ct/entry_index_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/assert.hpp"
#include "base/inline.hpp"
#include "base/pages.hpp"
#include "ct/flow_key.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace keepstate::ct {

class EntryIndex {
  public:
    /// Slot numbers stay below this.
    static constexpr std::uint32_t kMostSlots = (1U << 25) - 1;

    /// Room for `places` keys, and half as many more.
    EntryIndex(std::uint32_t places, std::uint64_t seed, base::Touch touch);

    /// What gives keys to this index.
    const FlowKeys& keys() const { return keys_; }

    /// The numbers of a key's buckets, for who asks them one by one.
    std::uint32_t first_bucket(const FlowKey& key) const { return first_of(key.hash); }
    std::uint32_t second_bucket(const FlowKey& key) const { return second_of(key.hash); }
    /// Inlined always: g++ 12 leaves out calls of functions that do nothing but prefetch.
    KS_INLINE void prefetch(std::uint32_t bucket) const { __builtin_prefetch(&buckets_[bucket]); }

    /// What insert() of a key that is not there needs beside the first bucket, which is at hand.
    KS_INLINE void prefetch_room(const FlowKey& key) const {
        if (!has_room(buckets_[first_of(key.hash)])) prefetch(second_of(key.hash));
    }

    /// What is found.
    class Hit {
      public:
        Hit() = default;
        explicit Hit(std::uint32_t reference) : reference_(reference) {}
        explicit operator bool() const { return reference_ != 0; }
        std::uint32_t slot() const { return (reference_ & kSlotMask) - 1; }
        /// Nothing of the entry need be compared.
        bool is_exact() const { return (reference_ & kAsk) == 0; }
        /// With is_exact: the key's direction is the flow's original one.
        bool is_original(const FlowKey& key) const {
            return ((reference_ ^ key.kind) & kReversed) == 0;
        }

      private:
        std::uint32_t reference_ = 0;
    };
    static constexpr std::uint32_t kNone = 0xffffffffU;

    /// The first place that fits and of whose slot `is_it(slot)` holds; not asked for exact ones.
    template <typename IsIt>
    Hit find(const FlowKey& key, IsIt is_it) const {
        const Bucket& first = buckets_[first_of(key.hash)];
        Hit hit = find_in(first, key, is_it);
        if (hit || overflow_of(first) == 0) return hit;
        hit = find_in(buckets_[second_of(key.hash)], key, is_it);
        if (hit || rest_.empty()) return hit;
        return find_in_rest(key, is_it);
    }
    /// Whether a key may stand in its second bucket, as its first one tells.
    bool has_overflowed(std::uint32_t first) const { return overflow_of(buckets_[first]) != 0; }
    /// What find() would give at first, of one bucket only and without asking the entry.
    Hit peek(std::uint32_t bucket, const FlowKey& key) const {
        const auto any = [](std::uint32_t) { return true; };
        return find_in(buckets_[bucket], key, any);
    }

    /// Puts a slot under a key. `asks`: the place alone does not identify the flow. False: there is no room at all.
    KS_INLINE bool insert(const FlowKey& key, bool asks, std::uint32_t slot) {
        KS_ASSERT(slot < kMostSlots);
        ++changes_;
        const Place place = place_of(key, asks, slot);
        return try_put(first_of(key.hash), place) || put_elsewhere(place, key.hash);
    }
    /// Takes it out. Asserts that it was there.
    KS_INLINE void remove(const FlowKey& key, bool asks, std::uint32_t slot) {
        ++changes_;
        const Place place = place_of(key, asks, slot);
        if (!take_from(first_of(key.hash), place)) remove_elsewhere(place, key.hash);
        if (!rest_.empty()) come_back();
    }
    /// Changes with every insert() and remove().
    std::uint64_t changes() const { return changes_; }

    /// Visits the slots of all keys whose first bucket is the one `distance` behind this key's, wherever they stand: what
    /// is visited depends on the keys alone, not on the order in which they came.
    template <typename Visit>
    void visit_near(const FlowKey& key, std::uint32_t distance, Visit visit) const {
        const std::uint32_t wanted = (first_of(key.hash) + distance) % bucket_count_;
        visit_those_of(buckets_[wanted], wanted, visit);
        std::uint32_t leavers = overflow_of(buckets_[wanted]);
        if (leavers == 0) return;
        const bool are_counted = leavers < kMostOverflow;
        const std::uint32_t last = bucket_count_ == 1 ? 0 : furthest_;
        for (std::uint32_t i = 1; i <= last && !(are_counted && leavers == 0); ++i) {
            leavers -= visit_those_of(buckets_[(wanted + i) % bucket_count_], wanted, visit);
        }
        for (const Rest& rest : rest_) {
            if (first_of(rest.hash) == wanted) visit(slot_of(rest.place.reference));
        }
    }
    /// As visit_near() for all distances below `count`, each bucket looked at once: visit(distance, slot), in no order. If there
    /// are fewer buckets than that, the distance is the least.
    template <typename Visit>
    void visit_all_near(const FlowKey& key, std::uint32_t count, Visit visit) const {
        const std::uint32_t begin = first_of(key.hash);
        const std::uint32_t span = std::min(count + kFurthest, bucket_count_);
        const auto distance_of = [this, begin](std::uint64_t hash) {
            const std::uint32_t first = first_of(hash);
            return first >= begin ? first - begin : first + bucket_count_ - begin;
        };
        std::uint32_t leavers = 0;
        bool are_counted = true;
        for (std::uint32_t i = 0; i < span && (i < count || leavers != 0 || !are_counted); ++i) {
            const Bucket& bucket = buckets_[(begin + i) % bucket_count_];
            if (i < count) {
                leavers += overflow_of(bucket);
                are_counted = are_counted && overflow_of(bucket) < kMostOverflow;
            }
            for (std::size_t at = 0; at < kPlaces; ++at) {
                if (is_free(bucket.references[at])) continue;
                const Place place{bucket.addresses[at], bucket.ports[at], bucket.references[at]};
                const std::uint32_t distance = distance_of(hash_of(place));
                if (distance >= count) continue;
                leavers -= distance != i ? 1 : 0;
                visit(distance, slot_of(place.reference));
            }
        }
        for (const Rest& rest : rest_) {
            const std::uint32_t distance = distance_of(rest.hash);
            if (distance < count) visit(distance, slot_of(rest.place.reference));
        }
    }
    /// Every place's slot; a slot that stands in two places comes twice.
    template <typename Visit>
    void visit_all(Visit visit) const {
        for (std::uint32_t i = 0; i < bucket_count_; ++i) {
            for (const std::uint32_t reference : buckets_[i].references) {
                if (!is_free(reference)) visit(slot_of(reference));
            }
        }
        for (const Rest& rest : rest_) visit(slot_of(rest.place.reference));
    }

    std::uint32_t bucket_count() const { return bucket_count_; }
    std::size_t rest_count() const { return rest_.size(); }

  private:
    static constexpr std::uint32_t kOther = FlowKey::kOther;
    static constexpr std::uint32_t kAsk = FlowKey::kAsk;
    static constexpr std::uint32_t kReversed = FlowKey::kReversed;
    static constexpr std::uint32_t kKindMask = 3U << FlowKey::kKindShift;
    static constexpr std::uint32_t kSlotMask = kMostSlots;  ///< slot + 1; 0: nobody
    /// In the first two places of a bucket: how many keys left it for their second, three bits each.
    static constexpr unsigned kOverflowShift = 29;
    static constexpr std::uint32_t kOverflowMask = 7U << kOverflowShift;
    static constexpr std::uint32_t kMostOverflow = 63;
    static constexpr std::size_t kPlaces = 4;
    /// A power of two.
    static constexpr std::uint32_t kFurthest = 64;
    static constexpr std::size_t kMostRest = 256;

    struct Place {
        std::uint64_t addresses;
        std::uint32_t ports;
        std::uint32_t reference;
    };
    struct alignas(64) Bucket {
        std::array<std::uint64_t, kPlaces> addresses;
        std::array<std::uint32_t, kPlaces> ports;
        std::array<std::uint32_t, kPlaces> references;
    };
    static_assert(sizeof(Bucket) == 64);
    struct Rest {
        Place place;
        std::uint64_t hash;
    };

#if defined(__SSE2__)
    static __m128i load(const std::array<std::uint32_t, kPlaces>& words) {
        return _mm_load_si128(reinterpret_cast<const __m128i*>(words.data()));
    }
#endif
    static std::uint32_t slot_of(std::uint32_t reference) { return (reference & kSlotMask) - 1; }
    static bool is_free(std::uint32_t reference) { return (reference & ~kOverflowMask) == 0; }
    std::uint32_t first_of(std::uint64_t hash) const {
        return static_cast<std::uint32_t>((hash & 0xffffffffU) * bucket_count_ >> 32);
    }
    std::uint32_t second_of(std::uint64_t hash) const {
        const auto distance = static_cast<std::uint32_t>(hash >> 32) & (furthest_ - 1);
        const std::uint32_t second = first_of(hash) + 1 + distance;
        return second < bucket_count_ ? second : second - bucket_count_;
    }
    static std::uint32_t overflow_of(const Bucket& bucket) {
        return bucket.references[0] >> kOverflowShift | bucket.references[1] >> kOverflowShift << 3;
    }
    /// As kFurthest, where there are more buckets; a power of two.
    static std::uint32_t furthest_of(std::uint32_t buckets) {
        return std::min(kFurthest, std::bit_floor(std::max(buckets - 1, 1U)));
    }
    /// Bit i: place i has this reference, the count that two of them carry aside. 0: it is free.
    static unsigned with_reference(const Bucket& bucket, std::uint32_t reference) {
#if defined(__SSE2__)
        const __m128i mask = _mm_set1_epi32(static_cast<int>(~kOverflowMask));
        const __m128i all = _mm_and_si128(load(bucket.references), mask);
        const __m128i wanted = _mm_set1_epi32(static_cast<int>(reference));
        return static_cast<unsigned>(
            _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(all, wanted))));
#else
        unsigned fits = 0;
        for (unsigned i = 0; i < kPlaces; ++i) {
            const bool is_same = (bucket.references[i] & ~kOverflowMask) == reference;
            fits |= static_cast<unsigned>(is_same) << i;
        }
        return fits;
#endif
    }
    static bool has_room(const Bucket& bucket) { return with_reference(bucket, 0) != 0; }
    void set_overflow(std::uint32_t bucket, std::uint32_t count);
    /// A key stands elsewhere than in its first bucket; or no longer.
    void count_leaver(std::uint32_t first);
    void uncount_leaver(std::uint32_t first);

    /// Visits the slots of a bucket's keys whose first bucket is the wanted one. How many there are.
    template <typename Visit>
    std::uint32_t visit_those_of(const Bucket& bucket, std::uint32_t wanted, Visit& visit) const {
        std::uint32_t count = 0;
        for (std::size_t i = 0; i < kPlaces; ++i) {
            if (is_free(bucket.references[i])) continue;
            const Place place{bucket.addresses[i], bucket.ports[i], bucket.references[i]};
            if (first_of(hash_of(place)) != wanted) continue;
            ++count;
            visit(slot_of(place.reference));
        }
        return count;
    }
    static Place place_of(const FlowKey& key, bool asks, std::uint32_t slot) {
        return {key.addresses, key.ports, (slot + 1) | key.kind | (asks ? kAsk : 0)};
    }
    /// Bit i: place i has the key's ports and kind.
    static unsigned compare(const Bucket& bucket, const FlowKey& key) {
        const std::uint32_t kind = key.kind & kKindMask;
#if defined(__SSE2__)
        const __m128i ports =
            _mm_cmpeq_epi32(load(bucket.ports), _mm_set1_epi32(static_cast<int>(key.ports)));
        const __m128i kinds =
            _mm_cmpeq_epi32(_mm_and_si128(load(bucket.references), _mm_set1_epi32(kKindMask)),
                            _mm_set1_epi32(static_cast<int>(kind)));
        return static_cast<unsigned>(
            _mm_movemask_ps(_mm_castsi128_ps(_mm_and_si128(ports, kinds))));
#else
        unsigned fits = 0;
        for (unsigned i = 0; i < kPlaces; ++i) {
            const bool is_same =
                bucket.ports[i] == key.ports && (bucket.references[i] & kKindMask) == kind;
            fits |= static_cast<unsigned>(is_same) << i;
        }
        return fits;
#endif
    }
    template <typename IsIt>
    static Hit find_in(const Bucket& bucket, const FlowKey& key, IsIt& is_it) {
        for (unsigned fits = compare(bucket, key); fits != 0; fits &= fits - 1) {
            const auto i = static_cast<std::size_t>(__builtin_ctz(fits));
            if (bucket.addresses[i] != key.addresses) continue;
            const Hit hit(bucket.references[i]);
            if (hit.is_exact() || is_it(hit.slot())) return hit;
        }
        return {};
    }
    template <typename IsIt>
    Hit find_in_rest(const FlowKey& key, IsIt& is_it) const {
        for (const Rest& rest : rest_) {
            if (rest.hash != key.hash || rest.place.addresses != key.addresses) continue;
            if (rest.place.ports != key.ports) continue;
            if (((rest.place.reference ^ key.kind) & kKindMask) != 0) continue;
            const Hit hit(rest.place.reference);
            if (hit.is_exact() || is_it(hit.slot())) return hit;
        }
        return {};
    }

    std::uint64_t hash_of(const Place& place) const {
        const std::uint32_t kind = place.reference & kKindMask;
        if (kind == kOther) return place.addresses;
        return keys_.hash_of(place.addresses, place.ports, kind);
    }
    /// Writes a place. The bucket's own count stays.
    static void write(Bucket& bucket, std::size_t i, const Place& place) {
        bucket.addresses[i] = place.addresses;
        bucket.ports[i] = place.ports;
        bucket.references[i] = (bucket.references[i] & kOverflowMask) | place.reference;
    }
    KS_INLINE bool try_put(std::uint32_t bucket, const Place& place) {
        Bucket& at = buckets_[bucket];
        const unsigned free = with_reference(at, 0);
        if (free == 0) return false;
        write(at, static_cast<std::size_t>(std::countr_zero(free)), place);
        return true;
    }
    KS_INLINE bool take_from(std::uint32_t bucket, const Place& place) {
        Bucket& at = buckets_[bucket];
        for (unsigned fits = with_reference(at, place.reference); fits != 0; fits &= fits - 1) {
            const auto i = static_cast<std::size_t>(std::countr_zero(fits));
            if (at.addresses[i] != place.addresses || at.ports[i] != place.ports) continue;
            write(at, i, {0, 0, 0});
            return true;
        }
        return false;
    }
    bool put_elsewhere(const Place& place, std::uint64_t hash);
    void remove_elsewhere(const Place& place, std::uint64_t hash);
    Place exchange(std::uint32_t bucket, std::size_t i, const Place& place);
    void come_back();

    FlowKeys keys_;
    std::uint32_t bucket_count_;
    std::uint32_t furthest_;  ///< so far behind the first bucket the second is, at the most
    base::Pages pages_;
    Bucket* buckets_;
    std::vector<Rest> rest_;
    std::uint64_t changes_ = 0;
    std::uint32_t turn_ = 0;  ///< whom a move picks next
};

}  // namespace keepstate::ct
