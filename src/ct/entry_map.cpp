// The entry map; see entry_map.hpp for its layout.
#include "ct/entry_map.hpp"

#include <algorithm>
#include <bit>

#include "ct/tuple.hpp"

namespace keepstate::ct {

EntryMap::EntryMap(std::uint32_t buckets, std::uint32_t capacity, std::uint64_t seed)
    : key_(base::HashKey::from_seed(seed)),
      mask_(std::bit_ceil(std::clamp<std::uint32_t>(buckets, 1, 1U << 26)) - 1),
      buckets_(std::size_t{mask_} + 1, kNoEntry),
      slab_(capacity) {}

std::uint64_t EntryMap::hash(const Tuple& tuple, std::uint16_t zone) const {
    return hash_of(tuple, zone, key_);
}

Entry* EntryMap::make() {
    const std::uint32_t slot = slab_.take();
    if (slot == base::Slab<Entry>::kNone) return nullptr;
    Entry& entry = slab_.at(slot);
    entry.slot = slot;
    return &entry;
}

void EntryMap::discard(Entry& entry) { slab_.give_back(entry.slot); }

void EntryMap::insert(Entry& entry) {
    KS_ASSERT(entry.next[0] == kNoEntry && entry.next[1] == kNoEntry);
    for (std::uint32_t d = 0; d < 2; ++d) {
        entry.bucket[d] = bucket_of(entry.tuples[d], entry.zones[d]);
        entry.next[d] = buckets_[entry.bucket[d]];
        buckets_[entry.bucket[d]] = entry.slot << 1 | d;
    }
    ++size_;
}

void EntryMap::remove(Entry& entry) {
    for (std::uint32_t d = 0; d < 2; ++d) {
        const std::uint32_t wanted = entry.slot << 1 | d;
        std::uint32_t* ref = &buckets_[entry.bucket[d]];
        while (*ref != wanted) {
            KS_ASSERT(*ref != kNoEntry);
            ref = &slab_.at(*ref >> 1).next[*ref & 1];
        }
        *ref = entry.next[d];
        entry.next[d] = kNoEntry;
    }
    --size_;
}

std::uint32_t EntryMap::find_reference(CtDirection direction, const Tuple& tuple,
                                       const Zones& zones) const {
    const std::uint16_t zone = zones[static_cast<std::size_t>(direction)];
    std::uint32_t ref = buckets_[bucket_of(tuple, zone)];
    while (ref != kNoEntry) {
        const Entry& entry = slab_.at(ref >> 1);
        const std::uint32_t d = ref & 1;
        if (entry.tuples[d] == tuple && entry.zones[d] == zones[d]) break;
        ref = entry.next[d];
    }
    return ref;
}

std::uint32_t EntryMap::find_reference(const Tuple& tuple, const Zones& zones) const {
    const std::uint32_t ref = find_reference(CtDirection::original, tuple, zones);
    if (ref != kNoEntry || zones[0] == zones[1]) return ref;
    return find_reference(CtDirection::reply, tuple, zones);
}

Found EntryMap::found(std::uint32_t ref) {
    if (ref == kNoEntry) return {};
    return {&slab_.at(ref >> 1), static_cast<CtDirection>(ref & 1)};
}

Found EntryMap::find_at(CtDirection direction, const Tuple& tuple, const Zones& zones) {
    return found(find_reference(direction, tuple, zones));
}

Found EntryMap::find(const Tuple& tuple, const Zones& zones) {
    return found(find_reference(tuple, zones));
}

const Entry* EntryMap::find(const Tuple& tuple, const Zones& zones) const {
    const std::uint32_t ref = find_reference(tuple, zones);
    return ref == kNoEntry ? nullptr : &slab_.at(ref >> 1);
}

}  // namespace keepstate::ct
