// -j TRACE: the packet is followed in the log. Explanations follow every packet, so there is nothing to do.
//
// source: man:iptables-extensions TRACE; kernel:net/netfilter/xt_TRACE.c.   Tested by: tests/rules/TRACE.t.
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {};
    static constexpr Traits kTraits{
        .name = "TRACE", .options = {}, .tables = table_bit(Table::raw)};

    static void print(const Data&, const PrintContext&, std::string&) {}
    static Ruling judge(Data&, Context&, Says says) {
        says.words("the packet is followed through all rules");
        return {};
    }
};

}  // namespace

extern const TargetModule k_trace;
const TargetModule k_trace = target_module<Form>();

}  // namespace keepstate::rules::target
