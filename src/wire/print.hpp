// A packet on one line, as people who know tcpdump expect it.
//
//     192.168.3.1:80 > 192.168.1.1:40000 SYN,ACK seq 500 ack 101 win 65535 len 0
//     192.168.1.1:5353 > 192.168.3.1:53 udp len 30
//     192.168.1.1 > 192.168.3.1 icmp echo-request id 7 seq 1 len 56
//     192.168.3.1 > 192.168.1.1 icmp port-unreachable (192.168.1.1:5353 > 192.168.3.1:53 udp)
//     192.168.1.1 > 192.168.3.1 udp fragment id 7 offset 1480 len 520 more
//
// Tested by: wire/print_test.cpp.
#pragma once

#include <string>

#include "wire/packet.hpp"

namespace keepstate::wire {

/// Appends the line, without a newline. Any packet has one. Allocates only in `out`.
void print_summary(const Packet& packet, std::string& out);

}  // namespace keepstate::wire
