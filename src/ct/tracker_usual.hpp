// The short way of the usual segment through tracking: the same answer as track(), from less.
//
// What makes a segment usual: its glance says so, its flow stands in the map, is ESTABLISHED and ASSURED, has nothing that few
// flows have (a helper, counters, a zone, a policy of its own), and judge_established() answers. Then the entry's first line
// is all that is read and written. Of UDP: a flow that has been answered, whose packet does not make it a stream. In any other case
// nothing has happened, and track() is asked.
//
// In a header, for hooks/lane.cpp alone: it is called once a packet.
// Tested by: tests/property/lane_property.cpp, ct/tcp/established_test.cpp.
#pragma once

#include "ct/tcp/established.hpp"
#include "ct/tracker.hpp"
#include "ct/tuple.hpp"

namespace keepstate::ct {

KS_INLINE Time Tracker::quiet_until() const {
    const Time due = expiry_.due();
    if (expectations_.size() == 0) return due;
    return std::min(due, expectations_.at(expectations_.soonest()).expires);
}

/// Whether collect() would do anything.
KS_INLINE bool Tracker::has_ended(Time now) const { return now >= quiet_until(); }

KS_INLINE FlowKey Tracker::key_of(const wire::Glance& glance) const {
    return map_.index().keys().key_of(glance);
}

KS_INLINE void Tracker::aim(Sighting& sighting) const {
    const EntryIndex& index = map_.index();
    sighting.bucket = index.first_bucket(sighting.key);
    index.prefetch(sighting.bucket);
}

KS_INLINE Found Tracker::find_sighted(const Sighting& sighting) {
    const bool is_good = sighting.changes == map_.index().changes();
    const EntryIndex::Hit hit = is_good ? sighting.hit : find_again(sighting.key);
    if (!hit) return {};
    Entry& entry = map_.at(hit.slot());
    if (hit.is_exact()) {
        return {&entry, hit.is_original(sighting.key) ? CtDirection::original : CtDirection::reply};
    }
    const wire::Glance& glance = sighting.glance;
    if (!glance.is_v4) {
        // Mostly it is what it seems to be. Of an entry that has more to it the map knows better.
        const auto [is_original, is_reply] =
            entry.compare_ends(glance.source_v6(), glance.destination_v6(), glance.source_port(),
                               glance.destination_port());
        const bool is_plain = !entry.has_extra() && entry.protocol() == glance.protocol() &&
                              entry.family() == Family::ipv6;
        if (is_plain && is_original != is_reply) {
            return {&entry, static_cast<CtDirection>(is_reply)};
        }
    }
    return map_.find_by_key(sighting.key, tuple_of(glance));
}

/// True: the entry is brought up to date and gets `timeout_ns` more.
KS_INLINE bool Tracker::judge_usual(Entry& entry, const wire::Glance& glance, CtDirection direction,
                                    Time now, std::int64_t& timeout_ns) const {
    if (glance.is_tcp) {
        TcpLine* const line = entry.tcp();
        return line != nullptr && entry.has(status::kAssured) &&
               judge_established(*line, glance.segment, static_cast<std::size_t>(direction),
                                 established_timeouts_, timeout_ns);
    }
    const std::optional<UdpMemory> udp = entry.udp();
    if (!udp) return false;
    const bool is_stream = now > udp->stream_after;
    if (is_stream && !entry.has(status::kAssured | status::kNatClash)) return false;
    const std::uint32_t timeout_s =
        is_stream ? settings_.udp_timeout_stream : settings_.udp_timeout;
    timeout_ns = std::int64_t{timeout_s} * kNsPerSecond;
    return true;
}

KS_INLINE Found Tracker::track_usual(const Sighting& sighting, Time now) {
    const Found found = find_sighted(sighting);
    if (!found.entry) return {};
    Entry& entry = *found.entry;
    constexpr std::uint32_t kAsked = status::kSeenReply | status::kDying | status::kFixedTimeout;
    if (entry.expires <= now || (entry.status & kAsked) != status::kSeenReply) return {};
    if (entry.has_extra()) return {};
    const wire::Glance& glance = sighting.glance;
    if (settings_.checksum != 0 && !has_right_checksum(glance)) return {};
    std::int64_t timeout_ns = 0;
    if (!judge_usual(entry, glance, found.direction, now, timeout_ns)) return {};
    const std::int64_t left_ns = entry.expires - now;
    entry.expires = now + timeout_ns;
    expiry_.renew(map_, entry, timeout_ns, left_ns, now);
    return found;
}

}  // namespace keepstate::ct
