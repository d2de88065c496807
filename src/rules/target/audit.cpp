// -j AUDIT: a record for the audit daemon; the packet goes on.
//
// source: man:iptables-extensions AUDIT; kernel:net/netfilter/xt_AUDIT.c.   Tested by: tests/rules/AUDIT.t.
#include "rules/module.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules::target {

namespace {

constexpr std::string_view kTypes[] = {"accept", "drop", "reject"};

struct Form {
    struct Data {
        std::uint8_t type = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "type",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "`accept`, `drop` or `reject`, in any case; without effect since Linux 4.12"}};
    static constexpr Traits kTraits{
        .name = "AUDIT",
        .options = kOptions,
        .words = "Writes an audit record of the packet. The packet goes on to the next rule.",
        .reads = "nothing of the packet",
        .differences = "No record is written; explanations say that one would be."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        for (std::size_t i = 0; i < std::size(kTypes); ++i) {
            if (kTypes[i].size() != use.value.text.size()) continue;
            if (!begins_in_any_case(kTypes[i], use.value.text)) continue;
            data.type = static_cast<std::uint8_t>(i);
            return;
        }
        reader.fault(fmt::format("`{}' is none of accept, drop, reject", use.value.text));
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --type {}", kTypes[data.type]);
    }
    static Ruling judge(Data& data, Context&, Says says) {
        says.words("an audit record of type {} would be written", kTypes[data.type]);
        return {};
    }
};

}  // namespace

extern const TargetModule k_audit;
const TargetModule k_audit = target_module<Form>();

}  // namespace keepstate::rules::target
