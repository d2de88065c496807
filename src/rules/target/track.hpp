// What NOTRACK and CT share: the first one that speaks for a packet is heard.
#pragma once

#include <optional>
#include <string_view>

#include "rules/context.hpp"
#include "rules/text.hpp"

namespace keepstate::rules::target {

inline bool is_track_request_open(const Context& context) {
    return context.flow.entry == nullptr && !context.track.untracked && !context.track.is_closed;
}

/// From here on the packet is UNTRACKED, for the rules behind this one too.
inline void request_no_tracking(Context& context) {
    context.track.untracked = true;
    context.flow.state = CtState::untracked;
}

/// What a `-j CT' asks for.
struct CtWish {
    std::string_view helper;  ///< empty: none. Lives as long as the rule
    bool gives_zone = false;  ///< another one than 0
    bool shows_template =
        false;  ///< an entry that the rules of the raw table behind it see, and may write to
};
/// Nothing if the target is another one.
std::optional<CtWish> wish_of(const TargetUse& use);

}  // namespace keepstate::rules::target
