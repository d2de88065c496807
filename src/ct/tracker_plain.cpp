// The short way of a plain TCP segment through tracking: what track() says and does, from the glance and the sighting.
//
// Plain is what the glance calls so: a whole segment behind an IP header without options, whatever its flags are. It may open a
// flow, close one, be of none, be INVALID. The long way parses it, reads its tuple, hashes that and asks for its
// protocol; here the offsets, the key and the place are known from the batch's first look. What is then asked is the same:
// find_room() makes, judge_tcp() judges, settle() and kill() grant and end. Of judge_tcp() two parts stand by themselves, for what
// nearly all flows begin, go on and end with: a first SYN (ct/tcp/opening.hpp), and a step in order (ct/tcp/step.hpp).
//
//     sight, sight_plain     the batch: key, place, room for those that are new
//     track_plain            header sound? -> what has ended goes -> look up -> make -> judge -> settle
//
// Left to the long way, before anything has happened: headers that the protocol's own tests refuse, and trackers that
// work in turn with fellows, whose tables a look-up has to ask too.
//
// Threads: one owner. No allocation.  Tested by: tests/property/lane_property.cpp.
#include "ct/proto/protocol.hpp"
#include "ct/tcp/judge.hpp"
#include "ct/tcp/opening.hpp"
#include "ct/tcp/step.hpp"
#include "ct/tracker.hpp"
#include "ct/tracker_usual.hpp"

namespace keepstate::ct {

namespace {

/// Of packets that no rule asked anything of tracking for.
constexpr TrackOrder kNothingAsked{};

/// False: it is for the long way to say what is wrong with the header.
bool read_segment(const wire::Glance& glance, Segment& segment) {
    constexpr std::uint32_t kHeader = 20;
    const std::uint8_t* const tcp = glance.ip + glance.transport_offset();
    const std::uint32_t bytes = glance.ip_bytes - glance.transport_offset();
    const std::uint32_t header = (tcp[12] >> 4) * 4U;
    if (header < kHeader || header > bytes || !is_possible(tcp[13])) return false;
    using namespace wire::tcp_flag;
    const std::uint8_t flags = tcp[13];
    const std::uint32_t controls = (flags & kSyn ? 1U : 0U) + (flags & kFin ? 1U : 0U);
    segment.kind = kind_of(flags);
    segment.flags = flags;
    segment.seq = wire::SeqNumber{base::load_be32(tcp + 4)};
    segment.ack = wire::SeqNumber{base::load_be32(tcp + 8)};
    segment.end = segment.seq + (bytes - header) + controls;
    segment.window = base::load_be16(tcp + 14);
    segment.options = base::ByteView(tcp + kHeader, header - kHeader);
    return true;
}

}  // namespace

void Tracker::sight_plain(std::span<const Sighting> batch) const {
    std::uint32_t fresh = 0;
    for (const Sighting& each : batch) {
        if (!each.glance.is_plain() || each.glance.is_usual()) continue;
        if (each.hit) {
            map_.prefetch(each.hit.slot(), true);  // it may move on the wheel
        } else {
            map_.index().prefetch_room(each.key);
            map_.prefetch_next(each.key, fresh++);
        }
    }
}

/// Null: there is no room, and `result` says so.
Entry* Tracker::make_plain(const Sighting& sighting, Time now, TrackResult& result) {
    Entry* const entry = find_room(tuple_of(sighting.glance), sighting.key, 0, now);
    if (entry == nullptr) {
        ++statistics_.drop;
        result.flow = {};
        result.reason = Reason::table_full;
        result.must_drop = true;
        return nullptr;
    }
    if ((settings_.acct | settings_.timestamp) != 0) dress(*entry, kNothingAsked);
    note_absent(*entry, sighting.key);
    const bool may_help = expectations_.size() != 0 || settings_.helper != 0;
    if (may_help) give_help(*entry, kNothingAsked, now, nullptr);
    return entry;
}

/// The flow's entry gets its new memory, unless it is to be opened again.
Demand Tracker::judge_plain(const Segment& segment, const PacketFlow& flow) const {
    Entry& entry = *flow.entry;
    const Settings& settings = settings_of(entry);
    Demand demand;
    TcpJudgement tcp;
    if (!entry.is_confirmed()) {
        TcpLine line;
        if (segment.kind == SegmentKind::syn) {
            demand.timeout_s = begin_by_syn(line, segment, settings);
            demand.state_changed = true;
            entry.set_tcp(line);
            return demand;
        }
        demand.reason = begin_tcp(tcp.memory, segment, settings);
        if (demand.reason != Reason::none) {
            demand.outcome = Outcome::invalid;
            entry.set_tcp(line);
            return demand;
        }
    } else if (TcpLine* const old = entry.tcp()) {
        TcpStep step;
        if (judge_step(*old, segment, flow.direction, entry.status, settings, step)) {
            demand.timeout_s = step.timeout_s;
            demand.state_changed = step.state_changed;
            demand.becomes_assured = step.becomes_assured;
            return demand;
        }
        unpack_into(tcp.memory, *old);
    }
    judge_tcp(tcp, segment, flow.direction, entry.status, settings);
    if (tcp.outcome != TcpOutcome::reopen) {
        TcpLine line;
        pack_into(line, tcp.memory);
        entry.set_tcp(line);
    }
    return demand_of(tcp);
}

bool Tracker::track_plain(const Sighting& sighting, Time now, TrackResult& result) {
    const wire::Glance& glance = sighting.glance;
    Segment segment;
    if (!fellows_.empty() || !read_segment(glance, segment)) return false;
    if (settings_.checksum != 0 && !has_right_checksum(glance)) return false;
    if (has_ended(now)) {
        collect(now);
        collect(now);  // the long way asks twice: so many more go, if there is a limit
    }
    // Twice at most: a closed flow may be opened again by this very packet.
    for (int attempt = 0; attempt < 2; ++attempt) {
        Found found = find_sighted(sighting);
        if (found.entry && found.entry->expires <= now) {
            kill(*found.entry, now, "expired", nullptr);
            release_if_dead(*found.entry, now);
            found = {};
        }
        if (!found.entry) found.entry = make_plain(sighting, now, result);
        if (!found.entry) return true;
        Entry& entry = *found.entry;
        result.flow = {&entry, state_of(entry, found.direction), found.direction};
        const Demand demand = judge_plain(segment, result.flow);
        if (demand.outcome == Outcome::reopen) {
            kill(entry, now, "opened again", nullptr);
            release_if_dead(entry, now);
            continue;
        }
        settle(result, demand, glance.ip_bytes, now, nullptr);
        if (result.reason != Reason::none) ++statistics_.invalid;
        return true;
    }
    result.flow = {};
    result.reason = Reason::tcp_kill_raced;
    ++statistics_.invalid;
    return true;
}

}  // namespace keepstate::ct
