// -j CONNSECMARK: the security mark from packet to connection or back. The packet goes on.
//
// source: man:iptables-extensions CONNSECMARK; kernel:net/netfilter/xt_CONNSECMARK.c.   Tested by: tests/rules/CONNSECMARK.t.
#include "rules/module.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kSave, kRestore };

struct Form {
    struct Data {
        std::uint8_t how = 0;
        std::uint8_t given = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "save",
         .id = kSave,
         .excludes = option_bit(kRestore),
         .words = "from a marked packet to its unmarked connection"},
        {.name = "restore",
         .id = kRestore,
         .excludes = option_bit(kSave),
         .words = "from a marked connection to its unmarked packet"}};
    static constexpr Traits kTraits{
        .name = "CONNSECMARK",
        .options = kOptions,
        .tables = table_bit(Table::mangle) | table_bit(Table::security),
        .words =
            "Copies the security mark from packet to connection or back. The packet goes on to "
            "the next rule.",
        .reads = "security marks of the packet and its entry",
        .differences =
            "There are no security marks here: nothing is copied, as in a Linux without "
            "a security module."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.how = use.id();
        data.given = 1;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.given) reader.fault("`CONNSECMARK' needs --save or --restore");
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.how == kSave ? " --save" : " --restore";
    }
    static Ruling judge(Data&, Context&, Says says) {
        says.words("there are no security marks: nothing is copied");
        return {};
    }
};

}  // namespace

extern const TargetModule k_connsecmark;
const TargetModule k_connsecmark = target_module<Form>();

}  // namespace keepstate::rules::target
