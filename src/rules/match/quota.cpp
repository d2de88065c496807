// -m quota: matches until so many bytes have passed the rule.
//
// A packet that is larger than what is left uses the rest up: from then on not even a small one matches.
// source: man:iptables-extensions quota; kernel:net/netfilter/xt_quota.c.   Tested by: tests/rules/quota.t.
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
    struct Data {
        std::uint64_t quota = 0;  ///< as written
        std::uint64_t left = 0;
        std::uint64_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "quota",
         .id = 0,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert | option_flag::kMust,
         .max = ~std::uint64_t{0},
         .words = "bytes of IP packets, headers included"},
    };
    static constexpr Traits kTraits{
        .name = "quota",
        .options = kOptions,
        .words =
            "Matches until packets of so many bytes have passed this rule; inverted, from then on.",
        .reads = "the packet's length"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.quota = data.left = use.value.low;
        data.inverted = use.inverted;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --quota {}", data.inverted ? " !" : "", data.quota);
    }
    static std::string_view remembers(const Data&) { return "remembers how many bytes have come"; }
    static bool matches(Data& data, Context& context, Why why) {
        const std::uint64_t bytes = context.packet->ip.size();
        const bool has_room = data.left >= bytes;
        const std::uint64_t before = data.left;
        data.left = has_room ? data.left - bytes : 0;
        if (has_room != (data.inverted != 0)) return true;
        return why.no("{}--quota {}: {} bytes are left, the packet has {}",
                      data.inverted ? "! " : "", data.quota, before, bytes);
    }
};

}  // namespace

extern const MatchModule k_quota;
const MatchModule k_quota = match_module<Form>();

}  // namespace keepstate::rules::match
