// The line that Linux writes to its log for a packet: what LOG and TRACE print.
//
//     prefix IN=eth0 OUT=eth1 MAC= SRC=10.0.0.1 DST=10.0.1.1 LEN=40 TOS=0x00 PREC=0x00 TTL=63 ID=7 PROTO=TCP SPT=1
//     DPT=80 WINDOW=1000 RES=0x00 SYN URGP=0 MARK=0x1
//
// Byte by byte the kernel's, with its blank at the end, and cut where its buffer ends. What a host's socket would
// add (UID, GID) is not known here. MAC= has the Ethernet header's addresses and type if the packet came in one.
//
// Cost: a string is written; called only if somebody reads it.
// source: seen:tests/kernel/log_lines_test.cpp; kernel:net/netfilter/nf_log_syslog.c.
// Tested by: rules/log_line_test.cpp, tests/kernel/log_lines_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/context.hpp"

namespace keepstate::rules {

namespace log_flag {
inline constexpr std::uint8_t kTcpSequence = 0x01;
inline constexpr std::uint8_t kTcpOptions = 0x02;
inline constexpr std::uint8_t kIpOptions = 0x04;
inline constexpr std::uint8_t kUid = 0x08;
inline constexpr std::uint8_t kMacDecode = 0x20;
/// What TRACE asks for.
inline constexpr std::uint8_t kTrace = kTcpSequence | kTcpOptions | kIpOptions | kUid;
}  // namespace log_flag

/// The longest line, prefix and all, in bytes.
inline constexpr std::size_t kLongestLogLine = 1016;

/// Appends the line without a newline. `flags`: log_flag bits.
void print_log_line(const Context& context, std::string_view prefix, std::uint8_t flags,
                    std::string& out);

}  // namespace keepstate::rules
