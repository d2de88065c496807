// A ruleset made ready to run: flat steps, own counters, own module state.
//
//     table:  steps  | INPUT 1 | INPUT 2 | INPUT's policy | mychain 1 | mychain's end |
//                                            every chain has one step more than rules
//
// Chain indexes are those of the AST: built-in chains in hook order, then user chains by name. Rules count
// from 1; 0 means the policy (for a user chain: its end, which nobody prints).
//
// Life: made from a Ruleset, of which it keeps a reference to the text; counters begin at zero.
// Threads: one at a time; two Programs share nothing that changes.
// source: kernel:net/ipv4/netfilter/ip_tables.c.   Tested by: rules/walk_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/result.hpp"
#include "keepstate/ruleset.hpp"
#include "keepstate/verdict.hpp"
#include "rules/fast_table.hpp"
#include "rules/module.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

/// What a step does when everything before it matched.
enum class Action : std::uint8_t {
    next,
    accept,
    drop,
    queue,
    return_,
    jump,
    go_to,
    target,
    chain_end,  ///< the end of a user chain: back behind the jump
    policy,     ///< the end of a built-in chain
};

/// The rule's own parts, in the words of the machine.
struct BasicTest {
    std::array<std::uint64_t, 2> source{};
    std::array<std::uint64_t, 2> source_mask{};
    std::array<std::uint64_t, 2> destination{};
    std::array<std::uint64_t, 2> destination_mask{};
    std::array<std::uint64_t, 2> in{};
    std::array<std::uint64_t, 2> in_mask{};
    std::array<std::uint64_t, 2> out{};
    std::array<std::uint64_t, 2> out_mask{};
    std::uint8_t protocol = 0;
    bool any = true;  ///< nothing is asked: every packet passes
    bool source_inverted = false;
    bool destination_inverted = false;
    bool in_inverted = false;
    bool out_inverted = false;
    bool protocol_inverted = false;
    bool fragment = false;
    bool fragment_inverted = false;
};

struct MatchStep {
    const MatchModule* module = nullptr;
    void* data = nullptr;
};

struct Step {
    BasicTest test;
    std::uint32_t first_match = 0;
    std::uint32_t match_count = 0;
    Action action = Action::next;
    Ruling::Kind policy = Ruling::Kind::accept;
    std::uint32_t jump = 0;  ///< step of the chain jumped to
    std::uint32_t chain = 0;
    std::uint32_t rule = 0;  ///< from 1; 0: the chain's last step
    const TargetModule* target = nullptr;
    void* data = nullptr;
};

struct ProgramChain {
    std::string name;
    bool built_in = false;
    Hook hook = Hook::input;
    std::uint32_t first = 0;  ///< its first step
    std::uint32_t rules = 0;
};

/// One table, compiled. Private to Program, walk() and fast.
struct ProgramTable {
    bool present = false;
    std::size_t text_index = 0;  ///< in RulesetText::tables
    std::vector<ProgramChain> chains;
    std::vector<Step> steps;
    std::vector<MatchStep> matches;
    std::vector<Counters> counters;    ///< by step
    std::vector<std::uint32_t> stack;  ///< room for one return step a chain: there are no circles
    std::array<std::int64_t, kHooks> entry{-1, -1, -1, -1, -1};  ///< first step, -1: no chain here
    std::array<std::uint32_t, kHooks> policy{};                  ///< step of the policy
    std::unique_ptr<std::max_align_t[]> arena;                   ///< the modules' data
    FastTable fast;
};

class Program {
  public:
    /// What the rules share is found or made in `objects`, which outlives the Program. Faults (kind input): rules
    /// that need something which is not there, a set for instance. Cost: linear in rules; all memory is taken
    /// here.
    static Result<Program> make(const Ruleset& ruleset, Objects& objects);
    /// The same from a checked AST.
    static Result<Program> make(std::shared_ptr<const RulesetText> text, Objects& objects);

    Program(Program&&) noexcept = default;
    Program& operator=(Program&&) noexcept = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() = default;

    Family family() const { return text_->family; }
    /// Whether the ruleset's text named the table. One that it did not is not walked: no counters.
    bool has_table(Table table) const { return tables_[index(table)].present; }
    /// Whether the table is there and has a chain at this hook.
    bool has_chain(Table table, Hook hook) const {
        return tables_[index(table)].entry[static_cast<std::size_t>(hook)] >= 0;
    }

    std::size_t chain_count(Table table) const { return tables_[index(table)].chains.size(); }
    /// Views live as long as the Program.
    std::string_view chain_name(Table table, std::uint32_t chain) const;
    std::uint32_t rule_count(Table table, std::uint32_t chain) const;
    /// rule 0: the policy.
    Counters counters(Table table, std::uint32_t chain, std::uint32_t rule) const;
    void zero_counters();
    /// "-A FORWARD -m state --state NEW -j ACCEPT"; empty for rule 0.
    std::string rule_text(Table table, std::uint32_t chain, std::uint32_t rule) const;
    /// As iptables-save -c, with the counters as they are now.
    std::string print_counters() const;
    /// The same with those of `others` added, which were made of the same ruleset.
    std::string print_counters_with(std::span<const Program* const> others) const;

    const RulesetText& ast() const { return *text_; }
    /// For walk() and fast.
    ProgramTable& table(Table table) { return tables_[index(table)]; }
    const ProgramTable& table(Table table) const { return tables_[index(table)]; }

  private:
    Program() = default;
    static std::size_t index(Table table) { return static_cast<std::size_t>(table); }

    std::shared_ptr<const RulesetText> text_;
    std::array<ProgramTable, kTables> tables_;
};

}  // namespace keepstate::rules
