// -m iprange: addresses between two, both included. A range that goes down matches nothing.
//
// source: man:iptables-extensions iprange; kernel:net/netfilter/xt_iprange.c.   Tested by: tests/rules/iprange.t.
#include <array>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSource, kDestination };

struct Form {
    struct Range {
        AddressBytes low{};
        AddressBytes high{};
    };
    struct Data {
        std::array<Range, 2> ranges{};
        std::uint8_t asked = 0;
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "src-range",
         .id = kSource,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "`FIRST-LAST`, or one address: where the source address lies"},
        {.name = "dst-range",
         .id = kDestination,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "`FIRST-LAST`, or one address: where the destination address lies"},
    };
    static constexpr Traits kTraits{.name = "iprange",
                                    .options = kOptions,
                                    .words = "Whether an address lies between two others.",
                                    .reads = "the packet's addresses"};

    static std::optional<AddressBytes> parse_end(std::string_view words, RuleReader& reader) {
        std::optional<AddressBytes> bytes;
        if (reader.family() == Family::ipv4) {
            bytes = parse_own_ipv4(words, false);
        } else if (const auto address = parse_address(words);
                   address && address->family == Family::ipv6) {
            bytes = address->bytes;
        }
        if (!bytes) reader.fault(fmt::format("`{}' is no address", words));
        return bytes;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        const std::size_t dash = words.find('-');
        const auto low = parse_end(words.substr(0, dash), reader);
        if (!low) return;
        const auto high =
            dash == std::string_view::npos ? low : parse_end(words.substr(dash + 1), reader);
        if (!high) return;
        data.ranges[use.id()] = Range{*low, *high};
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        if (use.inverted)
            data.inverted = static_cast<std::uint8_t>(data.inverted | option_bit(use.id()));
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 0) reader.fault("`iprange' needs --src-range or --dst-range");
    }
    static std::string words(const Data& data, std::uint8_t id, Family family) {
        return fmt::format("{}--{}-range {}-{}", (data.inverted & option_bit(id)) != 0 ? "! " : "",
                           id == kSource ? "src" : "dst",
                           text(Address{family, data.ranges[id].low}),
                           text(Address{family, data.ranges[id].high}));
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        for (const std::uint8_t id : {kSource, kDestination}) {
            if ((data.asked & option_bit(id)) != 0) out += " " + words(data, id, context.family);
        }
    }
    static bool matches(Data& data, Context& context, Why why) {
        for (const std::uint8_t id : {kSource, kDestination}) {
            if ((data.asked & option_bit(id)) == 0) continue;
            const Address address =
                id == kSource ? context.packet->source() : context.packet->destination();
            const bool inside =
                address.bytes >= data.ranges[id].low && address.bytes <= data.ranges[id].high;
            if (inside != ((data.inverted & option_bit(id)) != 0)) continue;
            return why ? why.no("{}: the packet's is {}", words(data, id, address.family),
                                text(address))
                       : false;
        }
        return true;
    }
};

}  // namespace

extern const MatchModule k_iprange;
const MatchModule k_iprange = match_module<Form>();

}  // namespace keepstate::rules::match
