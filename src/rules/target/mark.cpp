// -j MARK: sets the packet's mark: mark = (mark & ~mask) ^ value.
//
// --set-mark, --and-mark, --or-mark and --xor-mark are other spellings of --set-xmark, which is printed.
// source: man:iptables-extensions MARK; kernel:net/netfilter/xt_mark.c.   Tested by: tests/rules/MARK.t.
#include "rules/module.hpp"
#include "rules/target/marks.hpp"

namespace keepstate::rules::target {

namespace {

struct Mark {
    using Data = MarkData;
    static constexpr bool kKeepsKey = true;
    static constexpr Option kOptions[] = {
        {.name = "set-xmark",
         .id = kSetXmark,
         .arg = ArgKind::mark,
         .excludes = kMarkSetters,
         .words = "`VALUE[/MASK]`: bits of MASK are cleared, then those of VALUE flipped. Default "
                  "mask: all"},
        {.name = "set-mark",
         .id = kSetMark,
         .arg = ArgKind::mark,
         .excludes = kMarkSetters,
         .words = "`VALUE[/MASK]`: bits of MASK and VALUE are cleared, then those of VALUE set"},
        {.name = "and-mark",
         .id = kAndMark,
         .arg = ArgKind::number,
         .excludes = kMarkSetters,
         .words = "only these bits stay"},
        {.name = "or-mark",
         .id = kOrMark,
         .arg = ArgKind::number,
         .excludes = kMarkSetters,
         .words = "these bits are set"},
        {.name = "xor-mark",
         .id = kXorMark,
         .arg = ArgKind::number,
         .excludes = kMarkSetters,
         .words = "these bits are flipped"},
    };
    static constexpr Traits kTraits{.name = "MARK",
                                    .options = kOptions,
                                    .words = "Sets the packet's mark.",
                                    .reads = "the packet's mark",
                                    .differences =
                                        "Policy routing by marks is not there: a mark is seen by "
                                        "later rules and in the decision only."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.change = mark_change(use);
        data.given = 1;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.given == 0)
            reader.fault(
                "`MARK' needs --set-xmark, --set-mark, --and-mark, --or-mark or --xor-mark");
    }
    static Complaint check(const Data&, const CheckContext&) { return std::nullopt; }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --set-xmark {:#x}/{:#x}", data.change.value, data.change.mask);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const std::uint32_t before = context.mark;
        context.mark = data.change.of(context.mark);
        says.words("the packet's mark: {:#x} -> {:#x}", before, context.mark);
        return {};
    }
};

}  // namespace

extern const TargetModule k_mark;
const TargetModule k_mark = target_module<Mark>();

}  // namespace keepstate::rules::target
