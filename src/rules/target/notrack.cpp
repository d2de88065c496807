// -j NOTRACK: tracking shall not look at this packet. The same as CT --notrack.
//
// source: man:iptables-extensions NOTRACK; kernel:net/netfilter/xt_CT.c.   Tested by: tests/rules/NOTRACK.t.
#include "rules/module.hpp"
#include "rules/target/track.hpp"

namespace keepstate::rules::target {

namespace {

struct Notrack {
    struct Data {};
    static constexpr Traits kTraits{.name = "NOTRACK",
                                    .options = {},
                                    .tables = table_bit(Table::raw),
                                    .words =
                                        "Connection tracking does not look at the packet: "
                                        "UNTRACKED. The same as `CT --notrack`.",
                                    .reads = "nothing of the packet"};

    static void print(const Data&, const PrintContext&, std::string&) {}
    static Ruling judge(Data&, Context& context, Says says) {
        if (is_track_request_open(context)) {
            request_no_tracking(context);
            says.words("the packet will not be tracked");
        }
        return {};
    }
};

}  // namespace

extern const TargetModule k_notrack;
const TargetModule k_notrack = target_module<Notrack>();

}  // namespace keepstate::rules::target
