// Expiry: a wheel of one-second lists, so that time costs nothing per packet.
//
//     places_   [ 0 | 1 | 2 | ... | 4095 ]      place = second of expiry modulo 4096
//                 ^ everything up to `swept_` has been looked at
//
// An entry is put where its expiry falls. A renewed timeout does not move it (the usual case): when its list's
// turn comes, an entry that has time left is put anew. Only a timeout that got shorter moves it at once.
// Look-ups test the exact time themselves (nothing expired is ever found), so the wheel may be up to a
// second late: it only gives slots back and tells of the end.
//
// Cost: constant for put and take; a sweep looks at each list once a second of virtual time, and at
// all of them once if time jumps further than the wheel is round.  Tested by: ct/expiry_test.cpp.
#pragma once

#include <vector>

#include "ct/entry_map.hpp"

namespace keepstate::ct {

class Expiry {
  public:
    Expiry() : places_(kPlaces, kNoEntry) {}

    /// Notes the entry's `expires`. It may stand on the wheel already.
    void put(EntryMap& map, Entry& entry);
    void take(EntryMap& map, Entry& entry);

    /// Calls `gone(entry)` for each entry whose time has come; `gone` must take() it.
    template <typename Gone>
    void sweep(EntryMap& map, Time now, Gone gone) {
        const std::int64_t second = now.ns / kNsPerSecond;
        if (!started_) {
            started_ = true;
            swept_ = second - 1;
        }
        if (second - 1 <= swept_) return;
        std::int64_t from = swept_ + 1;
        if (second - from > kPlaces) from = second - kPlaces;
        swept_ = second - 1;
        for (std::int64_t s = from; s < second; ++s) sweep_place(map, place_of(s), now, gone);
    }

  private:
    static constexpr std::int64_t kPlaces = 4096;

    static std::uint32_t place_of(std::int64_t second) {
        return static_cast<std::uint32_t>(second & (kPlaces - 1));
    }
    template <typename Gone>
    void sweep_place(EntryMap& map, std::uint32_t place, Time now, Gone& gone) {
        std::uint32_t slot = places_[place];
        while (slot != kNoEntry) {
            Entry& entry = map.at(slot);
            slot = entry.wheel_next;
            if (entry.expires <= now) {
                gone(entry);
            } else {
                put(map, entry);
            }
        }
    }

    std::vector<std::uint32_t> places_;
    std::int64_t swept_ = 0;  ///< the last second whose list was looked at
    bool started_ = false;
};

}  // namespace keepstate::ct
