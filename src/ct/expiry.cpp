// The wheel's lists; see expiry.hpp.
#include "ct/expiry.hpp"

namespace keepstate::ct {

void Expiry::take(EntryMap& map, Entry& entry) {
    if (entry.wheel_place == kNoEntry) return;
    if (entry.wheel_previous != kNoEntry) {
        map.at(entry.wheel_previous).wheel_next = entry.wheel_next;
    } else {
        places_[entry.wheel_place] = entry.wheel_next;
    }
    if (entry.wheel_next != kNoEntry)
        map.at(entry.wheel_next).wheel_previous = entry.wheel_previous;
    entry.wheel_next = entry.wheel_previous = entry.wheel_place = kNoEntry;
}

void Expiry::put(EntryMap& map, Entry& entry) {
    const std::uint32_t place = place_of(entry.expires.ns / kNsPerSecond);
    take(map, entry);
    entry.wheel_place = place;
    entry.wheel_next = places_[place];
    if (entry.wheel_next != kNoEntry) map.at(entry.wheel_next).wheel_previous = entry.slot;
    places_[place] = entry.slot;
}

}  // namespace keepstate::ct
