// A tuple: what identifies one direction of a flow.
//
// source, destination, the transport protocol and two 16-bit keys whose meaning depends on it:
//
//     TCP, UDP, UDP-Lite, SCTP   source port           destination port
//     ICMP, ICMPv6               the query's id        type << 8 | code
//     GRE (PPTP)                 call id of the other   call id
//     anything else              0                     0
//
// Every entry has two: the original's, from the packet that made it, and the reply's, which is the
// original's inverse unless NAT changed it.
// source: kernel:include/net/netfilter/nf_conntrack_tuple.h.   Tested by: ct/tuple_test.cpp.
#pragma once

#include <compare>
#include <cstdint>

#include "keepstate/address.hpp"

namespace keepstate {

/// Plain value; keys in host byte order.
struct Tuple {
    Address source;
    Address destination;
    std::uint8_t protocol = 0;          ///< IPPROTO_ number
    std::uint16_t source_key = 0;       ///< source port, ICMP id, GRE key
    std::uint16_t destination_key = 0;  ///< destination port, ICMP type << 8 | code, GRE key

    auto operator<=>(const Tuple&) const = default;

    std::uint8_t icmp_type() const { return static_cast<std::uint8_t>(destination_key >> 8); }
    std::uint8_t icmp_code() const { return static_cast<std::uint8_t>(destination_key & 0xff); }
};

/// Transport protocol numbers that the engine names.
namespace protocol {
inline constexpr std::uint8_t kHopByHop = 0;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIgmp = 2;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kDccp = 33;
inline constexpr std::uint8_t kRouting = 43;
inline constexpr std::uint8_t kFragment = 44;
inline constexpr std::uint8_t kGre = 47;
inline constexpr std::uint8_t kEsp = 50;
inline constexpr std::uint8_t kAh = 51;
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kNoNext = 59;
inline constexpr std::uint8_t kDestinationOptions = 60;
inline constexpr std::uint8_t kSctp = 132;
inline constexpr std::uint8_t kMobility = 135;
inline constexpr std::uint8_t kUdpLite = 136;
}  // namespace protocol

}  // namespace keepstate
