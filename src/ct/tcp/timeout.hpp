// How long a TCP entry lives after a segment.
#pragma once

#include "ct/tcp/judge.hpp"

namespace keepstate::ct {

/// The nf_conntrack_tcp_timeout_* of a state, in seconds.
std::uint32_t tcp_state_timeout_s(const Settings& settings, TcpState state);

/// The first true line gives the timeout, in seconds. `memory` is the memory after the segment, its state
/// the new one. source: kernel:net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet.
std::uint32_t tcp_timeout_s(const Settings& settings, const TcpMemory& memory, SegmentKind kind);

}  // namespace keepstate::ct
