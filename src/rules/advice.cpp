// See advice.hpp. This file: the list of kinds, a table's view, and each chain for itself.
#include "rules/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_set>

#include "rules/module.hpp"
#include "rules/print.hpp"

namespace keepstate::rules {

namespace {

constexpr WarningKind kKinds[] = {
    {"unreachable-rule", "a rule before it decides every packet that it could match"},
    {"duplicate-rule", "the same rule stands before it in the chain"},
    {"unused-chain", "a chain has rules, and no rule jumps to it"},
    {"goto-empty-chain",
     "-g to a chain without rules: the packet skips the rest and meets nothing"},
    {"accepts-have-no-effect", "a chain only accepts, and so does its policy"},
    {"no-return-traffic", "connections may be opened, and their answers are dropped"},
    {"invalid-before-new",
     "packets of state INVALID are accepted by rules that do not ask for a state"},
    {"related-without-helper",
     "RELATED is expected of a protocol that needs a helper, and none is assigned"},
    {"one-way-notrack", "one direction of a flow is left untracked, the other is not"},
    {"nat-never-new", "a rule of the nat table asks for a state that never gets there"},
    {"wrong-icmp", "ICMP of the other IP version, which never comes here"},
    {"neighbour-discovery-blocked",
     "IPv6 neighbour discovery is dropped: nobody can reach this host"},
};

bool is_module(const Rule& rule, std::string_view name) {
    return rule.target.kind == TargetUse::Kind::module && rule.target.module->name() == name;
}

// Whatever they translate is accepted by the table.
bool is_translation(const Rule& rule) {
    constexpr std::array<std::string_view, 5> kNames = {"DNAT", "MASQUERADE", "NETMAP", "REDIRECT",
                                                        "SNAT"};
    return std::any_of(kNames.begin(), kNames.end(),
                       [&](std::string_view name) { return is_module(rule, name); });
}

// Rules that may decide what later rules would have: the first that ask nothing of addresses, which may
// shadow much, and the last of the others.
class Before {
  public:
    explicit Before(const TableView& view) : view_(view) {}

    /// The first rule that decides all that `facts` could match; null if there is none.
    const RuleFacts* find_shadow(const RuleFacts& facts) const {
        for (const RuleFacts* wide : wide_) {
            if (covers(*wide, facts)) return wide;
        }
        for (const RuleFacts* narrow : narrow_) {
            if (covers(*narrow, facts)) return narrow;
        }
        return nullptr;
    }

    void add(const RuleFacts& facts) {
        if (!facts.lasting || !view_.ends(*facts.rule)) return;
        const AddressPart any{};
        const Basics& basics = facts.rule->basics;
        const bool is_wide = basics.source == any && basics.destination == any;
        if (is_wide) {
            if (wide_.size() < kLookBack) wide_.push_back(&facts);
            return;
        }
        narrow_.push_back(&facts);
        if (narrow_.size() > kLookBack) narrow_.pop_front();
    }

