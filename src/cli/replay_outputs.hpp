// The files that a replay writes: packets to stdout, and at its end counters, entries, expectations; and
// the capture of what left the firewall.
//
// All are opened before the first packet, so that an unwritable one costs no time.
//
// Tested by: tests/program.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/replay_options.hpp"
#include "io/capture.hpp"
#include "io/capture_writer.hpp"
#include "io/output.hpp"
#include "keepstate/result.hpp"
#include "keepstate/sharded_engine.hpp"
#include "run/replay_loop.hpp"

namespace keepstate::cli {

class ReplayOutputs {
  public:
    /// Opens all that the options name. Errors: those that cannot be written (ErrorKind::system), or
    /// that are one of the captures that are read (ErrorKind::usage); then nothing was emptied.
    static Result<ReplayOutputs> open(const ReplayOptions& options,
                                      const io::CaptureMerge& captures);

    io::Output& packets() { return *stdout_; }
    /// Whether a file that is written while the replay runs cannot take any more.
    bool has_failed() const;
    /// Adds a packet that left, and the answer that the firewall itself sent, to --write.
    void write_packet(const run::Outcome& outcome, bool several_captures);
    /// Adds the packet's lines of LOG and TRACE to --log, each with its time: "[1353110400.000001] IN=eth0 ...".
    void write_log(const run::Outcome& outcome);
    /// Writes what is written at the end, and closes all. All errors.
    Result<void> finish(const ReplayOptions& options, const std::vector<LabelName>& labels,
                        const ShardedEngine& engine, Time now);

  private:
    std::unique_ptr<io::Output> stdout_;
    std::unique_ptr<io::Output> counters_;
    std::unique_ptr<io::Output> counters6_;
    std::unique_ptr<io::Output> table_;
    std::unique_ptr<io::Output> expectations_;
    std::unique_ptr<io::Output> stats_;
    std::unique_ptr<io::Output> capture_;  ///< null: the writer writes to stdout_, or there is none
    std::unique_ptr<io::CaptureWriter> writer_;
    std::unique_ptr<io::Output> log_;  ///< null: as capture_
    bool has_log_ = false;
};

}  // namespace keepstate::cli
