// What is packed comes out as it went in.
#include "ct/tcp/line.hpp"

#include <gtest/gtest.h>

#include <random>

namespace keepstate::ct {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

TEST(TcpLine, any_memory_that_the_machine_can_have_comes_back_as_it_was) {
    Random random{1};
    for (int i = 0; i < 10'000; ++i) {
        TcpMemory memory;
        for (TcpSide& side : memory.seen) {
            side.end = wire::SeqNumber{random()};
            side.max_end = wire::SeqNumber{random()};
            side.max_window = random();
            side.max_ack = wire::SeqNumber{random()};
            side.scale = static_cast<std::uint8_t>(random() % 15);
            side.flags = static_cast<std::uint8_t>(random() & TcpLine::kSideFlags);
        }
        memory.state = static_cast<TcpState>(random() % kTcpStates);
        memory.last_direction = static_cast<CtDirection>(random() % 2);
        memory.retransmissions = static_cast<std::uint8_t>(random());
        memory.last_kind = static_cast<SegmentKind>(random() % kSegmentKinds);
        memory.last_seq = wire::SeqNumber{random()};
        memory.last_ack = wire::SeqNumber{random()};
        memory.last_end = wire::SeqNumber{random()};
        memory.last_window = static_cast<std::uint16_t>(random());
        memory.last_scale = static_cast<std::uint8_t>(random() % 15);
        memory.last_flags = static_cast<std::uint8_t>(random());
        ASSERT_EQ(unpack(pack(memory)), memory);
        TcpLine line = pack(memory);
        line.set_side_flags(1, 0x15);
        memory.seen[1].flags = 0x15;
        ASSERT_EQ(unpack(line), memory);
    }
}

}  // namespace
}  // namespace keepstate::ct
