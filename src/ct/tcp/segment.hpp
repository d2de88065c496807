// A TCP segment as the judge sees it: numbers out of the header and its options.
#pragma once

#include <cstdint>

#include "base/inline.hpp"
#include "ct/tcp/memory.hpp"
#include "wire/packet.hpp"
#include "wire/sequence.hpp"

namespace keepstate::ct {

/// All in host order. `end` is seq + payload + one for SYN and one for FIN.
struct Segment {
    SegmentKind kind = SegmentKind::none;
    std::uint8_t flags = 0;  ///< wire::tcp_flag:: bits
    wire::SeqNumber seq;
    wire::SeqNumber ack;
    wire::SeqNumber end;
    std::uint16_t window = 0;  ///< as in the header, not scaled
    base::ByteView options;

    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

/// RST before SYN before FIN before ACK. source: seen:tests/kernel/tcp_cells.
KS_INLINE SegmentKind kind_of(std::uint8_t flags) {
    using namespace wire::tcp_flag;
    if (flags & kRst) return SegmentKind::rst;
    if (flags & kSyn) return flags & kAck ? SegmentKind::synack : SegmentKind::syn;
    if (flags & kFin) return SegmentKind::fin;
    return flags & kAck ? SegmentKind::ack : SegmentKind::none;
}

/// The header's numbers; `header` has been checked (data offset sound).
Segment make_segment(const wire::TcpHeader& header);

/// Whether this combination of flags may be sent at all (PSH, ECE, CWR aside).
bool is_possible(std::uint8_t flags);

/// Window scale and SACK-permitted out of a SYN's options, into `side`: scale (at most 14) and flags,
/// of which only be_liberal is kept. Nothing changes if there are no options at all. A malformed
/// option ends the reading.
void read_syn_options(base::ByteView options, TcpSide& side);

/// The highest right edge of the segment's SACK blocks, or `ack` if none is above it.
wire::SeqNumber highest_sack(base::ByteView options, wire::SeqNumber ack);

}  // namespace keepstate::ct
