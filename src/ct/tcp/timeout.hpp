// How long a TCP entry lives after a segment: a list, the first true line wins.
//
// Tested by: ct/tcp/judge_test.cpp, tests/kernel (the timeout of every entry after every packet).
#pragma once

#include <array>

#include "base/inline.hpp"
#include "ct/tcp/judge.hpp"

namespace keepstate::ct {

namespace detail {

/// By state; nobody asks for that of `none`.
inline constexpr std::array<std::uint32_t Settings::*, kTcpStates> kStateTimeouts = {
    &Settings::tcp_timeout_syn_sent, &Settings::tcp_timeout_syn_sent,
    &Settings::tcp_timeout_syn_recv, &Settings::tcp_timeout_established,
    &Settings::tcp_timeout_fin_wait, &Settings::tcp_timeout_close_wait,
    &Settings::tcp_timeout_last_ack, &Settings::tcp_timeout_time_wait,
    &Settings::tcp_timeout_close,    &Settings::tcp_timeout_syn_sent2,
};

}  // namespace detail

/// The nf_conntrack_tcp_timeout_* of a state, in seconds.
KS_INLINE std::uint32_t tcp_state_timeout_s(const Settings& settings, TcpState state) {
    return settings.*detail::kStateTimeouts[static_cast<std::size_t>(state)];
}

/// What a timeout depends on, after the segment.
struct TimeoutCase {
    TcpState state = TcpState::none;  ///< the new one
    std::uint8_t retransmissions = 0;
    std::uint8_t flags = 0;  ///< side_flag:: bits of either side
    std::uint16_t last_window = 0;
};
/// The first true line gives the timeout, in seconds.
/// source: kernel:net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet.
KS_INLINE std::uint32_t tcp_timeout_s(const Settings& settings, const TimeoutCase& c,
                                      SegmentKind kind) {
    const std::uint32_t plain = tcp_state_timeout_s(settings, c.state);
    if (c.retransmissions >= settings.tcp_max_retrans && plain > settings.tcp_timeout_max_retrans) {
        return settings.tcp_timeout_max_retrans;
    }
    if (kind == SegmentKind::rst) return settings.tcp_timeout_close;
    if ((c.flags & side_flag::kDataUnacknowledged) != 0 &&
        plain > settings.tcp_timeout_unacknowledged) {
        return settings.tcp_timeout_unacknowledged;
    }
    if (c.last_window == 0 && plain > settings.tcp_timeout_max_retrans) {
        return settings.tcp_timeout_max_retrans;
    }
    return plain;
}
inline std::uint32_t tcp_timeout_s(const Settings& settings, const TcpMemory& memory,
                                   SegmentKind kind) {
    const auto flags = static_cast<std::uint8_t>(memory.seen[0].flags | memory.seen[1].flags);
    return tcp_timeout_s(settings,
                         {memory.state, memory.retransmissions, flags, memory.last_window}, kind);
}

}  // namespace keepstate::ct
