// What is remembered of an SCTP association: the state, and the tag that each side's packets must carry.
//
//     original side --- packets carry vtag[original] --->  reply side
//                   <--- packets carry vtag[reply] ------
//
// A side names the tag it wants to see in its INIT or INIT_ACK, so the tag inside an INIT of one direction
// is the one that the *other* direction's packets carry.
//
// source: kernel:include/linux/netfilter/nf_conntrack_sctp.h struct ip_ct_sctp; RFC 9260 3.3.2, 8.5.
#pragma once

#include <array>
#include <cstdint>

#include "keepstate/state.hpp"

namespace keepstate::ct {

struct SctpMemory {
    SctpState state = SctpState::none;
    std::array<std::uint32_t, 2> vtag{};  ///< by the CtDirection that carries it; 0: not known yet
    /// By CtDirection: an INIT came from there and no COOKIE_ACK since. Both: the sides opened at once.
    std::array<bool, 2> init{};
    /// A HEARTBEAT with a foreign tag was let by: its sender may have begun anew.
    bool is_restart_suspected = false;
    CtDirection suspect = CtDirection::original;  ///< where that HEARTBEAT came from

    bool operator==(const SctpMemory&) const = default;
};

}  // namespace keepstate::ct
