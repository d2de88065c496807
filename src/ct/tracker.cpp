// The way of a packet through tracking; see tracker.hpp. ICMP errors: tracker_icmp.cpp.
#include "ct/tracker.hpp"

#include <algorithm>
#include <utility>

#include "ct/tuple.hpp"

namespace keepstate::ct {

namespace {

/// "No limit" (0) is 4 Mi entries here; the map itself holds 32 Mi at the most.
std::uint32_t entries_of(const Settings& settings) {
    constexpr std::uint32_t kUnlimited = 1U << 22;
    return settings.max == 0 ? kUnlimited : settings.max;
}
/// How many may be made at once, those in flight with them.
std::uint32_t capacity_of(const Settings& settings) {
    return std::min(entries_of(settings), EntryIndex::kMostSlots - 2) + 2;
}

/// As many buckets as the kernel looks through for an entry to drop early.
constexpr std::uint32_t kEarlyDropBuckets = 8;

bool may_go_early(const Entry& entry, Time now) {
    return entry.expires <= now || !entry.has(status::kAssured | status::kOffload);
}

/// With TrackerRoom::most_collected: so many are given back when the table is full and the packet would be dropped.
constexpr std::uint32_t kMostCollectedWhenFull = 1024;

}  // namespace

Tracker::Tracker(const Settings& settings, std::vector<Settings> policies,
                 const HelperSettings& helper_settings, const TrackerRoom& room, std::uint64_t seed,
                 bool records_events)
    : settings_(settings),
      established_timeouts_(settings),
      policies_(std::move(policies)),
      room_(room),
      map_({entries_of(settings), room.two_places, room.touch}, seed),
      helper_settings_(helper_settings),
      helpers_(make_helpers(helper_settings)),
      expectations_(settings.expect_max, seed),
      help_(capacity_of(settings)),
      call_keys_(capacity_of(settings), seed),
      records_events_(records_events) {}

CtState Tracker::state_of(const Entry& entry, CtDirection direction) {
    if (direction == CtDirection::reply || entry.has(status::kSeenReply)) {
        return CtState::established;
    }
    return entry.has(status::kExpected) ? CtState::related : CtState::new_;
}

TrackResult Tracker::refuse(Reason reason, Observer* observer) {
    TrackResult result;
    result.reason = reason;
    if (observer) observer->refused(reason);
    return result;
}

TrackResult Tracker::track(const wire::Packet& packet, const TrackOrder& order, Time now,
                           Observer* observer) {
    collect(now);
    TrackResult result;
    if (order.untracked) {
        result.flow.state = CtState::untracked;
        if (observer) observer->untracked("the raw table said so");
        return result;
    }
    if (!packet.has_transport) {
        ++statistics_.invalid;
        return refuse(Reason::transport_not_found, observer);
    }
    const bool is_icmp = packet.family == Family::ipv4 ? packet.protocol == protocol::kIcmp
                                                       : packet.protocol == protocol::kIcmpv6;
    if (is_icmp) {
        bool is_done = false;
        result = track_icmp(packet, order, now, observer, is_done);
        if (is_done) return result;
    }
    result = resolve(packet, order, now, observer);
    if (result.reason != Reason::none && !result.must_drop) ++statistics_.invalid;
    if (observer) {
        if (result.reason != Reason::none) {
            observer->refused(result.reason);
        } else {
            observer->tracked(result.flow, now);
        }
    }
    return result;
}

TrackResult Tracker::resolve(const wire::Packet& packet, const TrackOrder& order, Time now,
                             Observer* observer) {
    TrackResult result;
    const auto refused = [&result](Reason reason) {
        result.flow = {};
        result.reason = reason;
        return result;
    };
    TupleResult read = read_tuple(packet);
    read_call_key(read);
    if (read.reason != Reason::none) return refused(read.reason);
    // Twice at most: a closed flow may be opened again by this very packet.
    for (int attempt = 0; attempt < 2; ++attempt) {
        Found found = find_living(read.tuple, order.zones, now);
        if (observer) observer->looked_up(read.tuple, found.entry, found.direction);
        if (!found.entry) {
            if (!inverse_of(read.tuple)) return refused(Reason::not_invertible);
            const FlowKey key = map_.index().keys().key_of(read.tuple, order.zones[0]);
            found.entry = find_room(read.tuple, key, order.zones[0], now);
            found.direction = CtDirection::original;
            if (!found.entry) {
                ++statistics_.drop;
                refused(Reason::table_full);
                result.must_drop = true;
                return result;
            }
            dress(*found.entry, order);
            note_absent(*found.entry, key);
            give_help(*found.entry, order, now, observer);
            if (observer) observer->entry_made(*found.entry);
        }
        Entry& entry = *found.entry;
        result.flow = {&entry, state_of(entry, found.direction), found.direction};
        const Judgement judgement = find_protocol(entry.protocol())
                                        .judge({packet, entry, found.direction, order.at_prerouting,
                                                now, settings_of(entry), observer});
        if (judgement.outcome == Outcome::reopen) {
            kill(entry, now, "opened again", observer);
            release_if_dead(entry, now);
            continue;
        }
        entry.set_memory(judgement.memory);
        settle(result, judgement, packet.ip.size(), now, observer);
        return result;
    }
    return refused(Reason::tcp_kill_raced);
}

/// Gives the entry in `result` what its judge wants, its memory aside. The packet goes on with it, or `result` says why not.
void Tracker::settle(TrackResult& result, const Demand& demand, std::size_t bytes, Time now,
                     Observer* observer) {
    Entry& entry = *result.flow.entry;
    const CtDirection direction = result.flow.direction;
    grant(entry, direction, demand, bytes, now);
    if (demand.outcome == Outcome::invalid) {
        if (!entry.is_confirmed()) give_back(entry, now);
        result.flow = {};
        result.reason = demand.reason;
        return;
    }
    if (demand.outcome == Outcome::forget) kill(entry, now, "refused by a lone RST", observer);
    if (direction == CtDirection::reply && !entry.has(status::kSeenReply)) {
        entry.set(status::kSeenReply);
        entry.note(event_bit::kReply);
    }
    in_flight_ = &entry;
}

Found Tracker::find_living(const Tuple& tuple, const Zones& zones, Time now) {
    const Found found = map_.find(tuple, zones);
    if (!found.entry && !fellows_.empty()) {
        for (Tracker* fellow : fellows_) fellow->forget_expired(tuple, zones, now);
    }
    if (!found.entry || found.entry->expires > now) return found;
    kill(*found.entry, now, "expired", nullptr);
    release_if_dead(*found.entry, now);
    return {};
}

const Entry* Tracker::find_entry(const Tuple& tuple, std::uint16_t zone, Time now) const {
    const Entry* entry = map_.find(tuple, {zone, zone});
    return entry != nullptr && entry->expires > now ? entry : nullptr;
}

Entry* Tracker::find_room(const Tuple& tuple, const FlowKey& key, std::uint16_t zone, Time now) {
    const auto is_full = [this] { return settings_.max != 0 && in_use() >= settings_.max; };
    if (is_full()) {
        if (room_.most_collected != 0) collect_entries(now, kMostCollectedWhenFull);
        if (is_full() && !drop_early(tuple, zone, now)) return nullptr;
    }
    if (in_use() >= capacity_of(settings_)) return nullptr;
    Entry* const entry = map_.make(key);
    if (entry == nullptr) return nullptr;
    entry->set_original(tuple);
    entry->set_number(ledger_->next_number);  // taken at confirmation
    return entry;
}

void Tracker::dress(Entry& entry, const TrackOrder& order) {
    const bool is_plain = settings_.acct == 0 && settings_.timestamp == 0 && order.policy == 0 &&
                          order.zones == Zones{} && !order.chooses_events;
    if (is_plain) return;
    EntryExtra& extra = map_.extra_of(entry);
    extra.zones = order.zones;
    extra.counted = settings_.acct != 0;
    extra.stamped = settings_.timestamp != 0;
    extra.policy = order.policy;
    extra.chooses_events = order.chooses_events;
    extra.told_events = order.told_events;  // whatever nf_conntrack_events says
    extra.told_expectations = order.told_expectations;
}

/// Makes room: all entries go that are not ASSURED and stand in the first bucket, of eight, that has such. What has
/// expired goes on the way, and is not counted as room that was made.
/// source: kernel:net/netfilter/nf_conntrack_core.c early_drop, early_drop_list.
bool Tracker::drop_early(const Tuple& tuple, std::uint16_t zone, Time now) {
    const auto may_go = [now](const Entry& entry) { return may_go_early(entry, now); };
    std::uint32_t there = map_.find_distances(tuple, zone, kEarlyDropBuckets, may_go);
    for (const Tracker* fellow : fellows_) {
        there |= fellow->map_.find_distances(tuple, zone, kEarlyDropBuckets, may_go);
    }
    for (std::uint32_t i = 0; i < kEarlyDropBuckets; ++i) {
        if ((there >> i & 1U) == 0) continue;  // mostly: the others are ASSURED
        std::uint64_t dropped = 0;
        while (drop_one_near(tuple, zone, i, now, dropped)) continue;
        statistics_.early_drop += dropped;
        if (dropped != 0) return true;
    }
    return false;
}

/// A bucket holds its youngest entry first; a bucket that fellows share is what all of theirs hold, in that order.
bool Tracker::drop_one_near(const Tuple& tuple, std::uint16_t zone, std::uint32_t distance,
                            Time now, std::uint64_t& dropped) {
    const auto may_go = [now](const Entry& entry) { return may_go_early(entry, now); };
    Tracker* owner = this;
    Entry* entry = map_.find_near(tuple, zone, distance, may_go);
    for (Tracker* fellow : fellows_) {
        Entry* theirs = fellow->map_.find_near(tuple, zone, distance, may_go);
        if (!theirs || (entry && theirs->number() <= entry->number())) continue;
        owner = fellow;
        entry = theirs;
    }
    if (!entry) return false;
    const bool is_expired = entry->expires <= now;
    owner->kill(*entry, now, is_expired ? "expired" : "dropped early for a new flow", nullptr);
    owner->release_if_dead(*entry, now);
    if (!is_expired) ++dropped;
    return true;
}

void Tracker::forget_expired(const Tuple& tuple, const Zones& zones, Time now) {
    const Found found = map_.find(tuple, zones);
    if (!found.entry || found.entry->expires > now) return;
    kill(*found.entry, now, "expired", nullptr);
    release_if_dead(*found.entry, now);
}

std::uint64_t Tracker::in_use() const {
    if (fellows_.empty()) return map_.in_use();
    std::uint64_t all = 0;
    for (const Tracker* fellow : fellows_) all += fellow->map_.in_use();
    return all;
}

std::uint64_t Tracker::room() const {
    return settings_.max != 0 ? std::min<std::uint64_t>(settings_.max, capacity_of(settings_))
                              : capacity_of(settings_);
}

void Tracker::renumber(std::uint32_t slot, std::uint64_t from, std::uint64_t to) {
    Entry& entry = map_.at(slot);
    if (entry.number() == from) entry.set_number(to);
}

void Tracker::grant(Entry& entry, CtDirection direction, const Demand& demand, std::size_t bytes,
                    Time now) {
    if (demand.state_changed) entry.note(event_bit::kProtoInfo);
    if (demand.becomes_assured) {
        entry.set(status::kAssured);
        entry.note(event_bit::kAssured);
    }
    const bool is_fixed = entry.has(status::kFixedTimeout);
    if (demand.timeout_s && !is_fixed) {
        const std::int64_t timeout_ns = std::int64_t{*demand.timeout_s} * kNsPerSecond;
        const std::int64_t left_ns = entry.left_ns(now);
        const bool holds = !demand.shorten_only || is_shortened(left_ns, timeout_ns);
        if (!entry.is_confirmed()) {
            entry.expires = Time{timeout_ns};
        } else if (holds) {
            entry.expires = now + timeout_ns;
            expiry_.renew(map_, entry, timeout_ns, left_ns, now);
        }
    }
    const bool counts = demand.outcome == Outcome::forget ||
                        (demand.outcome == Outcome::accepted && demand.timeout_s.has_value());
    if (counts) count(entry, direction, bytes);
}

/// Nobody had the tuple for which the entry was made, and who went meanwhile does not count. `key`: of that tuple.
void Tracker::note_absent(const Entry& made, const FlowKey& key) {
    absent_.made = &made;
    absent_.changes = map_.index().changes();
    absent_.key = key;
}

/// Whether it is certain that nobody has its tuple still.
bool Tracker::was_absent(const Entry& entry) const {
    return absent_.made == &entry && absent_.changes == map_.index().changes() && fellows_.empty();
}

/// Whether another entry has one of the tuples. It has not the other too, or the look-up had found it; such a clash is never
/// resolved. See docs/decisions/0011.
bool Tracker::is_taken(const Entry& entry) {
    const Zones& zones = entry.rare().zones;
    // Its own look-up found nobody, and nobody came since.
    if (was_absent(entry) && map_.are_all_plain() && !entry.rare().has_reply && zones == Zones{})
        return false;
    if (map_.find_at(CtDirection::original, entry.original(), zones).entry) return true;
    // Where every reply is the inverse in the same zone, that question was the same.
    const bool is_same = !entry.rare().has_reply && zones[0] == zones[1] && map_.are_all_plain();
    return !is_same && map_.find_at(CtDirection::reply, entry.reply(), zones).entry;
}

bool Tracker::confirm(PacketFlow& flow, Time now, Observer* observer) {
    if (!flow.entry) return true;
    Entry& entry = *flow.entry;
    if (!entry.is_confirmed()) {
        if (flow.direction != CtDirection::original || flow.state == CtState::established)
            return true;
        const bool has_key = absent_.made == &entry;
        const bool is_surely_free = was_absent(entry) && map_.are_all_plain() && !entry.has_extra();
        const bool is_free = is_surely_free || !is_taken(entry);
        if (!is_free || !(has_key ? map_.insert(entry, absent_.key) : map_.insert(entry))) {
            ++statistics_.insert_failed;
            ++statistics_.drop;
            return false;
        }
        entry.set_number(ledger_->next_number++);
        if (ledger_->notes_slots) ledger_->slots.push_back(map_.slot_of(entry));
        entry.expires = now + entry.expires.ns;
        entry.set(status::kConfirmed);
        if (entry.rare().stamped) entry.extra()->started = now;
        expiry_.put(map_, entry, now);
        entry.note(entry.rare().master == kNoEntry ? event_bit::kNew : event_bit::kRelated);
        if (entry.rare().helper) entry.note(event_bit::kHelper);
        if (observer) observer->entry_confirmed(entry);
    }
    if (!entry.has(status::kDying)) tell_pending(entry, now);
    return true;
}

void Tracker::set_closing(Entry& entry, Time now) {
    TcpLine* const tcp = entry.tcp();
    if (!tcp || !entry.is_confirmed()) return;
    const TcpState before = tcp->state();
    tcp->set_what(TcpState::close, tcp->last_kind(), tcp->last_direction());
    if (before == TcpState::close || entry.has(status::kFixedTimeout | status::kDying)) return;
    const std::int64_t timeout_ns =
        std::int64_t{settings_of(entry).tcp_timeout_close} * kNsPerSecond;
    const std::int64_t left_ns = entry.left_ns(now);
    entry.expires = now + timeout_ns;
    expiry_.renew(map_, entry, timeout_ns, left_ns, now);
    entry.note(event_bit::kProtoInfo);
}

void Tracker::finish(PacketFlow& flow, Time now) {
    Entry* entry = in_flight_;
    in_flight_ = nullptr;
    flow.entry = nullptr;
    if (!entry) return;
    if (!entry->is_confirmed()) {
        give_back(*entry, now);
    } else {
        release_if_dead(*entry, now);
    }
}

void Tracker::kill(Entry& entry, Time now, std::string_view why, Observer* observer) {
    if (entry.has(status::kDying)) return;
    entry.set(status::kDying);
    if (entry.is_confirmed()) {
        if (records_events_) tell(EventKind::destroy, entry, now);
        if (entry.has_extra()) end_help(entry, now);
        expiry_.take(map_, entry);
        map_.remove(entry);
    }
    if (observer) observer->entry_gone(entry, why);
}

/// Gives the slot of a killed entry back, unless the packet in flight still looks at it or a flow that it announced
/// lives.
void Tracker::release_if_dead(Entry& entry, Time now) {
    if (!entry.has(status::kDying) || in_flight_ == &entry) return;
    if (!entry.has_extra()) {
        map_.discard(entry);  // it has no master either
    } else if (entry.rare().announced == 0) {
        give_back(entry, now);
    }
}

void sort_by_number(std::vector<Event>& events, std::size_t first) {
    std::stable_sort(
        events.begin() + static_cast<std::ptrdiff_t>(first), events.end(),
        [](const Event& a, const Event& b) { return a.entry.number < b.entry.number; });
}

void Tracker::collect(Time now) {
    collect_expectations(now);
    collect_entries(now, room_.most_collected != 0 ? room_.most_collected : UINT32_MAX);
}

void Tracker::collect_entries(Time now, std::uint32_t most) {
    const std::size_t first = ledger_->events.size();
    expiry_.sweep(map_, now, most, [this, now](Entry& entry) {
        kill(entry, now, "expired", nullptr);
        release_if_dead(entry, now);
    });
    if (ledger_->events.size() - first > 1) sort_by_number(ledger_->events, first);
}

EntryCopy Tracker::copy_of(const Entry& entry, Time now) const {
    EntryCopy copy;
    const EntryExtra& rare = entry.rare();
    copy.number = entry.number();
    copy.id = static_cast<std::uint32_t>(entry.number());
    copy.copied = now;
    copy.original = entry.original();
    copy.reply = entry.reply();
    copy.status = entry.status;
    copy.timeout_ns = std::max<std::int64_t>(entry.left_ns(now), 0);
    copy.mark = entry.mark;
    copy.zone_original = rare.zones[0];
    copy.zone_reply = rare.zones[1];
    copy.packets = rare.packets;
    copy.bytes = rare.bytes;
    copy.counted = rare.counted;
    copy.labels = rare.labels;
    if (rare.stamped) copy.started = rare.started;
    copy.use = 1 + rare.announced;
    if (rare.helper) copy.helper = rare.helper->name;
    const ProtocolMemory memory = entry.memory();
    if (const TcpMemory* tcp = std::get_if<TcpMemory>(&memory)) copy.tcp_state = tcp->state;
    if (const SctpMemory* sctp = std::get_if<SctpMemory>(&memory)) {
        copy.sctp_state = sctp->state;
        copy.sctp_vtags = sctp->vtag;
    }
    if (const GreMemory* gre = std::get_if<GreMemory>(&memory)) {
        copy.gre_timeout_s = gre->timeout_s;
        copy.gre_stream_timeout_s = gre->stream_timeout_s;
    }
    return copy;
}

/// event_bit:: that listeners want to hear of the entry at all.
std::uint16_t Tracker::told_events(const Entry& entry) const {
    const EntryExtra& rare = entry.rare();
    if (rare.chooses_events) return rare.told_events;
    return settings_.events != 0 ? 0xffff : 0;
}

void Tracker::tell(EventKind kind, Entry& entry, Time now) {
    const std::uint16_t happened =
        kind == EventKind::destroy ? event_bit::kDestroy : entry.pending_events();
    if (!records_events_ || (happened & told_events(entry)) == 0) return;
    Event event{kind, copy_of(entry, now), (entry.pending_events() & event_bit::kMark) != 0,
                (entry.pending_events() & event_bit::kLabel) != 0};
    const bool shows_protocol =
        kind == EventKind::destroy || (entry.pending_events() & event_bit::kProtoInfo) != 0;
    if (!shows_protocol) event.entry.tcp_state.reset(), event.entry.sctp_state.reset();
    if (kind == EventKind::destroy) event.entry.helper.clear();
    ledger_->events.push_back(std::move(event));
}

/// One record a packet: what has gathered since the entry was last told.
void Tracker::tell_pending(Entry& entry, Time now) {
    if (entry.pending_events() == 0) return;
    const bool is_new = (entry.pending_events() & (event_bit::kNew | event_bit::kRelated)) != 0;
    if (records_events_) tell(is_new ? EventKind::new_ : EventKind::update, entry, now);
    entry.forget_events();
}

}  // namespace keepstate::ct
