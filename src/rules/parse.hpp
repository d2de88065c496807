// The whole text of a ruleset into an AST. See parse.cpp.
#pragma once

#include <string>
#include <string_view>

#include "keepstate/result.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

class Faults;

/// All faults as one error, each with the text of its line.
Error to_error(Faults& faults, std::string_view text);

/// iptables-save text, or a script of iptables commands (script.hpp), as the text shows. Errors: kind input, with all faults in the order of their places. Cost: linear in
/// the text (but for -I, -D, -X, -E; see table_builder.hpp). Threads: none shared.
Result<RulesetText> parse(std::string_view text, Family family, std::string file,
                          std::span<const LabelName> labels = {});

}  // namespace keepstate::rules
