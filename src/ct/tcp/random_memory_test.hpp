// For tests: memories and segments near the edges of everything that is compared. Random: gives 32 random bits each time.
#pragma once

#include <string_view>

#include "ct/tcp/established.hpp"
#include "ct/tcp/judge.hpp"
#include "ct/tcp/step.hpp"

namespace keepstate::ct {

// A memory near the edges of everything that is compared: numbers close to each other, and to the circle's seam.
template <typename Random>
TcpMemory random_memory(Random& random) {
    static constexpr std::uint32_t kBases[] = {1000, 0x7fffffffU, 0xffffff00U, 0x80000000U};
    TcpMemory memory;
    std::uint32_t bases[2] = {kBases[random() % 4], kBases[random() % 4]};
    for (std::size_t i = 0; i < 2; ++i) {
        TcpSide& side = memory.seen[i];
        side.end = wire::SeqNumber{bases[i] + random() % 300};
        side.max_end = wire::SeqNumber{bases[i] + random() % 600};
        side.max_window = random() % 8 == 0    ? 0
                          : random() % 64 == 0 ? 0x7fffffffU + random() % 3
                          : random() % 3 == 0  ? random() % 200'000
                                               : random() % 500;
        side.max_ack = wire::SeqNumber{bases[1 - i] + random() % 300};
        side.scale = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 15 : 0);
        side.flags = static_cast<std::uint8_t>(random() & TcpLine::kSideFlags);
    }
    constexpr TcpState kStates[] = {TcpState::established, TcpState::fin_wait, TcpState::syn_recv};
    memory.state = kStates[random() % 8 < 6 ? 0 : random() % 3];
    memory.last_direction = static_cast<CtDirection>(random() % 2);
    memory.retransmissions = static_cast<std::uint8_t>(random() % 5);
    memory.last_kind = static_cast<SegmentKind>(random() % kSegmentKinds);
    const auto from = static_cast<std::size_t>(memory.last_direction);
    memory.last_seq = wire::SeqNumber{bases[from] + random() % 3};
    memory.last_ack = wire::SeqNumber{bases[1 - from] + random() % 3};
    memory.last_end = memory.last_seq + random() % 3;
    memory.last_window = static_cast<std::uint16_t>(random() % 3);
    memory.last_scale = static_cast<std::uint8_t>(random() % 15);
    memory.last_flags = static_cast<std::uint8_t>(random());
    return memory;
}

/// Settings that matter to a judge, mostly the usual ones.
template <typename Random>
Settings random_settings(Random& random) {
    Settings settings;
    if (random() % 4 == 0) settings.tcp_be_liberal = 1;
    if (random() % 4 == 0) settings.tcp_ignore_invalid_rst = 1;
    if (random() % 4 == 0) settings.tcp_max_retrans = 1;
    if (random() % 4 == 0) settings.tcp_timeout_established = 200;
    if (random() % 4 == 0) settings.tcp_timeout_unacknowledged = 400;
    if (random() % 8 == 0) settings.tcp_timeout_max_retrans = random() % 2 == 0 ? 5 : 100;
    return settings;
}

/// Where what a short way made of a line, and asks for, is not what judge_tcp did; empty: nowhere.
inline std::string_view difference(const TcpLine& line, const TcpStep& step,
                                   const TcpJudgement& whole) {
    if (whole.outcome != TcpOutcome::accepted) return "outcome";
    if (!(unpack(line) == unpack(pack(whole.memory)))) return "memory";
    if (step.timeout_s != whole.timeout_s) return "timeout";
    if (step.state_changed != whole.state_changed) return "state changed";
    if (step.becomes_assured != whole.becomes_assured) return "becomes ASSURED";
    return whole.shorten_only ? "shorten only" : "";
}

template <typename Random>
UsualSegment random_segment(Random& random, const TcpMemory& memory, std::size_t direction) {
    const TcpSide& sender = memory.seen[direction];
    const TcpSide& receiver = memory.seen[1 - direction];
    UsualSegment segment;
    segment.seq = sender.end.value() + random() % 400 - 200;
    segment.ack = receiver.end.value() + random() % 400 - 300;
    if (random() % 8 == 0) segment.ack -= 66'000 - random() % 400;
    segment.window = static_cast<std::uint16_t>(random() % 4 == 0 ? random() % 3 : random() % 700);
    segment.payload_bytes = static_cast<std::uint16_t>(random() % 2 == 0 ? 0 : random() % 300);
    if (random() % 6 == 0) {  // once more the last one
        segment.seq = memory.last_seq.value();
        segment.ack = memory.last_ack.value();
        segment.payload_bytes = static_cast<std::uint16_t>(memory.last_end - memory.last_seq);
        segment.window = memory.last_window;
    }
    return segment;
}

}  // namespace keepstate::ct
