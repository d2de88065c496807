// The timeouts of an established flow, made of the settings once.  Tested by: ct/tcp/established_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "keepstate/conntrack.hpp"
#include "keepstate/time.hpp"

namespace keepstate::ct {

/// What an established flow gets after an ACK, by what the settings say and the flow has come to.
struct EstablishedTimeouts {
    explicit EstablishedTimeouts(const Settings& settings) {
        const std::uint32_t plain = settings.tcp_timeout_established;
        const std::uint32_t retransmitted = settings.tcp_timeout_max_retrans;
        const std::uint32_t unacknowledged = std::min(plain, settings.tcp_timeout_unacknowledged);
        const std::uint32_t zero_window = std::min(plain, retransmitted);
        const auto in_ns = [](std::uint32_t s) { return std::int64_t{s} * kNsPerSecond; };
        ns[0] = in_ns(plain);
        ns[kUnacknowledged] = in_ns(unacknowledged);
        ns[kZeroWindow] = in_ns(zero_window);
        // Whichever is named first in the kernel's list counts, even if the other one is shorter.
        ns[kUnacknowledged | kZeroWindow] =
            in_ns(unacknowledged < plain ? unacknowledged : zero_window);
        for (std::size_t bits = kRetransmitted; bits < ns.size(); ++bits) {
            ns[bits] = in_ns(retransmitted);
        }
        if (plain > retransmitted) most_retransmissions = settings.tcp_max_retrans;
    }

    static constexpr unsigned kUnacknowledged = 1, kZeroWindow = 2, kRetransmitted = 4;
    std::array<std::int64_t, 8> ns{};                  ///< by those bits
    std::uint32_t most_retransmissions = 0xffffffffU;  ///< from so many on: kRetransmitted

    /// Without a branch, since none of it can be foreseen.
    std::int64_t of(std::uint32_t retransmissions, bool is_unacknowledged, bool is_zero) const {
        return ns[static_cast<unsigned>(retransmissions >= most_retransmissions) * kRetransmitted |
                  static_cast<unsigned>(is_unacknowledged) * kUnacknowledged |
                  static_cast<unsigned>(is_zero) * kZeroWindow];
    }
};

}  // namespace keepstate::ct
