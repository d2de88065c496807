// -j HL: another hop limit. See hop_count.hpp.
//
// source: man:iptables-extensions HL; kernel:net/netfilter/xt_HL.c.
// Tested by: tests/rules/HL.t, tests/scenarios/rules/a-packet-s-hop-limit-is-rewritten.yaml.
#include "rules/target/hop_count.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {
        HopChange change;
    };
    static constexpr Option kOptions[] = {{.name = "hl-set",
                                           .id = kHopsSet,
                                           .arg = ArgKind::number,
                                           .excludes = kHopsAll,
                                           .max = 255,
                                           .words = "the new value"},
                                          {.name = "hl-inc",
                                           .id = kHopsInc,
                                           .arg = ArgKind::number,
                                           .excludes = kHopsAll,
                                           .min = 1,
                                           .max = 255,
                                           .words = "how much higher, up to 255"},
                                          {.name = "hl-dec",
                                           .id = kHopsDec,
                                           .arg = ArgKind::number,
                                           .excludes = kHopsAll,
                                           .min = 1,
                                           .max = 255,
                                           .words = "how much lower, down to 0"}};
    static constexpr Traits kTraits{
        .name = "HL",
        .options = kOptions,
        .families = Families::ipv6,
        .tables = table_bit(Table::mangle),
        .words = "Sets, raises or lowers the hop limit of an IPv6 packet.",
        .reads = "the packet's hop limit"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        parse_hops(data.change, use);
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.change.given) {
            reader.fault("`HL' needs --hl-set, --hl-inc or --hl-dec");
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        print_hops(data.change, "hl", out);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        return change_hops(data.change, context, says);
    }
};

}  // namespace

extern const TargetModule k_hl;
const TargetModule k_hl = target_module<Form>();

}  // namespace keepstate::rules::target
