// -m mark: the packet's mark (nfmark), as a target set it.
//
// source: man:iptables-extensions mark; kernel:net/netfilter/xt_mark.c.   Tested by: tests/rules/mark_match.t.
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

struct Mark {
    struct Data {
        std::uint32_t mark = 0;
        std::uint32_t mask = 0;
        std::uint32_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "mark",
         .id = 0,
         .arg = ArgKind::mark,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "`VALUE[/MASK]`: the mark, of which the bits of MASK (default: all) are looked "
                  "at, equals VALUE"},
    };
    static constexpr Traits kTraits{.name = "mark",
                                    .options = kOptions,
                                    .words = "The packet's mark, which MARK and CONNMARK set.",
                                    .reads = "the packet's mark"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.mark = static_cast<std::uint32_t>(use.value.low);
        data.mask = static_cast<std::uint32_t>(use.value.high);
        data.inverted = use.inverted;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --mark {:#x}", data.inverted ? " !" : "", data.mark);
        if (data.mask != 0xffffffffU) out += fmt::format("/{:#x}", data.mask);
    }
    static bool matches(Data& data, Context& context, Why why) {
        if (((context.mark & data.mask) == data.mark) != (data.inverted != 0)) return true;
        return why.no("{}--mark {:#x}/{:#x}: the packet's is {:#x}", data.inverted ? "! " : "",
                      data.mark, data.mask, context.mark);
    }
};

}  // namespace

extern const MatchModule k_mark;
const MatchModule k_mark = match_module<Mark>();

}  // namespace keepstate::rules::match
