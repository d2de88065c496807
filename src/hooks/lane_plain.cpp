// The lane's other track: segments that open a flow, close one or fit none, from PREROUTING to POSTROUTING.
//
// What decide_usual() (hooks/lane.cpp) does not take and yet is plain TCP comes here: SYN, SYN/ACK, FIN, RST, SACK, the first
// ACKs, what is INVALID, flows with something rare. Tracking is ct/tracker_plain.cpp; the tables are asked in the order of
// the long way, by the code of the long way, in an engine that has no rules in raw; a router's way between devices is found first, as
// for the usual ones. Left out is what such a packet cannot meet there: link types, reassembly, IP options, the host, observers.
//
// Segments of ESTABLISHED flows go by the trails of the usual ones: a trail is kept only where no rule asked for flags, lengths
// or options (rules/fast.hpp), so it holds for each segment of its flow and direction. First packets have trails by their
// destination port and flags, where no rule before the one that decides asks for more. A nat table's rules are asked for each of
// them, as what they say is the flow's own and often by chance; the trail then tells what the tables behind them say.
//
// Tested by: tests/property/lane_property.cpp, which holds it against the long way.
#include "hooks/lane.hpp"
#include "hooks/path.hpp"
#include "hooks/trip.hpp"

namespace keepstate::hooks {

namespace {

Family family_of(const wire::Glance& glance) { return glance.is_v4 ? Family::ipv4 : Family::ipv6; }

/// What rules of ports may ask of a first packet.
Trails::First first_of(const wire::Glance& glance) {
    return {glance.destination_port(), glance.ip[glance.transport_offset() + 13],
            family_of(glance)};
}

}  // namespace

/// Trails speak of flows for which nothing is done beside the tables.
Path::TrailKind Path::trail_kind(Family family, const ct::PacketFlow& flow) const {
    const bool is_common =
        flow.entry != nullptr && !flow.entry->has_extra() && !flow.entry->has(status::kDying);
    if (!is_common) return TrailKind::none;
    if (flow.state == CtState::established) return TrailKind::established;
    if (flow.state != CtState::new_) return TrailKind::none;
    const rules::Program* const program = programs_[family == Family::ipv4 ? 0 : 1];
    if (program == nullptr || !program->has_table(Table::nat)) return TrailKind::first;
    // What nat's rules do is done before all that a trail tells, and the filter table is named for what is accepted.
    const bool is_told = !program->has_chain(Table::mangle, Hook::prerouting) &&
                         program->has_chain(Table::filter, Hook::forward);
    return is_told ? TrailKind::first_behind_nat : TrailKind::none;
}

bool Path::decide_plain(const Frame& frame, const ct::Sighting& sighting, Time now,
                        Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    if (!glance.is_plain() || !is_usual_possible_[glance.is_v4 ? 0 : 1]) return false;
    Way routed;
    const Way* const way = way_of(frame, glance, routed);
    if (way == nullptr) return false;
    const ct::Tracker::Meeting met = tracker_.meet_plain(sighting, now);
    if (met.met == ct::Tracker::Met::for_long_way) return false;
    strayed_.reset();
    if (met.met == ct::Tracker::Met::step) {
        decide_step(frame, sighting, {met.entry, met.direction}, *way, now, decision);
    } else if (met.met == ct::Tracker::Met::first) {
        decide_first(frame, sighting, *met.entry, *way, now, decision);
    } else {
        decide_tracked(frame, sighting, tracker_.track_plain(sighting, met, now), *way, now,
                       decision);
    }
    return true;
}

/// Of a flow's first SYN, whose entry is made and stands nowhere yet.
void Path::decide_first(const Frame& frame, const ct::Sighting& sighting, ct::Entry& entry,
                        const Way& way, Time now, Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    const ct::PacketFlow flow{&entry, CtState::new_, CtDirection::original};
    const bool is_told = trail_kind(family_of(glance), flow) == TrailKind::first;
    const Trail* const trail =
        is_told ? find_plain_trail(TrailKind::first, glance, flow, way) : nullptr;
    if (trail == nullptr) [[unlikely]] {
        const ct::TrackResult tracked = tracker_.go_on_first(entry, sighting.key);
        decide_tracked(frame, sighting, tracked, way, now, decision);
        return;
    }
    decision = trail->decision;
    trail->count_packet(glance.ip_bytes);
    if (decision.verdict != Verdict::accept) {
        tracker_.forget_first(entry);
        return;
    }
    if (!tracker_.confirm_first(entry, sighting.key, now)) {
        decision.verdict = Verdict::drop;
        decision.reason = Reason::clash;
        return;
    }
    decision.out_bytes = {glance.ip, glance.ip_bytes};
    if (routing_.is_router()) lower_ttl(glance, decision);
    if (tells_entries_) decision.entry = facts_of(entry, now);
}

/// Of a packet whose flow has been brought up to date, and lives.
KS_INLINE void Path::decide_step(const Frame& frame, const ct::Sighting& sighting,
                                 const ct::Found& found, const Way& way, Time now,
                                 Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    const Trail* const trail = find_trail(found, glance, way);
    if (trail == nullptr) [[unlikely]] {
        tracker_.hold(*found.entry);
        const ct::PacketFlow flow{found.entry, CtState::established, found.direction};
        travel_plain(TrailKind::established, frame, sighting, {flow}, way, now, decision);
        return;
    }
    decision = trail->decision;
    trail->count_packet(glance.ip_bytes);
    if (decision.verdict == Verdict::accept) {
        tracker_.confirm_step(*found.entry, now);
        decision.out_bytes = {glance.ip, glance.ip_bytes};
        if (routing_.is_router()) lower_ttl(glance, decision);
    }
    if (tells_entries_) decision.entry = facts_of(*found.entry, now);
}

void Path::decide_tracked(const Frame& frame, const ct::Sighting& sighting, ct::TrackResult tracked,
                          const Way& way, Time now, Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    const TrailKind kind = trail_kind(family_of(glance), tracked.flow);
    const Trail* const trail = find_plain_trail(kind, glance, tracked.flow, way);
    if (trail != nullptr && kind == TrailKind::first_behind_nat) {
        decide_behind_nat(frame, sighting, tracked, *trail, way, now, decision);
    } else if (trail != nullptr) {
        decide_on_plain_trail(sighting, tracked.flow, *trail, now, decision);
    } else {
        travel_plain(kind, frame, sighting, tracked, way, now, decision);
    }
}

/// Null: the tables are to be asked.
const Trail* Path::find_plain_trail(TrailKind kind, const wire::Glance& glance,
                                    const ct::PacketFlow& flow, const Way& way) {
    switch (kind) {
        case TrailKind::none: return nullptr;
        case TrailKind::first:
        case TrailKind::first_behind_nat: {
            const Trail* const trail = trails_.find_of_first(first_of(glance));
            return trail != nullptr && trail->in == way.in && trail->out == way.out ? trail
                                                                                    : nullptr;
        }
        case TrailKind::established: break;
    }
    return find_trail({flow.entry, flow.direction}, glance, way);
}

void Path::decide_on_plain_trail(const ct::Sighting& sighting, ct::PacketFlow& flow,
                                 const Trail& trail, Time now, Decision& decision) {
    decision = trail.decision;
    trail.count_packet(sighting.glance.ip_bytes);
    if (decision.verdict == Verdict::accept) {
        if (tracker_.confirm(flow, now, nullptr)) {
            decision.out_bytes = {sighting.glance.ip, sighting.glance.ip_bytes};
            if (routing_.is_router()) lower_ttl(sighting.glance, decision);
        } else {
            decision.verdict = Verdict::drop;
            decision.reason = Reason::clash;
        }
    }
    if (tells_entries_ && flow.entry->is_confirmed()) decision.entry = facts_of(*flow.entry, now);
    tracker_.finish(flow, now);
}

/// The hook's nat rules for a first packet on a trail, as run_nat() asks them. False: they dropped it.
bool Path::ask_nat(Trip& trip, Hook hook, const Way& way) {
    const bool is_source = hook == Hook::postrouting;
    ct::Entry& entry = *trip.context.flow.entry;
    const std::uint32_t done = is_source ? status::kSrcNatDone : status::kDstNatDone;
    if (entry.has(done)) return true;
    entry.set(done);
    if (!trip.program->has_chain(Table::nat, hook)) return true;
    trip.context.hook = hook;
    trip.context.in_device = way.in->data();
    trip.context.out_device = (is_source ? *way.out : kNoDevice).data();
    return ask_table(trip, hook, Table::nat);
}

/// As decide_on_plain_trail(); but nat's rules are asked, before what the trail tells and behind it.
void Path::decide_behind_nat(const Frame& frame, const ct::Sighting& sighting,
                             const ct::TrackResult& tracked, const Trail& trail, const Way& way,
                             Time now, Decision& decision) {
    decision = trail.decision;
    Trip trip{sighting.glance, decision, *this};
    trip.go_on(frame, tracked.flow, *way.in, now);
    if (!ask_nat(trip, Hook::prerouting, way)) {
        const auto reply = decision.reply_bytes;
        trip.begin();
        decision.reply_bytes = reply;
        decision.hooks[decision.hook_count++] = Hook::prerouting;
        conclude(trip);
        return;
    }
    trail.count_packet(sighting.glance.ip_bytes);
    ct::PacketFlow& flow = trip.context.flow;
    if (decision.verdict == Verdict::accept) {
        trip.out = way.out;
        if (!ask_nat(trip, Hook::postrouting, way)) {
            conclude(trip);
            return;
        }
        if (run_help(trip) && run_confirm(trip)) {
            decision.out_bytes = trip.packet.ip.span();
            if (routing_.is_router()) lower_ttl(sighting.glance, decision);
        } else {
            decision.verdict = trip.verdict;
            decision.reason = trip.ct_reason;
        }
    }
    decision.mark = trip.context.mark;
    if (tells_entries_ && flow.entry->is_confirmed()) decision.entry = facts_of(*flow.entry, now);
    tracker_.finish(flow, now);
}

void Path::keep_plain_trail(const Trip& trip, TrailKind kind, const wire::Glance& glance,
                            const ct::Found& found, const Way& way) {
    if (kind == TrailKind::established) {
        keep_trail(trip, found, way);
        return;
    }
    Trail trail;
    if (!notes_.is_of_port || !make_trail(trip, way, trail)) return;
    if (kind == TrailKind::first_behind_nat) {
        // Another packet may hear something else from nat. So nat may not be what decided.
        const bool is_others = trip.decider_table == Table::filter ||
                               (trip.verdict == Verdict::drop && trip.decider_table != Table::nat);
        if (!trip.has_decider || !is_others) return;
        trail.decision.would_translate = false;
    }
    trails_.keep_of_first(first_of(glance), trail);
}

/// Where no trail tells the answer.
void Path::travel_plain(TrailKind kind, const Frame& frame, const ct::Sighting& sighting,
                        const ct::TrackResult& tracked, const Way& way, Time now,
                        Decision& decision) {
    const wire::Glance& glance = sighting.glance;
    Trip trip{glance, decision, *this};
    trip.begin();
    trip.go_on(frame, tracked.flow, *way.in, now);
    trip.ct_reason = tracked.reason;
    trip.was_refused = tracked.must_drop;
    if (tracked.must_drop) {
        trip.verdict = Verdict::drop;
        decision.hooks[decision.hook_count++] = Hook::prerouting;
        conclude(trip);
        return;
    }
    const bool is_first = kind == TrailKind::first || kind == TrailKind::first_behind_nat;
    const Trails::Particular shown{is_first ? first_of(glance) : Trails::First{}, way.in, way.out};
    const bool is_noted =
        kind == TrailKind::established || (is_first && !trails_.is_particular(shown));
    if (!is_noted) {
        travel_short(trip, false);
        conclude(trip);
        return;
    }
    const ct::Found found{tracked.flow.entry, tracked.flow.direction};
    notes_.begin(is_first);
    travel_short(trip, true);
    if (is_first && !(notes_.is_steady && notes_.is_of_port)) trails_.note_particular(shown);
    // A clash is this packet's own fate, and a flow for which a rule noted something rare has left the trails.
    const bool is_kept =
        notes_.is_steady && trip.ct_reason == Reason::none && !found.entry->has_extra();
    conclude(trip);
    if (is_kept) keep_plain_trail(trip, kind, glance, found, way);
}

}  // namespace keepstate::hooks
