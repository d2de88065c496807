// Path: one packet along the order.
//
//     from a device:  PREROUTING -> route -> INPUT
//                                        \-> FORWARD -> POSTROUTING
//     from this host: OUTPUT -> POSTROUTING [-> PREROUTING -> INPUT if it is for this host too]
//
// Path alone runs the steps of order.hpp, grants what targets ask for, and writes the Decision.
// A REJECT's answer goes its own way through OUTPUT and POSTROUTING, as any packet that this host sends.
//
// Threads: one owner. Cost: no allocation, but for the text of a rule when it first decides.  Tested by: tests/property/batch_property.cpp, tests/scenarios, tests/kernel.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "ct/tracker.hpp"
#include "hooks/observer.hpp"
#include "hooks/order.hpp"
#include "hooks/route.hpp"
#include "hooks/trails.hpp"
#include "keepstate/engine.hpp"
#include "rules/context.hpp"
#include "rules/fast.hpp"
#include "rules/outcome.hpp"
#include "rules/program.hpp"
#include "rules/walk.hpp"
#include "wire/glance.hpp"
#include "wire/parse.hpp"
#include "wire/reassembly.hpp"

namespace keepstate::hooks {

/// Asked where several Paths share the flows of one firewall: whether a datagram that was put together, or a fragment
/// that reassembly lets by, is this Path's to judge.
class Owner {
  public:
    virtual bool is_here(const wire::Packet& packet) = 0;

  protected:
    ~Owner() = default;
};

/// What is said of a packet, for whoever passes it on.
struct Told {
    Decision* own = nullptr;  ///< where it is written, if nothing else holds it
    /// After it, unless `own` was written: the decision is this one, which stays where it is as long as the rules do, but
    /// for out_bytes. These are the packet from its IP header on, if it is accepted; here there are none.
    const Decision* shared = nullptr;

    const Decision& decision() const { return shared != nullptr ? *shared : *own; }
};

class Path {
  public:
    /// Programs may be null: no rules of that family. All outlive the Path.
    Path(const Routing& routing, wire::Reassembler& reassembler, ct::Tracker& tracker,
         base::Arena& arena, rules::Dice& dice, rules::Program* rules4, rules::Program* rules6);

    /// See EngineSetup::completes_cut_frames.
    void complete_cut_frames(bool wanted) { completes_cut_frames_ = wanted; }
    /// See EngineSetup::tells_entries.
    void tell_entries(bool wanted) { tells_entries_ = wanted; }

    /// A Program has changed: what was noted of how it answers is forgotten. settle_counters() comes before the change.
    void rules_changed();
    /// Brings the counters of the Programs' rules up to date.
    void settle_counters() const { trails_.settle(); }

    /// Looks at frames that are decided soon. Decides nothing.
    void glance(std::span<const Frame> frames, std::span<ct::Sighting> sightings) const;
    /// The same for so few that they cannot hide each other's waiting: asks for all that they may need at once.
    void glance_at_few(std::span<const Frame> frames, std::span<ct::Sighting> sightings) const;
    /// The two halves of it: what the frames show, glance and key, and asking for what these tell of.
    void look(std::span<const Frame> frames, std::span<ct::Sighting> sightings) const;
    void aim(std::span<ct::Sighting> sightings) const;
    /// Ask memory for what frames that were looked at will need, 32 at most; one after the other, best with something done
    /// between. What the first says, the second is told.
    std::uint32_t approach(std::span<ct::Sighting> sightings) const;
    void approach_further(std::span<ct::Sighting> sightings, std::uint32_t further) const;
    /// The same as decide() without observer and log, for as many of the first frames as are usual ones; how many. In a
    /// bump in the wire their reason is none. `latest`: the latest stamp so far, before and after.
    std::size_t decide_usual(std::span<const Frame> frames, std::span<const ct::Sighting> sightings,
                             Time& latest, std::span<Decision> decisions);
    /// The same, for decisions that are passed on: what many packets are told is not copied for each.
    std::size_t decide_usual(std::span<const Frame> frames, std::span<const ct::Sighting> sightings,
                             Time& latest, std::span<Told> told);
    /// glance_at_few() and decide_usual() of a packet that comes alone, where no entries are told. False: it was glanced at and
    /// no more, approach() comes next.
    bool decide_alone(const Frame& frame, ct::Sighting& sighting, Time& latest, Decision& decision);
    /// As decide(), likewise, for any plain segment of TCP that decide_usual() did not take.
    bool decide_plain(const Frame& frame, const ct::Sighting& sighting, Time now,
                      Decision& decision);

