// -m addrtype: what an address is to this host: its own, a broadcast, a group, ...
//
// What cannot be told from the address itself is asked of the World; without one, an address that is no
// loopback, group or broadcast address counts as UNICAST.
//
// source: man:iptables-extensions addrtype; kernel:net/netfilter/xt_addrtype.c.   Tested by: tests/rules/addrtype.t.
#include <algorithm>
#include <array>
#include <cstring>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSource, kDestination, kLimitIn, kLimitOut };

constexpr std::string_view kNames[] = {"UNSPEC",   "UNICAST",   "LOCAL",     "BROADCAST",
                                       "ANYCAST",  "MULTICAST", "BLACKHOLE", "UNREACHABLE",
                                       "PROHIBIT", "THROW",     "NAT",       "XRESOLVE"};

struct Form {
    struct Data {
        std::array<std::uint16_t, 2> types{};
        std::array<std::uint8_t, 2> inverted{};
        std::uint8_t limit_in = 0;
        std::uint8_t limit_out = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "src-type",
         .id = kSource,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "the kinds that the source address may be, a list: `UNSPEC`, `UNICAST`, `LOCAL`, "
                  "`BROADCAST`, `ANYCAST`, `MULTICAST`, `BLACKHOLE`, `UNREACHABLE`, `PROHIBIT`, "
                  "`THROW`, `NAT`, `XRESOLVE`"},
        {.name = "dst-type",
         .id = kDestination,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "the kinds that the destination address may be, likewise"},
        {.name = "limit-iface-in",
         .id = kLimitIn,
         .excludes = option_bit(kLimitOut),
         .words = "LOCAL and BROADCAST are those of the arrival device alone"},
        {.name = "limit-iface-out",
         .id = kLimitOut,
         .excludes = option_bit(kLimitIn),
         .words = "LOCAL and BROADCAST are those of the departure device alone"},
    };
    static constexpr Traits kTraits{
        .name = "addrtype",
        .options = kOptions,
        .words =
            "What an address is to this host: its own, a broadcast or multicast address, or any "
            "other.",
        .reads = "the packet's addresses; the host's own addresses and networks",
        .differences =
            "The host's own addresses are those given by --local. Multicast and limited broadcast "
            "are known; every other address is UNICAST."};

    static std::uint16_t parse_types(std::string_view list, RuleReader& reader) {
        unsigned types = 0;
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            std::size_t found = std::size(kNames);
            for (std::size_t i = std::size(kNames); i-- > 0;) {
                if (!word.empty() && begins_in_any_case(kNames[i], word)) found = i;
            }
            if (found == std::size(kNames)) {
                reader.fault(
                    fmt::format("`{}' is no address type{}", word,
                                did_you_mean(word, {std::begin(kNames), std::end(kNames)})));
            } else {
                types |= 1U << found;
            }
            if (comma == std::string_view::npos) return static_cast<std::uint16_t>(types);
            list.remove_prefix(comma + 1);
        }
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kLimitIn) {
            data.limit_in = 1;
        } else if (use.id() == kLimitOut) {
            data.limit_out = 1;
        } else {
            data.types[use.id()] = parse_types(use.value.text, reader);
            data.inverted[use.id()] = use.inverted;
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.types[0] == 0 && data.types[1] == 0)
            reader.fault("`addrtype' needs --src-type or --dst-type");
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        constexpr std::uint8_t kEarly = hook_bit(Hook::prerouting) | hook_bit(Hook::input);
        constexpr std::uint8_t kLate = hook_bit(Hook::postrouting) | hook_bit(Hook::output);
        if (data.limit_out && (context.hooks & kEarly) != 0) {
            return "match `addrtype' with --limit-iface-out may not stand where PREROUTING or "
                   "INPUT leads";
        }
        if (data.limit_in && (context.hooks & kLate) != 0) {
            return "match `addrtype' with --limit-iface-in may not stand where OUTPUT or "
                   "POSTROUTING leads";
        }
        const unsigned types = data.types[0] | data.types[1];
        if (context.family == Family::ipv6 && types >= 1U << 8) {
            return "match `addrtype' knows no PROHIBIT, THROW, NAT or XRESOLVE for IPv6";
        }
        if (context.family == Family::ipv6 && (types & 1U << 6) != 0) {
            return "match `addrtype' knows no BLACKHOLE for IPv6";
        }
        if (context.family == Family::ipv6 && (types & 1U << 3) != 0) {
            return "match `addrtype' knows no BROADCAST for IPv6";
        }
        if (context.family == Family::ipv6 && (types & 1U << 6) != 0) {
            return "match `addrtype' knows no BLACKHOLE for IPv6";
        }
        return std::nullopt;
    }
    static std::string words(const Data& data, std::uint8_t id) {
        std::string out = fmt::format("{}--{}-type ", data.inverted[id] ? "! " : "",
                                      id == kSource ? "src" : "dst");
        const char* between = "";
        for (std::size_t i = 0; i < std::size(kNames); ++i) {
            if ((data.types[id] & 1U << i) == 0) continue;
            out += between;
            out += kNames[i];
            between = ",";
        }
        return out;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const std::uint8_t id : {kSource, kDestination}) {
            if (data.types[id] != 0) out += " " + words(data, id);
        }
        if (data.limit_in) out += " --limit-iface-in";
        if (data.limit_out) out += " --limit-iface-out";
    }
    // What an address says by itself.
    static AddressType own_type(const Address& address, std::string_view device,
                                const World* world) {
        const std::uint8_t first = address.bytes[0];
        if (address.family == Family::ipv4) {
            if (address.is_unspecified() || address == Address::v4(255, 255, 255, 255))
                return AddressType::broadcast;
            if (first >= 224 && first < 240) return AddressType::multicast;
            if (world == nullptr) return first == 127 ? AddressType::local : AddressType::unicast;
        } else {
            if (first == 0xff) return AddressType::multicast;
            if (world == nullptr) {
                const bool zero = std::all_of(address.bytes.begin(), address.bytes.end() - 1,
                                              [](std::uint8_t byte) { return byte == 0; });
                return zero && address.bytes[15] == 1 ? AddressType::local : AddressType::unicast;
            }
        }
        return world->address_type(address, device);
    }
    // For IPv4 one of the types named is the address's own. For IPv6 the kernel asks each kind that is named,
    // and all must hold: `LOCAL,UNICAST' is a local unicast address.
    // source: kernel:net/netfilter/xt_addrtype.c match_type6.
    static bool fits(std::uint16_t types, const Address& address, AddressType type) {
        const auto names = [types](AddressType each) {
            return (types & 1U << static_cast<unsigned>(each)) != 0;
        };
        if (address.family == Family::ipv4) return names(type);
        const bool is_group = address.bytes[0] == 0xff;
        const bool is_mapped = std::all_of(address.bytes.begin(), address.bytes.begin() + 10,
                                           [](std::uint8_t byte) { return byte == 0; }) &&
                               address.bytes[10] == 0xff && address.bytes[11] == 0xff;
        const bool is_unicast = !is_group && !is_mapped && !address.is_unspecified();
        if (names(AddressType::multicast) && !is_group) return false;
        if (names(AddressType::unicast) && !is_unicast) return false;
        if (names(AddressType::unspecified) && !address.is_unspecified()) return false;
        const bool asks_routes = names(AddressType::local) || names(AddressType::anycast) ||
                                 names(AddressType::unreachable);
        return !asks_routes || (type != AddressType::unicast && names(type));
    }
    static bool matches(Data& data, Context& context, Why why) {
        const char* limit = data.limit_in    ? context.in_device
                            : data.limit_out ? context.out_device
                                             : nullptr;
        const std::string_view device =
            limit == nullptr ? std::string_view{} : std::string_view(limit, strnlen(limit, 16));
        for (const std::uint8_t id : {kSource, kDestination}) {
            if (data.types[id] == 0) continue;
            const Address address =
                id == kSource ? context.packet->source() : context.packet->destination();
            const AddressType type = own_type(address, device, context.world);
            if (fits(data.types[id], address, type) != (data.inverted[id] != 0)) continue;
            return why ? why.no("{}: {} is {}", words(data, id), text(address),
                                kNames[static_cast<std::size_t>(type)])
                       : false;
        }
        return true;
    }
};

}  // namespace

extern const MatchModule k_addrtype;
const MatchModule k_addrtype = match_module<Form>();

}  // namespace keepstate::rules::match
