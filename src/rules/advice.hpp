// Warnings: rules that are legal and do not do what their writer will have meant.
//
// Each kind has a name that never changes, which `keepstate check --no-warn` takes and docs/check.md explains
// with an example. A warning is given only where the text itself proves it, on what rules can be compared
// by (facts.hpp); what is only unusual is nobody's fault.
//
//     advice.cpp            one chain for itself: rules that nothing reaches, or that stand twice
//     advice_firewall.cpp   chains and tables together: what comes back, what INVALID may do, helpers
//
// A text that neither declares nor uses a built-in chain of a table is a part of a ruleset, to be loaded
// beside another (iptables-restore --noflush): of that table only the chains for themselves are looked at.
// Tested by: rules/advice_test.cpp, tests/program (docs/check.md's examples).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/facts.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

/// All warnings of a ruleset, by line. Cost: linear, but for rules with ports or addresses of their own, each of
/// which is compared with at most kLookBack rules before it.
std::vector<Warning> advise(const RulesetText& ruleset);
inline constexpr std::size_t kLookBack = 512;

/// One table with what is known of it; what the two files of advice share.
class TableView {
  public:
    TableView(const TableText& table, Family family);

    struct Chain {
        const ChainText* text = nullptr;
        std::vector<RuleFacts> rules;
        bool reached = false;        ///< from a hook
        std::size_t jumps = 0;       ///< rules of this table that jump to it
        bool never_returns = false;  ///< no packet comes back from it
        bool drops_all =
            false;  ///< and every packet that falls through to its end's verdict is dropped
    };

    const TableText& table() const { return table_; }
    Family family() const { return family_; }
    const std::vector<Chain>& chains() const { return chains_; }
    /// Null if there is none.
    const Chain* find(std::string_view name) const;
    /// The text is a part of a ruleset: no built-in chain is named in it.
    bool is_part() const { return is_part_; }
    /// Whether no packet that matches the rule goes on to the next one.
    bool ends(const Rule& rule) const;
    /// Whether a packet that no rule of a built-in chain decides is dropped or refused.
    bool drops_by_default(const Chain& chain) const;

    /// A rule with ACCEPT that `chain` or one that it leads to holds; of the way to it nothing is known.
    using Accepts = std::vector<const RuleFacts*>;
    /// All of them; `sure` becomes false if somebody else may accept, too (a queue, a target of unknown end).
    Accepts accepts_of(const Chain& chain, bool& sure) const;

  private:
    void find_reached();
    void find_ends();
    bool is_verdict_drop(const Rule& rule) const;

    const TableText& table_;
    Family family_;
    std::vector<Chain> chains_;
    std::unordered_map<std::string_view, std::size_t> by_name_;
    bool is_part_ = true;
};

std::span<const WarningKind> all_warning_kinds();

/// Collects warnings of one file.
class Advice {
  public:
    explicit Advice(const RulesetText& ruleset) : ruleset_(ruleset) {}

    void add(std::string_view name, int line, std::string words);
    std::vector<Warning> take();

  private:
    const RulesetText& ruleset_;
    std::vector<Warning> warnings_;
};

void advise_chains(const TableView& view, Advice& advice);
void advise_firewall(const std::vector<TableView>& views, Advice& advice);

}  // namespace keepstate::rules
