// Rules that are well written and can yet match no packet here, because they ask for what keepstate does not know.
//
// Threads: a pure function.  Tested by: rules/ruleset_hints_test.cpp.
#pragma once

#include <vector>

#include "keepstate/result.hpp"
#include "keepstate/ruleset.hpp"

namespace keepstate {

/// What the setup that the rules will run in knows beyond what keepstate always does.
struct Known {
    bool has_sockets = false;       ///< EngineSetup::sockets will not be empty
    bool has_fingerprints = false;  ///< EngineSetup::fingerprints will not be empty
};

/// One fault a match and reason, in the order of the rules: the place of the first such rule, and in words which
/// match never matches, why, and how many rules more. Cost: linear in the rules.
std::vector<Fault> find_rules_that_never_match(const Ruleset& ruleset, const Known& known = {});

}  // namespace keepstate
