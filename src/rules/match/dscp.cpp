// -m dscp: the six bits of the differentiated services code point, upper part of the old TOS byte.
//
// source: man:iptables-extensions dscp; kernel:net/netfilter/xt_dscp.c; RFC 2474, RFC 2597, RFC 3246.
// Tested by: tests/rules/dscp.t, tests/scenarios/rules/dscp-tos-and-ecn-are-matched.yaml.

#include "rules/match/dscp_classes.hpp"
#include "rules/module.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kNumber, kClass };

struct Form {
    struct Data {
        std::uint8_t value = 0;
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "dscp",
         .id = kNumber,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kClass),
         .max = 63,
         .words = "The code point is NUMBER"},
        {.name = "dscp-class",
         .id = kClass,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kNumber),
         .words = "The code point is that of the class BE, EF, CS0 to CS7 or AF11 to AF43"},
    };
    static constexpr Traits kTraits{.name = "dscp",
                                    .options = kOptions,
                                    .words = "The differentiated services code point.",
                                    .reads = "TOS byte or traffic class of the IP header."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.inverted = use.inverted;
        data.value = static_cast<std::uint8_t>(use.value.low);
        if (use.id() == kNumber) return;
        const auto point = find_dscp_class(use.value.text);
        if (!point) {
            reader.fault(fmt::format("`{}' is no DSCP class{}", use.value.text,
                                     did_you_mean(use.value.text, dscp_class_names())));
            return;
        }
        data.value = *point;
    }
    static void finish(Data&, RuleReader& reader) {
        if (!reader.has_seen(option_bit(kNumber) | option_bit(kClass))) {
            reader.fault("`dscp' needs --dscp or --dscp-class");
        }
    }
    static std::string words(const Data& data) {
        return fmt::format("{}--dscp {:#04x}", data.inverted ? "! " : "", data.value);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + words(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const unsigned is = context.packet->tos >> 2;
        if ((is == data.value) != (data.inverted != 0)) return true;
        return why ? why.no("{}: the packet's is {:#04x}", words(data), is) : false;
    }
};

}  // namespace

extern const MatchModule k_dscp;
const MatchModule k_dscp = match_module<Form>();

}  // namespace keepstate::rules::match
