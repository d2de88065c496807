// Packets as text: the one-line language that scenario files and `keepstate explain` use, and the
// one-line summary that listings show.
//
// Threads: pure functions.  Tested by: wire/packet_text_test.cpp, wire/print_test.cpp, fuzz/packet_text.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/address.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/result.hpp"

namespace keepstate {

/// A packet made from words.
struct WrittenPacket {
    std::vector<std::uint8_t> ip;  ///< from the IP header on
    std::string in_device;         ///< empty if the words name none
};

/// One packet in words. Checksums and lengths are set right unless a word says otherwise.
///
///     packet    = kind word...  |  "raw" HEX ["in" DEVICE]         HEX: digits in pairs; '.' or ':' may part them
///     kind      = ("tcp" | "udp" | "udplite" | "sctp") A:P A:P     A:P is 192.0.2.1:80 or [2001:db8::1]:80
///               | ("icmp" | "icmp6") A A ICMPTYPE                  A is an address, IPv6 with or without []
///               | "ip" A A "proto" N|NAME  |  "gre" A A  |  "esp" A A
///     ICMPTYPE  = name as iptables has it | "type" N/N | N/N | N   port-unreachable, echo-request, 3/1, ...
///
///     any       ttl N  tos N  ipid N  id N (not icmp: there it is the query's)  df  badsum  in DEVICE
///               options HEX (IPv4 options)  ext hop,dst,routing,ah (IPv6 extension headers, in this order)
///               len N (payload bytes, zeros)  hex HEX (payload)  data "text" (payload; \r \n \t \\ \" \xHH)
///               frag N[+]     what is written stands at byte N of a datagram; + says more fragments follow
///               frag N:B[+]   of the datagram that is written, the B bytes from byte N
///     tcp       flags syn,ack (fin syn rst psh ack urg ece cwr or none; default syn)  seq N  ack N  win N
///               (default 65535)  urg N  doff N (bytes, may be wrong)  mss N  wscale N  sackok
///               sack N-N[,N-N]...  ts N N  tcpopt HEX
///     udp       ulen N (length field, may be wrong)  nosum          udplite: coverage N
///     icmp      id N  seq N  mtu N  gateway A  quote "packet" or quote (packet)  cut N (bytes of the quote kept)
///     sctp      vtag N  chunks init,data,... (default init)  itag N (INIT's tag)
///     gre       key N  callid N (PPTP's, with which version is 1)
///     esp       spi N  seq N
///
/// Numbers are decimal or 0x hexadecimal. A later word overrides an earlier one. Faults carry the column of
/// the word that is wrong; all are reported.
Result<WrittenPacket> parse_packet_text(std::string_view words);

/// Appends what tcpdump users expect to read of a frame on one line:
/// "192.168.3.1:80 > 192.168.1.1:40000 SYN,ACK seq 500 ack 101 win 65535 len 0".
void print_summary(LinkNumber link, std::span<const std::uint8_t> frame, std::string& out);

}  // namespace keepstate
