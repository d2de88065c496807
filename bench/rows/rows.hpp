// What engine_bench measures: one file for each kind of row, and what they share.
//
// A row is a Google Benchmark whose one iteration is one repetition: its body measures for a slice of time by itself
// (bench/measure.hpp) and gives the result as the iteration's time. `rate` is in millions a second, all other
// counters are nanoseconds unless their name says otherwise. bench/report finds rows by their names.
//
// Threads: main()'s.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bench/measure.hpp"
#include "bench/workload.hpp"

namespace keepstate::bench {

struct Plan {
    bool is_quick = false;  ///< only what shows the goals, in shorter slices
    int repetitions = 5;
    double slice_s = 0.3;  ///< of each repetition
};

/// Takes --quick out of the arguments.
inline Plan take_plan(int& count, char** words) {
    Plan plan;
    for (int i = 1; i < count; ++i) {
        if (std::string_view(words[i]) != "--quick") continue;
        plan = {true, 3, 0.1};
        for (--count; i < count; ++i) words[i] = words[i + 1];
    }
    return plan;
}

/// An established row by hand: the flags of engine_bench.
struct Wish {
    WorkloadOptions load;
    std::uint32_t batch = 32;
    bool is_routed =
        false;  ///< two devices with networks behind them, instead of a bump in the wire
    bool asks_own_limit = false;  ///< also the memory limit over what the engine itself occupies
};
void add_established(const Plan& plan, const Wish& wish);

void add_established_rows(const Plan& plan);
void add_opening_rows(const Plan& plan);
void add_rule_rows(const Plan& plan);
void add_flood_rows(const Plan& plan);
void add_core_rows(const Plan& plan);
void add_limit_rows(const Plan& plan);

/// The body measures one repetition; it calls finish() or SkipWithError().
using Body = std::function<void(benchmark::State&)>;
inline void add_row(const Plan& plan, const std::string& name, Body body, int repetitions = 0) {
    benchmark::RegisterBenchmark(name.c_str(),
                                 [body = std::move(body)](benchmark::State& state) {
                                     for (auto _ : state) body(state);
                                 })
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(repetitions == 0 ? plan.repetitions : repetitions)
        ->DisplayAggregatesOnly(true);
}
inline void finish(benchmark::State& state, double ns) { state.SetIterationTime(ns * 1e-9); }

/// One thing that is dear to make is kept for the repetitions of a row, or for rows beside each other. The last one
/// goes before the next is made.
struct Kept {
    std::string name;
    std::shared_ptr<void> thing;
};
inline Kept& kept() {
    static Kept only;
    return only;
}
template <typename Thing, typename Make>
Thing& keep_one(const std::string& name, Make make) {
    if (kept().name != name) {
        kept().thing.reset();
        kept().name = name;
        kept().thing = std::shared_ptr<Thing>(make());
    }
    return *static_cast<Thing*>(kept().thing.get());
}

/// An engine for a setup that is known to be sound; ends the program with its fault if it is not.
inline Engine make_engine(EngineSetup setup) {
    Result<Engine> engine = Engine::make(std::move(setup));
    if (!engine) {
        std::fprintf(stderr, "bench: %s\n", engine.error().faults.front().words.c_str());
        std::exit(3);
    }
    return std::move(*engine);
}

/// "ipv4/tcp"
inline std::string form_of(const WorkloadOptions& load) {
    return std::string(load.family == Family::ipv4 ? "ipv4" : "ipv6") +
           (load.protocol == Protocol::tcp ? "/tcp" : "/udp");
}

}  // namespace keepstate::bench
