// One rule into a step: its own parts in the words of the machine, and its modules' own copies of their data.
//
// Where the copies go is the caller's: one arena for all rules that a Program is made of, a block for each rule that comes
// later. Private to program*.cpp.
//
// Tested by: rules/walk_test.cpp, rules/bind_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rules/objects.hpp"
#include "rules/program.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

/// How many max_align_t the data of a rule's modules take.
std::size_t data_units(const Rule& rule);

/// Where a rule stands, and the room for what it keeps.
struct RulePlace {
    const RulesetText& ruleset;
    const std::string& chain_name;
    std::uint32_t chain = 0;
    MatchStep* matches = nullptr;      ///< as many as the rule has
    std::max_align_t* data = nullptr;  ///< data_units()
};

struct CompiledRule {
    Step step;  ///< `jump` is left to the caller
    BasicTest test;
};

/// Copies what the modules keep and binds it. What they complain about is added to `faults`.
CompiledRule compile_rule(const Rule& rule, const RulePlace& place, Objects& objects,
                          std::vector<Fault>& faults);

}  // namespace keepstate::rules
