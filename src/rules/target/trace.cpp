// -j TRACE: from the next rule on, each rule that matches the packet is logged; see walk.cpp.
//
//     TRACE: TABLE:CHAIN:rule|return|policy:NUMBER IN=... OUT=... ...
//
// source: man:iptables-extensions TRACE; kernel:net/netfilter/xt_TRACE.c, net/ipv4/netfilter/ip_tables.c trace_packet.
// Tested by: tests/rules/TRACE.t, tests/kernel/log_lines_test.cpp.
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {};
    static constexpr Traits kTraits{
        .name = "TRACE",
        .options = {},
        .tables = table_bit(Table::raw),
        .words =
            "From here on each rule that matches the packet is logged, in Linux's own form: "
            "`TRACE: table:chain:rule:number IN=...`. `replay --log` keeps the lines; `--explain` "
            "and JSON show them.",
        .reads = "all headers of the packet",
        .differences = "UID and GID of a socket are not known."};

    static void print(const Data&, const PrintContext&, std::string&) {}
    static Ruling judge(Data&, Context& context, Says says) {
        context.traced = true;
        says.words("each rule that matches the packet is logged");
        return {};
    }
};

}  // namespace

extern const TargetModule k_trace;
const TargetModule k_trace = target_module<Form>();

}  // namespace keepstate::rules::target
