// keepstate and the live kernel, packet by packet: where do they differ?
//
// The same rules, devices, settings and packets go to both: to the kernel in real time, back to back, to
// keepstate in virtual time. Compared after each packet: state, direction, verdict, the entry (status bits,
// TCP state, SCTP state, timeout, mark), the packet as it left, and what the firewall sent in answer; at
// the end each rule's counters and the table of entries.
//
// Timeouts: both are rounded down, the kernel counts ticks of 4 ms and real time, so they may differ by one.
// Tested by: compare_test.cpp (a difference that is made on purpose is found).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "keepstate/engine.hpp"
#include "kernel_run.hpp"

namespace keepstate::kernel {

/// One thing on which the two differ.
struct Difference {
    std::size_t packet =
        0;             ///< index into the packets; their number for what is compared at the end
    std::string what;  ///< "state", "timeout", "counters", ...
    std::string kernel;
    std::string keepstate;
};

std::string print_difference(const Difference& difference);

struct Comparison {
    std::vector<Difference> differences;
    std::size_t packets = 0;
    std::size_t with_state = 0;  ///< packets that both brought to tracking
};

/// keepstate is told the (relative) time at which each packet was really sent, so that a busy machine makes no differences.
/// Where it plays alone (reach.hpp), packets arrive this much apart, plus their waits.
inline constexpr std::uint64_t kPacketGapNs = 10'000;

/// keepstate's side, set up as the kernel's is. Errors: prefixes, settings and rules that it does not take.
Result<Engine> make_engine(const KernelSetup& setup);

/// Errors: what cannot be set up on either side.
Result<Comparison> compare(const KernelSetup& setup, std::span<const KernelPacket> packets);

/// The fewest packets (in order) that still show a difference; at most `runs` trials.
std::vector<KernelPacket> shrink(const KernelSetup& setup, std::vector<KernelPacket> packets,
                                 unsigned runs);

}  // namespace keepstate::kernel
