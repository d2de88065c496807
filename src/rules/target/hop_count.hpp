// What TTL and HL share: IPv4's time to live and IPv6's hop limit set, raised or lowered.
//
// Raised no higher than 255, lowered no lower than 0. A packet that is to be forwarded and has 1 or 0 after
// PREROUTING is refused by the router as always; what FORWARD and later hooks write leaves as it is, 0 too.
// source: kernel:net/netfilter/xt_HL.c.   Tested by: tests/rules/TTL.t, tests/rules/HL.t.
#pragma once

#include <algorithm>

#include "rules/module.hpp"

namespace keepstate::rules::target {

enum : std::uint8_t { kHopsSet, kHopsInc, kHopsDec };
inline constexpr std::uint64_t kHopsAll = 0x7;

struct HopChange {
    std::uint8_t how = 0;
    std::uint8_t count = 0;
    std::uint8_t given = 0;
};

inline void parse_hops(HopChange& change, const OptionUse& use) {
    change.how = use.id();
    change.count = static_cast<std::uint8_t>(use.value.low);
    change.given = 1;
}

/// `word`: "ttl" or "hl".
inline void print_hops(const HopChange& change, std::string_view word, std::string& out) {
    constexpr std::string_view kHow[] = {"set", "inc", "dec"};
    out += fmt::format(" --{}-{} {}", word, kHow[change.how], change.count);
}

inline Ruling change_hops(const HopChange& change, Context& context, Says says) {
    const int before = context.packet->ttl;
    const int wanted = change.how == kHopsSet   ? change.count
                       : change.how == kHopsInc ? before + change.count
                                                : before - change.count;
    const int after = std::clamp(wanted, 0, 255);
    if (after != before && context.editor != nullptr) {
        context.editor->set_ttl(static_cast<std::uint8_t>(after));
    }
    says.words("{} {} -> {}", context.packet->family == Family::ipv4 ? "TTL" : "hop limit", before,
               after);
    return {};
}

}  // namespace keepstate::rules::target
