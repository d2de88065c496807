// The lane: the short way of a usual segment along the order.
//
// A batch is looked at in rounds before it is decided packet by packet: what a packet will read is asked from memory
// while the others are looked at. Then the usual segments of established flows go from PREROUTING to POSTROUTING by the
// tables that have a chain there and nothing else. Everything that a packet may meet on the long way and that could make a
// difference is a condition here (usual_is_possible, ct::Tracker::track_usual); nobody listens, for the long way
// is the one that explains.
//
// Where the tables have nothing to say, or say the same to all such packets, all that differs from packet to packet is
// written into a copy of what was decided before: a trail.
//
// Tested by: tests/property/batch_property.cpp (the lane against the long way), tests/kernel/differ.
#include "ct/tracker_usual.hpp"
#include "hooks/path.hpp"
#include "hooks/trip.hpp"

namespace keepstate::hooks {

/// Without an IP stack of its own nobody routes, lowers TTLs or refuses addresses; before tracking no rule is asked.
bool Path::usual_is_possible(Family family) const {
    const rules::Program* const program = programs_[family == Family::ipv4 ? 0 : 1];
    return routing_.is_bump() &&
           (program == nullptr || !program->has_chain(Table::raw, Hook::prerouting));
}

void Path::sight(std::span<const Frame> batch, std::span<ct::Sighting> sightings) const {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const bool is_ethernet = batch[i].link == kLinkEthernet;
        wire::Glance& glance = sightings[i].glance;
        if (is_ethernet || batch[i].link == kLinkRaw) {
            wire::glance_at(batch[i].bytes, is_ethernet, glance);
        } else {
            glance.has_ports = glance.is_usual = false;
        }
    }
    tracker_.sight(sightings.first(batch.size()), tells_entries_);
}

bool Path::decide_usual(const Frame& frame, const ct::Sighting& sighting, Time now,
                        Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    const Family family = glance.is_v4 ? Family::ipv4 : Family::ipv6;
    if (!glance.is_usual || !is_usual_possible_[glance.is_v4 ? 0 : 1]) return false;
    const ct::Found found = tracker_.track_usual(sighting, now);
    if (!found.entry) return false;
    const DeviceName& in =
        frame.device == kAnyDevice ? routing_.default_device() : routing_.device_at(frame.device);
    Trail& trail = trail_of(family, found.direction, in);
    if (trail.is_known && found.entry->pending_events() == 0) {
        return decide_on_trail(sighting, found, trail, now, decision);
    }
    wire::Packet packet;
    wire::fill_usual(glance, packet);
    decision = Decision{};
    decision.is_ip = true;
    decision.family = family;
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
    travel_usual(trip);
    conclude(trip);
    if (!trip.program) trail = {true, decision};
    return true;
}

bool Path::decide_on_trail(const ct::Sighting& sighting, const ct::Found& found, const Trail& trail,
                           Time now, Decision& decision) const {
    decision = trail.decision;
    if (tells_entries_) decision.entry = facts_of(*found.entry, now);
    decision.out_bytes = {sighting.glance.ip, sighting.glance.ip_bytes};
    return true;
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
        if (!run_table(trip, hook, Table::mangle)) return false;
        if (hook != Hook::forward) continue;
        if (!run_table(trip, hook, Table::filter) || !run_table(trip, hook, Table::security)) {
            return false;
        }
    }
    return run_confirm(trip);
}

}  // namespace keepstate::hooks
