// What the short way of the usual segment asks beforehand; see tracker_usual.hpp.
#include "ct/tracker_usual.hpp"

#include <bit>

#include "ct/tuple.hpp"
#include "wire/checksum.hpp"

namespace keepstate::ct {

KS_INLINE void Tracker::fetch(const EntryIndex::Hit& hit, const Wanted& wanted) const {
    map_.prefetch(hit.slot(), wanted.second_line || !hit.is_exact());
    if (wanted.memo) map_.prefetch_memo(hit.slot());
}

std::uint32_t Tracker::sight(std::span<Sighting> group, const Wanted& wanted) const {
    const EntryIndex& index = map_.index();
    const std::uint64_t changes = index.changes();
    std::uint32_t further = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
        Sighting& each = group[i];
        if (!each.glance.has_ports) continue;
        each.changes = changes;
        each.hit = index.peek(each.bucket, each.key);
        if (each.hit) {
            fetch(each.hit, wanted);
        } else if (index.has_overflowed(each.bucket)) {
            further |= 1U << i;
            each.bucket = index.second_bucket(each.key);
            index.prefetch(each.bucket);
        }
    }
    return further;
}

void Tracker::sight_further(std::span<Sighting> group, std::uint32_t further,
                            const Wanted& wanted) const {
    const EntryIndex& index = map_.index();
    for (; further != 0; further &= further - 1) {
        Sighting& each = group[static_cast<std::size_t>(std::countr_zero(further))];
        if (each.changes != index.changes()) continue;
        each.hit = index.peek(each.bucket, each.key);
        if (each.hit) {
            fetch(each.hit, wanted);
        } else {
            each.changes = ~each.changes;  // the rest was not looked at
        }
    }
}

/// The index has changed since sight(); its lines are at hand.
EntryIndex::Hit Tracker::find_again(const FlowKey& key) const {
    return map_.index().find(key, [](std::uint32_t) { return true; });
}

bool Tracker::has_right_checksum(const wire::Glance& glance) {
    constexpr std::size_t kUdpChecksum = 6;
    wire::Packet packet;
    wire::fill_usual(glance, packet);
    if (!glance.is_tcp && packet.transport().be16(kUdpChecksum) == 0) return true;  // none was made
    return wire::has_right_checksum(packet, glance.protocol());
}

}  // namespace keepstate::ct
