// Timeout policies: which timeouts hold for the flows that a rule named.
//
// A policy is made into a whole set of settings in which its timeouts stand in the place of the usual ones, so the
// protocols read theirs from wherever the flow's entry points and know nothing of policies.
//
//     "add timeout web inet tcp established 600" -> TimeoutPolicy -> Settings with tcp_timeout_established = 600
//
// source: kernel:net/netfilter/nfnetlink_cttimeout.c, nf_conntrack_timeout.c; seen:nfct 1.4.7.
// Tested by: ct/timeout_policy_test.cpp, tests/scenarios/timeouts.
#pragma once

#include <optional>

#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

/// The settings as the policy changes them. Errors (usage): a policy without timeouts, a name too long, a protocol that
/// has no policies, a state that the protocol has not.
Result<Settings> apply_policy(const TimeoutPolicy& policy, const Settings& settings);

/// The protocol that a policy for packets of protocol `number` has: itself, or kGeneric if it is not tracked by itself.
std::uint8_t policy_protocol_of(std::uint8_t number);

/// "tcp", "icmpv6", "generic", ...: nfct's word.
std::string_view policy_protocol_name(std::uint8_t protocol);

}  // namespace keepstate::ct
