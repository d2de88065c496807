// What of a ruleset stands in the way of judging flows on several threads at once.
//
// Rules judge a packet by itself, its flow and the time, and a flow lives on one thread: most rulesets can be run by
// one Program a thread, whose counters are added up. Two things cannot:
//   - rules that remember what packets of other flows did (limit, recent, quota, ...): all packets must come to them in
//     their order. Modules say so themselves, in remembers();
//   - rules after which one flow's packets belong to another one: rewritten addresses in what is answered, and zones
//     together with helpers.
// And helpers: the flows that they may read are known by their ports, as far as the rules that name helpers say them.
//
// Threads: for the making of engines.  Tested by: rules/sharing_test.cpp, tests/property/shards_property.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "ct/helper/helper.hpp"
#include "ct/steering.hpp"
#include "keepstate/conntrack.hpp"
#include "keepstate/result.hpp"
#include "rules/change.hpp"
#include "rules/program.hpp"

namespace keepstate::rules {

/// The first rule for whose sake all packets must be judged in order, with its file, line and text, and in words why;
/// nothing if there is none. `has_helpers`: some flow may get a helper.
std::optional<Fault> find_rule_for_order(const Program& program, bool has_helpers);

/// Why a rule that has come to a Program, one of several that judge side by side, may not stay: it would need order, or
/// gives helpers to flows outside of `reach`; in words, empty if it may. `reach`: as when the Programs were made.
std::string why_not_beside_others(const Program& program, const RulePosition& at,
                                  std::span<const ct::Helper> helpers,
                                  const ct::HelperReach& reach);

/// Adds the ports of the flows that the rules of `ruleset` may give a helper.
void add_reach_of_rules(const RulesetText& ruleset, std::span<const ct::Helper> helpers,
                        ct::HelperReach& reach);
/// Adds those that get one without rules: nf_conntrack_helper.
void add_reach_of_settings(const Settings& settings, std::span<const ct::Helper> helpers,
                           ct::HelperReach& reach);

}  // namespace keepstate::rules