    /// One frame, from link header to decision. `now` never goes back. `log`: where the lines of LOG and TRACE
    /// go, each ended; null: nobody reads them.
    /// `reassembled`: what reassembly has said of this frame already; null: ask.
    void decide(const Frame& frame, Time now, Decision& decision, Observer* observer,
                std::string* log = nullptr, const wire::Reassembled* reassembled = nullptr);

    /// Whether what usual packets are told is mostly shared (Told); else each has a decision of its own.
    bool shares_decisions() const { return only_way_.in != nullptr && !tells_entries_; }

    /// Null, as at first: every packet is this Path's.
    void set_owner(Owner* owner) { owner_ = owner; }
    /// After decide(): what reassembly made of the frame, if that is not this Path's. The packet has then left no
    /// trace here, its Decision means nothing, and the Path whose it is has to decide it. The bytes live as those
    /// of Decision::out_bytes.
    const std::optional<wire::Reassembled>& strayed() const { return strayed_; }

  private:
    struct Trip;
    /// What rules may ask of the tracker.
    class Lookup final : public rules::Connections {
      public:
        explicit Lookup(ct::Tracker& tracker) : tracker_(tracker) {}
        ct::EntryExtra& extra_of(ct::Entry& entry) override { return tracker_.extra_of(entry); }
        const ct::Entry* find(const Tuple& tuple, std::uint16_t zone, Time now) override {
            return tracker_.find_entry(tuple, zone, now);
        }

