// Trails: what was decided of a packet and will be decided of others like it.
//
// A trail is a decision without what is the packet's own, and the counters of the rules that the packet raised. It is kept
// where the tables will answer the next packet just so, as rules/fast.hpp says of the way through each of them:
//     by class    family, direction, device: all usual segments of established flows, where no rule asked who talks to whom
//     by port     family, device, destination port, flags: first packets of flows, where no rule asked for more; a small cache
//     by flow     else, for the flow and direction of an established one; flows with the same trail share it. The flow's entry keeps its number
//                 (ct::EntryMap::Memo).
//
// Room for kMostOfFlows trails is taken at the making; when it is full, further ways are not kept and their packets ask the
// tables each time.
//
// Threads: one owner.  Tested by: tests/property/lane_property.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hooks/route.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/ruleset.hpp"

namespace keepstate::hooks {

struct Trail {
    static constexpr std::size_t kMostCounters = 16;
    Decision decision;
    const DeviceName* in = nullptr;  ///< where such packets come in; null: nothing is known
    std::uint32_t count = 0;
    std::array<Counters*, kMostCounters> counters{};

    void count_packet(std::uint32_t bytes) const {
        for (std::uint32_t i = 0; i < count; ++i) {
            counters[i]->packets += 1;
            counters[i]->bytes += bytes;
        }
    }
};

class Trails {
  public:
    static constexpr std::size_t kMostOfFlows = 4096;

    /// `keeps_flows`: there are rules that may tell flows apart.
    Trails(std::size_t devices, bool keeps_flows);

    Trail& of_class(Family family, CtDirection direction, std::size_t device) {
        return of_class_[(device * 2 + static_cast<std::size_t>(direction)) * 2 +
                         (family == Family::ipv4 ? 0 : 1)];
    }
    /// What a first packet shows of itself that rules of ports may ask for.
    struct First {
        std::uint16_t port = 0;  ///< destination
        std::uint8_t flags = 0;  ///< TCP's
        Family family = Family::ipv4;
        std::uint32_t device = 0;

        bool operator==(const First&) const = default;
    };
    /// Null: nothing is known of such packets.
    const Trail* find_of_first(const First& first) const {
        const OfFirst& at = of_first_[place_of(first)];
        return at.first == first && at.trail.in != nullptr ? &at.trail : nullptr;
    }
    /// In the place of another one, if need be.
    void keep_of_first(const First& first, const Trail& trail) {
        of_first_[place_of(first)] = {first, trail};
    }
    /// `number` as keep() gave it.
    const Trail& of_flow(std::uint16_t number) const { return of_flow_[number - 1U]; }
    bool has_any_of_flow() const { return !of_flow_.empty(); }
    /// The number of this trail, or of the equal one that is there; 0: no room.
    std::uint16_t keep(const Trail& trail);

  private:
    static constexpr std::uint32_t kFirsts = 256;
    struct OfFirst {
        First first;
        Trail trail;
    };
    static std::size_t place_of(const First& first) {
        const std::uint32_t facts =
            (std::uint32_t{first.port} << 8 | first.flags) ^
            (first.device << 25 | static_cast<std::uint32_t>(first.family) << 24);
        return (facts * 0x9e3779b1U) >> 24;
    }

    std::vector<Trail> of_class_;
    std::vector<OfFirst> of_first_;
    std::vector<Trail> of_flow_;
    std::vector<std::uint16_t> slots_;  ///< numbers, open addressing, at most half full
};

/// How the tables answered the packet that is to make a trail.
struct TrailNotes {
    bool is_steady = true;        ///< they will answer the same to the flow's next packet
    bool is_general = true;       ///< and to those of other flows
    bool is_of_port = true;       ///< and to those of other flows to the same port
    bool has_same_flags = false;  ///< `next` means only packets with the same flags of TCP
    std::vector<Counters*> counters;

    /// Room is taken here and not when packets come: five tables at the most, see rules::Paths::kMostSteps.
    TrailNotes() { counters.reserve(5 * 32); }
    void begin(bool same_flags = false) {
        is_steady = is_general = is_of_port = true;
        has_same_flags = same_flags;
        counters.clear();
    }
};

}  // namespace keepstate::hooks
