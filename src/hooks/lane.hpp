// What both tracks of the lane ask for each packet. Private to hooks/lane*.cpp, and inline there: it is asked once a packet.
//
// Tested by: tests/property/lane_property.cpp.
#pragma once

#include "base/inline.hpp"
#include "hooks/path.hpp"

namespace keepstate::hooks {

/// Null: the packet is not forwarded, or only the long way tells where. `routed`: room for it.
KS_INLINE const Path::Way* Path::way_of(const Frame& frame, const wire::Glance& glance,
                                        Way& routed) {
    if (only_way_.in != nullptr) return &only_way_;
    routed = find_way(frame, glance);
    return routed.in != nullptr ? &routed : nullptr;
}

/// That of the class, which goes for all flows, before that of the flow.
KS_INLINE const Trail* Path::find_trail(const ct::Found& found, const wire::Glance& glance,
                                        const Way& way) {
    if (way.trails != nullptr) {
        const Trail& general =
            way.trails[Trails::class_of(glance.is_v4, glance.is_tcp, found.direction)];
        if (general.in != nullptr) return &general;
    }
    if (!trails_.has_any_of_flow()) return nullptr;
    const Trail& own =
        trails_.of_flow(tracker_.memo_of(*found.entry)[static_cast<std::size_t>(found.direction)]);
    return own.in == way.in && own.out == way.out ? &own : nullptr;
}

}  // namespace keepstate::hooks
