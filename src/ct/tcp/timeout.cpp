// The timeout of a TCP entry: a list, the first true line wins.
// tested by: ct/tcp/judge_test.cpp, tests/kernel (the timeout of every entry after every packet).
#include "ct/tcp/timeout.hpp"

#include <algorithm>

namespace keepstate::ct {

std::uint32_t tcp_state_timeout_s(const Settings& settings, TcpState state) {
    switch (state) {
        case TcpState::none: return 0;
        case TcpState::syn_sent: return settings.tcp_timeout_syn_sent;
        case TcpState::syn_recv: return settings.tcp_timeout_syn_recv;
        case TcpState::established: return settings.tcp_timeout_established;
        case TcpState::fin_wait: return settings.tcp_timeout_fin_wait;
        case TcpState::close_wait: return settings.tcp_timeout_close_wait;
        case TcpState::last_ack: return settings.tcp_timeout_last_ack;
        case TcpState::time_wait: return settings.tcp_timeout_time_wait;
        case TcpState::close: return settings.tcp_timeout_close;
        case TcpState::syn_sent2: return settings.tcp_timeout_syn_sent2;
    }
    return 0;
}

std::uint32_t tcp_timeout_s(const Settings& settings, const TimeoutCase& c, SegmentKind kind) {
    const std::uint32_t plain = tcp_state_timeout_s(settings, c.state);
    if (c.retransmissions >= settings.tcp_max_retrans && plain > settings.tcp_timeout_max_retrans) {
        return settings.tcp_timeout_max_retrans;
    }
    if (kind == SegmentKind::rst) return settings.tcp_timeout_close;
    if ((c.flags & side_flag::kDataUnacknowledged) && plain > settings.tcp_timeout_unacknowledged) {
        return settings.tcp_timeout_unacknowledged;
    }
    if (c.last_window == 0 && plain > settings.tcp_timeout_max_retrans) {
        return settings.tcp_timeout_max_retrans;
    }
    return plain;
}

}  // namespace keepstate::ct
