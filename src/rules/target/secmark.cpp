// -j SECMARK: the packet's security mark, for a security module. The packet goes on.
//
// source: man:iptables-extensions SECMARK; kernel:net/netfilter/xt_SECMARK.c.   Tested by: tests/rules/SECMARK.t.
#include <algorithm>
#include <array>

#include "rules/module.hpp"

namespace keepstate::rules::target {

namespace {

constexpr std::size_t kLongestContext = 255;

struct Form {
    struct Data {
        std::array<char, kLongestContext + 1> context{};
    };
    static constexpr Option kOptions[] = {{.name = "selctx",
                                           .id = 0,
                                           .arg = ArgKind::text,
                                           .flags = option_flag::kMust,
                                           .words = "the security context, at most 255 bytes"}};
    static constexpr Traits kTraits{
        .name = "SECMARK",
        .options = kOptions,
        .tables = table_bit(Table::mangle) | table_bit(Table::security),
        .words =
            "Gives the packet a security mark, for security modules such as SELinux. The packet "
            "goes on to the next rule.",
        .reads = "nothing of the packet",
        .differences =
            "There are no security marks here: nothing is marked, and the context is not "
            "looked up. A Linux without a security module refuses the rule."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        if (words.size() > kLongestContext) {
            reader.fault(fmt::format("--selctx: longer than {} bytes", kLongestContext));
            return;
        }
        std::copy(words.begin(), words.end(), data.context.begin());
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --selctx {}", data.context.data());
    }
    static Ruling judge(Data& data, Context&, Says says) {
        says.words("the packet would be marked {}", data.context.data());
        return {};
    }
};

}  // namespace

extern const TargetModule k_secmark;
const TargetModule k_secmark = target_module<Form>();

}  // namespace keepstate::rules::target
