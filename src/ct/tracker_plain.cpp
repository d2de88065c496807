// The short way of a plain TCP segment through tracking: what track() says and does, from the glance and the sighting.
//
// Plain is what the glance calls so: a whole segment behind an IP header without options, whatever its flags are. It may open a
// flow, close one, be of none, be INVALID. The long way parses it, reads its tuple, hashes that and asks for its
// protocol; here the offsets, the key and the place are known from the batch's first look. What is then asked is the same:
// find_room() makes, judge_tcp() judges, settle() and kill() grant and end. Of judge_tcp() some parts stand by themselves, for what
// nearly all flows begin, go on and end with: a first SYN and its SYN/ACK (ct/tcp/opening.hpp), and a step in order (ct/tcp/step.hpp). A step of
// a flow that has nothing rare needs no more than the entry's first line, and nothing of it is handed on through memory.
//
//     sight, sight_plain    the batch: key, place, room for those that are new
//     meet_plain            header sound? -> what has ended goes -> whose is it -> a step is judged and taken at once; a first SYN
//                           gets its entry, if there is room and nobody asks for more than that
//     track_plain           all else: what has ended goes -> make -> judge -> settle
//
// Left to the long way, before anything has happened: headers that the protocol's own tests refuse, and trackers that
// work in turn with fellows, whose tables a look-up has to ask too.
//
// Threads: one owner. No allocation.  Tested by: tests/property/lane_property.cpp, ct/tcp/opening_test.cpp, ct/tcp/step_test.cpp.
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

/// Of a plain glance, here and below. False: it is for the long way to say what is wrong with the header.
KS_INLINE bool has_sound_header(const wire::Glance& glance) {
    constexpr std::uint32_t kHeader = 20;
    const std::uint8_t* const tcp = glance.ip + glance.transport_offset();
    const std::uint32_t header = (tcp[12] >> 4) * 4U;
    return header >= kHeader && header <= glance.ip_bytes - glance.transport_offset() &&
           is_possible(tcp[13]);
}

