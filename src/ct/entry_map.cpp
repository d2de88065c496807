// The entry map; see entry_map.hpp.
#include "ct/entry_map.hpp"

#include <algorithm>

#include "ct/tuple.hpp"

namespace keepstate::ct {

namespace {

/// The packet in flight may have one that stands nowhere yet, and may still look at one that has gone.
constexpr std::uint32_t kInFlight = 2;

std::uint32_t entries_of(const EntryMap::Room& room) {
    return std::min(room.entries, EntryIndex::kMostSlots - kInFlight);
}

/// Where entries are placed by their keys, one slot in eleven stays free however full the map is, so that fewer of them stand where
/// nobody expects them: a packet that comes alone waits for memory once more there.
std::uint32_t slots_of(const EntryMap::Room& room) {
    constexpr std::uint32_t kTenth = 10;
    const std::uint32_t entries = entries_of(room) + kInFlight;
    if (room.touch != base::Touch::first) return entries;
    return std::min(entries + entries / kTenth, EntryIndex::kMostSlots);
}

/// What the place alone is sure of: the reply is the inverse, another tuple, and the zone is 0.
bool is_plain(const Entry& entry) {
    if (!entry.has_extra()) return !entry.is_to_itself();
    const EntryExtra& rare = entry.rare();
    return !rare.has_reply && rare.zones == Zones{} && !entry.is_to_itself();
}

}  // namespace

EntryMap::EntryMap(const Room& room, std::uint64_t seed)
    : index_(room.two_places ? 2 * entries_of(room) : entries_of(room), seed, room.touch),
      entries_(slots_of(room), room.touch),
      memos_(sizeof(Memo) * slots_of(room), room.touch),
      extras_(slots_of(room)) {}

Entry* EntryMap::make(const FlowKey& original) {
    const std::uint32_t slot = entries_.take(wish_of(original));
    if (slot == base::PlacedSlab<Entry>::kNone) return nullptr;
    if (has_memos_) memos()[slot] = {};
    return &entries_.at(slot);
}

void EntryMap::forget_memos() {
    std::fill_n(memos(), entries_.touched(), Memo{});
    has_memos_ = false;
}

void EntryMap::discard(Entry& entry) {
    if (entry.has_extra()) extras_.give_back(entry.extra()->slot);
    entry.status = 0;  // visit_all() passes by what is nobody's
    entries_.give_back(entries_.slot_of(entry));
}

EntryExtra& EntryMap::extra_of(Entry& entry) {
    if (!entry.has_extra()) {
        const std::uint32_t slot = extras_.take();
        KS_ASSERT(slot != base::Slab<EntryExtra>::kNone);  // as many as entries
        entry.set_extra(extras_.at(slot));
        entry.extra()->slot = slot;
    }
    return *entry.extra();
}

FlowKey EntryMap::key_of(const Entry& entry, CtDirection direction) const {
    if (entry.has_ipv4_ports() && !entry.has_extra()) {
        FlowKey key = key_of_ipv4(entry);
        if (direction == CtDirection::reply && !entry.is_to_itself()) {
            key.kind ^= FlowKey::kReversed;
        }
        return key;
    }
    return index_.keys().key_of(entry.tuple(direction),
                                entry.rare().zones[static_cast<std::size_t>(direction)]);
}

bool EntryMap::insert(Entry& entry, const FlowKey& original) {
    const std::uint32_t slot = entries_.slot_of(entry);
    const bool asks = !is_plain(entry);
    if (!index_.insert(original, asks, slot)) return false;
    if (asks) {
        const FlowKey reply = key_of(entry, CtDirection::reply);
        if (reply.hash != original.hash && !index_.insert(reply, asks, slot)) {
            index_.remove(original, asks, slot);
            return false;
        }
        ++odd_;
    }
    ++size_;
    return true;
}

void EntryMap::remove(Entry& entry) {
    const std::uint32_t slot = entries_.slot_of(entry);
    if (entry.has_ipv4_ports() && !entry.has_extra() && !entry.is_to_itself()) {
        index_.remove(key_of_ipv4(entry), false, slot);
        --size_;
        return;
    }
    const bool asks = !is_plain(entry);
    const FlowKey original = key_of(entry, CtDirection::original);
    index_.remove(original, asks, slot);
    if (asks) {
        const FlowKey reply = key_of(entry, CtDirection::reply);
        if (reply.hash != original.hash) index_.remove(reply, asks, slot);
        --odd_;
    }
    --size_;
}

Found EntryMap::find_in_zone(std::uint16_t zone, const Tuple& tuple, const Zones& zones) const {
    return find_by(index_.keys().key_of(tuple, zone), zone, tuple, zones);
}

Found EntryMap::find_by(const FlowKey& key, std::uint16_t zone, const Tuple& tuple,
                        const Zones& zones) const {
    CtDirection direction = CtDirection::original;
    const EntryIndex::Hit hit = index_.find(key, [&](std::uint32_t slot) {
        const Entry& entry = entries_.at(slot);
        const Zones& own = entry.rare().zones;
        // Of two that fit it is the reply: Linux puts that at the head of the chain, before the original.
        for (const CtDirection each : {CtDirection::reply, CtDirection::original}) {
            const auto i = static_cast<std::size_t>(each);
            if (own[i] != zones[i] || own[i] != zone || entry.tuple(each) != tuple) continue;
            direction = each;
            return true;
        }
        return false;
    });
    if (!hit) return {};
    if (hit.is_exact()) {
        direction = hit.is_original(key) ? CtDirection::original : CtDirection::reply;
    }
    // The map's own entries; who asked with a const map gets a const one.
    return {const_cast<Entry*>(&entries_.at(hit.slot())), direction};
}

Found EntryMap::find_at(CtDirection direction, const Tuple& tuple, const Zones& zones) {
    return find_in_zone(zones[static_cast<std::size_t>(direction)], tuple, zones);
}

Found EntryMap::find(const Tuple& tuple, const Zones& zones) {
    const Found found = find_at(CtDirection::original, tuple, zones);
    if (found.entry != nullptr || zones[0] == zones[1]) return found;
    return find_at(CtDirection::reply, tuple, zones);
}

const Entry* EntryMap::find(const Tuple& tuple, const Zones& zones) const {
    const Found found = find_in_zone(zones[0], tuple, zones);
    if (found.entry != nullptr || zones[0] == zones[1]) return found.entry;
    return find_in_zone(zones[1], tuple, zones).entry;
}

}  // namespace keepstate::ct
