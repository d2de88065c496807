// ICMP types by name. See icmp_names.hpp.
#include "wire/icmp_names.hpp"

#include <algorithm>
#include <array>

namespace keepstate::wire {
namespace {

constexpr std::array kIpv4Names{
    IcmpName{"echo-reply", 0, 0, 255},
    IcmpName{"pong", 0, 0, 255},
    IcmpName{"destination-unreachable", 3, 0, 255},
    IcmpName{"network-unreachable", 3, 0, 0},
    IcmpName{"host-unreachable", 3, 1, 1},
    IcmpName{"protocol-unreachable", 3, 2, 2},
    IcmpName{"port-unreachable", 3, 3, 3},
    IcmpName{"fragmentation-needed", 3, 4, 4},
    IcmpName{"source-route-failed", 3, 5, 5},
    IcmpName{"network-unknown", 3, 6, 6},
    IcmpName{"host-unknown", 3, 7, 7},
    IcmpName{"network-prohibited", 3, 9, 9},
    IcmpName{"host-prohibited", 3, 10, 10},
    IcmpName{"TOS-network-unreachable", 3, 11, 11},
    IcmpName{"TOS-host-unreachable", 3, 12, 12},
    IcmpName{"communication-prohibited", 3, 13, 13},
    IcmpName{"host-precedence-violation", 3, 14, 14},
    IcmpName{"precedence-cutoff", 3, 15, 15},
    IcmpName{"source-quench", 4, 0, 255},
    IcmpName{"redirect", 5, 0, 255},
    IcmpName{"network-redirect", 5, 0, 0},
    IcmpName{"host-redirect", 5, 1, 1},
    IcmpName{"TOS-network-redirect", 5, 2, 2},
    IcmpName{"TOS-host-redirect", 5, 3, 3},
    IcmpName{"echo-request", 8, 0, 255},
    IcmpName{"ping", 8, 0, 255},
    IcmpName{"router-advertisement", 9, 0, 255},
    IcmpName{"router-solicitation", 10, 0, 255},
    IcmpName{"time-exceeded", 11, 0, 255},
    IcmpName{"ttl-exceeded", 11, 0, 255},
    IcmpName{"ttl-zero-during-transit", 11, 0, 0},
    IcmpName{"ttl-zero-during-reassembly", 11, 1, 1},
    IcmpName{"parameter-problem", 12, 0, 255},
    IcmpName{"ip-header-bad", 12, 0, 0},
    IcmpName{"required-option-missing", 12, 1, 1},
    IcmpName{"timestamp-request", 13, 0, 255},
    IcmpName{"timestamp-reply", 14, 0, 255},
    IcmpName{"address-mask-request", 17, 0, 255},
    IcmpName{"address-mask-reply", 18, 0, 255},
};

constexpr std::array kIpv6Names{
    IcmpName{"destination-unreachable", 1, 0, 255},
    IcmpName{"no-route", 1, 0, 0},
    IcmpName{"communication-prohibited", 1, 1, 1},
    IcmpName{"beyond-scope", 1, 2, 2},
    IcmpName{"address-unreachable", 1, 3, 3},
    IcmpName{"port-unreachable", 1, 4, 4},
    IcmpName{"failed-policy", 1, 5, 5},
    IcmpName{"reject-route", 1, 6, 6},
    IcmpName{"packet-too-big", 2, 0, 255},
    IcmpName{"time-exceeded", 3, 0, 255},
    IcmpName{"ttl-exceeded", 3, 0, 255},
    IcmpName{"ttl-zero-during-transit", 3, 0, 0},
    IcmpName{"ttl-zero-during-reassembly", 3, 1, 1},
    IcmpName{"parameter-problem", 4, 0, 255},
    IcmpName{"bad-header", 4, 0, 0},
    IcmpName{"unknown-header-type", 4, 1, 1},
    IcmpName{"unknown-option", 4, 2, 2},
    IcmpName{"echo-request", 128, 0, 255},
    IcmpName{"ping", 128, 0, 255},
    IcmpName{"echo-reply", 129, 0, 255},
    IcmpName{"pong", 129, 0, 255},
    IcmpName{"router-solicitation", 133, 0, 255},
    IcmpName{"router-advertisement", 134, 0, 255},
    IcmpName{"neighbour-solicitation", 135, 0, 255},
    IcmpName{"neighbor-solicitation", 135, 0, 255},
    IcmpName{"neighbour-advertisement", 136, 0, 255},
    IcmpName{"neighbor-advertisement", 136, 0, 255},
    IcmpName{"redirect", 137, 0, 255},
};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::span<const IcmpName> icmp_names(Family family) {
    if (family == Family::ipv4) return kIpv4Names;
    return kIpv6Names;
}

std::optional<IcmpName> find_icmp_name(Family family, std::string_view name) {
    for (const IcmpName& known : icmp_names(family))
        if (std::equal(known.name.begin(), known.name.end(), name.begin(), name.end(),
                       [](char a, char b) { return lower(a) == lower(b); }))
            return known;
    return std::nullopt;
}

std::string_view icmp_name(Family family, std::uint8_t type, std::uint8_t code) {
    std::string_view any_code;
    for (const IcmpName& known : icmp_names(family)) {
        if (known.type != type) continue;
        if (known.code_first == code && known.code_last == code) return known.name;
        if (known.code_last == 255 && any_code.empty()) any_code = known.name;
    }
    return any_code;
}

}  // namespace keepstate::wire
