// -j HMARK: a mark out of a hash of the packet's flow, the same for both of its directions.
//
//     mark = offset + hash(addresses, ports) * modulus / 2^32
//
// Addresses and ports are cut by masks first, and each pair is put into one order, so that an answer gets the same mark.
// What is hashed is the packet (of an ICMP error: the packet that it quotes), or its connection.
// source: man:iptables-extensions HMARK; kernel:net/netfilter/xt_HMARK.c.   Tested by: tests/rules/HMARK.t,
// tests/scenarios/rules/*hashed-mark*.yaml.
#include <algorithm>
#include <array>
#include <cstring>

#include "rules/jenkins.hpp"
#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t {
    kSourcePrefix,
    kDestinationPrefix,
    kSourcePortMask,
    kDestinationPortMask,
    kSpiMask,
    kSourcePort,
    kDestinationPort,
    kSpi,
    kProtocolMask,
    kRandom,
    kModulus,
    kOffset,
    kConnection,
    kTuple
};

constexpr std::uint64_t kPortMasks = option_bit(kSourcePortMask) | option_bit(kDestinationPortMask);
constexpr std::uint64_t kSelectors =
    option_bit(kProtocolMask) * 2 - 1 + option_bit(kConnection);  ///< all up to it, and ct

/// What is hashed.
struct Selected {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    std::uint32_t ports = 0;
    std::uint8_t protocol = 0;
};

