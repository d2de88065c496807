// How long an SCTP entry lives after a packet: by its state, nothing else.
#pragma once

#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

/// The nf_conntrack_sctp_timeout_* of a state, in seconds. `none` has no setting: 10 s.
std::uint32_t sctp_state_timeout_s(const Settings& settings, SctpState state);

}  // namespace keepstate::ct
