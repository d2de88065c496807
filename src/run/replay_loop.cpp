// Fill a batch, judge it, hand it on.
//
// A source's bytes live until its next frame, so a batch keeps copies. All copies of a batch stand in
// one buffer that only ever grows to the largest batch; spans are made when it no longer moves.
#include "run/replay_loop.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace keepstate::run {
namespace {

class Batch {
  public:
    explicit Batch(std::size_t limit) : limit_(limit) {
        arrivals_.reserve(limit);
        frames_.resize(limit);
    }

    /// False if the source has no more.
    bool fill(ArrivalSource& source) {
        arrivals_.clear();
        bytes_.clear();
        bool more = true;
        Arrival arrival;
        while (arrivals_.size() < limit_ && (more = source.next(arrival))) {
            bytes_.insert(bytes_.end(), arrival.frame.bytes.begin(), arrival.frame.bytes.end());
            arrivals_.push_back(arrival);
        }
        std::size_t begin = 0;
        for (std::size_t i = 0; i < arrivals_.size(); ++i) {
            Frame& frame = arrivals_[i].frame;
            const std::size_t size = frame.bytes.size();
            frame.bytes = std::span<const std::uint8_t>(bytes_.data() + begin, size);
            begin += size;
            frames_[i] = frame;
        }
        return more;
    }

    std::span<const Arrival> arrivals() const { return arrivals_; }
    std::span<const Frame> frames() const { return {frames_.data(), arrivals_.size()}; }

  private:
    std::size_t limit_;
    std::vector<Arrival> arrivals_;
    std::vector<Frame> frames_;
    std::vector<std::uint8_t> bytes_;
};

}  // namespace

LoopTotals replay_all(ShardedEngine& engine, ArrivalSource& source, OutcomeSink& sink,
                      const LoopOptions& options) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    Batch batch(options.batch_frames);
    std::vector<Decision> decisions(options.batch_frames);
    std::vector<std::string> stories(options.stories ? options.batch_frames : 0);
    std::vector<std::string> logs(options.logs ? options.batch_frames : 0);
    std::vector<Event> events;
    std::vector<ExpectationEvent> expectation_events;
    LoopTotals totals;
    bool more = true;
    while (more) {
        more = batch.fill(source);
        const std::span<const Arrival> arrivals = batch.arrivals();
        if (arrivals.empty()) break;
        for (std::string& story : stories) story.clear();
        for (std::string& log : logs) log.clear();
        engine.process(batch.frames(), std::span(decisions).first(arrivals.size()),
                       options.stories ? stories.data() : nullptr,
                       options.logs ? logs.data() : nullptr);
        std::span<const std::uint32_t> ends, expectation_ends;
        if (options.events) {
            events = engine.take_events();
            ends = engine.event_ends();
            expectation_events = engine.take_expectation_events();
            expectation_ends = engine.expectation_event_ends();
        }
        std::size_t event_begin = 0, expectation_begin = 0;
        for (std::size_t i = 0; i < arrivals.size(); ++i) {
            if (totals.frames++ == 0 || arrivals[i].frame.time > totals.last_time) {
                totals.last_time = arrivals[i].frame.time;
            }
            const std::size_t event_end = i < ends.size() ? ends[i] : event_begin;
            const std::size_t expectation_end =
                i < expectation_ends.size() ? expectation_ends[i] : expectation_begin;
            sink.take({arrivals[i], decisions[i],
                       std::span<const Event>(events).subspan(event_begin, event_end - event_begin),
                       std::span<const ExpectationEvent>(expectation_events)
                           .subspan(expectation_begin, expectation_end - expectation_begin),
                       options.stories ? std::string_view(stories[i]) : std::string_view(),
                       options.logs ? std::string_view(logs[i]) : std::string_view()});
            event_begin = event_end;
            expectation_begin = expectation_end;
        }
        if (!sink.batch_done(totals.frames)) break;
        if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) break;
    }
    totals.elapsed_s = std::chrono::duration<double>(Clock::now() - begin).count();
    return totals;
}

}  // namespace keepstate::run
