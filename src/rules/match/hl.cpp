// -m hl: the hop limit of the packet.
//
// source: man:iptables-extensions hl; kernel:net/netfilter/xt_hl.c.   Tested by: tests/rules/hl.t.
#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kEqual, kLess, kGreater };
constexpr std::uint64_t kAll = 7;

struct Form {
    struct Data {
        std::uint8_t asked = 255;
        std::uint8_t value = 0;
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "hl-lt",
         .id = kLess,
         .arg = ArgKind::number,
         .excludes = kAll,
         .max = 255,
         .words = "the hop limit is below the number"},
        {.name = "hl-gt",
         .id = kGreater,
         .arg = ArgKind::number,
         .excludes = kAll,
         .max = 255,
         .words = "the hop limit is above the number"},
        {.name = "hl-eq",
         .id = kEqual,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .excludes = kAll,
         .max = 255,
         .words = "the hop limit is the number"},
        {.name = "hl",
         .id = kEqual,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .excludes = kAll,
         .max = 255,
         .words = "another name of --hl-eq"},
    };
    static constexpr Traits kTraits{.name = "hl",
                                    .options = kOptions,
                                    .families = Families::ipv6,
                                    .words = "The hop limit of an IPv6 packet.",
                                    .reads = "the IPv6 header"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.asked = use.id();
        data.value = static_cast<std::uint8_t>(use.value.low);
        data.inverted = use.inverted;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 255) reader.fault("`hl' needs --hl-eq, --hl-lt or --hl-gt");
    }
    static std::string words(const Data& data) {
        constexpr std::string_view kNames[] = {"--hl-eq", "--hl-lt", "--hl-gt"};
        return fmt::format("{}{} {}", data.inverted ? "! " : "", kNames[data.asked], data.value);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + words(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const std::uint8_t is = context.packet->ttl;
        const bool fits = data.asked == kEqual  ? (is == data.value) != (data.inverted != 0)
                          : data.asked == kLess ? is < data.value
                                                : is > data.value;
        if (fits) return true;
        return why ? why.no("{}: the packet's is {}", words(data), is) : false;
    }
};

}  // namespace

extern const MatchModule k_hl;
const MatchModule k_hl = match_module<Form>();

}  // namespace keepstate::rules::match
