// The nearest known name to a misspelt one, for faults: "did you mean `conntrack'?"
//
// Tested by: tests/rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keepstate::rules {

/// The name of `known` with the fewest edits from `wrong`; empty if none is near (at most a third of
/// the letters, at least one). Cost: length * length for each known name; only called for faults.
std::string_view find_nearest(std::string_view wrong, const std::vector<std::string_view>& known);

/// "; did you mean `NAME'?", or nothing.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known);

/// Whether `name` begins with `beginning`, case ignored: how iptables reads many words cut short.
bool begins_in_any_case(std::string_view name, std::string_view beginning);

}  // namespace keepstate::rules
