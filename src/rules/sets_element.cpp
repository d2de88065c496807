// An element of an IP set, from its words to its keys; see sets_element.hpp.
#include "rules/sets_element.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "rules/names.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

namespace {

struct MacBytes {
    std::array<std::uint8_t, 6> bytes{};
};
std::optional<MacBytes> parse_mac(std::string_view words) {
    constexpr std::size_t kBytes = 17;
    if (words.size() != kBytes) return std::nullopt;
    MacBytes mac;
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
        const char* from = words.data() + 3 * i;
        unsigned value = 0;
        const auto [end, failure] = std::from_chars(from, from + 2, value, 16);
        if (failure != std::errc{} || end != from + 2) return std::nullopt;
        if (i > 0 && from[-1] != ':') return std::nullopt;
        mac.bytes[i] = static_cast<std::uint8_t>(value);
    }
    return mac;
}

Address next_address(Address address, std::uint32_t step) {
    base::store_be32(address.bytes.data(), base::load_be32(address.bytes.data()) + step);
    return address;
}

std::optional<std::uint16_t> read_icmp(std::string_view words, std::uint8_t protocol) {
    struct Named {
        std::string_view name;
        std::uint16_t v4;
        std::uint16_t v6;
    };
    constexpr std::uint16_t kNone = 0xffff;
    constexpr Named kNames[] = {
        {"echo-reply", 0x0000, 0x8100},
        {"pong", 0x0000, 0x8100},
        {"network-unreachable", 0x0300, kNone},
        {"host-unreachable", 0x0301, kNone},
        {"protocol-unreachable", 0x0302, kNone},
        {"port-unreachable", 0x0303, 0x0104},
        {"fragmentation-needed", 0x0304, kNone},
        {"source-route-failed", 0x0305, kNone},
        {"network-prohibited", 0x0309, kNone},
        {"host-prohibited", 0x030a, kNone},
        {"communication-prohibited", 0x030d, 0x0101},
        {"source-quench", 0x0400, kNone},
        {"network-redirect", 0x0500, kNone},
        {"host-redirect", 0x0501, kNone},
        {"redirect", kNone, 0x8900},
        {"echo-request", 0x0800, 0x8000},
        {"ping", 0x0800, 0x8000},
        {"router-advertisement", 0x0900, 0x8600},
        {"router-solicitation", 0x0a00, 0x8500},
        {"neighbour-solicitation", kNone, 0x8700},
        {"neigbour-solicitation", kNone, 0x8700},
        {"neighbour-advertisement", kNone, 0x8800},
        {"neigbour-advertisement", kNone, 0x8800},
        {"no-route", kNone, 0x0100},
        {"address-unreachable", kNone, 0x0103},
        {"packet-too-big", kNone, 0x0200},
        {"ttl-zero-during-transit", 0x0b00, 0x0300},
        {"ttl-zero-during-reassembly", 0x0b01, 0x0301},
        {"ip-header-bad", 0x0c00, kNone},
        {"bad-header", kNone, 0x0400},
        {"unknown-header-type", kNone, 0x0401},
        {"unknown-option", kNone, 0x0402},
        {"required-option-missing", 0x0c01, kNone},
        {"timestamp-request", 0x0d00, kNone},
        {"timestamp-reply", 0x0e00, kNone},
        {"address-mask-request", 0x1100, kNone},
        {"address-mask-reply", 0x1200, kNone},
    };
    for (const Named& row : kNames) {
        const std::uint16_t value = protocol == protocol::kIcmp ? row.v4 : row.v6;
        if (row.name == words && value != kNone) return value;
    }
    const std::size_t slash = words.find('/');
    const auto type = parse_number(words.substr(0, slash), 0, 255);
    const auto code = slash == std::string_view::npos
                          ? std::optional<std::uint64_t>(0)
                          : parse_number(words.substr(slash + 1), 0, 255);
    if (!type || !code) return std::nullopt;
    return static_cast<std::uint16_t>(*type << 8 | *code);
}
class ElementParser {
  public:
    ElementParser(const IpSet& set, bool is_wildcard, std::string& fault)
        : set_(set), is_wildcard_(is_wildcard), fault_(fault) {}

