// See line.hpp.
#include "ct/tcp/line.hpp"

#include "base/assert.hpp"

namespace keepstate::ct {

TcpLine pack(const TcpMemory& memory) {
    TcpLine line;
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
    return line;
}

TcpMemory unpack(const TcpLine& line) {
    TcpMemory memory;
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
    return memory;
}

}  // namespace keepstate::ct
