// -j TTL: another time to live. See hop_count.hpp.
//
// source: man:iptables-extensions TTL; kernel:net/netfilter/xt_HL.c.
// Tested by: tests/rules/TTL.t, tests/scenarios/rules/a-packet-s-ttl-is-rewritten.yaml.
#include "rules/target/hop_count.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {
        HopChange change;
    };
    static constexpr Option kOptions[] = {{.name = "ttl-set",
                                           .id = kHopsSet,
                                           .arg = ArgKind::number,
                                           .excludes = kHopsAll,
                                           .max = 255,
                                           .words = "the new value"},
                                          {.name = "ttl-inc",
                                           .id = kHopsInc,
                                           .arg = ArgKind::number,
                                           .excludes = kHopsAll,
                                           .min = 1,
                                           .max = 255,
                                           .words = "how much higher, up to 255"},
                                          {.name = "ttl-dec",
                                           .id = kHopsDec,
                                           .arg = ArgKind::number,
                                           .excludes = kHopsAll,
                                           .min = 1,
                                           .max = 255,
                                           .words = "how much lower, down to 0"}};
    static constexpr Traits kTraits{
        .name = "TTL",
        .options = kOptions,
        .families = Families::ipv4,
        .tables = table_bit(Table::mangle),
        .words = "Sets, raises or lowers the TTL of an IPv4 packet. The header checksum follows.",
        .reads = "the packet's TTL"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        parse_hops(data.change, use);
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.change.given) {
            reader.fault("`TTL' needs --ttl-set, --ttl-inc or --ttl-dec");
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        print_hops(data.change, "ttl", out);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        return change_hops(data.change, context, says);
    }
};

}  // namespace

extern const TargetModule k_ttl;
const TargetModule k_ttl = target_module<Form>();

}  // namespace keepstate::rules::target
