// See call_keys.hpp.
#include "ct/call_keys.hpp"

namespace keepstate::ct {

bool CallKeys::add(const Tuple& tuple, std::uint32_t owner) {
    const std::uint32_t slot = slab_.take();
    if (slot == kNone) return false;
    // The oldest answers first, as in the kernel's list.
    std::uint32_t* link = &buckets_[bucket_of(tuple)];
    while (*link != kNone) link = &slab_.at(*link).next;
    *link = slot;
    slab_.at(slot) = {tuple, owner, kNone};
    return true;
}

void CallKeys::remove_of(std::uint32_t owner, const Tuple& tuple) {
    std::uint32_t* link = &buckets_[bucket_of(tuple)];
    while (*link != kNone) {
        const std::uint32_t slot = *link;
        if (slab_.at(slot).owner == owner && slab_.at(slot).tuple == tuple) {
            *link = slab_.at(slot).next;
            slab_.give_back(slot);
            return;
        }
        link = &slab_.at(slot).next;
    }
}

std::uint16_t CallKeys::find(const Tuple& tuple) const {
    std::uint32_t slot = buckets_[bucket_of(tuple)];
    while (slot != kNone) {
        const Key& key = slab_.at(slot);
        const Tuple& t = key.tuple;
        if (t.source == tuple.source && t.destination == tuple.destination &&
            t.protocol == tuple.protocol && t.destination_key == tuple.destination_key) {
            return t.source_key;
        }
        slot = key.next;
    }
    return 0;
}

}  // namespace keepstate::ct
