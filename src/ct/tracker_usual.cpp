// What the short way of the usual segment asks beforehand; see tracker_usual.hpp.
#include "ct/tracker_usual.hpp"

#include "ct/tuple.hpp"
#include "wire/checksum.hpp"

namespace keepstate::ct {

KS_INLINE void Tracker::fetch(const EntryIndex::Hit& hit, const Wanted& wanted) const {
    map_.prefetch(hit.slot(), wanted.second_line || !hit.is_exact());
    if (wanted.memo) map_.prefetch_memo(hit.slot());
}

void Tracker::sight(std::span<Sighting> batch, const Wanted& wanted) const {
    const EntryIndex& index = map_.index();
    const std::uint64_t changes = index.changes();
    for (Sighting& each : batch) {
        const wire::Glance& glance = each.glance;
        if (!glance.has_ports) continue;
        each.key = glance.is_v4 ? index.key_of_ipv4(glance.source_v4(), glance.destination_v4(),
                                                    glance.source_port, glance.destination_port,
                                                    glance.is_tcp)
                                : index.key_of(tuple_of(glance), 0);
        index.prefetch_first(each.key);
    }
    bool is_any_further = false;
    for (Sighting& each : batch) {
        if (!each.glance.has_ports) continue;
        each.changes = changes;
        each.is_further = false;
        each.hit = index.peek_first(each.key);
        if (each.hit) {
            fetch(each.hit, wanted);
        } else if (index.has_overflowed(each.key)) {
            each.is_further = is_any_further = true;
            index.prefetch_second(each.key);
        }
    }
    if (!is_any_further) return;
    for (Sighting& each : batch) {
        if (!each.glance.has_ports || !each.is_further) continue;
        each.hit = index.peek_second(each.key);
        if (each.hit) {
            fetch(each.hit, wanted);
        } else {
            each.changes = ~changes;  // the rest was not looked at
        }
    }
}

bool Tracker::has_right_checksum(const wire::Glance& glance) {
    wire::Packet packet;
    wire::fill_usual(glance, packet);
    return wire::has_right_checksum(packet, protocol::kTcp);
}

}  // namespace keepstate::ct
