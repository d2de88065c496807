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

namespace detail {

/// RST before SYN before FIN before ACK. source: seen:tests/kernel/tcp_cells.
constexpr SegmentKind find_kind(unsigned flags) {
    using namespace wire::tcp_flag;
    if ((flags & kRst) != 0) return SegmentKind::rst;
    if ((flags & kSyn) != 0) return (flags & kAck) != 0 ? SegmentKind::synack : SegmentKind::syn;
    if ((flags & kFin) != 0) return SegmentKind::fin;
    return (flags & kAck) != 0 ? SegmentKind::ack : SegmentKind::none;
}
constexpr bool find_possible(unsigned flags) {
    using namespace wire::tcp_flag;
    switch (flags & ~(kPsh | kEce | kCwr)) {
        case kSyn:
        case kSyn | kUrg:
        case kSyn | kAck:
        case kRst:
        case kRst | kAck:
        case kFin | kAck:
        case kFin | kAck | kUrg:
        case kAck:
        case kAck | kUrg: return true;
        default: return false;
    }
}
/// Kinds by FIN, SYN, RST and, at bit 3, ACK: four bits each. Whose segment comes next nobody foresees, so none of this is a branch.
inline constexpr std::uint64_t kKinds = [] {
    std::uint64_t kinds = 0;
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned flags = (i & 7U) | (i >> 3) * wire::tcp_flag::kAck;
        kinds |= static_cast<std::uint64_t>(find_kind(flags)) << (4 * i);
    }
    return kinds;
}();
/// Bit i: the flags i, of the lower six.
inline constexpr std::uint64_t kPossible = [] {
    std::uint64_t possible = 0;
    for (unsigned i = 0; i < 64; ++i) possible |= std::uint64_t{find_possible(i)} << i;
    return possible;
}();

}  // namespace detail

constexpr SegmentKind kind_of(std::uint8_t flags) {
    const unsigned at = (flags & 7U) | (flags >> 1 & 8U);
    return static_cast<SegmentKind>(detail::kKinds >> (4 * at) & 0xfU);
}

/// The header's numbers; `header` has been checked (data offset sound).
Segment make_segment(const wire::TcpHeader& header);

/// Whether this combination of flags may be sent at all (PSH, ECE, CWR aside).
constexpr bool is_possible(std::uint8_t flags) {
    return (detail::kPossible >> (flags & 0x3fU) & 1U) != 0;
}

/// What a SYN's options say that is remembered.
struct SynOptions {
    std::uint8_t scale = 0;  ///< at most 14
    std::uint8_t flags = 0;  ///< side_flag::kWindowScale, kSackPermitted
    bool has_sack = false;   ///< there are SACK blocks too, which no host sends with a SYN
};
/// A malformed option ends the reading.
KS_INLINE SynOptions scan_syn_options(base::ByteView options) {
    constexpr std::uint8_t kEndOfList = 0, kNoOperation = 1, kWindowScale = 3, kSackPermitted = 4;
    constexpr std::uint8_t kSack = 5, kMaxScale = 14;
    constexpr std::ptrdiff_t kHead = 2, kBlock = 8;
    SynOptions read;
    const std::uint8_t* at = options.data();
    const std::uint8_t* const end = at + options.size();
    while (end - at >= kHead) {
        const std::uint8_t kind = at[0];
        if (kind == kNoOperation) {
            ++at;
            continue;
        }
        const std::ptrdiff_t bytes = at[1];
        if (kind == kEndOfList || bytes < kHead || bytes > end - at) break;
        if (kind == kWindowScale && bytes == kHead + 1) {
            read.scale = at[2] > kMaxScale ? kMaxScale : at[2];
            read.flags |= side_flag::kWindowScale;
        } else if (kind == kSackPermitted && bytes == kHead) {
            read.flags |= side_flag::kSackPermitted;
        } else if (kind == kSack && bytes >= kHead + kBlock && bytes % kBlock == kHead) {
            read.has_sack = true;
        }
        at += bytes;
    }
    return read;
}

/// Window scale and SACK-permitted out of a SYN's options, into `side`: scale (at most 14) and flags,
/// of which only be_liberal is kept. Nothing changes if there are no options at all. A malformed
/// option ends the reading.
void read_syn_options(base::ByteView options, TcpSide& side);

/// The highest right edge of the segment's SACK blocks, or `ack` if none is above it.
wire::SeqNumber highest_sack(base::ByteView options, wire::SeqNumber ack);

}  // namespace keepstate::ct
