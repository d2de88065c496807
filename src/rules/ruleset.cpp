// keepstate::Ruleset, the public face of the AST. Tested by: rules/parse_test.cpp.
#include "keepstate/ruleset.hpp"

#include <utility>

#include "rules/advice.hpp"
#include "rules/parse.hpp"
#include "rules/print.hpp"

namespace keepstate {

Ruleset::Ruleset(std::shared_ptr<const rules::RulesetText> ast) : ast_(std::move(ast)) {}

Result<Ruleset> Ruleset::parse(std::string_view text, Family family, std::string file,
                               std::span<const LabelName> labels) {
    auto parsed = rules::parse(text, family, std::move(file), labels);
    if (!parsed) return Unexpected(std::move(parsed.error()));
    // Not made const: a Program that has it alone may change it.
    return Ruleset(std::make_shared<rules::RulesetText>(std::move(*parsed)));
}

Ruleset Ruleset::empty(Family family) {
    rules::RulesetText text;
    text.family = family;
    return Ruleset(std::make_shared<rules::RulesetText>(std::move(text)));
}

std::span<const WarningKind> warning_kinds() { return rules::all_warning_kinds(); }

std::vector<Warning> Ruleset::warnings() const { return rules::advise(*ast_); }

Family Ruleset::family() const { return ast_->family; }

std::string Ruleset::print(bool with_counters) const {
    return with_counters ? rules::print_with_own_counters(*ast_) : rules::print(*ast_, nullptr);
}

}  // namespace keepstate
