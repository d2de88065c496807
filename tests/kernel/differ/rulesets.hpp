// Random rulesets for random packets: which rules count what, and what becomes of each packet.
//
// A ruleset is drawn from rule_patterns.hpp: tables, user chains that jump to each other, rules with up to three
// matches. The same seed gives the same ruleset and packets. A drawn rule that keepstate refuses (a table or
// chain where the module may not stand) is drawn again; that patterns as such are taken is a test of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "differ/walks.hpp"

namespace keepstate::kernel {

/// Rules and packets of one family.
struct RulesetOptions {
    std::vector<std::string> without = {};  ///< modules that no rule shall use
    /// Loaded by iptables-nft (KernelSetup::is_nft), without the patterns of kNotComparedByNft.
    bool is_nft = false;
};
Walk make_ruleset_walk(bool is_v6, std::uint64_t seed, std::size_t packets,
                       const RulesetOptions& options = {});

/// How often rules with a module were drawn, and how often one of them counted a packet, by the module's name.
struct Reached {
    std::uint64_t rules = 0;
    std::uint64_t counted = 0;  ///< rules that counted at least one packet
    std::uint64_t passed =
        0;  ///< rules that were asked (their chain was entered) and did not count
};
/// Adds what the counters at the end say (iptables-save -c text).
void add_reached(const std::string& counters, std::map<std::string, Reached>& reached);

/// One rule for each pattern, to test that each is taken: module, table and the rule's text.
struct PatternRule {
    std::string module;
    bool is_v6 = false;
    std::string table;
    std::string rule;
};
std::vector<PatternRule> one_rule_a_pattern(std::uint64_t seed);

}  // namespace keepstate::kernel
