// -j TCPMSS: another maximum segment size in a SYN. The verdict does not depend on it; it is told, not done.
//
// source: man:iptables-extensions TCPMSS; kernel:net/netfilter/xt_TCPMSS.c.   Tested by: tests/rules/TCPMSS.t.
#include "rules/match/tcp.hpp"
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kSet, kClamp };
constexpr std::uint16_t kClampToPath = 0xffff;

struct Form {
    struct Data {
        std::uint16_t mss = 0;
        std::uint16_t given = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "set-mss", .id = kSet, .arg = ArgKind::number, .max = 65515},
        {.name = "clamp-mss-to-pmtu", .id = kClamp},
    };
    static constexpr Traits kTraits{.name = "TCPMSS", .options = kOptions};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.mss = use.id() == kSet ? static_cast<std::uint16_t>(use.value.low) : kClampToPath;
        data.given = 1;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.given) reader.fault("`TCPMSS' needs --set-mss or --clamp-mss-to-pmtu");
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        constexpr std::uint8_t kLeaving =
            hook_bit(Hook::forward) | hook_bit(Hook::output) | hook_bit(Hook::postrouting);
        if (data.mss == kClampToPath && (context.hooks & ~kLeaving) != 0) {
            return "target `TCPMSS' with --clamp-mss-to-pmtu may stand only where FORWARD, OUTPUT "
                   "or POSTROUTING leads";
        }
        for (const MatchUse& use : context.rule->matches) {
            if (match::asks_for_syn(use)) return std::nullopt;
        }
        return "target `TCPMSS' works on SYN packets only: the rule needs `-p tcp --syn' or such "
               "--tcp-flags";
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.mss == kClampToPath ? " --clamp-mss-to-pmtu"
                                        : fmt::format(" --set-mss {}", data.mss);
    }
    static Ruling judge(Data& data, Context&, Says says) {
        if (data.mss == kClampToPath) {
            says.words("the segment's MSS would be clamped to the path's MTU");
        } else {
            says.words("the segment's MSS would be lowered to {}", data.mss);
        }
        return {};
    }
};

}  // namespace

extern const TargetModule k_tcpmss;
const TargetModule k_tcpmss = target_module<Form>();

}  // namespace keepstate::rules::target