    std::optional<std::vector<SetKey>> parse(std::string_view text) {
        const SetType& type = *set_.setup().type;
        std::vector<std::string> words;
        for (;;) {
            const std::size_t comma =
                words.size() + 1 < type.dimensions() ? text.find(',') : std::string_view::npos;
            words.emplace_back(text.substr(0, comma));
            if (comma == std::string_view::npos) break;
            text.remove_prefix(comma + 1);
        }
        const bool may_lack_mac = type.is_bitmap && type.has(SetPart::mac) && words.size() == 1;
        if (words.size() != type.dimensions() && !may_lack_mac) {
            fault_ = fmt::format("an element of {} has {} parts, parted by commas", type.name,
                                 type.dimensions());
            return std::nullopt;
        }
        std::vector<SetKey> keys{SetKey{}};
        std::size_t which = 0;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const SetPart part = type.parts[i];
            if (!read_part(part, words[i], which, keys)) return std::nullopt;
            if (part == SetPart::address || part == SetPart::network) ++which;
        }
        return keys;
    }

  private:
    bool read_part(SetPart part, const std::string& words, std::size_t which,
                   std::vector<SetKey>& keys) {
        switch (part) {
            case SetPart::address:
            case SetPart::network: return read_addresses(part, words, which, keys);
            case SetPart::port: return read_ports(words, keys);
            case SetPart::mac: {
                const auto mac = parse_mac(words);
                if (!mac) return refuse(words, "a MAC address");
                for (SetKey& key : keys) std::memcpy(&key[5], mac->bytes.data(), mac->bytes.size());
                return true;
            }
            case SetPart::mark: {
                const auto mark = parse_number(words, 0, 0xffffffffU);
                if (!mark) return refuse(words, "a mark");
                for (SetKey& key : keys) key[5] = *mark & set_.setup().mark_mask;
                return true;
            }
            case SetPart::device: {
                const bool is_physical = words.starts_with("physdev:");
                const std::string name = is_physical ? words.substr(8) : words;
                if (name.empty() || name.size() > 15) return refuse(words, "a device");
                for (SetKey& key : keys) IpSet::put_device(key, name, is_physical, is_wildcard_);
                return true;
            }
            case SetPart::set:
            case SetPart::none: break;
        }
        return false;
    }
    bool refuse(const std::string& words, std::string_view what) {
        fault_ = fmt::format("`{}' is not {}", words, what);
        return false;
    }
    /// Networks of a range, as few as can be.
    static std::vector<std::pair<Address, unsigned>> networks_of(const SetSpan& span) {
        std::vector<std::pair<Address, unsigned>> networks;
        if (!span.is_range) return {{span.first, span.bits}};
        std::uint64_t at = base::load_be32(span.first.bytes.data());
        const std::uint64_t last = base::load_be32(span.last.bytes.data());
        while (at <= last) {
            unsigned bits = 32;
            while (bits > 0 && at % (std::uint64_t{1} << (33 - bits)) == 0 &&
                   at + (std::uint64_t{1} << (33 - bits)) - 1 <= last) {
                --bits;
            }
            Address address;
            base::store_be32(address.bytes.data(), static_cast<std::uint32_t>(at));
            networks.emplace_back(address, bits);
            at += std::uint64_t{1} << (32 - bits);
        }
        return networks;
    }
    bool read_addresses(SetPart part, const std::string& words, std::size_t which,
                        std::vector<SetKey>& keys) {
        const Family family = set_.setup().family.value_or(Family::ipv4);
        const auto span = parse_set_span(words, family);
        if (!span)
            return refuse(words, family == Family::ipv4 ? "an IPv4 address or network"
                                                        : "an IPv6 address or network");
        std::vector<std::pair<Address, unsigned>> items;
        const unsigned all = family == Family::ipv4 ? 32 : 128;
        if (part == SetPart::network) {
            const SetType& type = *set_.setup().type;
            const bool takes_all =
                type.parts[0] == SetPart::network &&
                (type.has(SetPart::device) || type.parts[1] == SetPart::network ||
                 type.parts[2] == SetPart::network);
            if (span->bits == 0 && !takes_all) {
                return refuse(words, "a network that this type can hold: its prefix length is 0");
            }
            items = networks_of(*span);
        } else if (family == Family::ipv6 || span->first == span->last) {
            if (span->first != span->last) return refuse(words, "one address");
            items = {{set_.masked(span->first), all}};
        } else {
            const std::uint32_t from = base::load_be32(span->first.bytes.data());
            const std::uint32_t to = base::load_be32(span->last.bytes.data());
            if (to - from >= IpSet::kMostRoom)
                return refuse(words, "a range of at most 1048576 addresses");
            for (std::uint32_t i = 0; i <= to - from; ++i) {
                items.emplace_back(set_.masked(next_address(span->first, i)), all);
            }
        }
        const IpSet::Setup& setup = set_.setup();
        if (setup.type->name == "hash:ip" && items.front().first.is_unspecified()) {
            return refuse(words, "an address that this type can hold");
        }
        if (setup.type->is_bitmap) {
            for (const auto& item : items) {
                const std::uint64_t value = base::load_be32(item.first.bytes.data());
                if (value < setup.range_first || value > setup.range_last) {
                    return refuse(words, "within the set's range");
                }
            }
        }
        if (!fits(keys, items.size(), words)) return false;
        multiply(keys, items, [which](SetKey& key, const auto& item) {
            IpSet::put_address(key, which, item.first);
            IpSet::put_bits(key, which, item.second);
        });
        return true;
    }
    bool read_ports(const std::string& words, std::vector<SetKey>& keys) {
        const bool is_bitmap = set_.setup().type->is_bitmap;
        std::string_view left = words;
        std::uint8_t protocol = is_bitmap ? 0 : protocol::kTcp;
        const std::size_t colon = left.find(':');
        if (colon != std::string_view::npos) {
            const auto named = parse_protocol(left.substr(0, colon));
            const bool is_icmpv6 =
                left.substr(0, colon) == "icmpv6" || left.substr(0, colon) == "ipv6-icmp";
            if (!named && !is_icmpv6) return refuse(words, "PROTOCOL:PORT");
            protocol = is_icmpv6 ? protocol::kIcmpv6 : *named;
            left.remove_prefix(colon + 1);
        }
        if (protocol == protocol::kIcmp || protocol == protocol::kIcmpv6) {
            const auto number = read_icmp(left, protocol);
            if (!number) return refuse(words, "an ICMP TYPE/CODE or its name");
            for (SetKey& key : keys) IpSet::put_port(key, protocol, *number);
            return true;
        }
        const bool has_ports = is_bitmap || protocol == protocol::kTcp ||
                               protocol == protocol::kUdp || protocol == protocol::kUdpLite ||
                               protocol == protocol::kSctp;
        if (!has_ports && left != "0")
            return refuse(words, "PROTOCOL:0, for a protocol without ports");
        const std::size_t dash = left.find('-');
        auto first = parse_port(left.substr(0, dash), protocol);
        auto last =
            dash == std::string_view::npos ? first : parse_port(left.substr(dash + 1), protocol);
        if (!first || !last) {
            // A service's name may hold a dash.
            first = last = parse_port(left, protocol);
        }
        if (!first || *last < *first) return refuse(words, "a port or a range of ports");
        const IpSet::Setup& setup = set_.setup();
        if (is_bitmap && (*first < setup.range_first || *last > setup.range_last)) {
            return refuse(words, "within the set's range");
        }
        std::vector<std::uint16_t> ports;
        for (unsigned port = *first; port <= *last; ++port)
            ports.push_back(static_cast<std::uint16_t>(port));
        if (!fits(keys, ports.size(), words)) return false;
        multiply(keys, ports, [protocol](SetKey& key, std::uint16_t port) {
            IpSet::put_port(key, protocol, port);
        });
        return true;
    }
    /// Whether an element's ranges stay within what a set may hold.
    bool fits(const std::vector<SetKey>& keys, std::size_t items, const std::string& words) {
        return keys.size() * items <= IpSet::kMostRoom || refuse(words, "within 1048576 elements");
    }
    template <typename Item, typename Put>
    static void multiply(std::vector<SetKey>& keys, const std::vector<Item>& items, Put put) {
        std::vector<SetKey> all;
        all.reserve(keys.size() * items.size());
        for (const SetKey& key : keys) {
            for (const Item& item : items) {
                all.push_back(key);
                put(all.back(), item);
            }
        }
        keys = std::move(all);
    }

    const IpSet& set_;
    bool is_wildcard_;
    std::string& fault_;
};

}  // namespace

