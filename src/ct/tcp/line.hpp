// TcpMemory as an entry keeps it: 52 bytes, so that a flow's packets touch one line of the cache.
//
// The same facts, both sides' numbers side by side, small ones in bits. judge_tcp works with TcpMemory; what judges
// the usual segments (ct/tcp/established.hpp) works on the line itself.
//
// Tested by: ct/tcp/line_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "base/assert.hpp"
#include "base/inline.hpp"
#include "ct/tcp/memory.hpp"

namespace keepstate::ct {

struct TcpLine {
    struct Side {
        std::uint32_t end = 0;
        std::uint32_t max_end = 0;
        std::uint32_t max_window = 0;
        std::uint32_t max_ack = 0;
    };
    std::array<Side, 2> seen;  ///< by CtDirection
    std::uint32_t last_seq = 0;
    std::uint32_t last_ack = 0;
    std::uint32_t last_end = 0;
    std::uint16_t last_window = 0;
    std::uint8_t retransmissions = 0;
    std::uint8_t what = 0;    ///< state | last_kind << 4 | last_direction << 7
    std::uint8_t scales = 0;  ///< by CtDirection, four bits each
    /// By CtDirection: side_flag:: bits below 0x40, and above them two bits of last_scale, low ones first.
    std::array<std::uint8_t, 2> flags{};
    std::uint8_t last_flags = 0;

    TcpState state() const { return static_cast<TcpState>(what & 0x0fU); }
    SegmentKind last_kind() const { return static_cast<SegmentKind>(what >> 4 & 7U); }
    CtDirection last_direction() const { return static_cast<CtDirection>(what >> 7); }
    void set_what(TcpState state, SegmentKind kind, CtDirection direction) {
        what = static_cast<std::uint8_t>(static_cast<unsigned>(state) |
                                         static_cast<unsigned>(kind) << 4 |
                                         static_cast<unsigned>(direction) << 7);
    }
    unsigned scale(std::size_t side) const { return scales >> (4 * side) & 0x0fU; }
    std::uint8_t side_flags(std::size_t side) const { return flags[side] & kSideFlags; }
    void set_side_flags(std::size_t side, std::uint8_t bits) {
        flags[side] = static_cast<std::uint8_t>((flags[side] & ~kSideFlags) | bits);
    }

    static constexpr std::uint8_t kSideFlags = 0x3f;
};
static_assert(sizeof(TcpLine) == 52 && std::is_trivially_copyable_v<TcpLine>);

TcpLine pack(const TcpMemory& memory);
TcpMemory unpack(const TcpLine& line);

/// pack() for the short way. `line` is fresh.
KS_INLINE void pack_into(TcpLine& line, const TcpMemory& memory) {
    for (std::size_t i = 0; i < 2; ++i) {
        const TcpSide& side = memory.seen[i];
        KS_ASSERT(side.scale <= 0x0f);
        // The two bits that are dropped mean something in last_flags only.
        const unsigned flags = side.flags & TcpLine::kSideFlags;
        line.seen[i] = {side.end.value(), side.max_end.value(), side.max_window,
                        side.max_ack.value()};
        line.scales = static_cast<std::uint8_t>(line.scales | side.scale << (4 * i));
        line.flags[i] = static_cast<std::uint8_t>(flags | (memory.last_scale >> (2 * i) & 3U) << 6);
    }
    KS_ASSERT(memory.last_scale <= 0x0f);
    line.last_seq = memory.last_seq.value();
    line.last_ack = memory.last_ack.value();
    line.last_end = memory.last_end.value();
    line.last_window = memory.last_window;
    line.retransmissions = memory.retransmissions;
    line.set_what(memory.state, memory.last_kind, memory.last_direction);
    line.last_flags = memory.last_flags;
}

/// unpack() for the short way. `memory` is fresh.
KS_INLINE void unpack_into(TcpMemory& memory, const TcpLine& line) {
    for (std::size_t i = 0; i < 2; ++i) {
        TcpSide& side = memory.seen[i];
        side.end = wire::SeqNumber{line.seen[i].end};
        side.max_end = wire::SeqNumber{line.seen[i].max_end};
        side.max_window = line.seen[i].max_window;
        side.max_ack = wire::SeqNumber{line.seen[i].max_ack};
        side.scale = static_cast<std::uint8_t>(line.scale(i));
        side.flags = line.side_flags(i);
        memory.last_scale =
            static_cast<std::uint8_t>(memory.last_scale | line.flags[i] >> 6 << (2 * i));
    }
    memory.state = line.state();
    memory.last_direction = line.last_direction();
    memory.retransmissions = line.retransmissions;
    memory.last_kind = line.last_kind();
    memory.last_seq = wire::SeqNumber{line.last_seq};
    memory.last_ack = wire::SeqNumber{line.last_ack};
    memory.last_end = wire::SeqNumber{line.last_end};
    memory.last_window = line.last_window;
    memory.last_flags = line.last_flags;
}

}  // namespace keepstate::ct
