// -m mh: the message type of IPv6 mobility.
//
// A type is a number or a name; of a name its beginning is enough, and the first row that begins so is meant
// (`b' is binding-refresh-request). A mobility header that names a header behind it is dropped: RFC 6275 has none.
// source: man:iptables-extensions mh; kernel:net/ipv6/netfilter/ip6t_mh.c; RFC 6275 6.1.1.
// Tested by: tests/rules/mh.t, tests/scenarios/rules/mobility-messages-are-matched-by-type.yaml.
#include "rules/match/ports.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

struct TypeName {
    std::string_view name;
    std::uint8_t type;
};
constexpr TypeName kNames[] = {
    {"binding-refresh-request", 0},
    {"brr", 0},
    {"home-test-init", 1},
    {"hoti", 1},
    {"careof-test-init", 2},
    {"coti", 2},
    {"home-test", 3},
    {"hot", 3},
    {"careof-test", 4},
    {"cot", 4},
    {"binding-update", 5},
    {"bu", 5},
    {"binding-acknowledgement", 6},
    {"ba", 6},
    {"binding-error", 7},
    {"be", 7},
};

// Next header, length, type, reserved, checksum.
constexpr std::size_t kLeast = 6;

struct Form {
    struct Data {
        std::uint8_t low = 0;
        std::uint8_t high = 255;
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "mh-type",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words =
             "The message type is N, or in N:M; a number from 0 to 255, or a name as RFC 6275 has "
             "it (binding-update, bu, ...) or its beginning; default all"},
    };
    static constexpr Traits kTraits{
        .name = "mh",
        .options = kOptions,
        .families = Families::ipv6,
        .protocol = protocol::kMobility,
        .words =
            "The type of a Mobile IPv6 message. A packet that ends within the mobility header's "
            "first 6 bytes is dropped, and one that names a header behind it.",
        .reads = "The mobility header, as the transport header."};

    static std::optional<std::uint8_t> parse_type(std::string_view words, RuleReader& reader) {
        for (const TypeName& row : kNames) {
            if (row.name == words) return row.type;
        }
        for (const TypeName& row : kNames) {
            if (begins_in_any_case(row.name, words)) return row.type;
        }
        if (const auto number = parse_number(words, 0, 255)) {
            return static_cast<std::uint8_t>(*number);
        }
        std::vector<std::string_view> names;
        for (const TypeName& row : kNames) names.push_back(row.name);
        reader.fault(fmt::format("`{}' is no type of a mobility message: 0 to 255 or a name{}",
                                 words, did_you_mean(words, names)));
        return std::nullopt;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        const std::size_t colon = words.find(':');
        const std::string_view first = words.substr(0, colon);
        const std::string_view second =
            colon == std::string_view::npos ? first : words.substr(colon + 1);
        const bool range = colon != std::string_view::npos;
        const auto low = range && first.empty() ? std::uint8_t{0} : parse_type(first, reader);
        if (!low) return;
        const auto high = !range           ? low
                          : second.empty() ? std::uint8_t{255}
                                           : parse_type(second, reader);
        if (!high) return;
        if (*low > *high) {
            reader.fault(fmt::format("range of types `{}' ends before it begins", words));
            return;
        }
        data.low = *low;
        data.high = *high;
        data.inverted = use.inverted;
    }
    static std::string words(const Data& data) {
        return fmt::format("{}--mh-type {}{}", data.inverted ? "! " : "", data.low,
                           data.low == data.high ? std::string() : fmt::format(":{}", data.high));
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.low != 0 || data.high != 255) out += " " + words(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = transport(context, kLeast, why);
        if (!header) return false;
        if (header->u8(0) != protocol::kNoNext) {
            context.hotdrop = true;
            return why.no("a header stands behind the mobility header: the packet is dropped");
        }
        const std::uint8_t type = header->u8(2);
        if ((type >= data.low && type <= data.high) != (data.inverted != 0)) return true;
        return why ? why.no("{}: the packet's is {}", words(data), type) : false;
    }
};

}  // namespace

extern const MatchModule k_mh;
const MatchModule k_mh = match_module<Form>();

}  // namespace keepstate::rules::match
