// A ruleset: iptables-save text or a script in, a checked ruleset out, and back to text.
//
// Threads: a Ruleset is a value that never changes; copies share the text. An Engine keeps its own counters.
// Tested by: rules/parse_test.cpp, tests/rules, tests/kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/address.hpp"
#include "keepstate/conntrack.hpp"
#include "keepstate/result.hpp"
#include "keepstate/verdict.hpp"

namespace keepstate {

namespace rules {
struct RulesetText;  // the AST; private to the library
}

/// Packets and bytes.
struct Counters {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Counters&) const = default;
};

/// A rule that is legal and does not do what its writer will have meant. docs/check.md explains each kind.
struct Warning {
    std::string_view name;  ///< one of warning_kinds(), for ever
    Fault place;            ///< file, line (0: the table as a whole) and words; column is 1
};
struct WarningKind {
    std::string_view name;
    std::string_view words;  ///< one clause, no full stop
};
/// All kinds of warnings.
std::span<const WarningKind> warning_kinds();

class Ruleset {
  public:
    /// iptables-save or ip6tables-save text, what iptables -S lists, or the iptables commands of a shell
    /// script: the text shows which (docs/check.md). `file` names it in faults. All faults of the text are
    /// reported, not the first; a rule that is not understood is never left out.
    /// `labels`: names that -m connlabel may use and is printed with.
    static Result<Ruleset> parse(std::string_view text, Family family, std::string file = {},
                                 std::span<const LabelName> labels = {});
    /// No rules: every table empty, every policy ACCEPT, no table loaded.
    static Ruleset empty(Family family);

    Family family() const;
    /// As iptables-legacy-save 1.8.9 prints it, without the two comment lines that carry date and
    /// version; `with_counters` as its -c.
    std::string print(bool with_counters) const;

    /// What an expert would point at, by line. Each is certain from the text alone. Cost: linear, with a look back
    /// over some hundred rules; facts of every rule are held meanwhile.
    std::vector<Warning> warnings() const;

    const rules::RulesetText& ast() const { return *ast_; }
    /// The same, for whoever must keep it: the library's Program.
    std::shared_ptr<const rules::RulesetText> shared_ast() const { return ast_; }

  private:
    explicit Ruleset(std::shared_ptr<const rules::RulesetText> ast);
    std::shared_ptr<const rules::RulesetText> ast_;
};

}  // namespace keepstate
