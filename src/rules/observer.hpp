// The Observer: who wants to hear why.
//
// walk() and the modules state facts to it while they decide; it may be null, and then nothing is
// formatted and nothing allocated. There is no second path that explains: what is heard here is what
// decided.
//
//     table_entered
//       chain_entered                    the built-in chain, then every chain a jump or goto leads to
//         rule_tried no|yes              every rule looked at, in order; "no" says which part and why
//         said, logged                   what a target did: "mark 0x0 -> 0x1", the line of LOG or TRACE
//       chain_left                       back behind the jump: RETURN, or the end of the chain
//     decided                            once, last: rule or policy
//
// Life: the views passed are good for the call only (chain names live as long as the Program).
// Tested by: rules/walk_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "keepstate/verdict.hpp"

namespace keepstate::rules {

class Program;
struct Outcome;

/// Where in the ruleset something happens. Indexes are those of Program: chain_name, rule_text, counters.
struct RuleSite {
    const Program* program = nullptr;
    Table table = Table::filter;
    std::uint32_t chain = 0;  ///< Program's index of the chain in its table
    std::uint32_t rule = 0;   ///< from 1; 0 is the policy, or the end of a user chain
    std::string_view chain_name;
};

/// One rule looked at.
struct RuleTried {
    RuleSite site;
    bool matched = false;
    std::string_view part;   ///< which part said no: "-s", "-p", "tcp", ...; empty if it matched
    std::string_view words;  ///< the values compared: "--dport 80: the packet's is 443"
    bool hotdrop = false;    ///< that part found the packet too broken to go on
};

/// A line that Linux would write to its log.
struct LogFact {
    RuleSite site;
    std::string_view line;  ///< without a newline
    std::uint8_t level = 4;
};

class Observer {
  public:
    virtual ~Observer() = default;

    virtual void table_entered(Table, Hook) {}
    /// `jumped_from.rule` is 0 for the built-in chain.
    virtual void chain_entered(const RuleSite& /*chain*/, const RuleSite& /*jumped_from*/,
                               bool /*by_goto*/) {}
    virtual void rule_tried(const RuleTried&) {}
    /// The walk goes on behind `back_to`; `by_return`: a RETURN rule, else the chain's end.
    virtual void chain_left(const RuleSite& /*left*/, const RuleSite& /*back_to*/,
                            bool /*by_return*/) {}
    virtual void said(const RuleSite&, std::string_view /*target*/, std::string_view /*words*/) {}
    /// LOG wrote a line, or TRACE did because the rule matched.
    virtual void logged(const LogFact&) {}
    virtual void decided(const RuleSite&, const Outcome&) {}
};

}  // namespace keepstate::rules
