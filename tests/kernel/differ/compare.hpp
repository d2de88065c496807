// keepstate and the live kernel, packet by packet: where do they differ?
//
// The same rules, devices, settings and packets go to both: to the kernel in real time, back to back, to
// keepstate in virtual time. Compared after each packet: state and direction, verdict, device, the entry
// (facts.hpp), its timeout, the events with the tuples, bits and timeouts in them, the packet as it left, and
// how long each answer of the firewall is; at the end each rule's counters, the table of entries with
// timeouts, and the counts of `conntrack -S`.
//
// Timeouts: both are rounded down, the kernel counts ticks of 4 ms and real time, so they may differ by one.
// Where packets wait (KernelPacket::wait_before_ns), DESTROY events are not compared: the kernel tells
// them when its garbage collection comes by.
//
// Where the kernel sent a packet in several pieces, what is compared is the whole as it was at the end of
// POSTROUTING: keepstate does not cut packets on their way out.
//
// Of a bump (KernelSetup::is_bump) answers are not compared: a bridge has no way to send them.
// Tested by: differ_test.cpp (a difference that is made on purpose is found).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "keepstate/engine.hpp"
#include "kernel_run.hpp"

namespace keepstate::kernel {

/// One thing on which the two differ.
struct Difference {
    /// Index into the packets; their number for what is compared at the end.
    std::size_t packet = 0;
    std::string what;  ///< "state", "timeout", "counters", ...
    std::string kernel;
    std::string keepstate;
};

std::string print_difference(const Difference& difference);

struct Comparison {
    std::vector<Difference> differences;
    std::size_t packets = 0;
    std::string rule_counters;           ///< keepstate's, as iptables-save -c prints them
    std::size_t with_state = 0;          ///< packets that both brought to tracking
    std::size_t events = 0;              ///< those of the kernel
    std::size_t expectation_events = 0;  ///< likewise
    std::size_t entries = 0;             ///< in the kernel's table at the end
    std::size_t counters = 0;            ///< lines of iptables-save -c that hold one
    std::size_t unsteady = 0;  ///< differences that a second run did not show: compare_twice
};

/// keepstate is told the (relative) time at which each packet was really sent, so that a busy machine makes no
/// differences. Where it plays alone (reach.hpp), packets arrive this much apart, plus their waits.
inline constexpr std::uint64_t kPacketGapNs = 10'000;

/// Changes what keepstate is set up with: tests make differences by it.
using SetupChange = std::function<void(EngineSetup&)>;

/// keepstate's side, set up as the kernel's is. Errors: prefixes, settings and rules that it does not take.
Result<Engine> make_engine(const KernelSetup& setup, const SetupChange& change = {});

/// Errors: what cannot be set up on either side; messages of the kernel were lost.
Result<Comparison> compare(const KernelSetup& setup, std::span<const KernelPacket> packets,
                           const SetupChange& change = {});

/// As compare; but what differs is run once more, and only what differs there in the same way is a difference. On a
/// busy machine a packet may meet an edge of time (a UDP flow is a stream after two seconds) a tick before
/// or after the time that keepstate is told.
Result<Comparison> compare_twice(const KernelSetup& setup, std::span<const KernelPacket> packets);

}  // namespace keepstate::kernel
