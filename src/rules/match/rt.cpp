// -m rt: the IPv6 routing header: type, segments left, length, and the addresses of type 0.
//
// --rt-type and --rt-len are 32 bits wide as in the real tool, though a header holds 8: larger ones match no
// packet. Addresses are compared with those of the header in order: all of them and no others, or (with
// --rt-0-not-strict) all of them among others.
// source: man:iptables-extensions rt; kernel:net/ipv6/netfilter/ip6t_rt.c; RFC 8200 4.4, RFC 5095.
// Tested by: tests/rules/rt.t, tests/scenarios/rules/routing-headers-are-matched.yaml.
#include <algorithm>
#include <array>

#include "rules/match/extension.hpp"
#include "rules/match/number_range.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kType, kSegments, kLength, kReserved, kAddresses, kNotStrict };
constexpr std::size_t kMostAddresses = 16;

struct Form {
    struct Data {
        std::uint32_t type = 0;
        std::uint32_t type_inverted = 0;
        NumberRange segments;
        std::uint32_t length = 0;
        std::uint32_t length_inverted = 0;
        std::uint32_t asked = 0;  ///< option bits
        std::uint32_t count = 0;
        std::array<AddressBytes, kMostAddresses> addresses{};
    };
    static constexpr Option kOptions[] = {
        {.name = "rt-type",
         .id = kType,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .words = "The header's type is NUMBER"},
        {.name = "rt-segsleft",
         .id = kSegments,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert,
         .words = "The segments left are N, or in N:M; default all"},
        {.name = "rt-len",
         .id = kLength,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .words = "The header has NUMBER bytes"},
        {.name = "rt-0-res",
         .id = kReserved,
         .words = "The reserved field is zero; only after --rt-type 0"},
        {.name = "rt-0-addrs",
         .id = kAddresses,
         .arg = ArgKind::text,
         .words = "The header's addresses are these and no others, 1 to 16, parted by commas; only "
                  "after --rt-type 0"},
        {.name = "rt-0-not-strict",
         .id = kNotStrict,
         .words = "The header's addresses hold those of --rt-0-addrs in their order, maybe with "
                  "others between; only after --rt-0-addrs"},
    };
    static constexpr Traits kTraits{
        .name = "rt",
        .options = kOptions,
        .families = Families::ipv6,
        .words =
            "A routing header among the extension headers, and what it says. A packet that ends "
            "within it is dropped.",
        .reads = "The chain of extension headers."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }
    static bool asks_type_0(const Data& data) {
        return asks(data, kType) && data.type == 0 && data.type_inverted == 0;
    }

    static void parse_addresses(Data& data, std::string_view list, RuleReader& reader) {
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            if (data.count == kMostAddresses) {
                reader.fault(fmt::format("more than {} addresses", kMostAddresses));
                return;
            }
            const auto address = parse_address(word);
            if (!address || address->family != Family::ipv6) {
                reader.fault(fmt::format("`{}' is no IPv6 address", word));
                return;
            }
            data.addresses[data.count++] = address->bytes;
            if (comma == std::string_view::npos) return;
            list.remove_prefix(comma + 1);
        }
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kType:
                data.type = static_cast<std::uint32_t>(use.value.low);
                data.type_inverted = use.inverted;
                break;
            case kSegments: data.segments.read(use); break;
            case kLength:
                data.length = static_cast<std::uint32_t>(use.value.low);
                data.length_inverted = use.inverted;
                break;
            case kNotStrict:
                if (!asks(data, kAddresses)) {
                    reader.fault("--rt-0-not-strict goes only behind --rt-0-addrs");
                    return;
                }
                break;
            default:
                if (!asks_type_0(data)) {
                    reader.fault(
                        fmt::format("--{} goes only behind --rt-type 0", use.option->name));
                    return;
                }
                if (use.id() == kAddresses) parse_addresses(data, use.value.text, reader);
        }
        data.asked |= static_cast<std::uint32_t>(option_bit(use.id()));
    }

    static std::string number_words(const Data& data, std::uint8_t id) {
        if (id == kType) {
            return fmt::format("{}--rt-type {}", data.type_inverted ? "! " : "", data.type);
        }
        return fmt::format("{}--rt-len {}", data.length_inverted ? "! " : "", data.length);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (asks(data, kType)) out += " " + number_words(data, kType);
        data.segments.print("rt-segsleft", out);
        if (asks(data, kLength)) out += " " + number_words(data, kLength);
        if (asks(data, kReserved)) out += " --rt-0-res";
        for (std::size_t i = 0; i < data.count; ++i) {
            out += i == 0 ? " --rt-0-addrs " : ",";
            out += text(to_address(data.addresses[i], Family::ipv6));
        }
        if (asks(data, kNotStrict)) out += " --rt-0-not-strict";
    }

    // Whether the header's `there` addresses, which are all in the packet, are the wanted ones.
    static bool has_addresses(const Data& data, base::ByteView header, std::size_t there) {
        if (data.count > there) return false;
        const bool strict = !asks(data, kNotStrict);
        std::size_t found = 0;
        for (std::size_t i = 0; i < there && found < data.count; ++i) {
            const std::uint8_t* at = header.data() + 8 + i * 16;
            const bool same = std::equal(at, at + 16, data.addresses[found].begin());
            if (same) ++found;
            if (!same && strict) return false;
        }
        return found == data.count && (!strict || found == there);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = extension(context, protocol::kRouting, 4, "routing header", why);
        if (!header) return false;
        const std::size_t length = header->header_bytes();
        if (length > header->bytes.size()) {
            context.hotdrop = true;
            return why.no("the packet ends within its routing header: it is dropped");
        }
        const std::uint8_t segments = header->bytes.u8(3);
        if (!data.segments.holds(segments)) {
            return why ? why.no("{}: the packet's are {}", data.segments.words("rt-segsleft"),
                                segments)
                       : false;
        }
        if (asks(data, kLength) && (data.length == length) == (data.length_inverted != 0)) {
            return why ? why.no("{}: the packet's is {}", number_words(data, kLength), length)
                       : false;
        }
        const std::uint8_t type = header->bytes.u8(2);
        if (asks(data, kType) && (data.type == type) == (data.type_inverted != 0)) {
            return why ? why.no("{}: the packet's is {}", number_words(data, kType), type) : false;
        }
        if (asks(data, kReserved) && header->bytes.be32(4) != 0) {
            return why.no("--rt-0-res: the packet's is {:#x}", header->bytes.be32(4));
        }
        if (!asks(data, kAddresses)) return true;
        const std::size_t there = (length - 8) / 16;
        if (has_addresses(data, header->bytes, there)) return true;
        return why.no("--rt-0-addrs: the packet's {} addresses are others", there);
    }
};

}  // namespace

extern const MatchModule k_rt;
const MatchModule k_rt = match_module<Form>();

}  // namespace keepstate::rules::match
