// What a packet costs, measured through the public door: batches of frames in, decisions out.
//
// Each figure is that of one repetition; Google Benchmark's aggregates tell median and spread. The time of a benchmark
// is that of one packet, without the generator's. Counters beside it:
//     generator  ns a packet, already subtracted
//     limit      ns an access of the memory limit over kLeastFlowBytes a flow in 2 MiB pages, right after
//     ratio      time / limit
//     packets    judged in this repetition
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure.hpp"
#include "bench/memory_limit.hpp"
#include "bench/workload.hpp"

namespace {

using namespace keepstate;
using namespace keepstate::bench;

struct Wish {
    WorkloadOptions load;
    std::uint32_t batch = 32;
};

constexpr double kSliceSeconds = 0.5;
constexpr std::uint64_t kLimitAccesses = 4'000'000;
int repetitions = 5;

// An engine whose flows are open. One at a time is kept, so that the repetitions of a benchmark share it.
struct Opened {
    std::string name;
    Engine engine;
    Generator generator;
    MemoryLimit limit;
    std::vector<Decision> decisions;
    std::uint64_t refused = 0;
};
std::unique_ptr<Opened> opened;

Opened& open(const std::string& name, const Wish& wish) {
    if (opened && opened->name == name) return *opened;
    opened.reset();
    opened.reset(new Opened{
        name, std::move(*Engine::make(make_setup(wish.load))), Generator(wish.load, wish.batch),
        MemoryLimit(std::max<std::size_t>(wish.load.flows, 2) * kLeastFlowBytes, Pages::huge, 1),
        std::vector<Decision>(wish.batch)});
    opened->refused = open_flows(opened->engine, opened->generator, 0, wish.load.flows);
    return *opened;
}

// Why a run cannot be trusted: a packet was not what the workload says it is. Empty if all is well. What the
// measurement has no time to look at, one more batch shows.
std::string fault_of(Opened& run, const Wish& wish, std::uint64_t refused) {
    run.engine.process(run.generator.established(), run.decisions);
    for (const Decision& decision : run.decisions) {
        if (decision.state != CtState::established) return "a packet is not ESTABLISHED";
        if (decision.entry->number > wish.load.flows) return "a flow was made anew";
    }
    const auto& reasons = run.engine.reason_counts();
    for (std::size_t i = 1; i < reasons.size(); ++i) {
        if (reasons[i] != 0) return std::string(text(static_cast<Reason>(i)));
    }
    if (run.refused + refused != 0) return "packets were not accepted";
    if (run.engine.entry_count() != wish.load.flows) return "some flows are not there";
    return {};
}

void established(benchmark::State& state, const std::string& name, const Wish& wish) {
    Opened& run = open(name, wish);
    for (auto _ : state) {
        const Cost cost = measure(
            run.engine, run.decisions, [&run] { return run.generator.established(); },
            kSliceSeconds);
        const double limit = run.limit.measure(wish.batch, kLimitAccesses);
        if (const std::string fault = fault_of(run, wish, cost.refused); !fault.empty()) {
            state.SkipWithError(fault.c_str());
            break;
        }
        state.SetIterationTime(cost.engine * 1e-9);
        state.counters["generator"] = cost.generator;
        state.counters["limit"] = limit;
        state.counters["ratio"] = cost.engine / limit;
        state.counters["packets"] = static_cast<double>(cost.packets);
    }
}

void add_established(const Wish& wish) {
    const WorkloadOptions& load = wish.load;
    const std::string name =
        fmt::format("established/{}/{}/flows:{}/batch:{}/payload:{}{}",
                    load.family == Family::ipv4 ? "ipv4" : "ipv6",
                    load.protocol == Protocol::tcp ? "tcp" : "udp", load.flows, wish.batch,
                    load.payload_bytes, load.has_checksums ? "/checksums" : "");
    benchmark::RegisterBenchmark(
        name.c_str(), [name, wish](benchmark::State& state) { established(state, name, wish); })
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(repetitions)
        ->DisplayAggregatesOnly(true);
}

// Takes `--name=VALUE` out of the arguments; empty if it is not there.
std::optional<std::string> take(std::vector<char*>& words, std::string_view name) {
    for (auto word = words.begin(); word != words.end(); ++word) {
        const std::string_view text = *word;
        if (text.substr(0, name.size()) != name) continue;
        const std::string_view rest = text.substr(name.size());
        if (!rest.empty() && rest.front() != '=') continue;
        std::string value(rest.empty() ? "1" : rest.substr(1));
        words.erase(word);
        return value;
    }
    return std::nullopt;
}

// A number that may end in k or M; `fallback` if the option is not there.
std::uint32_t take_number(std::vector<char*>& words, std::string_view name,
                          std::uint32_t fallback) {
    const std::optional<std::string> value = take(words, name);
    if (!value) return fallback;
    char* end = nullptr;
    const unsigned long number = std::strtoul(value->c_str(), &end, 10);
    const std::uint32_t scale = *end == 'M' ? 1'000'000 : *end == 'k' ? 1000 : 1;
    return static_cast<std::uint32_t>(number * scale);
}

constexpr const char* kUsage =
    "engine_bench [--flows=N] [--batch=N] [--family=4|6] [--protocol=tcp|udp] [--payload=BYTES]\n"
    "             [--checksums] [--repetitions=N] [--benchmark_...]\n"
    "One row with what these say: established packets. Numbers may end in k or M.\n";

}  // namespace

int main(int argc, char** argv) {
    std::vector<char*> words(argv, argv + argc);
    if (take(words, "--help")) {
        std::fputs(kUsage, stdout);
        return 0;
    }
    Wish wish;
    repetitions = static_cast<int>(std::max(take_number(words, "--repetitions", 5), 1U));
    wish.load.flows = std::max(take_number(words, "--flows", 1'000'000), 1U);
    wish.batch = std::clamp(take_number(words, "--batch", 32), 1U, 1024U);
    wish.load.payload_bytes = std::min(take_number(words, "--payload", 10), kLongestPayload);
    wish.load.has_checksums = take(words, "--checksums").has_value();
    if (take(words, "--family") == "6") wish.load.family = Family::ipv6;
    if (take(words, "--protocol") == "udp") wish.load.protocol = Protocol::udp;
    int count = static_cast<int>(words.size());
    words.push_back(nullptr);
    benchmark::Initialize(&count, words.data());
    if (benchmark::ReportUnrecognizedArguments(count, words.data())) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    add_established(wish);
    benchmark::RunSpecifiedBenchmarks();
    opened.reset();
    benchmark::Shutdown();
    return 0;
}
