// Questions that this host sends to everybody in a network: netbios-ns and snmp.
#pragma once

#include "ct/helper/helper.hpp"

namespace keepstate::ct {

/// If the packet is the host's own and goes to the broadcast address of a network of its device: answers from all of
/// that network are expected, from the helper's port to where the question came from, any number of them, and the
/// master lives for `timeout_s` from now on. Never drops.
/// source: kernel:net/netfilter/nf_conntrack_broadcast.c.
void expect_broadcast_answers(const HelperCase& c, Wishes& wishes, std::uint32_t timeout_s);

/// The form that both register: IPv4, UDP, one permanent expectation that lives as long as the master.
void add_broadcast_helper(std::string_view name, std::uint16_t port, std::uint32_t timeout_s,
                          Helper::Help help, std::vector<Helper>& helpers);

}  // namespace keepstate::ct
