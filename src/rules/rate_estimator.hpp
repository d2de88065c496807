// A rate estimator: how many packets and bytes a second pass a RATEEST rule, averaged with exponential weights.
//
//     every interval:  average += (rate of the interval - average) / 2^weight_log
//
// Averages are fixed point with eight bits behind the point, and are computed at the ends of intervals only, as the
// kernel's timer does. The clock starts with the first packet that any of its rules sees.
// source: kernel:net/core/gen_estimator.c; man:iptables-extensions RATEEST.   Tested by: rules/rate_estimator_test.cpp,
// tests/scenarios/rules/*estimated*.yaml.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/objects.hpp"
#include "rules/ticks.hpp"

namespace keepstate::rules {

struct EstimatorParameters {
    std::int8_t interval = 0;     ///< -2 (250 ms) to 3 (8 s): the power of two of seconds
    std::uint8_t weight_log = 0;  ///< 1 to 30
    bool operator==(const EstimatorParameters&) const = default;
};

class RateEstimator final : public SharedObject {
  public:
    static constexpr std::string_view kKind = "rateest";

    explicit RateEstimator(const EstimatorParameters& parameters) : parameters_(parameters) {}

    const EstimatorParameters& parameters() const { return parameters_; }

    void count(std::uint64_t bytes, Time now) {
        advance(now);
        packets_ += 1;
        bytes_ += bytes;
    }
    /// Whole bytes and packets a second, as of the last interval's end.
    struct Rates {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
    };
    Rates rates(Time now) {
        advance(now);
        return {average_bytes_ >> 8, average_packets_ >> 8};
    }

  private:
    unsigned interval_log() const { return static_cast<unsigned>(parameters_.interval + 2); }
    void advance(Time now) {
        const std::int64_t tick = tick_of(now);
        const std::int64_t interval = (kTicksPerSecond / 4) << interval_log();
        if (!next_tick_) next_tick_ = tick + interval;
        // Without traffic averages only shrink: after so many intervals nothing of them is left.
        constexpr int kMostSteps = 4096;
        for (int i = 0; i < kMostSteps && *next_tick_ <= tick; ++i, *next_tick_ += interval) {
            step(average_bytes_, bytes_ - last_bytes_);
            step(average_packets_, packets_ - last_packets_);
            last_bytes_ = bytes_;
            last_packets_ = packets_;
        }
        if (*next_tick_ <= tick) {
            const std::int64_t left = (tick - *next_tick_) / interval + 1;
            *next_tick_ += left * interval;
            average_bytes_ = average_packets_ = 0;
        }
    }
    void step(std::uint64_t& average, std::uint64_t counted) const {
        const std::uint64_t rate = counted << (10 - interval_log());
        average += (rate >> parameters_.weight_log) - (average >> parameters_.weight_log);
    }

    EstimatorParameters parameters_;
    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t last_packets_ = 0;
    std::uint64_t last_bytes_ = 0;
    std::uint64_t average_bytes_ = 0;
    std::uint64_t average_packets_ = 0;
    std::optional<std::int64_t> next_tick_;
};

}  // namespace keepstate::rules
