// The kernel's look at a table: from which hooks each chain can be reached, whether that goes in a circle,
// and whether every module may stand there.
//
//     hooks of a built-in chain: its own.  hooks of a user chain: those of all chains that lead to it.
//
// A chain that nothing reaches has no hooks: a circle there, or a REJECT that would be out of place, is
// not refused, just as the kernel does not. A hook restriction is broken if any one hook is not allowed.
//
// source: kernel:net/netfilter/x_tables.c xt_check_match, net/ipv4/netfilter/ip_tables.c
// mark_source_chains; seen:tests/rules/check.t.   Tested by: tests/rules.
#include "rules/check.hpp"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>

#include "rules/module.hpp"
#include "rules/names.hpp"

namespace keepstate::rules {

namespace {

// One rule after the other.
class RuleCheck {
  public:
    RuleCheck(Table table, Family family, Faults& faults)
        : table_(table), family_(family), faults_(faults) {}

    void check_rule(const Rule& rule, std::uint8_t hooks) {
        const CheckContext context{family_, table_, hooks, &rule.basics, &rule};
        for (const MatchUse& use : rule.matches) {
            check_module("match", *use.module, use.data.data(), context, rule, use.column);
        }
        if (rule.target.kind == TargetUse::Kind::module) {
            check_module("target", *rule.target.module, rule.target.data.data(), context, rule,
                         rule.target.column);
        }
    }

    // The words of a rule expanded from an address list are said once.
    void say(const Rule& rule, int column, std::string words) {
        if (rule.line == last_line_ && words == last_words_) return;
        last_line_ = rule.line;
        last_words_ = words;
        faults_.add(rule.line, column, std::move(words), {});
    }

  private:
    void check_module(std::string_view what, const Module& module, const void* data,
                      const CheckContext& context, const Rule& rule, int column) {
        const Traits& traits = *module.traits;
        const std::string name = fmt::format("{} `{}'", what, traits.name);
        if ((traits.tables & table_bit(context.table)) == 0) {
            say(rule, column,
                fmt::format("{} may not stand in table {}", name, text(context.table)));
            return;
        }
        const unsigned wrong = context.hooks & static_cast<unsigned>(~traits.hooks);
        if (wrong != 0) {
            for (unsigned hook = 0; hook < kHooks; ++hook) {
                if ((wrong & (1U << hook)) == 0) continue;
                say(rule, column,
                    fmt::format("{} may not stand where {} leads", name,
                                text(static_cast<Hook>(hook))));
                return;
            }
        }
        const Basics& basics = *context.basics;
        if (traits.protocol != 0 &&
            (basics.protocol != traits.protocol || basics.protocol_inverted)) {
            say(rule, column,
                fmt::format("{} needs `-p {}'", name, protocol_text(traits.protocol)));
            return;
        }
        if (Complaint complaint = module.check(data, context)) {
            say(rule, column, std::move(*complaint));
        }
    }

    Table table_;
    Family family_;
    Faults& faults_;
    int last_line_ = 0;
    std::string last_words_;
};

class TableCheck {
  public:
    TableCheck(const TableText& table, Family family, Faults& faults)
        : table_(table), rules_(table.table, family, faults) {
        for (std::size_t i = 0; i < table.chains.size(); ++i) {
            by_name_.emplace(table.chains[i].name, i);
        }
        hooks_.resize(table.chains.size());
        state_.resize(table.chains.size());
    }

    void run() {
        for (std::size_t i = 0; i < table_.chains.size(); ++i) {
            if (table_.chains[i].built_in) reach_from(i, hook_bit(table_.chains[i].hook));
        }
        for (std::size_t i = 0; i < table_.chains.size(); ++i) {
            for (const Rule& rule : table_.chains[i].rules) rules_.check_rule(rule, hooks_[i]);
        }
    }

  private:
    struct Step {
        std::size_t chain;
        std::size_t rule;
    };
    enum State : std::uint8_t { kNew, kOpen, kDone };

    // Depth first, without recursion: a chain may lead to 100,000 others.
    void reach_from(std::size_t first, std::uint8_t hook) {
        std::fill(state_.begin(), state_.end(), kNew);
        std::vector<Step> way{{first, 0}};
        state_[first] = kOpen;
        hooks_[first] |= hook;
        while (!way.empty()) {
            Step& step = way.back();
            const ChainText& chain = table_.chains[step.chain];
            if (step.rule == chain.rules.size()) {
                state_[step.chain] = kDone;
                way.pop_back();
                continue;
            }
            const Rule& rule = chain.rules[step.rule++];
            if (rule.target.kind != TargetUse::Kind::chain) continue;
            const auto found = by_name_.find(rule.target.chain);
            if (found == by_name_.end()) continue;
            const std::size_t next = found->second;
            if (state_[next] == kOpen) {
                rules_.say(rule, rule.target.column,
                           fmt::format("a circle: chain `{}' comes back to `{}'", chain.name,
                                       rule.target.chain));
            } else if (state_[next] == kNew) {
                state_[next] = kOpen;
                hooks_[next] |= hook;
                way.push_back({next, 0});
            }
        }
    }

    const TableText& table_;
    RuleCheck rules_;
    std::unordered_map<std::string_view, std::size_t> by_name_;
    std::vector<std::uint8_t> hooks_;
    std::vector<State> state_;
};

}  // namespace

void check(const TableText& table, Family family, Faults& faults) {
    TableCheck(table, family, faults).run();
}

void check(const Rule& rule, Table table, Family family, std::uint8_t hooks, Faults& faults) {
    RuleCheck(table, family, faults).check_rule(rule, hooks);
}

}  // namespace keepstate::rules
