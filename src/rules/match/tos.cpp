// -m tos: the TOS byte of IPv4, the traffic class of IPv6, under a mask.
//
// A name means its bits under the mask 0x3f, as RFC 1349 had them. The value is not cut by the mask: 0xff/0x0f never
// matches.
// source: man:iptables-extensions tos; kernel:net/netfilter/xt_dscp.c tos_mt.
// Tested by: tests/rules/tos.t, tests/scenarios/rules/dscp-tos-and-ecn-are-matched.yaml.
#include "rules/match/tos_value.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
    struct Data {
        std::uint8_t value = 0;
        std::uint8_t mask = 0;
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "tos",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "The byte under MASK is VALUE: VALUE or VALUE/MASK, 0 to 255 each, default mask "
                  "0xff; or "
                  "Minimize-Delay, Maximize-Throughput, Maximize-Reliability, Minimize-Cost, "
                  "Normal-Service (mask 0x3f)"},
    };
    static constexpr Traits kTraits{.name = "tos",
                                    .options = kOptions,
                                    .words = "Bits of the TOS byte (IPv4) or traffic class (IPv6).",
                                    .reads = "The IP header."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const auto tos = parse_tos(use.value.text, 0xff, reader);
        if (!tos) return;
        data.value = tos->value;
        data.mask = tos->mask;
        data.inverted = use.inverted;
    }
    static std::string words(const Data& data) {
        return fmt::format("{}--tos {:#04x}/{:#04x}", data.inverted ? "! " : "", data.value,
                           data.mask);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + words(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const unsigned is = context.packet->tos;
        if (((is & data.mask) == data.value) != (data.inverted != 0)) return true;
        return why ? why.no("{}: the packet's is {:#04x}", words(data), is) : false;
    }
};

}  // namespace

extern const MatchModule k_tos;
const MatchModule k_tos = match_module<Form>();

}  // namespace keepstate::rules::match
