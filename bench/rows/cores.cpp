// Two engines on two threads: what a second core brings when each has flows of its own.
//
//     cores/flows:N    counter `gain`: packets a second of two threads, each with an engine of N flows, as a multiple of
//                      what one of them does while the other rests. Time: a packet's, of both together
//
// Each thread's rate is packets by its own processor time, so that other programs on the machine do not lower it; what
// the two take from each other (the shared cache, memory) does.
#include <fmt/format.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "bench/rows/rows.hpp"

namespace keepstate::bench {

namespace {

constexpr std::uint32_t kCores = 2;

struct Shard {
    explicit Shard(const WorkloadOptions& load)
        : engine(make_engine(make_setup(load))), generator(load, 32), decisions(32) {
        refused = open_flows(engine, generator, 0, load.flows);
    }
    Cost run(double seconds) {
        const Cost cost = measure(
            engine, decisions, [this] { return generator.established(); }, seconds);
        refused += cost.refused;
        return cost;
    }
    Engine engine;
    Generator generator;
    std::vector<Decision> decisions;
    std::uint64_t refused = 0;
};
using Shards = std::array<std::unique_ptr<Shard>, kCores>;

Shards* make_shards(const WorkloadOptions& load) {
    auto* const shards = new Shards;
    for (std::uint32_t i = 0; i < kCores; ++i) {
        WorkloadOptions own = load;
        own.seed = i + 1;
        (*shards)[i] = std::make_unique<Shard>(own);
    }
    return shards;
}

void measure_cores(benchmark::State& state, const Plan& plan, const WorkloadOptions& load) {
    auto& shards = keep_one<Shards>(fmt::format("cores/{}", load.flows),
                                    [&load] { return make_shards(load); });
    const Cost alone = shards[0]->run(plan.slice_s);
    std::array<Cost, kCores> costs;
    std::barrier start(kCores);
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kCores; ++i) {
        threads.emplace_back([&, i] {
            start.arrive_and_wait();
            costs[i] = shards[i]->run(plan.slice_s);
        });
    }
    for (std::thread& thread : threads) thread.join();
    double rate = 0;
    for (const Cost& cost : costs) rate += 1 / cost.engine;
    for (const auto& shard : shards) {
        if (shard->refused == 0) continue;
        state.SkipWithError("packets were not accepted");
        return;
    }
    finish(state, 1 / rate);
    state.counters["alone"] = alone.engine;
    state.counters["gain"] = rate * alone.engine;
}

}  // namespace

void add_core_rows(const Plan& plan) {
    if (std::thread::hardware_concurrency() < kCores) return;
    std::vector<std::uint32_t> flows = {500'000};
    if (!plan.is_quick) flows = {1000, 500'000, 1'000'000};
    for (const std::uint32_t count : flows) {
        WorkloadOptions load;
        load.flows = count;
        add_row(plan, fmt::format("cores/flows:{}", count),
                [plan, load](benchmark::State& state) { measure_cores(state, plan, load); });
    }
}

}  // namespace keepstate::bench
