// A scenario played by keepstate, in virtual time: the core of `keepstate test`.
//
// Time stands still but for what the scenario waits for, so that timeouts are exact numbers.
// Threads: one run belongs to one thread.  Cost: one engine, and a story for every packet.
// Tested by: cli/scenario_test.cpp, tests/scenarios.
#pragma once

#include "cli/scenario.hpp"
#include "cli/scenario_outcome.hpp"
#include "keepstate/result.hpp"

namespace keepstate::cli {

/// Errors: faults of the rulesets, at their line and column in the scenario's file.
Result<Played> run_scenario(const Scenario& scenario);

}  // namespace keepstate::cli
