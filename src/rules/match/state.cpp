// -m state: the old short form of -m conntrack --ctstate.
//
// source: man:iptables-extensions state; kernel:net/netfilter/xt_conntrack.c.   Tested by: tests/rules/state.t.
#include "rules/match/ct_states.hpp"

namespace keepstate::rules::match {

namespace {

struct State {
    struct Data {
        std::uint16_t states = 0;
        std::uint16_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "state",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "a list of `NEW`, `ESTABLISHED`, `RELATED`, `INVALID`, `UNTRACKED`"},
    };
    static constexpr Traits kTraits{.name = "state",
                                    .options = kOptions,
                                    .words =
                                        "What connection tracking says of the packet. The older "
                                        "form of `-m conntrack --ctstate`.",
                                    .reads = "the packet's state"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.states = parse_ct_states(use.value.text, false, reader);
        data.inverted = use.inverted;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.inverted ? " ! --state " : " --state ";
        out += ct_states_text(data.states);
    }
    static void narrow(const Data& data, RuleKey& key) {
        const unsigned states = data.inverted != 0 ? ~unsigned{data.states} : data.states;
        key.states = static_cast<std::uint8_t>(key.states & states);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const std::uint16_t is = ct_state_bits(context, false);
        if (((data.states & is) != 0) != (data.inverted != 0)) return true;
        return why ? why.no("{}--state {}: the packet is {}", data.inverted ? "! " : "",
                            ct_states_text(data.states), ct_states_text(is))
                   : false;
    }
};

}  // namespace

extern const MatchModule k_state;
const MatchModule k_state = match_module<State>();

}  // namespace keepstate::rules::match
