// SCTP's chunk types by name, for the packet language and for summaries.
// source: RFC 9260 3.2; the names are those of iptables' sctp match in lower case.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace keepstate::wire {

struct SctpChunkName {
    std::string_view name;
    std::uint8_t type;
    std::uint8_t bytes;  ///< of the smallest well-formed chunk, header included
};

inline constexpr std::array kSctpChunkNames{SctpChunkName{"data", 0, 16},
                                            SctpChunkName{"init", 1, 20},
                                            SctpChunkName{"init_ack", 2, 20},
                                            SctpChunkName{"sack", 3, 16},
                                            SctpChunkName{"heartbeat", 4, 8},
                                            SctpChunkName{"heartbeat_ack", 5, 8},
                                            SctpChunkName{"abort", 6, 4},
                                            SctpChunkName{"shutdown", 7, 8},
                                            SctpChunkName{"shutdown_ack", 8, 4},
                                            SctpChunkName{"error", 9, 4},
                                            SctpChunkName{"cookie_echo", 10, 8},
                                            SctpChunkName{"cookie_ack", 11, 4},
                                            SctpChunkName{"ecn_ecne", 12, 8},
                                            SctpChunkName{"ecn_cwr", 13, 8},
                                            SctpChunkName{"shutdown_complete", 14, 4}};

}  // namespace keepstate::wire
