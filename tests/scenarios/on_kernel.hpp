// A scenario played by the live kernel: the law that keepstate is held against.
//
// Each packet goes through a KernelRun (tests/kernel); what it saw is put into the words of a Seen. Two wishes
// have no direct counterpart and are looked for: that a rule decided, by its counter having grown; a reason,
// by the kernel's own log words. Waits are real time, so timeouts may be a second off.
// Threads: as KernelRun.  Tested by: itself, against tests/scenarios.
#pragma once

#include "cli/scenario.hpp"
#include "cli/scenario_outcome.hpp"
#include "keepstate/result.hpp"

namespace keepstate::scenarios {

/// Real time passes: the kernel counts in ticks and rounds down.
inline constexpr std::int64_t kSlackSeconds = 1;

Result<cli::Played> play_on_kernel(const cli::Scenario& scenario);

}  // namespace keepstate::scenarios