      private:
        ct::Tracker& tracker_;
    };
    /// The devices by which a packet comes and goes.
    struct Way {
        const DeviceName* in = nullptr;
        const DeviceName* out = nullptr;
        Trail* trails = nullptr;  ///< Trails::of_way
    };
    Way make_way(const DeviceName& in, const DeviceName& out);
    void decide_ip(const wire::Packet& packet, const Frame& frame, Trip& trip);
    bool usual_is_possible(Family family) const;
    void travel(Trip& trip);
    void ask_tables(const Frame& frame, const ct::Sighting& sighting, const ct::Found& found,
                    const Way& way, Time now, Decision& decision);
    template <typename Answer>
    std::size_t decide_each(std::span<const Frame> frames, std::span<const ct::Sighting> sightings,
                            Time& latest, std::span<Answer> answers);
    using Run = std::array<const Trail*, 8>;
    template <typename Answer>
    std::size_t decide_in_runs(std::span<const Frame> frames,
                               std::span<const ct::Sighting> sightings, Time& latest,
                               std::span<Answer> answers);
    template <typename Answer>
    std::size_t track_run(std::span<const Frame> frames, std::span<const ct::Sighting> sightings,
                          Time& latest, std::span<Answer> answers, Run& trails);
    bool is_usual(const wire::Glance& glance) const;
    static void tell(const wire::Glance& glance, const Trail& trail, Decision& decision);
    static void tell(const wire::Glance& glance, const Trail& trail, Told& told);
    template <typename Answer>
    bool decide_along(const Way& way, const Frame& frame, const ct::Sighting& sighting, Time now,
                      Answer& answer);
    template <typename Answer>
    bool decide_routed(const Frame& frame, const ct::Sighting& sighting, Time now, Answer& answer);
    Way find_way(const Frame& frame, const wire::Glance& glance);
    const Way* way_of(const Frame& frame, const wire::Glance& glance, Way& routed);
    void lower_ttl(const wire::Glance& glance, Decision& decision) const;
    const Trail* find_trail(const ct::Found& found, const wire::Glance& glance, const Way& way);
    void keep_trail(const Trip& trip, const ct::Found& found, const Way& way);
    bool make_trail(const Trip& trip, const Way& way, Trail& trail) const;
    void decide_on_trail(const ct::Sighting& sighting, const ct::Found& found, const Trail& trail,
                         Time now, Decision& decision) const;
    void decide_on_trail(const ct::Sighting& sighting, const ct::Found& found, const Trail& trail,
                         Time now, Told& told) const;
    /// Which trails speak of a plain segment; see hooks/lane_plain.cpp.
    enum class TrailKind : std::uint8_t { none, established, first, first_behind_nat };
    TrailKind trail_kind(Family family, const ct::PacketFlow& flow) const;
    const Trail* find_plain_trail(TrailKind kind, const wire::Glance& glance,
                                  const ct::PacketFlow& flow, const Way& way);
    void decide_step(const Frame& frame, const ct::Sighting& sighting, const ct::Found& found,
                     const Way& way, Time now, Decision& decision);
    void decide_first(const Frame& frame, const ct::Sighting& sighting, ct::Entry& entry,
                      const Way& way, Time now, Decision& decision);
    void decide_tracked(const Frame& frame, const ct::Sighting& sighting, ct::TrackResult tracked,
                        const Way& way, Time now, Decision& decision);
    void decide_on_plain_trail(const ct::Sighting& sighting, ct::PacketFlow& flow,
                               const Trail& trail, Time now, Decision& decision);
    bool ask_nat(Trip& trip, Hook hook, const Way& way);
    void decide_behind_nat(const Frame& frame, const ct::Sighting& sighting,
                           const ct::TrackResult& tracked, const Trail& trail, const Way& way,
                           Time now, Decision& decision);
    void keep_plain_trail(const Trip& trip, TrailKind kind, const wire::Glance& glance,
                          const ct::Found& found, const Way& way);
    void travel_plain(TrailKind kind, const Frame& frame, const ct::Sighting& sighting,
                      const ct::TrackResult& tracked, const Way& way, Time now, Decision& decision);
    void enter_hook(Trip& trip, Hook hook);
    bool travel_short(Trip& trip, bool is_noted);
    bool run_short_table(Trip& trip, Hook hook, Table table, bool is_noted);
    bool run_usual_table(Trip& trip, Hook hook, Table table);
    bool ask_table(Trip& trip, Hook hook, Table table);
    bool follow_outcome(Trip& trip, Table table, const rules::Outcome& outcome);
    bool travel_from_here(Trip& trip);
    bool pass_hook(Trip& trip, Hook hook);
    bool run_step(Trip& trip, Hook hook, Step step);
    bool run_table(Trip& trip, Hook hook, Table table);
    bool run_nat(Trip& trip, Hook hook, bool is_source);
    bool run_track(Trip& trip, Hook hook);
    bool run_help(Trip& trip);
    bool run_confirm(Trip& trip);
    bool route(Trip& trip);
    bool clear_options(Trip& trip);
    bool has_sound_checksum(const Trip& trip, rules::RejectType type) const;
    void answer(Trip& trip, rules::RejectType type);
    void answer_ttl_exceeded(Trip& trip);
    void answer_parameter_problem(Trip& trip);
    void answer_hop_by_hop(const wire::HopByHopFault& fault, Trip& trip);
    Address answer_source(const Trip& trip) const;
    void send_answer(Trip& asked, base::ByteView bytes);
    void conclude(Trip& trip);
    void name_decider(Trip& trip);

    Reason parse(base::ByteView ip, bool from_outside, Decision& decision, wire::Packet& packet);
    bool run_reassemble(Trip& trip, Hook hook);
    bool has_strayed(Trip& trip, const wire::Reassembled& result);

    const Routing& routing_;
    wire::Reassembler& reassembler_;
    ct::Tracker& tracker_;
    bool completes_cut_frames_ = false;
    bool tells_entries_ = true;
    Owner* owner_ = nullptr;
    const wire::Reassembled* reassembled_ = nullptr;  ///< of the packet at hand
    std::optional<wire::Reassembled> strayed_;
    std::array<rules::Program*, 2> programs_;
    std::array<bool, 2> is_usual_possible_;  ///< by family
    Trails trails_;
    Way only_way_;      ///< of a bump in the wire; else without devices
    TrailNotes notes_;  ///< of the packet under way
    Lookup lookup_;
    rules::Dice& dice_;
    base::Arena& arena_;  ///< rewritten packets and answers, until the caller resets it
};

}  // namespace keepstate::hooks