/// With a sound header.
KS_INLINE Segment segment_of(const wire::Glance& glance) {
    using namespace wire::tcp_flag;
    static_assert(kFin == 1 && kSyn == 2);
    constexpr std::uint32_t kHeader = 20;
    const std::uint8_t* const tcp = glance.ip + glance.transport_offset();
    const std::uint32_t bytes = glance.ip_bytes - glance.transport_offset();
    const std::uint32_t header = (tcp[12] >> 4) * 4U;
    const std::uint8_t flags = tcp[13];
    const std::uint32_t controls = (flags & kFin) + ((flags & kSyn) >> 1);
    const wire::SeqNumber seq{base::load_be32(tcp + 4)};
    return {kind_of(flags),
            flags,
            seq,
            wire::SeqNumber{base::load_be32(tcp + 8)},
            seq + (bytes - header) + controls,
            base::load_be16(tcp + 14),
            base::ByteView(tcp + kHeader, header - kHeader)};
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

/// settle() of a segment that was accepted and gives its entry a timeout.
KS_INLINE void Tracker::take_step(Entry& entry, CtDirection direction, const TcpStep& step,
                                  Time now) {
    const bool is_answer = direction == CtDirection::reply && !entry.has(status::kSeenReply);
    const auto when = [](bool holds, std::uint32_t bit) { return holds ? bit : 0; };
    entry.note(static_cast<std::uint16_t>(when(step.state_changed, event_bit::kProtoInfo) |
                                          when(step.becomes_assured, event_bit::kAssured) |
                                          when(is_answer, event_bit::kReply)));
    entry.set(when(step.becomes_assured, status::kAssured) | when(is_answer, status::kSeenReply));
    if (entry.has(status::kFixedTimeout)) return;
    const std::int64_t timeout_ns = std::int64_t{step.timeout_s} * kNsPerSecond;
    if (!entry.is_confirmed()) {
        entry.expires = Time{timeout_ns};
        return;
    }
    const std::int64_t left_ns = entry.expires - now;
    entry.expires = now + timeout_ns;
    expiry_.renew(map_, entry, timeout_ns, left_ns, now);
}

/// Of a SYN/ACK or an RST. In a function of its own: all judges in one have not room enough in the registers.
KS_NOINLINE bool Tracker::step_apart(const Found& found, const wire::Glance& glance, Time now) {
    Entry& entry = *found.entry;
    const Segment segment = segment_of(glance);
    TcpStep step;
    TcpLine* const line = entry.tcp();
    if (line == nullptr) return false;
    const bool is_judged =
        segment.kind == SegmentKind::synack
            ? judge_answer(*line, segment, found.direction, settings_, step)
            : judge_reset(*line, segment, found.direction, entry.status, settings_, step);
    if (is_judged) take_step(entry, found.direction, step, now);
    return is_judged;
}

KS_INLINE bool Tracker::step_plain(const Found& found, const Segment& segment,
                                   const wire::Glance& glance, Time now) {
    Entry& entry = *found.entry;
    // An original's packet of a flow that was not answered is no ESTABLISHED one.
    const bool is_answered = found.direction == CtDirection::reply || entry.has(status::kSeenReply);
    if (entry.expires <= now || entry.has_extra() || !is_answered) return false;
    if (segment.kind == SegmentKind::synack || segment.kind == SegmentKind::rst) {
        return step_apart(found, glance, now);
    }
    TcpLine* const line = entry.tcp();
    TcpStep step;
    if (line == nullptr) return false;
    if (!judge_step(*line, segment, found.direction, entry.status, settings_, step)) return false;
    take_step(entry, found.direction, step, now);
    return true;
}

/// A SYN for which there is nobody. In a function of its own, as above.
KS_NOINLINE Tracker::Meeting Tracker::begin_plain(const Sighting& sighting) {
    const wire::Glance& glance = sighting.glance;
    const bool is_dressed = (settings_.acct | settings_.timestamp | settings_.helper) != 0;
    const bool is_common = !is_dressed && expectations_.size() == 0 && map_.are_all_plain();
    if (!is_common || map_.in_use() >= room()) return {nullptr, CtDirection::original, Met::other};
    Entry* const entry = map_.make(sighting.key);
    if (entry == nullptr) return {nullptr, CtDirection::original, Met::other};
    entry->set_original(tuple_of(glance));
    entry->set_number(ledger_->next_number);  // taken at confirmation
    entry->set_tcp(TcpLine{});
    const std::uint32_t timeout_s = begin_by_syn(*entry->tcp(), segment_of(glance), settings_);
    entry->expires = Time{std::int64_t{timeout_s} * kNsPerSecond};
    return {entry, CtDirection::original, Met::first};
}

TrackResult Tracker::go_on_first(Entry& entry, const FlowKey& key) {
    entry.note(event_bit::kProtoInfo);
    note_absent(entry, key);
    in_flight_ = &entry;
    return {{&entry, CtState::new_, CtDirection::original}};
}

bool Tracker::confirm_first(Entry& entry, const FlowKey& key, Time now) {
    if (!map_.insert(entry, key)) {
        ++statistics_.insert_failed;
        ++statistics_.drop;
        forget_first(entry);
        return false;
    }
    entry.set_number(ledger_->next_number++);
    if (ledger_->notes_slots) ledger_->slots.push_back(map_.slot_of(entry));
    entry.expires = now + entry.expires.ns;
    entry.set(status::kConfirmed);
    expiry_.put(map_, entry, now);
    if (records_events_) {
        entry.note(event_bit::kProtoInfo | event_bit::kNew);
        tell_pending(entry, now);
    }
    return true;
}

Tracker::Meeting Tracker::meet_plain(const Sighting& sighting, Time now) {
    const wire::Glance& glance = sighting.glance;
    if (!fellows_.empty() || !has_sound_header(glance)) return {};
    if (settings_.checksum != 0 && !has_right_checksum(glance)) return {};
    if (has_ended(now)) [[unlikely]] {
        collect(now);
        collect(now);  // the long way asks twice: so many more go, if there is a limit
    }
    const Found found = find_sighted(sighting);
    const Segment segment = segment_of(glance);
    if (found.entry == nullptr && segment.kind == SegmentKind::syn) return begin_plain(sighting);
    const bool is_step = found.entry != nullptr && step_plain(found, segment, glance, now);
    return {found.entry, found.direction, is_step ? Met::step : Met::other};
}

/// What needs no judge_tcp(): the entry's memory is brought up to date. False: nothing was changed.
KS_INLINE bool Tracker::judge_short(Entry& entry, CtDirection direction, const Segment& segment,
                                    TcpStep& step) const {
    const Settings& settings = settings_of(entry);
    if (!entry.is_confirmed()) {
        if (segment.kind != SegmentKind::syn) return false;
        entry.set_tcp(TcpLine{});
        step.timeout_s = begin_by_syn(*entry.tcp(), segment, settings);
        step.state_changed = true;
        return true;
    }
    TcpLine* const line = entry.tcp();
    if (line == nullptr) return false;
    if (segment.kind == SegmentKind::synack) {
        return judge_answer(*line, segment, direction, settings, step);
    }
    if (segment.kind == SegmentKind::rst) {
        return judge_reset(*line, segment, direction, entry.status, settings, step);
    }
    return judge_step(*line, segment, direction, entry.status, settings, step);
}

/// The flow's entry gets its new memory, unless it is to be opened again.
Demand Tracker::judge_plain(const Segment& segment, const PacketFlow& flow) const {
    Entry& entry = *flow.entry;
    const Settings& settings = settings_of(entry);
    TcpJudgement tcp;
    if (!entry.is_confirmed()) {
        Demand demand;
        demand.reason = begin_tcp(tcp.memory, segment, settings);
        if (demand.reason != Reason::none) {
            demand.outcome = Outcome::invalid;
            entry.set_tcp(TcpLine{});
            return demand;
        }
    } else if (const TcpLine* const old = entry.tcp()) {
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

TrackResult Tracker::track_plain(const Sighting& sighting, const Meeting& met, Time now) {
    Found found{met.entry, met.direction};
    const std::uint32_t bytes = sighting.glance.ip_bytes;
    TrackResult result;
    const Segment segment = segment_of(sighting.glance);
    // Twice at most: a closed flow may be opened again by this very packet.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (attempt != 0) found = find_sighted(sighting);
        if (found.entry && found.entry->expires <= now) {
            kill(*found.entry, now, "expired", nullptr);
            release_if_dead(*found.entry, now);
            found = {};
        }
        if (!found.entry) found.entry = make_plain(sighting, now, result);
        if (!found.entry) return result;
        Entry& entry = *found.entry;
        result.flow = {&entry, state_of(entry, found.direction), found.direction};
        TcpStep step;
        if (judge_short(entry, found.direction, segment, step)) {
            take_step(entry, found.direction, step, now);
            count(entry, found.direction, bytes);
            in_flight_ = &entry;
            return result;
        }
        const Demand demand = judge_plain(segment, result.flow);
        if (demand.outcome == Outcome::reopen) {
            kill(entry, now, "opened again", nullptr);
            release_if_dead(entry, now);
            continue;
        }
        settle(result, demand, bytes, now, nullptr);
        if (result.reason != Reason::none) ++statistics_.invalid;
        return result;
    }
    result.flow = {};
    result.reason = Reason::tcp_kill_raced;
    ++statistics_.invalid;
    return result;
}

}  // namespace keepstate::ct
