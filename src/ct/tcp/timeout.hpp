// How long a TCP entry lives after a segment.
#pragma once

#include "ct/tcp/judge.hpp"

namespace keepstate::ct {

/// The nf_conntrack_tcp_timeout_* of a state, in seconds.
std::uint32_t tcp_state_timeout_s(const Settings& settings, TcpState state);

/// What a timeout depends on, after the segment.
struct TimeoutCase {
    TcpState state = TcpState::none;  ///< the new one
    std::uint8_t retransmissions = 0;
    std::uint8_t flags = 0;  ///< side_flag:: bits of either side
    std::uint16_t last_window = 0;
};
/// The first true line gives the timeout, in seconds.
/// source: kernel:net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet.
std::uint32_t tcp_timeout_s(const Settings& settings, const TimeoutCase& c, SegmentKind kind);
inline std::uint32_t tcp_timeout_s(const Settings& settings, const TcpMemory& memory,
                                   SegmentKind kind) {
    const auto flags = static_cast<std::uint8_t>(memory.seen[0].flags | memory.seen[1].flags);
    return tcp_timeout_s(settings,
                         {memory.state, memory.retransmissions, flags, memory.last_window}, kind);
}

}  // namespace keepstate::ct
