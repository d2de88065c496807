// One table while its lines are read: chains by name, and the commands that change them.
//
// A table begins as its built-in chains, without rules, policies ACCEPT. `*TABLE' a second time in one
// text flushes rules and user chains but keeps the policies, as iptables-restore does.
//
// Limits: none but memory. Cost: a rule is appended in constant time, chains are found by hash; -I and -D
// move what stands behind, -X and -E look at every rule.
// source: seen:tests/rules/restore.t.   Tested by: rules/parse_test.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/command.hpp"

namespace keepstate::rules {

/// The hooks at which a table has built-in chains, in the order in which they are printed.
std::vector<Hook> hooks_of(Table table);
/// "filter" and so on; nothing if there is no such table.
std::optional<Table> find_table(std::string_view name);

/// The table that -t names, wherever it stands: the last one counts, as for the real tool. Without -t: filter; nothing if
/// there is no such table.
std::optional<Table> table_of(std::span<const Word> words);

class TableBuilder final : public ChainNames {
  public:
    explicit TableBuilder(Table table);

    Table table() const { return table_; }
    bool has_chain(std::string_view name) const override;
    std::vector<std::string_view> chain_names() const override;

    /// `*TABLE' once more: only the policies stay.
    void flush_all();
    /// A user chain; false if the name is taken.
    bool add_chain(std::string_view name, int line);
    /// Null if there is none. Good until the next change of chains.
    ChainText* find_chain(std::string_view name);

    /// Does what the command says. Empty, or the words of a fault and its column.
    struct Refusal {
        int column = 0;
        std::string words;
    };
    std::optional<Refusal> apply(Command&& command);

    /// What an applied command's -Z sets back, of what stood there before line `before_line` of the text: what one
    /// text sets, its own -Z leaves, as in libiptc.
    void zero(const Command& command, int before_line);
    /// The end of one change of the table: policies that were not set in line `first_line` or behind it begin to
    /// count again, as whenever libiptc replaces a table (seen:tests/rules/scripts/zero.sh).
    void settle(int first_line);

    /// The finished table: user chains in the order of their names.
    TableText finish() &&;

  private:
    std::optional<Refusal> apply_rule(Command&& command, ChainText& chain);
    std::optional<Refusal> apply_delete(const Command& command, ChainText& chain);
    std::optional<Refusal> apply_chain(const Command& command);
    std::optional<Refusal> remove_chain(const Command& command, std::string_view name);
    std::optional<Refusal> rename_chain(const Command& command);
    std::size_t references(std::string_view name) const;

    Table table_;
    std::vector<ChainText> chains_;  // removed ones are empty-named
    std::unordered_map<std::string, std::size_t> by_name_;
};

/// Every rule that the command stands for: one for each pair of addresses, in their order.
std::vector<Rule> expand(Command&& command);

}  // namespace keepstate::rules
