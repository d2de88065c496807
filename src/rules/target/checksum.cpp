// -j CHECKSUM: fills in a checksum that hardware would have made. Says so, changes nothing here.
//
// source: man:iptables-extensions CHECKSUM; kernel:net/netfilter/xt_CHECKSUM.c.   Tested by: tests/rules/CHECKSUM.t.
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {};
    static constexpr Option kOptions[] = {{.name = "checksum-fill",
                                           .id = 0,
                                           .flags = option_flag::kMust,
                                           .words = "what the target does"}};
    static constexpr Traits kTraits{
        .name = "CHECKSUM",
        .options = kOptions,
        .tables = table_bit(Table::mangle),
        .words = "Fills in a transport checksum that was left to hardware.",
        .reads = "nothing of the packet",
        .differences =
            "A capture does not say which checksums were left to hardware, so none is: the packet "
            "stays as it is, as a forwarded packet does in Linux."};

    static void print(const Data&, const PrintContext&, std::string& out) {
        out += " --checksum-fill";
    }
    static Ruling judge(Data&, Context&, Says says) {
        says.words("a checksum left to hardware would be filled in");
        return {};
    }
};

}  // namespace

extern const TargetModule k_checksum;
const TargetModule k_checksum = target_module<Form>();

}  // namespace keepstate::rules::target
