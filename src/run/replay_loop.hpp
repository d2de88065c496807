// The replay loop: frames from a source, in batches through the engine, each decision to a sink.
//
//     source.next() x 32 -> copied into one buffer -> Engine::process -> sink.take() x 32 -> sink.batch_done()
//
// The engine sees the captures' own time; the only clock read here is a stopwatch for the summary.
// Memory: one batch of frames, whatever the length of the replay.
//
// Threads: the caller's, and those of the engine while it judges a batch.  Tested by: tests/program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "keepstate/engine.hpp"
#include "keepstate/sharded_engine.hpp"

namespace keepstate::run {

/// One frame and what its source knows of it.
struct Arrival {
    Frame frame;                ///< from a source: its bytes are good until the next call of next()
    std::uint64_t number = 0;   ///< in its capture, from 1
    std::uint32_t capture = 0;  ///< which of several captures
    bool finer_than_us = false;  ///< the stamp's resolution
    bool cut = false;            ///< the tail was not captured
};

class ArrivalSource {
  public:
    virtual ~ArrivalSource() = default;
    /// The next frame; false at the end, or if the source was interrupted.
    virtual bool next(Arrival& arrival) = 0;
};

/// What became of one frame. All views are good for the duration of the call.
struct Outcome {
    const Arrival& arrival;
    const Decision& decision;
    std::span<const Event> events;  ///< those that this frame raised, if they are listened to
    std::span<const ExpectationEvent> expectation_events;  ///< likewise
    std::string_view story;  ///< the way in words, if stories are asked for
    std::string_view log;    ///< lines of LOG and TRACE, each ended, if logs are asked for
};

class OutcomeSink {
  public:
    virtual ~OutcomeSink() = default;
    virtual void take(const Outcome& outcome) = 0;
    /// After each batch, with the number of frames so far. False: nobody wants more, stop.
    virtual bool batch_done(std::uint64_t frames) = 0;
};

struct LoopOptions {
    /// Frames that are worth handing over to several threads.
    static constexpr std::size_t kTogether = 2048;
    std::size_t batch_frames = 32;  ///< for an engine with several shards kTogether is better
    bool stories = false;
    bool logs = false;
    bool events = false;                      ///< as EngineSetup::listen_events
    const std::atomic<bool>* stop = nullptr;  ///< looked at after each batch
};

struct LoopTotals {
    std::uint64_t frames = 0;
    Time last_time;        ///< the latest stamp that the engine saw
    double elapsed_s = 0;  ///< by the wall clock
};

/// Replays until the source ends, `stop` is set, or the sink wants no more. What was read is always
/// judged and handed to the sink before it returns.
LoopTotals replay_all(ShardedEngine& engine, ArrivalSource& source, OutcomeSink& sink,
                      const LoopOptions& options);

}  // namespace keepstate::run
