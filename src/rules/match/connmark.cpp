// -m connmark: the connection's mark.
//
// source: man:iptables-extensions connmark; kernel:net/netfilter/xt_connmark.c.   Tested by: tests/rules/connmark_match.t.
#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
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
    static constexpr Traits kTraits{
        .name = "connmark",
        .options = kOptions,
        .words = "The mark of the packet's connection. A packet without one does not match.",
        .reads = "the mark of the packet's entry"};

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
        if (context.flow.entry == nullptr) return why.no("the packet belongs to no connection");
        const std::uint32_t mark = context.flow.entry->mark;
        if (((mark & data.mask) == data.mark) != (data.inverted != 0)) return true;
        return why.no("{}--mark {:#x}/{:#x}: the connection's is {:#x}", data.inverted ? "! " : "",
                      data.mark, data.mask, mark);
    }
};

}  // namespace

extern const MatchModule k_connmark;
const MatchModule k_connmark = match_module<Form>();

}  // namespace keepstate::rules::match
