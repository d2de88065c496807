// The list of all modules, and how names are looked up. See modules.cpp to add one.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rules/module.hpp"

namespace keepstate::rules {

/// By the name after -m or -j and the family; null if there is none. `-m icmpv6' finds icmp6.
const MatchModule* find_match(std::string_view name, Family family);
const TargetModule* find_target(std::string_view name, Family family);

/// The match that has an option of this name; empty if none has.
std::string_view find_owner(std::string_view option, Family family);

/// All names, for "did you mean" and documentation.
std::vector<std::string_view> match_names(Family family);
std::vector<std::string_view> target_names(Family family);

/// All modules of this version.
std::span<const MatchModule* const> matches();
std::span<const TargetModule* const> targets();

}  // namespace keepstate::rules
