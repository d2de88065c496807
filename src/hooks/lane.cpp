// The lane: the short way of a usual packet along the order.
//
// A batch is looked at in groups, in stages, before it is decided packet by packet: what a packet will read is asked from
// memory while others are looked at or decided. Then the usual packets of established flows go from PREROUTING to POSTROUTING by the
// tables that have a chain there and nothing else. Everything that a packet may meet on the long way and that could make a
// difference is a condition here (usual_is_possible, ct::Tracker::track_usual); nobody listens, for the long way
// is the one that explains.
//
// Where the tables would answer as they answered before, not even they are asked: what differs from packet to packet is written
// into a copy of what was decided then (hooks/trails.hpp).
//
// A packet that comes alone passes no stages: nothing else could be done while its memory is on the way.
//
// Tested by: tests/property/lane_property.cpp, which holds it against the long way.
#include <algorithm>
#include <cstring>

#include "ct/tracker_usual.hpp"
#include "hooks/lane.hpp"
#include "hooks/path.hpp"
#include "hooks/trip.hpp"
#include "rules/fast.hpp"

namespace keepstate::hooks {

/// Before tracking no rule is asked.
bool Path::usual_is_possible(Family family) const {
    const rules::Program* const program = programs_[family == Family::ipv4 ? 0 : 1];
    return program == nullptr || !program->has_chain(Table::raw, Hook::prerouting);
}

namespace {

KS_INLINE void look_at(const Frame& frame, wire::Glance& glance) {
    const bool is_ethernet = frame.link == kLinkEthernet;
    if (is_ethernet || frame.link == kLinkRaw) {
        wire::glance_at(frame.bytes, is_ethernet, glance);
    } else {
        glance.has_ports = false;
        glance.sort = wire::Glance::Sort::other;
    }
}

/// Addresses with which an IPv6 stack of its own may refuse a packet, and which no established flow has that is routed.
bool is_odd_v6(const std::uint8_t* address) {
    constexpr std::uint8_t kLoopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return address[0] == 0xff || std::memcmp(address, kLoopback, sizeof kLoopback) == 0;
}

}  // namespace

void Path::look(std::span<const Frame> frames, std::span<ct::Sighting> sightings) const {
    for (std::size_t i = 0; i < frames.size(); ++i) {
        ct::Sighting& sighting = sightings[i];
        look_at(frames[i], sighting.glance);
        if (sighting.glance.has_ports) sighting.key = tracker_.key_of(sighting.glance);
    }
}

void Path::aim(std::span<ct::Sighting> sightings) const {
    for (ct::Sighting& sighting : sightings) {
        if (sighting.glance.has_ports) tracker_.aim(sighting);
    }
}

void Path::glance(std::span<const Frame> frames, std::span<ct::Sighting> sightings) const {
    const ct::FlowKeys keys =
        tracker_.entries().index().keys();  // which no sighting can be part of
    for (std::size_t i = 0; i < frames.size(); ++i) {
        ct::Sighting& sighting = sightings[i];
        look_at(frames[i], sighting.glance);
        if (!sighting.glance.has_ports) continue;
        sighting.key = keys.key_of(sighting.glance);
        tracker_.aim(sighting);
    }
}

void Path::glance_at_few(std::span<const Frame> frames, std::span<ct::Sighting> sightings) const {
    glance(frames, sightings);
    if (!tracker_.has_likely()) return;
    for (const ct::Sighting& sighting : sightings) {
        if (sighting.glance.has_ports) tracker_.aim_at_likely(sighting);
    }
}

std::uint32_t Path::approach(std::span<ct::Sighting> sightings) const {
    return tracker_.sight(sightings, {tells_entries_, trails_.has_any_of_flow()});
}

void Path::approach_further(std::span<ct::Sighting> sightings, std::uint32_t further) const {
    tracker_.sight_further(sightings, further, {tells_entries_, trails_.has_any_of_flow()});
    tracker_.sight_plain(sightings);
}

Path::Way Path::make_way(const DeviceName& in, const DeviceName& out) {
    return {&in, &out, trails_.of_way(routing_.number_of(in), routing_.number_of(out))};
}

/// The way of a usual packet between devices; devices that are null: it is not forwarded, or only the long way tells.
Path::Way Path::find_way(const Frame& frame, const wire::Glance& glance) {
    if (!glance.is_v4 && (is_odd_v6(glance.source_v6()) || is_odd_v6(glance.destination_v6()))) {
        return {};
    }
    wire::Packet packet;
    wire::fill_usual(glance, packet);
    const Address source = packet.source();
    if (routing_.is_local(source)) return {};
    const DeviceName& in =
        frame.device == kAnyDevice ? routing_.device_of(source) : routing_.device_at(frame.device);
    const Route route = routing_.route(packet, in);
    if (route.kind != RouteKind::forward) return {};
    return make_way(in, *route.out);
}

/// What is not the trail's: the packet's own bytes.
KS_INLINE void Path::tell(const wire::Glance& glance, const Trail& trail, Decision& decision) {
    decision = trail.decision;
    if (decision.verdict == Verdict::accept) decision.out_bytes = {glance.ip, glance.ip_bytes};
    trail.count_packet(glance.ip_bytes);
}

KS_INLINE void Path::tell(const wire::Glance& glance, const Trail& trail, Told& told) {
    told.shared = &trail.decision;
    trail.count_packet(glance.ip_bytes);
}

KS_INLINE void Path::decide_on_trail(const ct::Sighting& sighting, const ct::Found& found,
                                     const Trail& trail, Time now, Decision& decision) const {
    decision = trail.decision;
    if (tells_entries_) decision.entry = facts_of(*found.entry, now);
    const wire::Glance& glance = sighting.glance;
    if (decision.verdict == Verdict::accept) {
        decision.out_bytes = {glance.ip, glance.ip_bytes};
        if (only_way_.in == nullptr && routing_.is_router()) lower_ttl(glance, decision);
    }
    trail.count_packet(glance.ip_bytes);
}

/// Only what differs from packet to packet in more than out_bytes is copied.
KS_INLINE void Path::decide_on_trail(const ct::Sighting& sighting, const ct::Found& found,
                                     const Trail& trail, Time now, Told& told) const {
    const bool is_rewritten = only_way_.in == nullptr && routing_.is_router() &&
                              trail.decision.verdict == Verdict::accept;
    if (tells_entries_ || is_rewritten) {
        decide_on_trail(sighting, found, trail, now, *told.own);
        return;
    }
    tell(sighting.glance, trail, told);
}

void Path::lower_ttl(const wire::Glance& glance, Decision& decision) const {
    wire::Packet packet;
    wire::fill_usual(glance, packet);
    wire::PacketEditor editor(packet, arena_);
    editor.set_ttl(static_cast<std::uint8_t>(packet.ttl - 1));
    decision.out_bytes = packet.ip.span();
}

namespace {

KS_INLINE Decision& own_of(Decision& decision) { return decision; }
KS_INLINE Decision& own_of(Told& told) { return *told.own; }

}  // namespace

template <typename Answer>
KS_INLINE bool Path::decide_along(const Way& way, const Frame& frame, const ct::Sighting& sighting,
                                  Time now, Answer& answer) {
    if (now >= tracker_.quiet_until()) return false;  // as many are given back as on the long way
    const ct::Found found = tracker_.track_usual(sighting, now);
    if (!found.entry) return false;
    const Trail* const trail = find_trail(found, sighting.glance, way);
    if (trail != nullptr && found.entry->pending_events() == 0) {
        decide_on_trail(sighting, found, *trail, now, answer);
    } else {
        ask_tables(frame, sighting, found, way, now, own_of(answer));
    }
    return true;
}

template <typename Answer>
bool Path::decide_routed(const Frame& frame, const ct::Sighting& sighting, Time now,
                         Answer& answer) {
    const Way way = find_way(frame, sighting.glance);
    return way.in != nullptr && decide_along(way, frame, sighting, now, answer);
}

KS_INLINE bool Path::is_usual(const wire::Glance& glance) const {
    return glance.is_usual() && is_usual_possible_[glance.is_v4 ? 0 : 1];
}

/// The first half of decide_in_runs(), for as many packets as a Run has: what each is told by, null if it is decided already. How many.
template <typename Answer>
KS_NOINLINE std::size_t Path::track_run(std::span<const Frame> frames,
                                        std::span<const ct::Sighting> sightings, Time& latest,
                                        std::span<Answer> answers, Run& trails) {
    Time now = latest;
    Time quiet_until = tracker_.quiet_until();
    std::size_t done = 0;
    for (; done < frames.size(); ++done) {
        const ct::Sighting& sighting = sightings[done];
        const wire::Glance& glance = sighting.glance;
        const Time stamp = std::max(now, frames[done].time);
        // What has ended is given back first, as much as on the long way.
        if (!is_usual(glance) || stamp >= quiet_until) break;
        const ct::Found found = tracker_.track_usual(sighting, stamp);
        if (!found.entry) break;
        now = stamp;
        const Trail* trail = find_trail(found, glance, only_way_);
        if (trail == nullptr || found.entry->pending_events() != 0) {
            ask_tables(frames[done], sighting, found, only_way_, stamp, own_of(answers[done]));
            quiet_until = tracker_.quiet_until();
            trail = nullptr;
        }
        trails[done] = trail;
    }
    latest = now;
    return done;
}

/// In a bump in the wire of which no entries are told a decision needs nothing but its trail and the packet. So a run of packets is
/// tracked, and then told: two loops have all that they work with in registers, which one had not.
template <typename Answer>
std::size_t Path::decide_in_runs(std::span<const Frame> frames,
                                 std::span<const ct::Sighting> sightings, Time& latest,
                                 std::span<Answer> answers) {
    Run trails;
    std::size_t done = 0;
    while (done < frames.size()) {
        const std::size_t count = std::min(frames.size() - done, trails.size());
        const std::size_t tracked =
            track_run(frames.subspan(done, count), sightings.subspan(done, count), latest,
                      answers.subspan(done, count), trails);
        for (std::size_t i = 0; i < tracked; ++i) {
            if (trails[i] != nullptr)
                tell(sightings[done + i].glance, *trails[i], answers[done + i]);
        }
        done += tracked;
        if (tracked < count) break;
    }
    return done;
}

template <typename Answer>
KS_INLINE std::size_t Path::decide_each(std::span<const Frame> frames,
                                        std::span<const ct::Sighting> sightings, Time& latest,
                                        std::span<Answer> answers) {
    strayed_.reset();
    if (only_way_.in != nullptr && !tells_entries_) {
        return decide_in_runs(frames, sightings, latest, answers);
    }
    Time now = latest;
    std::size_t done = 0;
    for (; done < frames.size(); ++done) {
        const Frame& frame = frames[done];
        const ct::Sighting& sighting = sightings[done];
        const Time stamp = std::max(now, frame.time);
        if (!is_usual(sighting.glance)) break;
        const bool is_decided = only_way_.in != nullptr
                                    ? decide_along(only_way_, frame, sighting, stamp, answers[done])
                                    : decide_routed(frame, sighting, stamp, answers[done]);
        if (!is_decided) break;
        now = stamp;
    }
    latest = now;
    return done;
}

std::size_t Path::decide_usual(std::span<const Frame> frames,
                               std::span<const ct::Sighting> sightings, Time& latest,
                               std::span<Decision> decisions) {
    return decide_each(frames, sightings, latest, decisions);
}

std::size_t Path::decide_usual(std::span<const Frame> frames,
                               std::span<const ct::Sighting> sightings, Time& latest,
                               std::span<Told> told) {
    return decide_each(frames, sightings, latest, told);
}

bool Path::decide_alone(const Frame& frame, ct::Sighting& sighting, Time& latest,
                        Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    look_at(frame, sighting.glance);
    if (!glance.has_ports) return false;
    sighting.key = tracker_.key_of(glance);
    tracker_.aim(sighting);
    if (tracker_.has_likely()) {
        tracker_.aim_at_likely(sighting);
        tracker_.entries().prefetch_less_likely(sighting.key);
    }
    const Time stamp = std::max(latest, frame.time);
    const bool is_short = only_way_.in != nullptr && !tells_entries_ && is_usual(glance);
    if (!is_short || stamp >= tracker_.quiet_until()) return false;
    const ct::EntryIndex& index = tracker_.entries().index();
    sighting.changes = index.changes();
    sighting.hit = index.find(sighting.key, [](std::uint32_t) { return true; });
    const ct::Found found = tracker_.track_usual(sighting, stamp);
    if (!found.entry) return false;
    latest = stamp;
    strayed_.reset();
    const Trail* const trail = find_trail(found, glance, only_way_);
    if (trail == nullptr || found.entry->pending_events() != 0) {
        ask_tables(frame, sighting, found, only_way_, stamp, decision);
    } else {
        tell(glance, *trail, decision);
    }
    return true;
}

/// Where no trail tells the answer.
void Path::ask_tables(const Frame& frame, const ct::Sighting& sighting, const ct::Found& found,
                      const Way& way, Time now, Decision& decision) {
    Trip trip{sighting.glance, decision, *this};
    trip.begin();
    trip.go_on(frame, {found.entry, CtState::established, found.direction}, *way.in, now);
    tracker_.hold(*found.entry);
    notes_.begin();
    travel_short(trip, true);
    conclude(trip);
    if (notes_.is_steady) keep_trail(trip, found, way);
}

/// False: no trail tells such a decision.
bool Path::make_trail(const Trip& trip, const Way& way, Trail& trail) const {
    const bool is_plain = trip.verdict == Verdict::accept || trip.verdict == Verdict::drop;
    if (!is_plain || notes_.counters.size() > Trail::kMostCounters) return false;
    trail.decision = trip.decision;
    trail.decision.entry.reset();
    trail.decision.out_bytes = {};
    trail.in = way.in;
    trail.out = way.out;
    trail.count = static_cast<std::uint32_t>(notes_.counters.size());
    std::copy(notes_.counters.begin(), notes_.counters.end(), trail.counters.begin());
    return true;
}

void Path::keep_trail(const Trip& trip, const ct::Found& found, const Way& way) {
    Trail trail;
    if (!make_trail(trip, way, trail)) return;
    if (!notes_.is_general) {
        tracker_.set_memo(*found.entry, found.direction, trails_.keep(trail));
        return;
    }
    if (way.trails == nullptr) return;
    const bool is_tcp = trip.packet.protocol == protocol::kTcp;
    const bool is_v4 = trip.packet.family == Family::ipv4;
    Trail& there = way.trails[Trails::class_of(is_v4, is_tcp, found.direction)];
    // One that is there says the same, and others may be reading it (Told::shared).
    if (there.in == nullptr) there = trail;
}

bool Path::run_usual_table(Trip& trip, Hook hook, Table table) {
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

KS_INLINE bool Path::run_short_table(Trip& trip, Hook hook, Table table, bool is_noted) {
    if (!trip.program || !trip.program->has_chain(table, hook)) return true;
    return is_noted ? run_usual_table(trip, hook, table) : ask_table(trip, hook, table);
}

KS_INLINE void Path::enter_hook(Trip& trip, Hook hook) {
    trip.decision.hooks[trip.decision.hook_count++] = hook;
    trip.context.hook = hook;
    trip.context.in_device = trip.in->data();
    trip.context.out_device = trip.out->data();
}

/// As travel(), for a packet that is tracked and is forwarded, on either track. `is_noted`: for a trail. True: nothing dropped it.
bool Path::travel_short(Trip& trip, bool is_noted) {
    const bool has_nat = trip.program != nullptr && trip.program->has_table(Table::nat);
    enter_hook(trip, Hook::prerouting);
    if (!run_short_table(trip, Hook::prerouting, Table::mangle, is_noted)) return false;
    if (has_nat && !run_nat(trip, Hook::prerouting, false)) return false;
    if (only_way_.out != nullptr) {
        trip.out = only_way_.out;
    } else if (!route(trip)) {
        return false;
    }
    enter_hook(trip, Hook::forward);
    for (const Table table : {Table::mangle, Table::filter, Table::security}) {
        if (!run_short_table(trip, Hook::forward, table, is_noted)) return false;
    }
    enter_hook(trip, Hook::postrouting);
    if (!run_short_table(trip, Hook::postrouting, Table::mangle, is_noted)) return false;
    if (has_nat && !run_nat(trip, Hook::postrouting, true)) return false;
    return run_help(trip) && run_confirm(trip);
}

}  // namespace keepstate::hooks
