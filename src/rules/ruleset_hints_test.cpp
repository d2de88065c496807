// Which rules are told to match nothing here.
#include "keepstate/ruleset_hints.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace keepstate {
namespace {

std::vector<std::string> hints_of(std::string_view rules, const Known& known = {}) {
    const auto ruleset = Ruleset::parse(
        fmt::format("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n{}COMMIT\n", rules),
        Family::ipv4, "fw");
    std::vector<std::string> words;
    if (!ruleset) {
        ADD_FAILURE() << ruleset.error().faults.front().words;
        return words;
    }
    for (const Fault& fault : find_rules_that_never_match(*ruleset, known)) {
        words.push_back(
            fmt::format("{}:{}:{}: {}", fault.file, fault.line, fault.column, fault.words));
    }
    return words;
}

using Words = std::vector<std::string>;

TEST(RulesetHints, a_match_that_asks_what_is_not_known_is_told_once) {
    EXPECT_EQ(
        hints_of("-A INPUT -p tcp -m osf --genre Linux -j DROP\n"
                 "-A INPUT -j ACCEPT\n"
                 "-A INPUT -p tcp -m osf ! --genre Windows -j DROP\n"
                 "-A INPUT -m cgroup --cgroup 5\n"
                 "-A FORWARD -p tcp -m osf --genre Linux\n"),
        (Words{"fw:4:20: match `osf' never matches here: no fingerprints are known (2 rules more)",
               "fw:7:13: match `cgroup' never matches here: no sockets are stated"}));
}

TEST(RulesetHints, sockets_are_known_if_they_are_stated) {
    constexpr const char* kRules =
        "-A INPUT -m cgroup --cgroup 5\n"
        "-A INPUT -m socket\n"
        "-A INPUT -m comment --comment x\n";
    EXPECT_EQ(hints_of(kRules).size(), 2U);
    EXPECT_EQ(hints_of(kRules, Known{.has_sockets = true}), Words{});
}

TEST(RulesetHints, fingerprints_that_are_given_may_match) {
    EXPECT_EQ(hints_of("-A INPUT -p tcp -m osf --genre Linux\n", {.has_fingerprints = true}),
              Words{});
}

TEST(RulesetHints, a_rule_that_may_match_is_not_told) {
    EXPECT_EQ(hints_of("-A INPUT -m policy --dir in --pol none\n"
                       "-A INPUT -m realm ! --realm 5\n"
                       "-A INPUT -m realm --realm 0\n"
                       "-A INPUT -m cpu --cpu 0\n"
                       "-A INPUT -m physdev ! --physdev-is-in ! --physdev-in eth5\n"
                       "-A INPUT -m ipvs ! --ipvs\n"
                       "-A INPUT -m bpf --bytecode \"1,6 0 0 0\"\n"
                       "-A INPUT -p tcp -m tcp --dport 80\n"),
              Words{});
    EXPECT_EQ(hints_of("-A INPUT -m policy --dir in --pol ipsec\n"
                       "-A INPUT -m realm --realm 5\n"
                       "-A INPUT -m cpu ! --cpu 0\n"
                       "-A INPUT -m physdev ! --physdev-is-in --physdev-in eth5\n"
                       "-A INPUT -m ipvs --ipvs\n"
                       "-A INPUT -m bpf --object-pinned /sys/fs/bpf/x\n")
                  .size(),
              6U);
}

}  // namespace
}  // namespace keepstate
