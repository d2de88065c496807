// Expiry: a wheel of one-second lists, so that time costs nothing per packet.
//
//     places_   [ 0 | 1 | 2 | ... | 511 ]      second modulo 512, kLanes lists each
//                 ^ everything up to `swept_` has been moved to the last kLanes lists
//               [ due ]                        those whose turn has come, looked at one by one, from each list in turn
//
// A list is a chain of lines that nobody has touched for long, and each names the next one only when it has come from memory. So a
// second has several: while one waits, those of the others go.
//
// An entry is put where its expiry falls, but not further away than kLookAgainS: whoever has longer to live is looked at
// again then. A renewed timeout does not move it (the usual case): when its list's turn comes, an entry that has time left is
// put anew. Only a timeout that got shorter moves it at once, and only if it is shorter than kLookAgainS: a
// TCP flow whose timeout goes from five days to five minutes and back with every segment stays where it is.
// Look-ups test the exact time themselves (nothing expired is ever found), so the wheel may be late: it only gives slots
// back and tells of the end. It is a second late as a rule, and more if very many go at once: a sweep looks at so many entries and
// no more, so that a million flows that end in the same second hold nobody up.
//
// The first of a list has its list's number in wheel_previous, marked by kIsFirst.
//
// Cost: constant for put and take; a sweep looks at each list once a second of virtual time, and at
// all of them once if time jumps further than the wheel is round; each entry is looked at every kLookAgainS.  Tested by: ct/expiry_test.cpp.
#pragma once

#include <array>
#include <vector>

#include "ct/entry_map.hpp"

namespace keepstate::ct {

class Expiry {
  public:
    Expiry() : places_((kPlaces + 1) * kLanes, kNoEntry) {}

    /// So far away at the most an entry is put.
    static constexpr std::int64_t kLookAgainS = 300;

    /// Notes the entry's `expires`. It may stand on the wheel already.
    void put(EntryMap& map, Entry& entry, Time now);
    /// The entry's `expires` changed to so much from now: moves it if it must be looked at earlier.
    void renew(EntryMap& map, Entry& entry, std::int64_t timeout_ns, std::int64_t left_ns,
               Time now) {
        // In this order: which of two long ones is the shorter changes with every other packet of a TCP flow.
        if (timeout_ns < kLookAgainS * kNsPerSecond && timeout_ns < left_ns) put(map, entry, now);
    }
    void take(EntryMap& map, Entry& entry);

    /// From when on sweep() has lists to look at: neither put() nor take() changes it.
    Time due() const { return {waiting_ != 0 ? INT64_MIN : next_ns_}; }
    bool is_due(Time now) const { return now >= due(); }
    /// Calls `gone(entry)` for each entry whose time has come; `gone` must take() it. Looks at `most` entries at the most.
    template <typename Gone>
    void sweep(EntryMap& map, Time now, std::uint32_t most, Gone gone) {
        if (!is_due(now)) return;
        const std::int64_t second = now.ns / kNsPerSecond;
        if (!started_) {
            started_ = true;
            swept_ = second - 1;
        }
        for (;;) {
            for (std::uint32_t lane = 0; waiting_ != 0; lane = (lane + 1) % kLanes) {
                const std::uint32_t head = places_[kDue + lane];
                if (head == kNoEntry) {
                    waiting_ &= ~(1U << lane);
                    continue;
                }
                if (most-- == 0) return;
                scouts_[lane].run_ahead(map, head);
                Entry& entry = map.at(head);
                if (entry.expires <= now) {
                    gone(entry);
                } else {
                    put(map, entry, now);
                }
            }
            if (!call_next(map, second)) {
                next_ns_ = (second + 1) * kNsPerSecond;
                return;
            }
        }
    }

  private:
    /// Goes down a due list some entries ahead of its head and asks memory for what their end will need: one step a turn, so
    /// that each line has a turn's time to come. It keeps its place from one sweep to the next; an entry that is moved or goes meanwhile may
    /// lead it astray until the list is done. What it says decides nothing.
    class Scout {
      public:
        void run_ahead(const EntryMap& map, std::uint32_t head) {
            if (lead_ == 0) at_ = head;
            while (lead_ < kLead && at_ != kNoEntry) {
                const Entry& entry = map.at(at_);
                map.prefetch_index(entry);
                at_ = entry.wheel_next;
                if (at_ != kNoEntry) map.prefetch(at_, true);
                ++lead_;
            }
            if (lead_ != 0) --lead_;  // the head goes
        }

      private:
        static constexpr std::uint32_t kLead = 3;
        std::uint32_t at_ = kNoEntry;  ///< whom it looks at next
        std::uint32_t lead_ = 0;       ///< so far behind the head
    };

    static constexpr std::int64_t kPlaces = 512;
    static_assert(kPlaces > kLookAgainS);
    static constexpr std::uint32_t kLanes = 4;
    static constexpr std::uint32_t kDue =
        kPlaces * kLanes;  ///< the lists of those whose turn has come
    static constexpr std::uint32_t kIsFirst = 0x80000000U;

    /// The first list of a second.
    static std::uint32_t place_of(std::int64_t second) {
        return static_cast<std::uint32_t>(second & (kPlaces - 1)) * kLanes;
    }
    /// By what is the same wherever entries are placed, so that who goes first is too.
    static std::uint32_t lane_of(const Entry& entry) {
        return static_cast<std::uint32_t>(entry.number() % kLanes);
    }
    /// Moves the lists of the next second that has any and lies before `second` to kDue. False: there is none.
    bool call_next(EntryMap& map, std::int64_t second);

    std::vector<std::uint32_t> places_;
    std::array<Scout, kLanes> scouts_;  ///< of the due lists
    std::uint32_t waiting_ = 0;         ///< bit i: list kDue + i may have somebody
    std::int64_t swept_ = 0;            ///< with started_: the last second whose list was moved
    std::int64_t next_ns_ = INT64_MIN;  ///< when the next list's turn comes
    bool started_ = false;
};

}  // namespace keepstate::ct