struct Form {
    struct Data {
        AddressBytes source_mask{};
        AddressBytes destination_mask{};
        std::uint32_t port_mask = 0;  ///< source in the upper half; or the SPI's
        std::uint32_t port_set = 0;
        std::uint32_t random = 0;
        std::uint32_t modulus = 0;
        std::uint32_t offset = 0;
        std::uint32_t flags = 0;  ///< bits by option id
        std::uint16_t protocol_mask = 0;
        std::uint16_t padding = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "hmark-tuple",
         .id = kTuple,
         .arg = ArgKind::text,
         .words = "a list of what is hashed: src, dst, sport, dport, spi, proto; ct takes it from "
                  "the connection"},
        {.name = "hmark-src-prefix",
         .id = kSourcePrefix,
         .arg = ArgKind::text,
         .words = "so many bits of the source address are hashed"},
        {.name = "hmark-dst-prefix",
         .id = kDestinationPrefix,
         .arg = ArgKind::text,
         .words = "so many bits of the destination address are hashed"},
        {.name = "hmark-sport-mask",
         .id = kSourcePortMask,
         .arg = ArgKind::number,
         .max = 0xffff,
         .words = "these bits of the source port are hashed"},
        {.name = "hmark-dport-mask",
         .id = kDestinationPortMask,
         .arg = ArgKind::number,
         .max = 0xffff,
         .words = "these bits of the destination port are hashed"},
        {.name = "hmark-spi-mask",
         .id = kSpiMask,
         .arg = ArgKind::number,
         .words = "these bits of the SPI of AH and ESP are hashed"},
        {.name = "hmark-sport",
         .id = kSourcePort,
         .arg = ArgKind::number,
         .max = 0xffff,
         .words = "these bits are set in the source port before it is hashed"},
        {.name = "hmark-dport",
         .id = kDestinationPort,
         .arg = ArgKind::number,
         .max = 0xffff,
         .words = "these bits are set in the destination port before it is hashed"},
        {.name = "hmark-spi",
         .id = kSpi,
         .arg = ArgKind::number,
         .words = "these bits are set in the SPI before it is hashed"},
        {.name = "hmark-proto-mask",
         .id = kProtocolMask,
         .arg = ArgKind::number,
         .max = 0xffff,
         .words = "these bits of the protocol's number change the hash"},
        {.name = "hmark-rnd", .id = kRandom, .arg = ArgKind::number, .words = "the hash's seed"},
        {.name = "hmark-mod",
         .id = kModulus,
         .arg = ArgKind::number,
         .min = 1,
         .words = "how many marks there are"},
        {.name = "hmark-offset",
         .id = kOffset,
         .arg = ArgKind::number,
         .words = "the lowest mark; 0 if not given"},
    };
    static constexpr Traits kTraits{
        .name = "HMARK",
        .options = kOptions,
        .words = "Sets the packet's mark from a hash of its flow, alike in both directions.",
        .reads = "addresses, ports or SPI and protocol of the packet, or of its entry"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const auto number = static_cast<std::uint32_t>(use.value.low);
        const std::uint8_t id = use.id();
        if (id == kTuple) {
            parse_tuple(data, use.value.text, reader);
            return;
        }
        if ((data.flags & option_bit(id)) != 0) {
            reader.fault(fmt::format("--{} says again what --hmark-tuple said", use.option->name));
        }
        data.flags |= static_cast<std::uint32_t>(option_bit(id));
        switch (id) {
            case kSourcePrefix: parse_prefix(data.source_mask, use, reader); break;
            case kDestinationPrefix: parse_prefix(data.destination_mask, use, reader); break;
            case kSourcePortMask: data.port_mask = (data.port_mask & 0xffffU) | number << 16; break;
            case kDestinationPortMask: data.port_mask = (data.port_mask & ~0xffffU) | number; break;
            case kSpiMask: data.port_mask = number; break;
            case kSourcePort: data.port_set = (data.port_set & 0xffffU) | number << 16; break;
            case kDestinationPort: data.port_set = (data.port_set & ~0xffffU) | number; break;
            case kSpi: data.port_set = number; break;
            case kProtocolMask: data.protocol_mask = static_cast<std::uint16_t>(number); break;
            case kRandom: data.random = number; break;
            case kModulus: data.modulus = number; break;
            default: data.offset = number; break;
        }
    }
    static void parse_prefix(AddressBytes& mask, const OptionUse& use, RuleReader& reader) {
        if (const auto bits = parse_prefix_bits(use.value.text, reader.family())) {
            mask = mask_of(*bits, reader.family());
        } else {
            reader.fault(fmt::format("--{}: `{}' is no prefix length and no mask", use.option->name,
                                     use.value.text));
        }
    }
    // Words may be cut short: the first one that begins so is meant.
    static void parse_tuple(Data& data, std::string_view list, RuleReader& reader) {
        struct Part {
            std::string_view name;
            std::uint8_t id;
        };
        constexpr Part kParts[] = {{"src", kSourcePrefix},     {"dst", kDestinationPrefix},
                                   {"sport", kSourcePortMask}, {"dport", kDestinationPortMask},
                                   {"spi", kSpiMask},          {"proto", kProtocolMask},
                                   {"ct", kConnection}};
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            const auto part =
                std::find_if(std::begin(kParts), std::end(kParts), [word](const Part& each) {
                    return !word.empty() && begins_in_any_case(each.name, word);
                });
            if (part == std::end(kParts)) {
                reader.fault(fmt::format(
                    "--hmark-tuple: `{}' is none of src, dst, sport, dport, spi, proto, ct", word));
                return;
            }
            select_all(data, part->id);
            if (comma == std::string_view::npos) return;
            list.remove_prefix(comma + 1);
        }
    }
    static void select_all(Data& data, std::uint8_t id) {
        data.flags |= static_cast<std::uint32_t>(option_bit(id));
        switch (id) {
            case kSourcePrefix: data.source_mask.fill(0xff); break;
            case kDestinationPrefix: data.destination_mask.fill(0xff); break;
            case kSourcePortMask: data.port_mask |= 0xffff0000U; break;
            case kDestinationPortMask: data.port_mask |= 0xffffU; break;
            case kSpiMask: data.port_mask = 0xffffffffU; break;
            case kProtocolMask: data.protocol_mask = 0xffff; break;
            default: break;
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (reader.family() == Family::ipv4) {
            std::fill(data.source_mask.begin() + 4, data.source_mask.end(), std::uint8_t{0});
            std::fill(data.destination_mask.begin() + 4, data.destination_mask.end(),
                      std::uint8_t{0});
        }
        const auto has = [&data](std::uint64_t ids) { return (data.flags & ids) != 0; };
        if (!has(option_bit(kModulus))) {
            reader.fault("`HMARK' needs --hmark-mod");
        } else if (!has(option_bit(kRandom))) {
            reader.fault("`HMARK' needs --hmark-rnd");
        } else if (!has(kSelectors)) {
            reader.fault("`HMARK' needs to know what to hash: --hmark-tuple src,dst");
        } else if (has(option_bit(kSpiMask)) && has(kPortMasks)) {
            reader.fault("`HMARK' hashes an SPI or ports, not both");
        } else if (has(option_bit(kSpi)) &&
                   has(option_bit(kSourcePort) | option_bit(kDestinationPort))) {
            reader.fault("`HMARK' sets bits of an SPI or of ports, not both");
        }
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        const auto option = [&](std::uint8_t id, std::string_view name, const std::string& value) {
            if ((data.flags & option_bit(id)) != 0)
                out += fmt::format(" --hmark-{} {}", name, value);
        };
        const auto prefix = [&](const AddressBytes& mask) {
            return std::to_string(bits_of(mask, context.family).value_or(0));
        };
        option(kSourcePrefix, "src-prefix", prefix(data.source_mask));
        option(kDestinationPrefix, "dst-prefix", prefix(data.destination_mask));
        option(kSourcePortMask, "sport-mask", fmt::format("{:#06x}", data.port_mask >> 16));
        option(kDestinationPortMask, "dport-mask",
               fmt::format("{:#06x}", data.port_mask & 0xffffU));
        option(kSpiMask, "spi-mask", fmt::format("{:#010x}", data.port_mask));
        option(kSourcePort, "sport", fmt::format("{:#06x}", data.port_set >> 16));
        option(kDestinationPort, "dport", fmt::format("{:#06x}", data.port_set & 0xffffU));
        option(kSpi, "spi", fmt::format("{:#010x}", data.port_set));
        option(kProtocolMask, "proto-mask", fmt::format("{:#04x}", data.protocol_mask));
        option(kRandom, "rnd", fmt::format("{:#010x}", data.random));
        option(kModulus, "mod", std::to_string(data.modulus));
        option(kOffset, "offset", std::to_string(data.offset));
        option(kConnection, "tuple", "ct");
    }

    /// IPv4: the address; IPv6: its four words folded. In host order.
    static std::uint32_t fold(const Address& address, const AddressBytes& mask) {
        std::uint32_t folded = 0;
        for (std::size_t at = 0; at < address.size(); at += 4) {
            folded ^=
                base::load_be32(address.bytes.data() + at) & base::load_be32(mask.data() + at);
        }
        return folded;
    }
    static std::uint32_t order_ports(const Data& data, std::uint32_t ports) {
        const std::uint32_t masked = (ports & data.port_mask) | data.port_set;
        const std::uint32_t first = masked >> 16;
        const std::uint32_t second = masked & 0xffffU;
        return second > first ? second << 16 | first : masked;
    }
    static bool select_connection(const Data& data, const Context& context, Selected& selected) {
        const ct::Entry* entry = context.flow.entry;
        if (entry == nullptr) return false;
        const Tuple original = entry->original();
        const Tuple reply = entry->reply();
        selected.source = fold(original.source, data.source_mask);
        selected.destination = fold(reply.source, data.destination_mask);
        selected.protocol = original.protocol;
        if (original.protocol != protocol::kIcmp) {
            selected.ports =
                order_ports(data, std::uint32_t{original.source_key} << 16 | reply.source_key);
        }
        return true;
    }
    static std::optional<std::size_t> ports_offset(std::uint8_t protocol) {
        switch (protocol) {
            case protocol::kTcp:
            case protocol::kUdp:
            case protocol::kUdpLite:
            case protocol::kSctp:
            case protocol::kDccp:
            case protocol::kEsp: return 0;
            case protocol::kAh: return 4;
            default: return std::nullopt;
        }
    }
    static void select_ports(const Data& data, base::ByteView ip, std::size_t at,
                             Selected& selected) {
        const auto offset = ports_offset(selected.protocol);
        if (!offset || !ip.has(at + *offset, 4)) return;
        selected.ports = order_ports(data, ip.be32(at + *offset));
    }
    static Address address_at(base::ByteView ip, std::size_t at, Family family) {
        Address address;
        address.family = family;
        std::memcpy(address.bytes.data(), ip.data() + at, address.size());
        return address;
    }
    static bool is_icmp_error(std::uint8_t type) {
        constexpr std::uint8_t kErrors[] = {3, 4, 5, 11, 12};
        return std::find(std::begin(kErrors), std::end(kErrors), type) != std::end(kErrors);
    }
    static bool select_ipv4(const Data& data, base::ByteView ip, Selected& selected) {
        constexpr std::size_t kIcmpHeader = 8;
        std::size_t begin = 0;
        std::size_t header = std::size_t{ip.u8(0) & 0x0fU} * 4;
        const bool quotes = ip.u8(9) == protocol::kIcmp && ip.has(header, kIcmpHeader) &&
                            is_icmp_error(ip.u8(header));
        if (quotes) {
            begin = header + kIcmpHeader;
            if (!ip.has(begin, 20)) return false;
            header = std::size_t{ip.u8(begin) & 0x0fU} * 4;
        }
        selected.source = fold(address_at(ip, begin + 12, Family::ipv4), data.source_mask);
        selected.destination =
            fold(address_at(ip, begin + 16, Family::ipv4), data.destination_mask);
        selected.protocol = ip.u8(begin + 9);
        const bool is_fragment = (ip.be16(begin + 6) & 0x3fffU) != 0;
        if (selected.protocol != protocol::kIcmp && !is_fragment) {
            select_ports(data, ip, begin + header, selected);
        }
        return true;
    }
    /// Where the transport header stands, with AH as one: the last header that ipv6_find_hdr finds.
    struct Found {
        bool is_good = false;
        bool is_fragment = false;
        std::uint8_t protocol = 0;
        std::size_t at = 0;
    };
    static Found find_ipv6(base::ByteView ip, std::size_t begin) {
        Found found;
        found.protocol = ip.u8(begin + 6);
        found.at = begin + 40;
        constexpr int kMostHeaders = 64;
        for (int i = 0; i < kMostHeaders; ++i) {
            switch (found.protocol) {
                case protocol::kHopByHop:
                case protocol::kRouting:
                case protocol::kDestinationOptions:
                    if (!ip.has(found.at, 2)) return found;
                    break;
                case protocol::kFragment: {
                    if (!ip.has(found.at, 8)) return found;
                    found.is_fragment = true;
                    const bool is_later = (ip.be16(found.at + 2) & 0xfff8U) != 0;
                    found.protocol = ip.u8(found.at);
                    found.at += 8;
                    found.is_good = is_later;
                    if (is_later) return found;
                    continue;
                }
                default: found.is_good = true; return found;
            }
            const std::uint8_t next = ip.u8(found.at);
            found.at += (std::size_t{ip.u8(found.at + 1)} + 1) * 8;
            found.protocol = next;
        }
        return found;
    }
    static bool select_ipv6(const Data& data, base::ByteView ip, Selected& selected) {
        constexpr std::size_t kIcmpHeader = 8;
        std::size_t begin = 0;
        Found found = find_ipv6(ip, 0);
        if (!found.is_good) return true;
        const bool may_quote = !found.is_fragment && found.protocol == protocol::kIcmpv6;
        if (may_quote && ip.has(found.at, kIcmpHeader) && ip.u8(found.at) != 0 &&
            ip.u8(found.at) < 128) {
            begin = found.at + kIcmpHeader;
            if (!ip.has(begin, 40) || ip.u8(begin) >> 4 != 6) return false;
            found = find_ipv6(ip, begin);
            if (!found.is_good) return false;
        }
        selected.source = fold(address_at(ip, begin + 8, Family::ipv6), data.source_mask);
        selected.destination =
            fold(address_at(ip, begin + 24, Family::ipv6), data.destination_mask);
        selected.protocol = found.protocol;
        if (found.protocol != protocol::kIcmpv6 && !found.is_fragment) {
            select_ports(data, ip, found.at, selected);
        }
        return true;
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        Selected selected;
        const base::ByteView ip = context.packet->ip;
        const bool by_connection = (data.flags & option_bit(kConnection)) != 0;
        const bool is_good = by_connection ? select_connection(data, context, selected)
                             : context.packet->family == Family::ipv4
                                 ? select_ipv4(data, ip, selected)
                                 : select_ipv6(data, ip, selected);
        if (!is_good) {
            says.words("nothing to hash: the mark stays {:#x}", context.mark);
            return {};
        }
        const auto [low, high] = std::minmax(selected.source, selected.destination);
        std::uint32_t hash = Jenkins::hash3(low, high, selected.ports, data.random);
        hash ^= selected.protocol & data.protocol_mask;
        const std::uint32_t before = context.mark;
        context.mark = scale_to(hash, data.modulus) + data.offset;
        says.words("the packet's mark: {:#x} -> {:#x}", before, context.mark);
        return {};
    }
};

}  // namespace

extern const TargetModule k_hmark;
const TargetModule k_hmark = target_module<Form>();

}  // namespace keepstate::rules::target
