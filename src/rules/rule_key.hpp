// What a rule asks of the facts by which fast() sorts rules: ports, flags of TCP, the state of tracking.
//
// A match that has narrow() (module.hpp) writes here which packets it can match at all. It may name too many, never
// too few. The rule's own parts (addresses, devices, protocol) are in its BasicTest.
//
// Only a match whose answer has no effect on anything may have narrow(): rules whose key does not hold the packet
// are not tried, so what they would have counted or consumed stays as it is. What such a match does to a packet
// with a cut header (hotdrop) does not matter: those packets are walked.
//
// Tested by: tests/property/fast_property.cpp.
#pragma once

#include <algorithm>
#include <cstdint>

namespace keepstate::rules {

/// low..high, both included.
struct PortSpan {
    std::uint16_t low = 0;
    std::uint16_t high = 0xffff;
};

/// The states of tracking as bits: those of ct_bit without SNAT and DNAT.
inline constexpr std::uint8_t kAnyState = 0x1f;

struct RuleKey {
    PortSpan source_ports;
    PortSpan destination_ports;
    std::uint8_t states = kAnyState;
    std::uint8_t flags_mask = 0;      ///< of the flags in the mask ...
    std::uint8_t flags_compared = 0;  ///< ... just these are set
    bool asks_transport =
        false;             ///< a packet without the beginning of a transport header does not match
    bool is_whole = true;  ///< all that the rule asks stands here
    /// All that the rule asks is the same for each packet of a flow in this direction and state. TCP's flags, if
    /// they stand here, do not count.
    bool is_steady = true;
    /// A match has an effect, or may drop the packet: those behind it are asked for some packets only.
    bool is_closed = false;

    /// A second match on the same: what both allow.
    void narrow(PortSpan& span, PortSpan by) {
        const PortSpan both{std::max(span.low, by.low), std::min(span.high, by.high)};
        if (by.low > by.high || both.low > both.high) {
            is_whole = false;  // matches nothing: the rule itself finds that
        } else {
            span = both;
        }
    }
    void narrow_flags(std::uint8_t mask, std::uint8_t compared) {
        if (flags_mask == 0 && flags_compared == 0) {
            flags_mask = mask;
            flags_compared = compared;
        } else {
            is_whole = false;
        }
    }
};

}  // namespace keepstate::rules
