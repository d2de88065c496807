// One `keepstate replay` of a page: run as the reader would run it, drawn as a ladder, and put to the live kernel.
//
// The program itself runs, in docs/captures, and what it says as JSON is taken for ladders and for the question to
// the kernel: page, ladder and kernel are held against one and the same run.
// Threads: none.  Tested by: docs_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "cli/scenario.hpp"
#include "keepstate/result.hpp"

namespace keepstate::docs {

/// Where the captures and rulesets of the pages are.
std::string captures_folder();

/// What `command` prints on stdout when run in `folder`. Only `[build/]keepstate ...` and `cat FILE` are commands of
/// pages. Errors: another command, one that ends in failure, one that prints nothing.
Result<std::string> run_command(const std::string& command, const std::string& folder);

/// What came of one packet, from its JSON object; empty where it says null.
struct PacketFacts {
    std::string time;  ///< seconds since the first packet, with three digits
    std::string source;
    std::string destination;
    std::string summary;  ///< without the addresses
    std::string state;
    std::string direction;
    std::string reason;
    std::string protocol_state;
    std::string timeout;
    std::vector<std::string> status;
    bool has_entry = false;
    bool is_gone = false;  ///< this packet took its entry out of the table
    std::string verdict;
    std::string rule;  ///< "filter FORWARD 2"
};

struct Replayed {
    std::vector<PacketFacts> packets;
    std::string entries;  ///< as /proc/net/nf_conntrack prints them
    /// Counted rules, and before those of each table its name: "*filter", "[2:80] -A FORWARD ...".
    std::vector<std::string> counters4;
    std::vector<std::string> counters6;
};

/// A replay of a page with only what decides: captures, rules, settings, devices, own addresses. Two calls that differ
/// only in what they show have the same one.
Result<std::string> deciding_arguments(const std::string& arguments);

Result<Replayed> replay(const std::string& deciding);

/// A ladder diagram: who sent what, and what tracking made of it.
std::string draw_ladder(const Replayed& replayed);

/// The same packets, rules and settings as a scenario whose wishes are what keepstate said.
Result<cli::Scenario> make_scenario(const std::string& deciding, const Replayed& replayed);

}  // namespace keepstate::docs
