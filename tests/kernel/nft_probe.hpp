// The probe: nftables chains that report what the kernel thinks of a packet without touching the
// iptables rules under test, their order or their counters.
//
// iptables-legacy tables and nftables are separate, and iptables-nft keeps to the tables `ip` and `ip6` of its own
// names (filter, mangle, ...), while ours is of the family inet; a base chain may stand at any priority of a hook.
// Ours only log (NFLOG, read by nflog.hpp), each with a prefix that names the place:
//
//     hook         priority   prefix          why
//     PREROUTING   -199       pre:<state>     right after conntrack (-200): state and direction
//     OUTPUT       INT_MIN    (no log)        gives a sent packet its IP id 0 back, see kZeroIdMark;
//                                             drops the MLD reports that IPv6 sends by itself, from ::
//     OUTPUT       -199       out:<state>     the same for what the host sends
//     INPUT        INT_MIN    in              routing said: for this host
//     FORWARD      INT_MIN    fwd             routing said: through
//     INPUT        INT_MAX    end             after confirm; then drops, so that the host's own TCP does
//                                             not answer and change the entry
//     POSTROUTING  INT_MAX    end             after confirm: the entry as the packet leaves it
//
// <state> is N, E, R (new, established, related) with > or < for the direction, I invalid, U untracked.
// Of tracked packets the logged mark is not the packet's but its entry's id (the mark is put back in the
// same rule), by which the entry is found among the events. The kernel could send the entry itself with
// the log, but only if built with NETFILTER_NETLINK_GLUE_CT, which many are not.
//
// Hooks of equal priority run in the reverse order of their registration (seen: 6.18): the chains at
// INT_MAX run after conntrack's confirm, also at INT_MAX, only because they are registered before
// the first rule that needs conntrack. So install_probe has to come before any rules are loaded.
//
// Written as raw nf_tables netlink: nothing but the kernel is needed.
// Tested by: kernel_run_test.cpp.
#pragma once

#include <cstdint>

#include "netlink.hpp"

namespace keepstate::kernel {

/// NFLOG groups. kGroupWords is where the words of nf_conntrack_log_invalid arrive once
/// nfnetlink_log is the namespace's logger: it has no choice of group.
constexpr std::uint16_t kGroupWords = 0;
constexpr std::uint16_t kGroupState = 65001;  ///< pre and out
constexpr std::uint16_t kGroupPlace = 65002;  ///< in and fwd
constexpr std::uint16_t kGroupEnd = 65003;    ///< end, with the packet's bytes

/// A raw socket with IP_HDRINCL replaces an IP id of 0. A packet sent with this mark gets its 0 back
/// and loses the mark before any rule or conntrack sees it.
constexpr std::uint32_t kZeroIdMark = 0x6b656570;

/// Installs the chains in the calling thread's namespace. `drops_at_postrouting`: nothing leaves by a
/// device, the end of POSTROUTING takes the packet as that of INPUT does.
Result<void> install_probe(NetlinkSocket& socket, bool drops_at_postrouting = false);

}  // namespace keepstate::kernel
