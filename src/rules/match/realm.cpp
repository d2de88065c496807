// -m realm: the realm of the route that the packet takes. Here every route is of realm 0, as on a Linux host whose
// routes name none.
//
// source: man:iptables-extensions realm; kernel:net/netfilter/xt_realm.c.   Tested by: tests/rules/realm.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include "rules/match/named_number.hpp"

namespace keepstate::rules::match {

namespace {

constexpr std::string_view kZero = "cosmos";

struct Form {
    using Data = NamedNumber;
    static constexpr Option kOptions[] = {
        {.name = "realm",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words =
             "The realm under MASK is VALUE: VALUE, VALUE/MASK or the name `cosmos' (0); default "
             "mask all 32 bits"},
    };
    static constexpr Traits kTraits{
        .name = "realm",
        .options = kOptions,
        .families = Families::ipv4,
        .hooks = hook_bit(Hook::input) | hook_bit(Hook::forward) | hook_bit(Hook::output) |
                 hook_bit(Hook::postrouting),
        .words = "The routing realm of the packet.",
        .reads = "Nothing: routes have no realms here.",
        .differences = "The realm is always 0, as on a Linux host whose routes name none."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.read(use, kZero, reader);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + data.words("realm", kZero);
    }
    static std::string_view never_known(const Data& data) {
        if (data.holds(0)) return {};
        return "routes have no realms";
    }
    static bool matches(Data& data, Context&, Why why) {
        if (data.holds(0)) return true;
        return why ? why.no("{}: every route is of realm 0", data.words("realm", kZero)) : false;
    }
};

}  // namespace

extern const MatchModule k_realm;
const MatchModule k_realm = match_module<Form>();

}  // namespace keepstate::rules::match
