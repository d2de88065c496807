// Every state a user may see, with its text.
//
// "State" is never bare in this code base: CtState is what rules match (-m conntrack --ctstate),
// TcpState and SctpState are what the tracker remembers of a flow, StatusBits are the entry's IPS_
// flags. The numbers of TcpState, SctpState and the status bits are the kernel's, so that listings and
// ctnetlink messages can carry them as they are.
// source: linux/netfilter/nf_conntrack_common.h, nf_conntrack_tcp.h, nf_conntrack_sctp.h (uapi).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keepstate {

/// What -m conntrack --ctstate (and -m state --state) matches.
enum class CtState : std::uint8_t { invalid, new_, established, related, untracked };

/// "INVALID", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED".
std::string_view text(CtState state);

/// Which way a packet goes, seen from the packet that made the entry.
enum class CtDirection : std::uint8_t { original = 0, reply = 1 };

constexpr CtDirection opposite(CtDirection direction) {
    return direction == CtDirection::original ? CtDirection::reply : CtDirection::original;
}

/// "ORIGINAL", "REPLY".
std::string_view text(CtDirection direction);

/// What the tracker keeps of a TCP flow; numbers as in enum tcp_conntrack.
enum class TcpState : std::uint8_t {
    none,
    syn_sent,
    syn_recv,
    established,
    fin_wait,
    close_wait,
    last_ack,
    time_wait,
    close,
    syn_sent2,
};
inline constexpr std::size_t kTcpStates = 10;

/// "NONE", "SYN_SENT", ... as conntrack prints them.
std::string_view text(TcpState state);

/// What the tracker keeps of an SCTP association; numbers as in enum sctp_conntrack.
enum class SctpState : std::uint8_t {
    none,
    closed,
    cookie_wait,
    cookie_echoed,
    established,
    shutdown_sent,
    shutdown_recd,
    shutdown_ack_sent,
    heartbeat_sent,
};
inline constexpr std::size_t kSctpStates = 9;

/// "NONE", "CLOSED", ... as conntrack prints them.
std::string_view text(SctpState state);

/// The entry's IPS_ flags, as bit masks with the kernel's numbers.
namespace status {
inline constexpr std::uint32_t kExpected = 1U << 0;
inline constexpr std::uint32_t kSeenReply = 1U << 1;
inline constexpr std::uint32_t kAssured = 1U << 2;
inline constexpr std::uint32_t kConfirmed = 1U << 3;
inline constexpr std::uint32_t kSrcNat = 1U << 4;
inline constexpr std::uint32_t kDstNat = 1U << 5;
inline constexpr std::uint32_t kSeqAdjust = 1U << 6;
inline constexpr std::uint32_t kSrcNatDone = 1U << 7;
inline constexpr std::uint32_t kDstNatDone = 1U << 8;
inline constexpr std::uint32_t kDying = 1U << 9;
inline constexpr std::uint32_t kFixedTimeout = 1U << 10;
inline constexpr std::uint32_t kTemplate = 1U << 11;
inline constexpr std::uint32_t kNatClash = 1U << 12;
inline constexpr std::uint32_t kHelper = 1U << 13;
inline constexpr std::uint32_t kOffload = 1U << 14;
inline constexpr std::uint32_t kHwOffload = 1U << 15;
}  // namespace status

/// The words of the bits that are set, lowest bit first: {"SEEN_REPLY", "ASSURED", "CONFIRMED"}.
std::vector<std::string_view> status_words(std::uint32_t bits);

}  // namespace keepstate
