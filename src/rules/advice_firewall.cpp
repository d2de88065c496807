// See advice.hpp. This file: what chains and tables do together.
//
// Every question is asked so that doubt speaks for the ruleset: a rule that *may* let answers in, whatever the
// rules on the way to it ask, is taken to do so.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "rules/advice.hpp"
#include "rules/module.hpp"
#include "rules/print.hpp"

namespace keepstate::rules {

namespace {

using Chain = TableView::Chain;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp6 = 58;

const Chain* find_hook(const TableView& view, Hook hook) {
    const Chain* chain = view.find(text(hook));
    return chain != nullptr && chain->text->built_in ? chain : nullptr;
}

int line_of(const Chain& chain) {
    if (chain.text->line != 0 || chain.rules.empty()) return chain.text->line;
    return chain.rules.front().rule->line;
}

bool is_loopback(const DevicePart& device) {
    return !device.inverted && std::string_view(device.name.data()) == "lo";
}
bool is_only_loopback(const RuleFacts& facts) {
    return is_loopback(facts.rule->basics.in) || is_loopback(facts.rule->basics.out);
}

bool may_be(const RuleFacts& facts, std::uint8_t protocol) {
    const Basics& basics = facts.rule->basics;
    return basics.protocol == 0 || (basics.protocol == protocol) != basics.protocol_inverted;
}
bool may_be_connection(const RuleFacts& facts) {
    return !is_only_loopback(facts) && (may_be(facts, kTcp) || may_be(facts, kUdp));
}

// An empty chain, or one that only returns, is a place where others put their rules while the host runs.
bool is_placeholder(const Chain& chain) {
    return std::all_of(chain.rules.begin(), chain.rules.end(), [](const RuleFacts& facts) {
        return facts.rule->target.kind == TargetUse::Kind::return_;
    });
}

// Only rules that accept; the policy, too.
void advise_no_effect(const Chain& chain, const TableView& view, Advice& advice) {
    if (chain.text->line == 0 || chain.text->policy != Verdict::accept || chain.rules.empty()) {
        return;
    }
    bool accepts = false;
    std::vector<const Chain*> open = {&chain};
    std::unordered_set<const Chain*> seen;
    while (!open.empty()) {
        const Chain* at = open.back();
        open.pop_back();
        if (!seen.insert(at).second) continue;
        for (const RuleFacts& facts : at->rules) {
            const TargetUse& target = facts.rule->target;
            if (target.kind == TargetUse::Kind::accept) {
                accepts = true;
            } else if (target.kind == TargetUse::Kind::chain) {
                const Chain* to = view.find(target.chain);
                if (to == nullptr || is_placeholder(*to)) return;
                open.push_back(to);
            } else if (target.kind != TargetUse::Kind::return_) {
                return;  // drops, logs, marks: the rules do something
            }
            if (!facts.lasting) return;  // counts, rates: a rule may be there for its match
        }
    }
    if (!accepts) return;
    advice.add("accepts-have-no-effect", line_of(chain),
               fmt::format("chain {} only accepts, and its policy is ACCEPT: nothing is ever "
                           "dropped",
                           chain.text->name));
}

// Answers come from the port that was asked to one that the asking host chose.
bool may_let_answers_in(const RuleFacts& facts) {
    constexpr std::uint16_t kFirstOwnPort = 32768;  // where Linux begins to choose
    if ((facts.states & fact_state::kEstablished) == 0 || !may_be_connection(facts)) return false;
    if (facts.names_states()) return true;
    return facts.destination_ports.holds(PortSet{{{kFirstOwnPort, 60999}}});
}

// Who names a source port and no state lets a server's answers out.
bool may_let_new_out(const RuleFacts& facts) {
    if (!facts.names_states() && !facts.source_ports.is_all()) return false;
    return (facts.states & fact_state::kNew) != 0 && may_be_connection(facts);
}

// `in` drops what it does not know, `out` lets connections be opened.
void advise_no_return(const TableView& view, Hook in_hook, Hook out_hook, Advice& advice) {
    const Chain* in = find_hook(view, in_hook);
    const Chain* out = find_hook(view, out_hook);
    if (in == nullptr || out == nullptr || !view.drops_by_default(*in)) return;
    if (line_of(*in) == 0) return;
    bool sure = true;
    const auto accepts = view.accepts_of(*in, sure);
    const auto opens = view.accepts_of(*out, sure);
    if (!sure || std::any_of(accepts.begin(), accepts.end(),
                             [](const RuleFacts* facts) { return may_let_answers_in(*facts); })) {
        return;
    }
    // The local end of an outgoing connection is a port that nobody names; a server's answers leave by one
    // that is named.
    const bool is_server = in_hook == Hook::output;
    if (is_server && std::any_of(accepts.begin(), accepts.end(), [](const RuleFacts* facts) {
            return (facts->states & fact_state::kEstablished) != 0 && !is_only_loopback(*facts);
        })) {
        return;
    }
    const bool opened = std::any_of(opens.begin(), opens.end(),
                                    [](const RuleFacts* facts) { return may_let_new_out(*facts); });
    if (!opened && (is_server || view.drops_by_default(*out))) return;
    advice.add("no-return-traffic", line_of(*in),
               fmt::format("{} lets connections be opened, but {} drops their answers: nothing in "
                           "it accepts state ESTABLISHED",
                           out->text->name, in->text->name));
}

void advise_no_return_forward(const TableView& view, Advice& advice) {
    const Chain* forward = find_hook(view, Hook::forward);
    if (forward == nullptr || !view.drops_by_default(*forward) || line_of(*forward) == 0) return;
    bool sure = true;
    const auto accepts = view.accepts_of(*forward, sure);
    const bool opens = std::any_of(accepts.begin(), accepts.end(), [](const RuleFacts* facts) {
        return facts->names_states() && may_let_new_out(*facts);
    });
    const bool answers = std::any_of(accepts.begin(), accepts.end(), [](const RuleFacts* facts) {
        return (facts->states & fact_state::kEstablished) != 0 && may_be_connection(*facts);
    });
    if (!sure || !opens || answers) return;
    advice.add("no-return-traffic", line_of(*forward),
               "FORWARD lets connections be opened, but drops all that follows: nothing in it "
               "accepts state ESTABLISHED");
}

bool is_stateful_accept(const RuleFacts& facts) {
    return facts.rule->target.kind == TargetUse::Kind::accept && facts.names_states() &&
           (facts.states & fact_state::kEstablished) != 0 &&
           (facts.states & fact_state::kInvalid) == 0;
}

// A chain that asks for states, and has a rule that does not, before which nothing drops INVALID.
void advise_invalid(const TableView& view, const Chain& chain, Advice& advice) {
    const bool stateful = std::any_of(chain.rules.begin(), chain.rules.end(), is_stateful_accept);
    if (!stateful) return;
    for (const RuleFacts& facts : chain.rules) {
        const TargetUse& target = facts.rule->target;
        const bool invalid = (facts.states & fact_state::kInvalid) != 0;
        // A chain of its own may drop them, and what it does is its own affair.
        if (target.kind == TargetUse::Kind::chain) return;
        if (invalid && view.ends(*facts.rule) && target.kind != TargetUse::Kind::accept) {
            if (facts.names_states() || facts.matches_all()) return;
        }
        if (target.kind != TargetUse::Kind::accept || !invalid) continue;
        if (is_only_loopback(facts) || facts.names_states()) continue;
        if (facts.matches_all()) return;  // accepts everything: that is another matter
        const Basics& basics = facts.rule->basics;
        if (basics.protocol != kTcp || basics.protocol_inverted || !facts.others.empty()) continue;
        advice.add("invalid-before-new", facts.rule->line,
                   "accepts packets of state INVALID too: nothing before it drops them, and it "
                   "asks for no state");
        return;
    }
}

// Well-known ports of protocols whose second connection only a helper of conntrack can foresee.
struct HelperPort {
    std::uint8_t protocol;
    std::uint16_t port;
    std::string_view helper;
};
constexpr std::array<HelperPort, 7> kHelperPorts = {{{kTcp, 21, "ftp"},
                                                     {kUdp, 69, "tftp"},
                                                     {kTcp, 1720, "Q.931"},
                                                     {kTcp, 1723, "pptp"},
                                                     {kTcp, 6667, "irc"},
                                                     {kUdp, 5060, "sip"},
                                                     {kTcp, 5060, "sip"}}};

const HelperPort* find_helper_port(const RuleFacts& facts) {
    const Basics& basics = facts.rule->basics;
    if (basics.protocol_inverted || (facts.states & fact_state::kNew) == 0) return nullptr;
    constexpr std::uint32_t kMostNamed = 15;  // as many as -m multiport takes: else a range
    if (facts.destination_ports.count() > kMostNamed) return nullptr;
    for (const HelperPort& row : kHelperPorts) {
        if (basics.protocol == row.protocol && facts.destination_ports.has(row.port)) return &row;
    }
    return nullptr;
}

bool assigns_helper(const std::vector<TableView>& views) {
    for (const TableView& view : views) {
        for (const Chain& chain : view.chains()) {
            for (const RuleFacts& facts : chain.rules) {
                if (facts.rule->target.kind != TargetUse::Kind::module ||
                    facts.rule->target.module->name() != "CT") {
                    continue;
                }
                std::string text;
                print_rule(*facts.rule, chain.text->name, view.family(), text);
                if (text.find("--helper") != std::string::npos) return true;
            }
        }
    }
    return false;
}

// All accepting rules of the table, wherever they stand.
void advise_helpers(const TableView& view, Advice& advice) {
    bool related = false;
    bool told = false;
    const RuleFacts* opened = nullptr;
    const HelperPort* port = nullptr;
    for (const Chain& chain : view.chains()) {
        if (!chain.reached) continue;
        for (const RuleFacts& facts : chain.rules) {
            if (facts.rule->target.kind != TargetUse::Kind::accept) continue;
            const bool asks_related =
                facts.names_states() && (facts.states & fact_state::kRelated) != 0;
            related = related || asks_related;
            const Basics& basics = facts.rule->basics;
            const bool payload = basics.protocol == kTcp || basics.protocol == kUdp;
            if (!told && asks_related && payload && !basics.protocol_inverted &&
                facts.states == fact_state::kRelated) {
                told = true;
                advice.add("related-without-helper", facts.rule->line,
                           "never matches: without a helper only ICMP errors are RELATED; assign "
                           "one with `-j CT --helper' in table raw");
            }
            if (opened == nullptr && (port = find_helper_port(facts)) != nullptr) opened = &facts;
        }
    }
    if (!related || opened == nullptr) return;
    port = find_helper_port(*opened);
    advice.add(
        "related-without-helper", opened->rule->line,
        fmt::format("{} needs its conntrack helper, or its other connections are not RELATED; "
                    "none is assigned by itself: `-j CT --helper {}' in table raw",
                    port->helper, port->helper));
}

bool is_untracking(const Rule& rule, Family family) {
    if (rule.target.kind != TargetUse::Kind::module) return false;
    if (rule.target.module->name() == "NOTRACK") return true;
    if (rule.target.module->name() != "CT") return false;
    std::string text;
    rule.target.module->print(rule.target.data.data(), PrintContext{family}, text);
    return text.find("--notrack") != std::string::npos;
}

// The same rule as the answers to its packets would need it.
struct Mirror {
    Rule rule;
    RuleFacts facts;
    Mirror(const RuleFacts& of) : rule(*of.rule), facts(of) {
        std::swap(rule.basics.source, rule.basics.destination);
        std::swap(rule.basics.in, rule.basics.out);
        std::swap(facts.source_ports, facts.destination_ports);
        // PREROUTING knows no departure, OUTPUT no arrival: either chain may hold the answer's rule.
        rule.basics.in = rule.basics.out = DevicePart{};
        facts.rule = &rule;
    }
};

void advise_notrack(const TableView& view, Advice& advice) {
    std::vector<RuleFacts> untracking;
    for (const Chain& chain : view.chains()) {
        if (!chain.reached) continue;
        for (const RuleFacts& facts : chain.rules) {
            if (!is_untracking(*facts.rule, view.family())) continue;
            if (!facts.lasting || !facts.others.empty()) return;  // too clever to follow
            if (!chain.text->built_in) return;
            untracking.push_back(facts);
        }
    }
    const AddressPart any{};
    for (const RuleFacts& facts : untracking) {
        const Basics& basics = facts.rule->basics;
        const bool one_way = basics.source != any || basics.destination != any ||
                             !facts.source_ports.is_all() || !facts.destination_ports.is_all();
        if (!one_way) continue;
        const Mirror mirror(facts);
        const bool both = std::any_of(untracking.begin(), untracking.end(), [&](const auto& other) {
            Rule plain = *other.rule;
            plain.basics.in = plain.basics.out = DevicePart{};
            RuleFacts there = other;
            there.rule = &plain;
            return covers(there, mirror.facts) || covers(mirror.facts, there);
        });
        if (both) continue;
        advice.add("one-way-notrack", facts.rule->line,
                   "leaves one direction untracked; the answers are tracked, and look like "
                   "connections that nobody opened");
        return;
    }
}

void advise_nat_states(const TableView& view, Advice& advice) {
    constexpr std::uint8_t kSeen = fact_state::kNew | fact_state::kRelated;
    for (const Chain& chain : view.chains()) {
        for (const RuleFacts& facts : chain.rules) {
            if (!facts.names_states() || (facts.states & kSeen) != 0) continue;
            advice.add("nat-never-new", facts.rule->line,
                       "never matches: only the first packet of a flow comes to the nat table, and "
                       "its state is NEW or RELATED");
        }
    }
}

void advise_neighbours(const TableView& view, Advice& advice) {
    if (view.family() != Family::ipv6) return;
    const Chain* input = find_hook(view, Hook::input);
    if (input == nullptr || !view.drops_by_default(*input) || line_of(*input) == 0) return;
    bool sure = true;
    const auto accepts = view.accepts_of(*input, sure);
    // Neighbour discovery is UNTRACKED by conntrack of its own accord.
    const bool accepted = std::any_of(accepts.begin(), accepts.end(), [](const RuleFacts* facts) {
        return may_be(*facts, kIcmp6) && !is_only_loopback(*facts) &&
               (facts->states & fact_state::kUntracked) != 0;
    });
    // Without any rule for packets from elsewhere the host is meant to be silent.
    const bool open = std::any_of(accepts.begin(), accepts.end(),
                                  [](const RuleFacts* facts) { return may_be_connection(*facts); });
    if (!sure || accepted || !open) return;
    advice.add(
        "neighbour-discovery-blocked", line_of(*input),
        "INPUT drops neighbour discovery, without which no neighbour finds this host: accept "
        "`-p ipv6-icmp', or at least its types 135 and 136");
}

}  // namespace

void advise_firewall(const std::vector<TableView>& views, Advice& advice) {
    const bool helped = assigns_helper(views);
    for (const TableView& view : views) {
        if (view.is_part()) continue;
        const Table table = view.table().table;
        if (table == Table::nat) advise_nat_states(view, advice);
        if (table == Table::raw) advise_notrack(view, advice);
        if (table != Table::filter) continue;
        // What stands in OUTPUT, where hardly anybody drops, is a habit and no mistake.
        for (const Hook hook : {Hook::input, Hook::forward}) {
            const Chain* chain = find_hook(view, hook);
            if (chain == nullptr) continue;
            advise_no_effect(*chain, view, advice);
            advise_invalid(view, *chain, advice);
        }
        advise_no_return(view, Hook::input, Hook::output, advice);
        advise_no_return(view, Hook::output, Hook::input, advice);
        advise_no_return_forward(view, advice);
        if (!helped) advise_helpers(view, advice);
        advise_neighbours(view, advice);
    }
}

}  // namespace keepstate::rules
