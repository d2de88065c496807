// Random rulesets for walks: NOTRACK, zones and marks in raw and mangle for a part of the flows, states that are
// dropped or rejected in filter, flows dropped after they were confirmed.
#pragma once

#include <string>

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

/// iptables-save text with counters, for one family. `has_zones`: CT --zone too.
std::string make_walk_rules(Dice& dice, bool is_v6, bool has_zones);

}  // namespace keepstate::kernel
