// A command of iptables that changes the rules of a Program while it runs: -A, -I, -D, -R, and -C, which changes nothing.
//
// The command is read and checked as a line of a rule file is, by the same code; then the Program changes in place
// (program_change.cpp). Either all of a command is done or nothing: `-s 10.0.0.1,10.0.0.2' is two rules.
//
// Cost: linear in the rules of the chain, with small factors: steps move, candidates are renumbered. A command that
// leads to another chain looks through the whole table for circles and for what may not stand there.
// source: man:iptables; seen:tests/rules/command.t.   Tested by: rules/change_test.cpp, tests/property/fast_property.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "keepstate/result.hpp"
#include "rules/objects.hpp"
#include "rules/program.hpp"

namespace keepstate::rules {

/// A rule of a Program: number `rule` of its chain, from 0.
struct RulePosition {
    Table table = Table::filter;
    std::uint32_t chain = 0;
    std::uint32_t rule = 0;
};

/// Where one firewall has several Programs that change alike.
struct ChangeTerms {
    /// Asked about each new rule where it stands. Words: it may not, and goes again; they are the fault. Null: all may.
    std::function<std::string(const Program& program, const RulePosition& at)> why_not;
    /// New rules count from zero whatever -c says: another Program has those.
    bool counts_from_zero = false;
};

struct ChangePlace {
    Objects& objects;  ///< that the Program was made with
    std::span<const LabelName> labels = {};
    const ChangeTerms* terms = nullptr;  ///< null: none
};

/// `command`: the words behind `iptables': "-t nat -I PREROUTING 3 -p tcp -j RETURN". False: nothing has changed (-C).
/// Errors (kind input): the command's faults, with its text and column; nothing has changed.
Result<bool> apply_change(Program& program, std::string_view command, const ChangePlace& place);

}  // namespace keepstate::rules
