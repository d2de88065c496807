// Ctrl-C as a flag: the first one asks for a clean stop, the second ends the program at once.
//
// A replay that is stopped still writes its tables and counters; only whoever cannot wait for that
// presses twice. SIGTERM is treated alike.
//
// Threads: signal-safe.  Tested by: tests/program.
#pragma once

#include <atomic>

namespace keepstate::run {

/// Begins to watch SIGINT and SIGTERM; the flag is set by the first of them. System calls that wait are
/// interrupted by it. A signal that the caller of this program ignores stays ignored.
const std::atomic<bool>& watch_interrupts();

/// The signal that came, 0 if none. The exit status of a stopped program is 128 + this.
int interrupt_signal();

/// Makes a write to a pipe that nobody reads an error of that write instead of the end of the program,
/// so that the files that a replay writes at its end are written under `| head` too.
void ignore_broken_pipes();

}  // namespace keepstate::run