  private:
    const TableView& view_;
    std::vector<const RuleFacts*> wide_;
    std::deque<const RuleFacts*> narrow_;
};

std::string printed(const Rule& rule, std::string_view chain, Family family) {
    std::string text;
    print_rule(rule, chain, family, text);
    return text;
}

// A run of rules that one rule shadows is told once, at its first.
void advise_unreachable(const TableView& view, const TableView::Chain& chain, Advice& advice) {
    Before before(view);
    const RuleFacts* shadow = nullptr;
    std::size_t run = 0;
    const RuleFacts* first = nullptr;
    const auto tell = [&]() {
        if (run == 0) return;
        std::string words = fmt::format("never reached: line {} decides all that it could match",
                                        shadow->rule->line);
        if (run > 1) words += fmt::format(", and so for the {} rules behind it", run - 1);
        advice.add("unreachable-rule", first->rule->line, std::move(words));
        run = 0;
    };
    for (const RuleFacts& facts : chain.rules) {
        const RuleFacts* found = before.find_shadow(facts);
        // The rules of one line (a list of addresses) may overlap each other: nobody wrote that twice.
        if (found != nullptr && found->rule->line == facts.rule->line) found = nullptr;
        if (found == nullptr || found != shadow) tell();
        if (found != nullptr) {
            if (run++ == 0) first = &facts;
            shadow = found;
        } else {
            shadow = nullptr;
            before.add(facts);
        }
    }
    tell();
}

void advise_duplicates(const TableView& view, const TableView::Chain& chain, Advice& advice) {
    std::unordered_map<std::string, int> seen;
    for (const RuleFacts& facts : chain.rules) {
        const Rule& rule = *facts.rule;
        // The second of two deciding rules is unreachable, which is told already.
        if (!facts.lasting || view.ends(rule)) continue;
        const auto [at, is_new] =
            seen.emplace(printed(rule, chain.text->name, view.family()), rule.line);
        if (is_new || at->second == rule.line) continue;
        advice.add("duplicate-rule", rule.line, fmt::format("the same as line {}", at->second));
    }
}

}  // namespace

std::span<const WarningKind> all_warning_kinds() { return kKinds; }

TableView::TableView(const TableText& table, Family family) : table_(table), family_(family) {
    chains_.resize(table.chains.size());
    for (std::size_t i = 0; i < table.chains.size(); ++i) {
        const ChainText& text = table.chains[i];
        chains_[i].text = &text;
        by_name_.emplace(text.name, i);
        chains_[i].rules.reserve(text.rules.size());
        for (const Rule& rule : text.rules) chains_[i].rules.push_back(facts_of(rule, family));
        if (text.built_in && (text.line != 0 || !text.rules.empty())) is_part_ = false;
    }
    for (const ChainText& text : table.chains) {
        for (const Rule& rule : text.rules) {
            if (rule.target.kind != TargetUse::Kind::chain) continue;
            if (const auto found = by_name_.find(rule.target.chain); found != by_name_.end()) {
                ++chains_[found->second].jumps;
            }
        }
    }
    find_reached();
    find_ends();
}

const TableView::Chain* TableView::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &chains_[found->second];
}

void TableView::find_reached() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < chains_.size(); ++i) {
        if (chains_[i].text->built_in) open.push_back(i);
    }
    while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        if (chains_[at].reached) continue;
        chains_[at].reached = true;
        for (const Rule& rule : chains_[at].text->rules) {
            if (rule.target.kind != TargetUse::Kind::chain) continue;
            const auto found = by_name_.find(rule.target.chain);
            if (found != by_name_.end()) open.push_back(found->second);
        }
    }
}

// Chains that no packet comes back from. A chain whose last word is a jump to such a chain is one too, so
// this is asked again until nothing new is found; a few rounds are enough for what people write.
void TableView::find_ends() {
    constexpr int kRounds = 8;
    for (int round = 0; round < kRounds; ++round) {
        bool changed = false;
        for (Chain& chain : chains_) {
            if (chain.text->built_in || chain.never_returns) continue;
            for (const RuleFacts& facts : chain.rules) {
                const TargetUse& target = facts.rule->target;
                const Chain* to =
                    target.kind == TargetUse::Kind::chain ? find(target.chain) : nullptr;
                if (target.kind == TargetUse::Kind::return_) break;
                if (target.is_goto && (to == nullptr || !to->never_returns)) break;
                if (!facts.matches_all() || !ends(*facts.rule)) continue;
                chain.never_returns = true;
                chain.drops_all = is_verdict_drop(*facts.rule);
                changed = true;
                break;
            }
        }
        if (!changed) return;
    }
}

bool TableView::ends(const Rule& rule) const {
    switch (rule.target.kind) {
        case TargetUse::Kind::accept:
        case TargetUse::Kind::drop:
        case TargetUse::Kind::return_: return true;
        case TargetUse::Kind::chain: {
            if (rule.target.is_goto) return true;
            const Chain* chain = find(rule.target.chain);
            return chain != nullptr && chain->never_returns;
        }
        case TargetUse::Kind::module: return is_module(rule, "REJECT") || is_translation(rule);
        default: return false;
    }
}

