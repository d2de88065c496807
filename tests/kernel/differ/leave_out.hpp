// Packets that the instrument cannot put before both sides alike, or on which they differ on purpose.
//
// Nothing is left out of a bump: a bridge takes all there is. A router in a namespace is a host too, and some
// packets cannot be sent by it as a capture has them, or meet a difference that docs/differences.md
// explains. Who leaves one out says so, with the reason and how many there were.
// Tested by: differ_test.cpp.
#pragma once

#include <string_view>

#include "kernel_run.hpp"

namespace keepstate::kernel {

/// Why the packet is left out; empty: it is not. The words are constants.
std::string_view reason_to_leave_out(const KernelSetup& setup, const KernelPacket& packet);

/// Why iptables-nft may judge the packet by other rules than iptables-legacy, which keepstate follows; empty: it
/// does not. What each reason means: docs/kernel.md, "iptables-nft".
std::string_view reason_to_leave_out_of_nft(const KernelPacket& packet);

}  // namespace keepstate::kernel
