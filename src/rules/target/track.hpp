// What NOTRACK and CT share: the first one that speaks for a packet is heard.
#pragma once

#include "rules/context.hpp"

namespace keepstate::rules::target {

inline bool is_track_request_open(const Context& context) {
    return context.flow.entry == nullptr && !context.track.untracked && !context.track.is_closed;
}

/// From here on the packet is UNTRACKED, for the rules behind this one too.
inline void request_no_tracking(Context& context) {
    context.track.untracked = true;
    context.flow.state = CtState::untracked;
}

}  // namespace keepstate::rules::target
