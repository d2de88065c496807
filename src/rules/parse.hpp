// The whole text of a ruleset into an AST. See parse.cpp.
#pragma once

#include <string>
#include <string_view>

#include "keepstate/result.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

/// iptables-save text. Errors: kind input, with all faults in the order of their places. Cost: linear in
/// the text (but for -I, -D, -X, -E; see table_builder.hpp). Threads: none shared.
Result<RulesetText> parse(std::string_view text, Family family, std::string file,
                          std::span<const LabelName> labels = {});

}  // namespace keepstate::rules
