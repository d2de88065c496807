// What Linux writes of a packet when nf_conntrack_log_invalid asks for it, word by word with its numbers.
//
// The kernel also logs packets that it lets by without judging them. Not all reasons have words: where it says nothing,
// nothing is said here. The words stand behind "nf_ct_proto_6: ", the protocol's number.
// source: seen:tests/scenarios (every word and number is compared with the live kernel's).
// Tested by: tests/scenarios/scenarios_test.cpp.
#pragma once

#include <string>

#include "ct/observer.hpp"
#include "wire/packet.hpp"

namespace keepstate::ct {

/// Empty if the kernel logs nothing.
std::string tcp_log_words(const TcpMemory& before, const Segment& segment, CtDirection direction,
                          const TcpJudgement& judgement);
/// What follows it when a FIN or RST out of the window, answered by another, makes the timeout shorter; empty: nothing.
std::string tcp_close_log_words(const TcpMemory& before, const Segment& segment,
                                CtDirection direction, const TcpJudgement& judgement);
std::string sctp_log_words(const SctpMemory& before, const SctpPacket& packet,
                           CtDirection direction, const SctpJudgement& judgement);
/// For reasons whose words depend on nothing but the packet and, for ICMP errors, on the flow that was found (or null).
std::string refusal_log_words(Reason reason, const wire::Packet& packet, const Entry* found,
                              CtDirection direction);

}  // namespace keepstate::ct
