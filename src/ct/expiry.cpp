// The wheel's lists; see expiry.hpp.
#include "ct/expiry.hpp"

#include <algorithm>
#include <utility>

namespace keepstate::ct {

void Expiry::take(EntryMap& map, Entry& entry) {
    if (entry.wheel_previous == kNoEntry) return;
    if ((entry.wheel_previous & kIsFirst) != 0) {
        places_[entry.wheel_previous & ~kIsFirst] = entry.wheel_next;
    } else {
        map.at(entry.wheel_previous).wheel_next = entry.wheel_next;
    }
    if (entry.wheel_next != kNoEntry)
        map.at(entry.wheel_next).wheel_previous = entry.wheel_previous;
    entry.wheel_next = entry.wheel_previous = kNoEntry;
}

void Expiry::put(EntryMap& map, Entry& entry, Time now) {
    const Time look_again = now + kLookAgainS * kNsPerSecond;
    const std::uint32_t slot = map.slot_of(entry);
    const std::uint32_t place =
        place_of(std::min(entry.expires, look_again).ns / kNsPerSecond) + lane_of(entry);
    take(map, entry);
    entry.wheel_previous = kIsFirst | place;
    entry.wheel_next = places_[place];
    if (entry.wheel_next != kNoEntry) map.at(entry.wheel_next).wheel_previous = slot;
    places_[place] = slot;
}

bool Expiry::call_next(EntryMap& map, std::int64_t second) {
    swept_ = std::max(swept_, second - 1 - kPlaces);  // once round is enough
    while (swept_ < second - 1) {
        ++swept_;
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            std::uint32_t& list = places_[place_of(swept_) + lane];
            if (list == kNoEntry) continue;
            map.at(list).wheel_previous = kIsFirst | (kDue + lane);
            places_[kDue + lane] = std::exchange(list, kNoEntry);
            scouts_[lane] = {};
            waiting_ |= 1U << lane;
        }
        if (waiting_ != 0) return true;
    }
    return false;
}

}  // namespace keepstate::ct
