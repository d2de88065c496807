// -j CHECKSUM: fills in a checksum that hardware would have made. Says so, changes nothing here.
//
// source: man:iptables-extensions CHECKSUM; kernel:net/netfilter/xt_CHECKSUM.c.   Tested by: tests/rules/CHECKSUM.t.
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {};
    static constexpr Option kOptions[] = {
        {.name = "checksum-fill", .id = 0, .flags = option_flag::kMust}};
    static constexpr Traits kTraits{
        .name = "CHECKSUM", .options = kOptions, .tables = table_bit(Table::mangle)};

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
