// What came of a scenario, whoever played it: the packets, the entries and counters at the end, and all
// that is not as wished, wanted and got side by side.
//
// Threads: plain values.  Tested by: cli/scenario_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "cli/scenario.hpp"
#include "cli/scenario_wish.hpp"

namespace keepstate::cli {

struct PlayedStep {
    Seen seen;
    std::string story;  ///< the way of the packet in words; empty if the player tells none
    std::vector<Difference> differences;
};

struct EndFault {
    int line = 0;
    Difference difference;
};

struct Played {
    std::vector<PlayedStep> steps;  ///< one for each Scenario::steps
    std::string entries;            ///< as /proc/net/nf_conntrack prints them
    std::string expectations;       ///< as /proc/net/nf_conntrack_expect prints them
    std::string counters4;          ///< as iptables-save -c prints them; empty: no rules
    std::string counters6;
    std::string events;      ///< as conntrack -E prints them
    std::string statistics;  ///< as conntrack -S prints them, all processors added up
    std::vector<EndFault> end_faults;

    bool is_as_wished() const;
};

/// Whether an entry line fits a wished one: word by word, `*` fits any word, and words that a wish may leave
/// out (mark=0, zone=0, use=1, packets=, bytes=) are stepped over. The fifth word is the timeout.
bool fits_entry(std::string_view wish, std::string_view line, std::int64_t slack_s);

/// Fills end_faults from the wishes of the scenario and what stands in `played`.
void compare_end(const Scenario& scenario, std::int64_t slack_s, Played& played);

/// For people: each packet that is not as wished, what was wanted and got, and its story.
std::string print_failures(const Scenario& scenario, const Played& played);

}  // namespace keepstate::cli
