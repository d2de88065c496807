// See nat_range.hpp. source: man:iptables-extensions DNAT, SNAT.   Tested by: tests/rules/nat.t.
#include "rules/target/nat_range.hpp"

#include <algorithm>

#include "rules/names.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

bool may_have_ports(const RuleReader& reader) {
    constexpr std::uint8_t kWithPorts[] = {protocol::kTcp, protocol::kUdp, protocol::kSctp,
                                           protocol::kDccp, protocol::kIcmp};
    const std::uint8_t number = reader.basics().protocol;
    return std::find(std::begin(kWithPorts), std::end(kWithPorts), number) != std::end(kWithPorts);
}

std::optional<AddressBytes> parse_one(std::string_view words, RuleReader& reader) {
    const auto address = parse_address(words);
    if (address && address->family == reader.family()) return address->bytes;
    reader.fault(fmt::format("`{}' is no {} address", words,
                             reader.family() == Family::ipv4 ? "IPv4" : "IPv6"));
    return std::nullopt;
}

void parse_addresses(NatRange& range, std::string_view words, RuleReader& reader) {
    const std::size_t dash = words.find('-');
    const auto low = parse_one(words.substr(0, dash), reader);
    if (!low) return;
    const auto high =
        dash == std::string_view::npos ? low : parse_one(words.substr(dash + 1), reader);
    if (!high) return;
    range.low = *low;
    range.high = *high;
    range.has_address = 1;
}

}  // namespace

void parse_nat_ports(NatRange& range, std::string_view words, PortBase base, RuleReader& reader) {
    if (!may_have_ports(reader)) {
        reader.fault(
            "ports need a protocol before them: `-p tcp', `-p udp', `-p sctp' or `-p dccp'");
        return;
    }
    const auto bad = [&](std::string_view part) {
        reader.fault(fmt::format("`{}' is no port number and no known service{}", part,
                                 did_you_mean_service(part)));
    };
    range.has_ports = 1;
    // A name stands alone; ranges are of numbers.
    const auto low = parse_number_prefix(words);
    if (!low || low->value > 65535) {
        const auto service = find_service(words, 0);
        if (!service) return bad(words);
        range.port_low = range.port_high = *service;
        return;
    }
    range.port_low = range.port_high = static_cast<std::uint16_t>(low->value);
    words.remove_prefix(low->bytes);
    if (words.empty()) return;
    if (words.front() != '-') {
        reader.fault(fmt::format("`{}' behind the port: a range is written 80-90", words));
        return;
    }
    words.remove_prefix(1);
    const auto high = parse_number_prefix(words);
    if (!high || high->value > 65535) return bad(words);
    range.port_high = static_cast<std::uint16_t>(high->value);
    if (range.port_high < range.port_low) {
        reader.fault("the range of ports ends before it begins");
        return;
    }
    words.remove_prefix(high->bytes);
    if (words.empty()) return;
    if (words.front() != '/' || base == PortBase::refused) {
        reader.fault(fmt::format("`{}' behind the range of ports", words));
        return;
    }
    words.remove_prefix(1);
    auto first = parse_number(words, 1, 65535);
    if (!first) first = find_service(words, 0);
    if (!first) return bad(words);
    range.has_base = 1;
    if (base == PortBase::kept) range.port_base = static_cast<std::uint16_t>(*first);
}

void parse_nat_range(NatRange& range, std::string_view words, PortBase base, RuleReader& reader) {
    std::string_view addresses = words;
    std::size_t colon = std::string_view::npos;
    if (reader.family() == Family::ipv4) {
        colon = words.find(':');
        addresses = words.substr(0, colon);
    } else if (!words.empty() && words.front() == '[') {
        const std::size_t close = words.find(']');
        if (close == std::string_view::npos) {
            reader.fault("`[' without `]'");
            return;
        }
        addresses = words.substr(1, close - 1);
        if (close + 1 < words.size()) {
            colon = close + 1;
            if (words[colon] != ':') {
                reader.fault(fmt::format("`{}' behind the address", words.substr(colon)));
                return;
            }
        }
    } else if (!words.empty() && words.front() == ':' &&
               words.find(':', 1) == std::string_view::npos) {
        colon = 0;
        addresses = {};
    }
    if (colon != std::string_view::npos) {
        parse_nat_ports(range, words.substr(colon + 1), base, reader);
    }
    if (!addresses.empty() || colon == std::string_view::npos) {
        parse_addresses(range, addresses, reader);
    }
}

std::string nat_ports_text(const NatRange& range) {
    std::string out = fmt::format("{}", range.port_low);
    if (range.port_high != range.port_low) out += fmt::format("-{}", range.port_high);
    if (range.has_base) out += fmt::format("/{}", range.port_base);
    return out;
}

std::string nat_range_text(const NatRange& range, Family family) {
    std::string out;
    if (range.has_address) {
        out = text(Address{family, range.low});
        if (range.low != range.high) out += "-" + text(Address{family, range.high});
        if (range.has_ports && family == Family::ipv6) out = "[" + out + "]";
    }
    if (range.has_ports) out += ":" + nat_ports_text(range);
    return out;
}

}  // namespace keepstate::rules::target
