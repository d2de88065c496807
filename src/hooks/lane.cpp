// The lane: the short way of a usual segment along the order.
//
// A batch is looked at in rounds before it is decided packet by packet: what a packet will read is asked from memory
// while the others are looked at. Then the usual segments of established flows go from PREROUTING to POSTROUTING by the
// tables that have a chain there and nothing else. Everything that a packet may meet on the long way and that could make a
// difference is a condition here (usual_is_possible, ct::Tracker::track_usual); nobody listens, for the long way
// is the one that explains.
//
// Where the tables would answer as they answered before, not even they are asked: what differs from packet to packet is written
// into a copy of what was decided then (hooks/trails.hpp).
//
// Tested by: tests/property/lane_property.cpp, which holds it against the long way.
#include <algorithm>

#include "ct/tracker_usual.hpp"
#include "hooks/path.hpp"
#include "hooks/trip.hpp"
#include "rules/fast.hpp"

namespace keepstate::hooks {

/// Without an IP stack of its own nobody routes, lowers TTLs or refuses addresses; before tracking no rule is asked.
bool Path::usual_is_possible(Family family) const {
    const rules::Program* const program = programs_[family == Family::ipv4 ? 0 : 1];
    return routing_.is_bump() &&
           (program == nullptr || !program->has_chain(Table::raw, Hook::prerouting));
}

void Path::glance(const Frame& frame, ct::Sighting& sighting) {
    const bool is_ethernet = frame.link == kLinkEthernet;
    if (is_ethernet || frame.link == kLinkRaw) {
        wire::glance_at(frame.bytes, is_ethernet, sighting.glance);
    } else {
        sighting.glance.has_ports = sighting.glance.is_usual = sighting.glance.is_plain = false;
    }
}

void Path::approach(std::span<ct::Sighting> sightings) const {
    tracker_.sight(sightings, {tells_entries_, trails_.has_any_of_flow()});
    tracker_.sight_plain(sightings);
}

/// That of the class, which goes for all flows, before that of the flow.
KS_INLINE const Trail* Path::find_trail(const ct::Found& found, Family family,
                                        const DeviceName& in) {
    const Trail& general = trails_.of_class(family, found.direction, routing_.number_of(in));
    if (general.in != nullptr) return &general;
    if (!trails_.has_any_of_flow()) return nullptr;
    const std::uint16_t number =
        tracker_.memo_of(*found.entry)[static_cast<std::size_t>(found.direction)];
    if (number == 0) return nullptr;
    const Trail& own = trails_.of_flow(number);
    return own.in == &in ? &own : nullptr;
}

KS_INLINE void Path::decide_on_trail(const ct::Sighting& sighting, const ct::Found& found,
                                     const Trail& trail, Time now, Decision& decision) const {
    decision = trail.decision;
    if (tells_entries_) decision.entry = facts_of(*found.entry, now);
    if (decision.verdict == Verdict::accept) {
        decision.out_bytes = {sighting.glance.ip, sighting.glance.ip_bytes};
    }
    trail.count_packet(sighting.glance.ip_bytes);
}

bool Path::decide_usual(const Frame& frame, const ct::Sighting& sighting, Time now,
                        Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    if (!glance.is_usual || !is_usual_possible_[glance.is_v4 ? 0 : 1]) return false;
    const ct::Found found = tracker_.track_usual(sighting, now);
    if (!found.entry) return false;
    strayed_.reset();
    const Family family = glance.is_v4 ? Family::ipv4 : Family::ipv6;
    const DeviceName& in =
        frame.device == kAnyDevice ? routing_.default_device() : routing_.device_at(frame.device);
    const Trail* const trail = find_trail(found, family, in);
    if (trail != nullptr && found.entry->pending_events() == 0) {
        decide_on_trail(sighting, found, *trail, now, decision);
        return true;
    }
    ask_tables(frame, sighting, found, in, now, decision);
    return true;
}

/// Where no trail tells the answer.
void Path::ask_tables(const Frame& frame, const ct::Sighting& sighting, const ct::Found& found,
                      const DeviceName& in, Time now, Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    wire::Packet packet;
    wire::fill_usual(glance, packet);
    decision = Decision{};
    decision.is_ip = true;
    decision.family = packet.family;
    decision.protocol = packet.protocol;
    Trip trip{packet, decision, nullptr, programs_[glance.is_v4 ? 0 : 1], *this};
    rules::Context& context = trip.context;
    context.now = now;
    context.flow = {found.entry, CtState::established, found.direction};
    context.tracking_done = true;
    if (frame.link == kLinkEthernet) {
        context.link_type = static_cast<rules::LinkType>(wire::addressed_of(frame.bytes.data()));
        context.ethernet = frame.bytes.data();
        context.source_mac = frame.bytes.data() + 6;
    }
    trip.is_tracked = true;
    trip.in = &in;
    tracker_.hold(*found.entry);
    notes_.begin();
    travel_usual(trip);
    conclude(trip);
    if (notes_.is_steady) keep_trail(trip, found);
}

/// False: no trail tells such a decision.
bool Path::make_trail(const Trip& trip, Trail& trail) const {
    const bool is_plain = trip.verdict == Verdict::accept || trip.verdict == Verdict::drop;
    if (!is_plain || notes_.counters.size() > Trail::kMostCounters) return false;
    trail.decision = trip.decision;
    trail.decision.entry.reset();
    trail.decision.out_bytes = {};
    trail.in = trip.in;
    trail.count = static_cast<std::uint32_t>(notes_.counters.size());
    std::copy(notes_.counters.begin(), notes_.counters.end(), trail.counters.begin());
    return true;
}

void Path::keep_trail(const Trip& trip, const ct::Found& found) {
    Trail trail;
    if (!make_trail(trip, trail)) return;
    if (notes_.is_general) {
        trails_.of_class(trip.decision.family, found.direction, routing_.number_of(*trip.in)) =
            trail;
    } else {
        tracker_.memo_of(*found.entry)[static_cast<std::size_t>(found.direction)] =
            trails_.keep(trail);
    }
}

bool Path::run_usual_table(Trip& trip, Hook hook, Table table) {
    if (!trip.program->has_chain(table, hook)) return true;
    trip.context.table = table;
    trip.context.entry_mark_changed = false;
    const rules::PathResult result =
        rules::run_and_note(*trip.program, table, hook, trip.context, notes_.has_same_flags);
    notes_.is_steady = notes_.is_steady && result.path != 0;
    notes_.is_general = notes_.is_general && result.is_general;
    notes_.is_of_port = notes_.is_of_port && result.is_of_port;
    if (notes_.is_steady) {
        rules::append_counters(*trip.program, table, result.path, notes_.counters);
    }
    return follow_outcome(trip, table, result.outcome);
}

/// As travel(), for a packet that is tracked and passes: only the tables. True: nothing dropped it.
bool Path::travel_usual(Trip& trip) {
    constexpr Hook kHooks[] = {Hook::prerouting, Hook::forward, Hook::postrouting};
    rules::Context& context = trip.context;
    for (const Hook hook : kHooks) {
        trip.decision.hooks[trip.decision.hook_count++] = hook;
        if (hook == Hook::forward) trip.out = &routing_.default_device();
        if (!trip.program) continue;
        context.hook = hook;
        context.in_device = trip.in->data();
        context.out_device = trip.out->data();
        if (!run_usual_table(trip, hook, Table::mangle)) return false;
        if (hook != Hook::forward) continue;
        if (!run_usual_table(trip, hook, Table::filter) ||
            !run_usual_table(trip, hook, Table::security)) {
            return false;
        }
    }
    return run_confirm(trip);
}

}  // namespace keepstate::hooks
