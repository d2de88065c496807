// Random rules out of the modules' own options tables, so that a new module is covered without a line here.
//
// What follows an option is made from its kind and bounds. For text, which only the module understands, and
// one time in two for all kinds, a value is taken that tests/rules/*.t uses for an option of that name. Not
// every rule that comes out is legal: whoever uses them asks keepstate, and counts.
//
// One seed gives one sequence. Used by: ruleset_property.cpp, the differential tests.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "rules/modules.hpp"

namespace keepstate::property {

class RuleGenerator {
  public:
    /// `folder` has the *.t files.
    RuleGenerator(std::uint64_t seed, Family family, const std::string& folder);

    /// "-p tcp -m tcp --dport 80": a match with some of its options, and the protocol that it needs.
    std::string match(const rules::MatchModule& module);
    /// "-j LOG --log-level 4", with the protocol that it needs.
    std::string target(const rules::TargetModule& module);
    /// -s, -d, -i, -o: none to all of them, as `hook` allows.
    std::string basics(Hook hook);

    std::mt19937_64& dice() { return dice_; }
    unsigned below(unsigned bound) { return static_cast<unsigned>(dice_() % bound); }

  private:
    /// Both ends may come out.
    std::uint64_t between(std::uint64_t low, std::uint64_t high);
    std::string options(const rules::Traits& traits);
    std::string value(const rules::Traits& traits, const rules::Option& option);
    std::string number(std::uint64_t low, std::uint64_t high);
    std::string address();
    static std::string protocol(const rules::Traits& traits);
    void read_values(const std::string& file);

    std::mt19937_64 dice_;
    Family family_;
    std::map<std::string, std::vector<std::string>> values_;  // by option, with its dashes
};

}  // namespace keepstate::property
