// The AST back into text, byte for byte as iptables-legacy-save 1.8.9 prints it. See print.cpp.
#pragma once

#include <functional>
#include <string>

#include "rules/text.hpp"

namespace keepstate::rules {

/// Counters of a rule (number from 1) or a policy (0) in a chain of a table, both by index.
using CounterSource =
    std::function<Counters(std::size_t table, std::size_t chain, std::size_t rule)>;

/// Without the two comment lines that carry date and version. `counters` null: none before the rules
/// and [0:0] behind the policies, as after a restore without -c.
std::string print(const RulesetText& ruleset, const CounterSource* counters);
/// The same with the counters that stand in the text.
std::string print_with_own_counters(const RulesetText& ruleset);

/// "-A CHAIN ... -j TARGET", without counters and newline.
void print_rule(const Rule& rule, std::string_view chain, Family family, std::string& out);

}  // namespace keepstate::rules