bool TableView::is_verdict_drop(const Rule& rule) const {
    if (rule.target.kind == TargetUse::Kind::drop || is_module(rule, "REJECT")) return true;
    if (rule.target.kind != TargetUse::Kind::chain) return false;
    const Chain* chain = find(rule.target.chain);
    return chain != nullptr && chain->never_returns && chain->drops_all;
}

bool TableView::drops_by_default(const Chain& chain) const {
    for (const RuleFacts& facts : chain.rules) {
        if (facts.matches_all() && ends(*facts.rule)) {
            if (facts.rule->target.kind == TargetUse::Kind::return_) break;
            return is_verdict_drop(*facts.rule);
        }
    }
    return chain.text->policy == Verdict::drop;
}

TableView::Accepts TableView::accepts_of(const Chain& chain, bool& sure) const {
    Accepts accepts;
    std::vector<const Chain*> open = {&chain};
    std::unordered_set<const Chain*> seen;
    while (!open.empty()) {
        const Chain* at = open.back();
        open.pop_back();
        if (!seen.insert(at).second) continue;
        for (const RuleFacts& facts : at->rules) {
            const TargetUse& target = facts.rule->target;
            if (target.kind == TargetUse::Kind::accept) accepts.push_back(&facts);
            if (target.kind == TargetUse::Kind::queue || is_module(*facts.rule, "NFQUEUE") ||
                is_module(*facts.rule, "SYNPROXY")) {
                sure = false;
            }
            if (target.kind != TargetUse::Kind::chain) continue;
            if (const Chain* to = find(target.chain)) open.push_back(to);
        }
    }
    return accepts;
}

void Advice::add(std::string_view name, int line, std::string words) {
    Warning warning;
    warning.name = name;
    warning.place.file = ruleset_.file;
    warning.place.line = line;
    warning.place.column = 1;
    warning.place.words = std::move(words);
    warnings_.push_back(std::move(warning));
}

std::vector<Warning> Advice::take() {
    std::stable_sort(warnings_.begin(), warnings_.end(), [](const Warning& a, const Warning& b) {
        return a.place.line < b.place.line;
    });
    return std::move(warnings_);
}

void advise_chains(const TableView& view, Advice& advice) {
    const bool six = view.family() == Family::ipv6;
    constexpr std::uint8_t kIcmp = 1;
    constexpr std::uint8_t kIcmp6 = 58;
    for (const TableView::Chain& chain : view.chains()) {
        for (const RuleFacts& facts : chain.rules) {
            const Basics& basics = facts.rule->basics;
            if (basics.protocol_inverted || basics.protocol != (six ? kIcmp : kIcmp6)) continue;
            advice.add("wrong-icmp", facts.rule->line,
                       six ? "`-p icmp' is IPv4's; IPv6 has `-p ipv6-icmp'"
                           : "`-p ipv6-icmp' is IPv6's; IPv4 has `-p icmp'");
        }
        advise_unreachable(view, chain, advice);
        advise_duplicates(view, chain, advice);
        for (const RuleFacts& facts : chain.rules) {
            const TargetUse& target = facts.rule->target;
            if (target.kind != TargetUse::Kind::chain || !target.is_goto) continue;
            const TableView::Chain* to = view.find(target.chain);
            if (to != nullptr && to->rules.empty()) {
                advice.add("goto-empty-chain", facts.rule->line,
                           fmt::format("chain `{}' has no rules: with -g the packet does not come "
                                       "back here either",
                                       target.chain));
            }
        }
        // An empty chain does no harm: programs declare those that they may come to need.
        if (chain.text->built_in || chain.reached || view.is_part() || chain.rules.empty())
            continue;
        if (chain.jumps != 0) continue;  // the chain that jumps to it is told of
        advice.add("unused-chain", chain.text->line,
                   fmt::format("no rule jumps to chain `{}'", chain.text->name));
    }
}

std::vector<Warning> advise(const RulesetText& ruleset) {
    Advice advice(ruleset);
    std::vector<TableView> views;
    views.reserve(ruleset.tables.size());
    for (const TableText& table : ruleset.tables) views.emplace_back(table, ruleset.family);
    for (const TableView& view : views) advise_chains(view, advice);
    advise_firewall(views, advice);
    return advice.take();
}

}  // namespace keepstate::rules
