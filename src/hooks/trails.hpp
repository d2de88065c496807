// Trails: what was decided of a packet and will be decided of others like it.
//
// A trail is a decision without what is the packet's own, and the counters of the rules that the packet raised. It is kept
// where the tables will answer the next packet just so, as rules/fast.hpp says of the way through each of them:
//     by class    family, protocol, direction, devices: all usual packets of established flows, where no rule asked who talks
//                 to whom
//     by port     family, destination port, flags, and the devices: first packets of flows, where no rule asked for more but
//                 nat's, which are asked each time; a small cache
//     by flow     else, for the flow and direction of an established one; flows with the same trail share it. The flow's entry
//                 keeps its number (ct::EntryMap::Memo).
//
// What went along a trail is counted in the trail, one addition for any number of rules, and settled in the rules' own counters when
// somebody wants to see them.
//
// When rules change, all trails are forgotten, and the numbers that entries keep of them: later trails get higher numbers. Only
// when the 16 bits are used up, entries have to forget theirs.
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

/// Lines of its own: other threads may read the decision (Told::shared) while packets are counted here.
struct alignas(64) Trail {
    static constexpr std::size_t kMostCounters = 16;
    Decision decision;
    const DeviceName* in = nullptr;  ///< where such packets come in; null: nothing is known
    const DeviceName* out = nullptr;
    std::uint32_t count = 0;
    std::array<Counters*, kMostCounters> counters{};
    mutable Counters pending{};  ///< of packets that went along it, not yet in `counters`

    void count_packet(std::uint32_t bytes) const {
        pending.packets += 1;
        pending.bytes += bytes;
    }
    /// A trail that has been forgotten has nothing to settle: the rules that it names may be gone.
    void settle() const {
        if (pending.packets == 0) return;
        for (std::uint32_t i = 0; i < count; ++i) {
            counters[i]->packets += pending.packets;
            counters[i]->bytes += pending.bytes;
        }
        pending = {};
    }
};

class Trails {
  public:
    static constexpr std::size_t kMostOfFlows = 4096;
    /// With more devices every packet asks the tables that no trail of its flow tells.
    static constexpr std::size_t kMostDevices = 32;

    /// `keeps_flows`: there are rules that may tell flows apart.
    Trails(std::size_t devices, bool keeps_flows);

    /// Those of the packets that come and go by two devices. Null: there are too many devices for such.
    Trail* of_way(std::size_t in, std::size_t out) {
        return of_class_.empty() ? nullptr : &of_class_[(in * devices_ + out) * kClasses];
    }
    /// Which of them.
    static std::size_t class_of(bool is_v4, bool is_tcp, CtDirection direction) {
        return static_cast<std::size_t>(is_v4) * 4 + static_cast<std::size_t>(is_tcp) * 2 +
               static_cast<std::size_t>(direction);
    }
    /// `number` as keep() gave it, now or before forget(), or 0: then a trail that tells nothing.
    const Trail& of_flow(std::uint16_t number) const {
        const std::uint32_t at = number - 1U - forgotten_;
        return at < flow_count_ ? of_flow_[at] : nothing_;
    }
    /// What a first packet shows of itself that rules of ports may ask for.
    struct First {
        std::uint16_t port = 0;  ///< destination
        std::uint8_t flags = 0;  ///< TCP's
        Family family = Family::ipv4;

        bool operator==(const First&) const = default;
    };
    /// Null: nothing is known of such packets.
    const Trail* find_of_first(const First& first) const {
        const OfFirst& at = of_first_[place_of(first)];
        return at.first == first && at.trail.in != nullptr ? &at.trail : nullptr;
    }
    /// In the place of another one, if need be.
    void keep_of_first(const First& first, const Trail& trail) {
        OfFirst& at = of_first_[place_of(first)];
        at.trail.settle();
        at = {first, trail};
    }
    /// Brings the rules' counters up to date: before anybody looks at them, and before rules change.
    void settle() const;
    /// By which devices, and what they show: first packets that rules ask for more than a trail of a port may know.
    struct Particular {
        First first;
        const DeviceName* in = nullptr;  ///< null: nobody
        const DeviceName* out = nullptr;

        bool operator==(const Particular&) const = default;
    };
    /// Whether they were noted as such, which is worth knowing before the tables are asked for a trail in vain.
    bool is_particular(const Particular& packet) const {
        return particular_[place_of(packet.first)] == packet;
    }
    void note_particular(const Particular& packet) { particular_[place_of(packet.first)] = packet; }
    bool has_any_of_flow() const { return flow_count_ != 0; }
    /// The number of this trail, or of the equal one that is there; 0: no room.
    std::uint16_t keep(const Trail& trail);

    enum class Numbers : std::uint8_t { go_on, used_up };
    /// All that there are. used_up: numbers begin anew, and those that were given must not be asked for again.
    Numbers forget();

  private:
    static constexpr std::uint32_t kFirsts = 256;
    struct OfFirst {
        First first;
        Trail trail;
    };
    static std::size_t place_of(const First& first) {
        const std::uint32_t facts = (std::uint32_t{first.port} << 8 | first.flags) ^
                                    static_cast<std::uint32_t>(first.family) << 24;
        return (facts * 0x9e3779b1U) >> 24;
    }

    static constexpr std::size_t kClasses = 8;

    std::size_t devices_;
    std::vector<Trail> of_class_;
    std::vector<OfFirst> of_first_;
    std::vector<Particular> particular_;
    std::vector<Trail> of_flow_;
    std::uint32_t flow_count_ = 0;      ///< of them; a size is a division
    std::vector<std::uint16_t> slots_;  ///< numbers, open addressing, at most half full
    std::uint32_t forgotten_ = 0;       ///< numbers up to this one
    Trail nothing_;
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
