// The timeout of an SCTP entry.
// source: kernel:net/netfilter/nf_conntrack_proto_sctp.c.
// tested by: ct/sctp/judge_test.cpp, tests/kernel (the timeout of every entry after every packet).
#include "ct/sctp/timeout.hpp"

namespace keepstate::ct {

std::uint32_t sctp_state_timeout_s(const Settings& settings, SctpState state) {
    // Only entries made through ctnetlink can stay in NONE. The kernel sets this one when a namespace
    // begins and no setting changes it.
    constexpr std::uint32_t kNone = 10;
    switch (state) {
        case SctpState::none: return kNone;
        case SctpState::closed: return settings.sctp_timeout_closed;
        case SctpState::cookie_wait: return settings.sctp_timeout_cookie_wait;
        case SctpState::cookie_echoed: return settings.sctp_timeout_cookie_echoed;
        case SctpState::established: return settings.sctp_timeout_established;
        case SctpState::shutdown_sent: return settings.sctp_timeout_shutdown_sent;
        case SctpState::shutdown_recd: return settings.sctp_timeout_shutdown_recd;
        case SctpState::shutdown_ack_sent: return settings.sctp_timeout_shutdown_ack_sent;
        case SctpState::heartbeat_sent: return settings.sctp_timeout_heartbeat_sent;
    }
    return kNone;
}

}  // namespace keepstate::ct
