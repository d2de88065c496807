// What fast() knows of a table beside its steps: for each chain and each state of tracking, the trees of
// classifier.hpp over the rules that this state may match.
//
// A state that only few rules of a chain allow has trees of its own, so that ESTABLISHED packets do not see ten
// thousand rules that say NEW; states that most rules allow share one set over all rules.
//
// When a rule comes or goes, the trees of its chain stay and what stands in them is renumbered: one that goes leaves a
// candidate that no packet passes, one that comes stands with the other late ones in a tree of their own, which is made
// anew each time. A short chain, and one with too many late or dead rules, gets all its trees anew; and so does
// the table when half of what lies there is of no use any more.
//
//     chain 7, 10000 rules:  main trees (rules 0-9999 but 4711)   late tree (4711)     read side by side, by rule
//
// Life: made with the Program by make_fast_table(), a part of its table. On a packet's way only `paths`, `stack` and
// the devices' memory change.
// Tested by: tests/property/fast_property.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "keepstate/verdict.hpp"
#include "rules/classifier.hpp"
#include "rules/match/ct_states.hpp"
#include "rules/paths.hpp"

namespace keepstate::rules {

struct ProgramTable;
struct Step;
enum class Action : std::uint8_t;

/// Devices as numbers. A rule's name, or name with a +, is a range of 16-byte strings; the ends of all such ranges cut
/// the strings into intervals, and the number is that of the interval.
class DeviceNumbers {
  public:
    using Words = std::array<std::uint64_t, 2>;  ///< 16 bytes as they stand in memory

    /// While the table is made. A mask that is no beginning of a name is left out.
    void add(const Words& name, const Words& mask);
    void sort();
    /// After sort(): the rule's range. False: it was left out, or there are more than 65000 names.
    bool find(const Words& name, const Words& mask, std::uint32_t& low, std::uint32_t& high) const;
    /// Fewer than 65536.
    std::size_t count() const { return bounds_.size() + 1; }

    std::uint32_t number(const Words& name) {
        if (bounds_.empty()) return 0;
        Known& known = known_[(name[0] * 0x9e3779b97f4a7c15ULL ^ name[1]) >> 61];
        if (known.name != name) known = {name, search(name)};
        return known.number;
    }

  private:
    struct Known {
        Words name{};
        std::uint32_t number = 0;
    };
    std::uint32_t search(const Words& name) const;

    std::vector<Words> bounds_;  ///< where intervals begin, as big-endian words, rising
    std::array<Known, 8> known_{};
};

/// By CtState: its bit in RuleKey::states.
inline constexpr std::array<std::uint8_t, 5> kStateBits{
    match::ct_bit::kInvalid, match::ct_bit::kNew, match::ct_bit::kEstablished,
    match::ct_bit::kRelated, match::ct_bit::kUntracked};

/// One cache line.
struct alignas(64) ChainIndex {
    /// Where the trees for one state stand in FastTable::roots.
    struct Roots {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };
    std::uint32_t first_step = 0;
    std::uint32_t rules = 0;
    std::array<Roots, 5> roots;  ///< by CtState
    /// If not 0: the one leaf that has all its rules, whatever the state.
    std::uint32_t leaf = 0;
    /// All its rules match every packet, and do nothing but count or write its mark; then it goes back.
    bool is_errand = false;
    Action end{};  ///< what stands behind the rules: policy or chain_end
    Ruling::Kind policy = Ruling::Kind::accept;
};
static_assert(sizeof(ChainIndex) == 64);

/// A chain that a packet is in: how far its lists are read. Those of chains that it has jumped from lie below.
struct alignas(64) ChainFrame {
    const ChainIndex* chain = nullptr;
    Step* steps = nullptr;  ///< the chain's first
    const Candidate* found =
        nullptr;  ///< the rule by which it went on to the next frame, or that is doing something
    /// For run_and_note(): the first rule that would match but for TCP's flags, or does.
    std::uint32_t unsteady = 0;
    bool is_list = false;  ///< this packet finds one list, of a tree or of all the rules
    // else
    std::uint32_t from = 0;  ///< rules before it are done
    const Root* roots = nullptr;
    std::uint32_t root_count = 0;
    std::uint32_t opened = 0;                            ///< trees looked into
    std::array<const Candidate*, kMostRoots + 1> heads;  ///< where each opened list is read next
};

/// Where the trees of a chain, or its late rules' tree, lie in the Forest.
struct TreePlace {
    std::uint32_t first_link = 0;
    std::uint32_t end_link = 0;
    std::uint32_t first_candidate = 0;
    std::uint32_t end_candidate = 0;
};

/// Of a chain that has changed since its trees were made.
struct LateRules {
    std::vector<std::uint32_t> rules;  ///< rising
    std::uint32_t dead = 0;            ///< rules that are gone and stand in the trees
    TreePlace place;
    std::array<std::vector<Root>, 5> main;  ///< the trees of the others, by CtState
    std::uint32_t slots = 0;  ///< in FastTable::roots: room for all trees of each state
};

struct FastTable {
    /// Whether fast() may run it. A table that can turn TRACE on is walked.
    bool is_usable = false;
    std::uint32_t traces = 0;  ///< rules with TRACE
    Forest forest;
    std::vector<Root> roots;
    std::vector<ChainIndex> chains;
    /// By chain and CtState: the first rule that asks more than state, protocol and devices; kNoRule if none does.
    std::vector<std::array<std::uint32_t, 5>> first_particular;
    /// Likewise: the first rule that asks more than these, the destination port and TCP's flags.
    std::vector<std::array<std::uint32_t, 5>> first_beyond_port;
    static constexpr std::uint32_t kNoRule = ~std::uint32_t{0};
    std::array<std::uint32_t, kHooks> entry{};  ///< by hook: the built-in chain
    DeviceNumbers devices;
    std::vector<ChainFrame> stack;  ///< room as ProgramTable::stack
    Paths paths;
    // for changes
    std::vector<TreePlace> places;                      ///< by chain
    std::unordered_map<std::uint32_t, LateRules> late;  ///< by chain
    std::size_t planted = 0;                            ///< candidates and roots when all was made

    /// Bytes of the trees.
    std::size_t index_bytes() const {
        return forest.links.size() * sizeof(Link) + forest.candidates.size() * sizeof(Candidate) +
               roots.size() * sizeof(Root) + chains.size() * sizeof(ChainIndex);
    }
};

/// table.steps, tests and chains are complete. Takes all memory that fast() will need.
void make_fast_table(ProgramTable& table);
/// `count` rules have come to the chain, the first of them with index `at`. Forgets all paths, as the next does.
void note_rules_inserted(ProgramTable& table, std::uint32_t chain, std::uint32_t at,
                         std::uint32_t count);
/// The rule that had index `at` is gone; `was_trace`: it was one of FastTable::traces.
void note_rule_erased(ProgramTable& table, std::uint32_t chain, std::uint32_t at, bool was_trace);

}  // namespace keepstate::rules
