// What a usual segment of TCP says.
#pragma once

#include <cstdint>

namespace keepstate::wire {

/// A segment with ACK, without SYN, FIN and RST, and with no option but an aligned timestamp. Numbers in host order.
struct UsualSegment {
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint16_t window = 0;  ///< as in the header
    std::uint16_t payload_bytes = 0;
};

}  // namespace keepstate::wire
