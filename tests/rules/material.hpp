// Rules and rulesets of others, for rule_material_test.cpp: iptables' own test lines, single rules and whole
// rulesets that people keep. They are not part of the repository; KEEPSTATE_SHARED names the folder that
// holds them (default: ../shared beside the source).
//
//     iptables-t/cases.jsonl        one line of iptables' own tests for one program, table and chain
//     rulesets/single-rules.jsonl   one rule with what iptables 1.8.9 answered and saved
//     rulesets/files/NAME           a ruleset; rulesets/INDEX.md says of which family, and whether it loads
//     rulesets/saved-by-1.8.9/legacy/NAME   what iptables-legacy-save printed afterwards
#pragma once

#include <string>
#include <vector>

#include "keepstate/address.hpp"

/// One text for keepstate, and what iptables 1.8.9 makes of it.
struct MaterialCase {
    std::string corpus;  ///< "iptables-t", "single", "files"
    std::string group;   ///< the file of the case: "libxt_tcp.t", "fwbuilder", the ruleset's name
    std::string place;   ///< for eyes: file and line
    keepstate::Family family = keepstate::Family::ipv4;
    std::string table;
    std::string chain;
    std::string rule;    ///< the line; empty for a whole ruleset
    std::string text;    ///< what is given to keepstate and to the real tool
    bool known = false;  ///< the real answer is in the next two; else the real tool must be asked
    bool taken = false;
    std::string saved;  ///< the rules, or the whole ruleset, without comments
};

/// The folder with the material; empty if it is not there.
std::string material_folder();
/// Everything under it. Throws nothing; what cannot be read is missing.
std::vector<MaterialCase> load_iptables_lines(const std::string& folder);
std::vector<MaterialCase> load_single_rules(const std::string& folder);
std::vector<MaterialCase> load_rulesets(const std::string& folder);

/// A line of tests/rules/explained.txt: why a case cannot hold.
struct Explanation {
    int line = 0;         ///< in the table
    std::string missing;  ///< "match ah": what keepstate says of a module that it does not have
    std::string corpus;   ///< begins with: "iptables-t/libxt_time.t"
    std::string words;    ///< stands in the rule, or in the text of a ruleset; empty: any
    std::string why;
    unsigned used = 0;
};
std::vector<Explanation> load_explanations(const std::string& file);
