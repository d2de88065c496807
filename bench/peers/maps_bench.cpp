// Yardstick: abseil's flat_hash_map, which many programs would take for a table of flows. Keys are the workload's tuples
// in 16 bytes, values an index; look-ups of random flows that are there, one by one, since it has no bulk look-up. Only
// the look-up is measured: no packet is read, nothing is tracked. `limit`: see rows/established.cpp.
#include <absl/container/flat_hash_map.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/memory_limit.hpp"
#include "bench/rows/rows.hpp"

namespace keepstate::bench {
namespace {

struct Key {
    std::uint64_t low;
    std::uint64_t high;
    bool operator==(const Key&) const = default;
    template <typename Hash>
    friend Hash AbslHashValue(Hash hash, const Key& key) {
        return Hash::combine(std::move(hash), key.low, key.high);
    }
};

Key key_of(std::uint32_t number) {
    const Flow flow = make_flow(number);
    return {std::uint64_t{flow.client} << 32 | flow.server,
            std::uint64_t{flow.client_port} << 32 | std::uint64_t{flow.server_port} << 16 | 6};
}

struct Table {
    explicit Table(std::uint32_t flows)
        : limit(std::max<std::size_t>(flows, 64) * kLeastFlowBytes, Pages::huge, 1) {
        map.reserve(flows);
        for (std::uint32_t i = 0; i < flows; ++i) map.emplace(key_of(i), i);
    }
    absl::flat_hash_map<Key, std::uint64_t> map;
    MemoryLimit limit;
    Random random{1};
};

void measure_map(benchmark::State& state, const Plan& plan, std::uint32_t flows) {
    Table& table = keep_one<Table>(fmt::format("{}", flows), [flows] { return new Table(flows); });
    constexpr std::uint64_t kBatch = 32;
    std::uint64_t sum = 0;
    std::uint64_t missed = 0;
    const auto make = [&] {
        for (std::uint64_t i = 0; i < kBatch; ++i) sum += key_of(table.random.below(flows)).high;
        return kBatch;
    };
    const auto look_up = [&] {
        for (std::uint64_t i = 0; i < kBatch; ++i) {
            const auto found = table.map.find(key_of(table.random.below(flows)));
            if (found == table.map.end()) {
                ++missed;
            } else {
                sum += found->second;
            }
        }
        return kBatch;
    };
    const Pair pair = measure_pair(make, look_up, plan.slice_s);
    keep(sum);
    if (missed != 0) {
        state.SkipWithError("a flow was not found");
        return;
    }
    finish(state, pair.second - pair.first);
    state.counters["limit"] = table.limit.measure(32, 2'000'000);
}

}  // namespace
}  // namespace keepstate::bench

int main(int argc, char** argv) {
    using namespace keepstate::bench;
    const Plan plan = take_plan(argc, argv);
    benchmark::Initialize(&argc, argv);
    for (const std::uint32_t flows : {1000U, 1'000'000U}) {
        add_row(plan, fmt::format("peer/absl_flat_hash_map/flows:{}", flows),
                [=](benchmark::State& state) { measure_map(state, plan, flows); });
    }
    benchmark::RunSpecifiedBenchmarks();
    kept() = {};
}
