// -j RATEEST: counts packets into a named rate estimator, which -m rateest reads.
//
// The interval is one of six, 250 ms to 8 s, the next one up. The time constant becomes the weight of an interval: the
// largest power of two that keeps the average within the time.
// source: man:iptables-extensions RATEEST; kernel:net/netfilter/xt_RATEEST.c; iptables' RATEEST options
// (seen:tests/rules/RATEEST.t).   Tested by: tests/rules/RATEEST.t, tests/scenarios/rules/*estimated*.yaml.
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/rate_estimator.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kName, kInterval, kWeight };

constexpr std::uint32_t kMicroseconds = 1000000;

/// "250ms" in microseconds, in 32 bits; a number alone is microseconds.
std::optional<std::uint32_t> parse_span(std::string_view text) {
    const std::string words(text);
    char* end = nullptr;
    double number = std::strtod(words.c_str(), &end);
    if (end == words.c_str() || !(std::abs(number) < 1e12)) return std::nullopt;
    const std::string_view unit(end);
    const auto is = [unit](std::string_view name) {
        return name.size() == unit.size() && begins_in_any_case(name, unit);
    };
    if (is("s") || is("sec") || is("secs")) {
        number *= kMicroseconds;
    } else if (is("ms") || is("msec") || is("msecs")) {
        number *= 1000.;
    } else if (!unit.empty() && !is("us") && !is("usec") && !is("usecs")) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(number));
}

std::string span_text(std::uint32_t microseconds) {
    const double span = microseconds;
    if (span >= kMicroseconds) return fmt::format("{:.1f}s", span / kMicroseconds);
    if (span >= 1000) return fmt::format("{:.1f}ms", span / 1000);
    return fmt::format("{:.0f}us", span);
}

/// How many microseconds the interval of this number takes.
std::uint32_t interval_us(int interval) {
    constexpr int kShortest = -2;
    return (kMicroseconds / 4) << (interval - kShortest);
}

struct Form {
    struct Data {
        RateEstimator* estimator = nullptr;
        std::array<char, 16> name{};    ///< ends with a zero
        std::uint32_t interval_us = 0;  ///< as written
        std::uint32_t weight_us = 0;    ///< as written
        std::int8_t interval = 0;
        std::uint8_t weight_log = 0;
        std::array<std::uint8_t, 6> padding{};
    };
    static constexpr Option kOptions[] = {
        {.name = "rateest-name",
         .id = kName,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "the estimator's name, 15 bytes of it"},
        {.name = "rateest-interval",
         .id = kInterval,
         .arg = ArgKind::text,
         .words = "how long is counted before the average is made anew: 250ms, 500ms, 1s, 2s, 4s "
                  "or 8s, else the "
                  "next one up"},
        {.name = "rateest-ewmalog",
         .id = kWeight,
         .arg = ArgKind::text,
         .words = "the time constant of the average, more than an interval: 500ms, 2s"},
    };
    static constexpr Traits kTraits{
        .name = "RATEEST",
        .options = kOptions,
        .words = "Counts packets into a rate estimator. Rules with the same name share it.",
        .reads = "the packet's length, time",
        .differences =
            "an estimator's intervals begin with the first packet that a rule of it sees"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kName) {
            std::memcpy(data.name.data(), use.value.text.data(),
                        std::min(use.value.text.size(), data.name.size() - 1));
            return;
        }
        const auto span = parse_span(use.value.text);
        if (!span) {
            reader.fault(fmt::format("--{}: `{}' is no time: 250ms, 1s, 500000us", use.option->name,
                                     use.value.text));
            return;
        }
        (use.id() == kInterval ? data.interval_us : data.weight_us) = *span;
    }
    static void finish(Data& data, RuleReader& reader) {
        int interval = -2;
        while (interval <= 3 && data.interval_us > interval_us(interval)) ++interval;
        if (interval > 3) {
            reader.fault("--rateest-interval: 8s at most");
            return;
        }
        // The weight's power of two: the first one whose average would reach further than the time asked for.
        constexpr unsigned kMostLog = 31;
        unsigned log = 1;
        while (log < kMostLog && !is_beyond(data, log)) ++log;
        --log;
        if (log == 0 || log >= kMostLog - 1) {
            reader.fault("--rateest-ewmalog: more than one interval, and less than it can hold");
            return;
        }
        data.interval = static_cast<std::int8_t>(interval);
        data.weight_log = static_cast<std::uint8_t>(log);
    }
    static bool is_beyond(const Data& data, unsigned log) {
        const double weight = 1. - 1. / static_cast<double>(std::uint64_t{1} << log);
        return data.interval_us / -std::log(weight) > data.weight_us;
    }
    static Complaint bind(Data& data, BindContext& context) {
        const EstimatorParameters parameters{data.interval, data.weight_log};
        data.estimator = &context.objects.find_or_make<RateEstimator>(RateEstimator::kKind,
                                                                      data.name.data(), parameters);
        if (data.estimator->parameters() == parameters) return std::nullopt;
        return fmt::format("target `RATEEST': `{}' has another interval or time constant elsewhere",
                           data.name.data());
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        const std::uint32_t interval = interval_us(data.interval);
        out += fmt::format(" --rateest-name {} --rateest-interval {} --rateest-ewmalog {}",
                           data.name.data(), span_text(interval),
                           span_text(interval * (1U << data.weight_log)));
    }
    static std::string_view remembers(const Data&) { return "remembers how much has come"; }
    static Ruling judge(Data& data, Context& context, Says says) {
        data.estimator->count(context.packet->ip.size(), context.now);
        says.words("counted into `{}'", data.name.data());
        return {};
    }
};

}  // namespace

extern const TargetModule k_rateest;
const TargetModule k_rateest = target_module<Form>();

}  // namespace keepstate::rules::target
