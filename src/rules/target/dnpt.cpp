// -j DNPT: another prefix for the packet's destination address. See prefix_translation.hpp.
//
// source: man:iptables-extensions DNPT; kernel:net/ipv6/netfilter/ip6t_NPT.c; RFC 6296.
// Tested by: tests/rules/DNPT.t, tests/scenarios/rules/an-ipv6-prefix-is-translated.yaml.
#include "rules/target/prefix_translation.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {
        PrefixPair pair;
    };
    static constexpr Option kOptions[] = {
        {.name = "src-pfx",
         .id = kFromPrefix,
         .arg = ArgKind::address_prefix,
         .flags = option_flag::kMust,
         .words = "`PREFIX/LENGTH`, the prefix that addresses have; at most 64 bits"},
        {.name = "dst-pfx",
         .id = kToPrefix,
         .arg = ArgKind::address_prefix,
         .flags = option_flag::kMust,
         .words = "`PREFIX/LENGTH`, the prefix that they get; at most 64 bits"}};
    static constexpr Traits kTraits{
        .name = "DNPT",
        .options = kOptions,
        .families = Families::ipv6,
        .tables = table_bit(Table::mangle),
        .hooks = hook_bit(Hook::prerouting) | hook_bit(Hook::output),
        .words =
            "Writes another prefix into the packet's destination address and keeps every checksum "
            "right by changing one word of the rest (RFC 6296). It remembers nothing: SNPT "
            "undoes it. Which addresses it is for is the rule's to say, it looks at no prefix "
            "itself. The packet that an ICMPv6 error quotes is translated too.",
        .reads = "the packet's destination address",
        .differences =
            "A packet whose address cannot be translated is dropped as in Linux, but no "
            "ICMPv6 \"parameter problem\" is sent."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        parse_prefix_pair(data.pair, use, reader);
    }
    static Complaint check(const Data& data, const CheckContext&) {
        return check_prefix_pair(data.pair, "DNPT");
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        print_prefix_pair(data.pair, out);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        return translate_prefix(data.pair, AddressField::destination, context, says);
    }
};

}  // namespace

extern const TargetModule k_dnpt;
const TargetModule k_dnpt = target_module<Form>();

}  // namespace keepstate::rules::target
