// What is remembered of a TCP flow: the state, and for each side the edges of its window.
//
// source: kernel:include/linux/netfilter/nf_conntrack_tcp.h struct ip_ct_tcp; van Rooij, "Real Stateful
// TCP Packet Filtering in IP Filter".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "keepstate/state.hpp"
#include "wire/sequence.hpp"

namespace keepstate::ct {

/// Kinds of segment: the rows of the transitions table. Numbers as in the kernel's log ("index %d").
enum class SegmentKind : std::uint8_t { syn, synack, fin, ack, rst, none };
inline constexpr std::size_t kSegmentKinds = 6;

/// "SYN", "SYN/ACK", ...
std::string_view text(SegmentKind kind);

/// Per-side flags; numbers as in nf_conntrack_tcp.h, so that ctnetlink can carry them.
namespace side_flag {
inline constexpr std::uint8_t kWindowScale = 0x01;    ///< this side offered window scaling
inline constexpr std::uint8_t kSackPermitted = 0x02;  ///< this side offered SACK
inline constexpr std::uint8_t kCloseInit = 0x04;      ///< this side sent the first FIN
inline constexpr std::uint8_t kBeLiberal = 0x08;  ///< picked up in the middle: bounds are not known
inline constexpr std::uint8_t kDataUnacknowledged = 0x10;
inline constexpr std::uint8_t kMaxAckSet = 0x20;           ///< max_ack is meaningful
inline constexpr std::uint8_t kExpectChallengeAck = 0x40;  ///< of the ignored SYN only
inline constexpr std::uint8_t kSimultaneousOpen = 0x80;    ///< of the ignored SYN only
}  // namespace side_flag

/// One side of the flow, as sender.
struct TcpSide {
    wire::SeqNumber end;      ///< highest seq + len it sent
    wire::SeqNumber max_end;  ///< highest it may send: what the other side's window allowed
    std::uint32_t max_window =
        0;  ///< the largest window it ever offered, scaled; 0: nothing known of it yet
    wire::SeqNumber max_ack;  ///< the highest ACK it sent
    std::uint8_t scale = 0;   ///< its window shift, 0..14
    std::uint8_t flags = 0;   ///< side_flag:: bits

    bool operator==(const TcpSide&) const = default;
};

/// The flow's memory. `last_*` describe the last segment that counted, or the one that was let by.
struct TcpMemory {
    std::array<TcpSide, 2> seen;  ///< by CtDirection
    TcpState state = TcpState::none;
    CtDirection last_direction = CtDirection::original;
    std::uint8_t retransmissions = 0;
    SegmentKind last_kind = SegmentKind::syn;
    wire::SeqNumber last_seq;
    wire::SeqNumber last_ack;
    wire::SeqNumber last_end;
    std::uint16_t last_window = 0;
    std::uint8_t last_scale = 0;  ///< window shift of a SYN that was let by
    std::uint8_t last_flags = 0;  ///< side_flag:: bits of a SYN that was let by

    bool operator==(const TcpMemory&) const = default;
};

}  // namespace keepstate::ct