std::optional<SetSpan> parse_set_span(std::string_view words, Family family) {
    SetSpan span;
    const std::size_t slash = words.find('/');
    const std::size_t dash = family == Family::ipv4 ? words.find('-') : std::string::npos;
    const auto first = parse_address(words.substr(0, std::min(slash, dash)));
    if (!first || first->family != family) return std::nullopt;
    const unsigned all = family == Family::ipv4 ? 32 : 128;
    span.first = span.last = *first;
    span.bits = all;
    if (slash != std::string::npos) {
        const auto bits = parse_number(words.substr(slash + 1), 0, all);
        if (!bits) return std::nullopt;
        span.has_bits = true;
        span.bits = static_cast<unsigned>(*bits);
        const AddressBytes mask = mask_of(span.bits, family);
        for (std::size_t i = 0; i < first->size(); ++i) {
            span.first.bytes[i] &= mask[i];
            span.last.bytes[i] = static_cast<std::uint8_t>(span.first.bytes[i] | (0xff & ~mask[i]));
        }
    } else if (dash != std::string::npos) {
        const auto last = parse_address(words.substr(dash + 1));
        if (!last || last->family != family || *last < *first) return std::nullopt;
        span.last = *last;
        span.is_range = true;
    }
    return span;
}

std::optional<std::vector<SetKey>> parse_set_element(const IpSet& set, std::string_view words,
                                                     bool is_wildcard, std::string& fault) {
    return ElementParser(set, is_wildcard, fault).parse(words);
}

}  // namespace keepstate::rules
