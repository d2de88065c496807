// See nat_range.hpp. source: man:iptables-extensions DNAT, SNAT.   Tested by: tests/rules/nat.t.
#include "rules/target/nat_range.hpp"

#include <algorithm>

#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

bool may_have_ports(const RuleReader& reader) {
    constexpr std::uint8_t kWithPorts[] = {protocol::kTcp,  protocol::kUdp,  protocol::kSctp,
                                           protocol::kDccp, protocol::kIcmp, protocol::kIcmpv6};
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

void parse_nat_ports(NatRange& range, std::string_view words, bool with_base, RuleReader& reader) {
    if (!may_have_ports(reader)) {
        reader.fault(
            "ports need a protocol before them: `-p tcp', `-p udp', `-p sctp' or `-p dccp'");
        return;
    }
    const auto read = [&](std::string_view part) -> std::optional<std::uint16_t> {
        const auto port = parse_port(part, reader.basics().protocol);
        if (!port) {
            reader.fault(fmt::format("`{}' is no port number and no known service{}", part,
                                     did_you_mean_service(part)));
        }
        return port;
    };
    std::string_view ports = words;
    std::string_view base;
    const std::size_t slash = words.find('/');
    if (slash != std::string_view::npos) {
        base = words.substr(slash + 1);
        ports = words.substr(0, slash);
        if (!with_base) {
            reader.fault("a base behind the ports goes with DNAT only");
            return;
        }
    }
    if (ports.find(':') != std::string_view::npos) {
        reader.fault(fmt::format("`{}': a range of ports has a dash here: 80-90", ports));
        return;
    }
    const std::size_t dash = ports.find('-');
    const auto low = read(ports.substr(0, dash));
    if (!low) return;
    const auto high = dash == std::string_view::npos ? low : read(ports.substr(dash + 1));
    if (!high) return;
    if (*low > *high) {
        reader.fault(fmt::format("port range `{}' ends before it begins", ports));
        return;
    }
    range.port_low = *low;
    range.port_high = *high;
    range.has_ports = 1;
    if (slash == std::string_view::npos) return;
    const auto first = read(base);
    if (!first) return;
    range.port_base = *first;
    range.has_base = 1;
}

void parse_nat_range(NatRange& range, std::string_view words, bool with_base, RuleReader& reader) {
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
        parse_nat_ports(range, words.substr(colon + 1), with_base, reader);
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
