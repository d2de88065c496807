// A ruleset made ready to run: flat steps, own counters, own module state.
//
//     table:  steps  | INPUT 1 | INPUT 2 | INPUT's policy | mychain 1 | mychain's end |
//                                            every chain has one step more than rules
//
// Chain indexes are those of the AST: built-in chains in hook order, then user chains by name. Rules count
// from 1; 0 means the policy (for a user chain: its end, which nobody prints).
//
// Rules come and go while it runs (program_change.cpp, docs/decisions/0018-rules-change-in-place.md): the steps behind
// the place move by one, with their counters; what modules keep stays where it is. A chain that has no room left moves
// to the end of the steps with half as much room again. So a step's number is good until the next change.
//
// Life: made from a Ruleset, of which it keeps a reference to the text, or a copy once it has changed; counters begin at
// zero.
// Threads: one at a time; two Programs share nothing that changes.
// source: kernel:net/ipv4/netfilter/ip_tables.c.   Tested by: rules/walk_test.cpp, tests/property/fast_property.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
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
    // what fast() does itself of some targets; in its candidates, never in a step
    translate,   ///< as DNAT and the like: Ruling::Kind::translate and nothing else
    write_mark,  ///< as MARK
    chain_end,   ///< the end of a user chain: back behind the jump; it and policy are the last
    policy,      ///< the end of a built-in chain
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

/// A rule, or the end of a chain: what a packet that matches reads and writes of it. One cache line.
struct alignas(64) Step {
    Counters counters;
    const MatchStep* matches = nullptr;
    /// matches[asked_at], if `is_held_before`: the first that fast() asks.
    MatchStep asked;
    const TargetModule* target = nullptr;
    union {
        void* data = nullptr;
        std::uint32_t jump;  ///< jump and go_to: the chain
    };
    std::uint32_t chain = 0;
    std::uint16_t match_count = 0;
    std::uint8_t asked_at = 0;
    Action action = Action::next;

    bool is_end() const { return action >= Action::chain_end; }
    bool jumps() const { return action == Action::jump || action == Action::go_to; }
};
static_assert(sizeof(Step) == 64);

struct ProgramChain {
    std::string name;
    bool built_in = false;
    Hook hook = Hook::input;
    Ruling::Kind policy = Ruling::Kind::accept;
    std::uint32_t first = 0;  ///< its first step
    std::uint32_t rules = 0;
    std::uint32_t room = 0;  ///< steps that it may have where it stands, its end among them

    std::uint32_t end() const { return first + rules; }
};

/// What the modules of a rule that came later keep. The others' is in ProgramTable::arena.
struct RuleBlock {
    std::unique_ptr<std::max_align_t[]> memory;
    NamelessObjects nameless;
};

/// One table, compiled. Private to Program, walk() and fast.
struct ProgramTable {
    bool present = false;
    std::size_t text_index = 0;  ///< in RulesetText::tables
    std::vector<ProgramChain> chains;
    std::vector<Step> steps;
    std::vector<BasicTest> tests;      ///< by step
    std::vector<std::string> texts;    ///< by step; empty: not asked for yet
    std::vector<MatchStep> matches;    ///< of the rules that were there at first
    std::vector<std::uint32_t> stack;  ///< room for one return step a chain: there are no circles
    std::array<std::int64_t, kHooks> entry{-1, -1, -1, -1, -1};  ///< chain, -1: none here
    std::unique_ptr<std::max_align_t[]> arena;                   ///< the modules' data
    std::unordered_map<const void*, RuleBlock> blocks;           ///< by block_key()
    /// By chain: the hooks from which it is reached, as bits. Empty: not known.
    std::vector<std::uint8_t> hooks;
    FastTable fast;

    /// From 1; 0: the chain's end.
    std::uint32_t rule_of(std::uint32_t step) const {
        const Step& at = steps[step];
        return at.is_end() ? 0 : step - chains[at.chain].first + 1;
    }
    /// Where the data of a rule's modules begin; null: it has none.
    static const void* block_key(const Step& step) {
        if (step.match_count != 0) return step.matches;
        return step.action == Action::target ? step.data : nullptr;
    }
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
    bool has_table(Table table) const { return (present_ & bit(table, kHooks)) != 0; }
    /// Whether the table is there and has a chain at this hook.
    bool has_chain(Table table, Hook hook) const {
        return (present_ & bit(table, static_cast<std::size_t>(hook))) != 0;
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
    /// The same, kept: printed once, good until the next change.
    std::string_view kept_rule_text(Table table, std::uint32_t chain, std::uint32_t rule);
    /// chain_name() and kept_rule_text() of an Outcome of this Program, in some ten instructions.
    void name_rule(Table table, std::uint32_t chain, std::uint32_t rule, std::string_view& name,
                   std::string_view& text) {
        const ProgramTable& in = tables_[index(table)];
        const ProgramChain& which = in.chains[chain];
        name = which.name;
        text = {};
        if (rule == 0) return;
        text = in.texts[which.first + rule - 1];
        if (text.empty()) text = kept_rule_text(table, chain, rule);
    }
    /// As iptables-save -c, with the counters as they are now.
    std::string print_counters() const;
    /// The same with those of `others` added, which were made of the same ruleset.
    std::string print_counters_with(std::span<const Program* const> others) const;

    // --- changes: program_change.cpp. No packet is under way; all step numbers, paths and kept texts are void after.

    /// The chain's number; nothing if there is none. Cost: logarithmic.
    std::optional<std::uint32_t> find_chain(Table table, std::string_view name) const;
    /// Adds a table without rules; done already if it is there.
    void add_table(Table table);
    /// Takes the table that came last away again.
    void drop_last_table();
    /// Puts rules before the one that has index `at` (from 0; rule count: behind the last), the first of them first. Each
    /// begins with its own counters. Error (kind input): the module's words, and nothing has changed.
    Result<void> insert(Table table, std::uint32_t chain, std::uint32_t at, std::vector<Rule> rules,
                        Objects& objects);
    /// Takes the rule of index `at` away. Cost of both: see rules/change.hpp.
    void erase(Table table, std::uint32_t chain, std::uint32_t at, Objects& objects);
    /// By chain, the hooks from which it is reached.
    std::span<const std::uint8_t> reaching_hooks(Table table);

    const RulesetText& ast() const { return *text_; }
    /// For walk() and fast.
    ProgramTable& table(Table table) { return tables_[index(table)]; }
    const ProgramTable& table(Table table) const { return tables_[index(table)]; }

  private:
    Program() = default;
    static std::size_t index(Table table) { return static_cast<std::size_t>(table); }
    static std::uint32_t bit(Table table, std::size_t hook) {
        return std::uint32_t{1} << (index(table) * (kHooks + 1) + hook);
    }
    /// Writes present_. Asked whenever a table comes or goes.
    void note_tables();
    RulesetText& own_text();

    /// By table: a bit for each hook at which it has a chain, and one for the table itself; each packet asks for several.
    std::uint32_t present_ = 0;
    static_assert(kTables * (kHooks + 1) <= 32);
    std::shared_ptr<const RulesetText> text_;
    std::array<ProgramTable, kTables> tables_;
};

}  // namespace keepstate::rules
