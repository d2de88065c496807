// Random walks: seeded streams of packets that stay near what real flows do, and near their edges.
//
// The same seed gives the same packets, on every machine. Many flows share few ports, so that tuples
// collide; each flow knows roughly where its two sides are, and most segments are close to that:
// in window, exactly at an edge, one beyond it, old, or nonsense.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel_run.hpp"

namespace keepstate::kernel {

/// What a walk is made of.
enum class WalkKind : std::uint8_t { tcp, udp, icmp, mixed };

struct Walk {
    KernelSetup setup;
    std::vector<KernelPacket> packets;
};

/// `is_v6`: the same walk over IPv6.
Walk make_walk(WalkKind kind, bool is_v6, std::uint64_t seed, std::size_t packets);

/// "tcp", ...
std::string text(WalkKind kind);

}  // namespace keepstate::kernel
