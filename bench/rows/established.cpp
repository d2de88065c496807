// What a packet of an established flow costs, by flows, batch, family, protocol, payload, and share of new flows.
//
//     calm         ns a packet in turns in which the core had its full speed (bench/measure.hpp); absent if there were few
//     generator    ns a packet, already subtracted
//     limit        ns an access of the memory limit over kLeastFlowBytes a flow in 2 MiB pages, right after
//     limit_small  the same in pages of 4 KiB
//     limit_own    the same in 2 MiB pages over what the engine itself occupies (goal rows only)
//     limit_alone  batches of one: ns of an access that begins when the one before is done
//     ratio        time / limit
//     packets      judged in this repetition
//     bytes        that the engine occupies, a flow
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "bench/memory_limit.hpp"
#include "bench/rows/rows.hpp"

namespace keepstate::bench {

namespace {

constexpr std::uint64_t kLimitAccesses = 2'000'000;

// An engine whose flows are open.
struct Opened {
    Opened(const Wish& wish, EngineSetup setup)
        : before(resident_bytes()),
          engine(make_engine(std::move(setup))),
          generator(wish.load, wish.batch),
          decisions(wish.batch) {
        refused = open_flows(engine, generator, 0, wish.load.flows);
        occupied = resident_bytes() - before;
        const std::size_t least = std::max<std::size_t>(wish.load.flows, 64) * kLeastFlowBytes;
        limit.emplace(least, Pages::huge, 1);
        limit_small.emplace(least, Pages::small, 1);
    }
    std::uint64_t before;
    Engine engine;
    Generator generator;
    std::vector<Decision> decisions;
    std::optional<MemoryLimit> limit;
    std::optional<MemoryLimit> limit_small;
    double limit_own = 0;
    std::uint64_t refused = 0;
    std::uint64_t occupied = 0;
};

EngineSetup setup_of(const Wish& wish) {
    EngineSetup setup = make_setup(wish.load);
    if (!wish.is_routed) return setup;
    for (const auto& [name, ipv4, ipv6] :
         {std::tuple{"eth0", "10.0.0.0/8", "2001:db8:0:1::/64"},
          std::tuple{"eth1", "172.16.0.0/12", "2001:db8:0:2::/64"}}) {
        DeviceSetup device;
        device.name = name;
        device.networks = {*parse_prefix(ipv4), *parse_prefix(ipv6)};
        setup.devices.push_back(std::move(device));
    }
    return setup;
}

// Rows that differ only in the batch share their flows.
std::string load_of(const Wish& wish) {
    return fmt::format("{}/flows:{}/payload:{}{}{}", form_of(wish.load), wish.load.flows,
                       wish.load.payload_bytes, wish.load.has_checksums ? "/checksums" : "",
                       wish.is_routed ? "/routed" : "");
}

// Why a run cannot be trusted: a packet was not what the workload says it is. Empty if all is well. What the
// measurement has no time to look at, one more batch shows.
std::string fault_of(Opened& run, const Wish& wish, std::uint64_t refused) {
    run.engine.process(run.generator.established(), run.decisions);
    for (const Decision& decision : run.decisions) {
        if (decision.state != CtState::established) return "a packet is not ESTABLISHED";
    }
    const auto& reasons = run.engine.reason_counts();
    for (std::size_t i = 1; i < reasons.size(); ++i) {
        if (reasons[i] != 0) return std::string(text(static_cast<Reason>(i)));
    }
    if (run.refused + refused != 0) return "packets were not accepted";
    if (run.engine.entry_count() != wish.load.flows) return "some flows are not there";
    return {};
}

// The memory limit over as much as the engine occupies, measured once; 0 if there is no room for it.
double own_limit(Opened& run, std::uint32_t batch) {
    if (run.limit_own == 0 && run.occupied * 5 / 4 < available_bytes()) {
        MemoryLimit limit(run.occupied, Pages::huge, 1);
        run.limit_own = limit.measure(batch, kLimitAccesses);
    }
    return run.limit_own;
}

// Bytes that a row needs at most: today's entries, and the lines of both limits.
constexpr std::uint64_t kRoomAFlow = 1200;

void measure_established(benchmark::State& state, const Plan& plan, const Wish& wish) {
    if (wish.load.flows * kRoomAFlow > available_bytes() && kept().name != load_of(wish)) {
        state.SkipWithError("not enough memory free");
        return;
    }
    Opened& run =
        keep_one<Opened>(load_of(wish), [&wish] { return new Opened(wish, setup_of(wish)); });
    if (run.generator.batch() != wish.batch) {
        Generator generator(wish.load, wish.batch);
        generator.advance(run.generator.now() - generator.now());
        run.generator = std::move(generator);
        run.decisions.resize(wish.batch);
    }
    const Cost cost = measure(
        run.engine, run.decisions, [&run] { return run.generator.established(); }, plan.slice_s);
    const double limit = run.limit->measure(wish.batch, kLimitAccesses);
    if (const std::string fault = fault_of(run, wish, cost.refused); !fault.empty()) {
        state.SkipWithError(fault.c_str());
        return;
    }
    finish(state, cost.engine);
    if (cost.calm > 0) state.counters["calm"] = cost.calm;
    state.counters["generator"] = cost.generator;
    state.counters["limit"] = limit;
    state.counters["limit_small"] = run.limit_small->measure(wish.batch, kLimitAccesses);
    if (wish.batch == 1) state.counters["limit_alone"] = run.limit->measure_alone(kLimitAccesses);
    if (wish.asks_own_limit) state.counters["limit_own"] = own_limit(run, wish.batch);
    state.counters["ratio"] = cost.engine / limit;
    state.counters["packets"] = static_cast<double>(cost.packets);
    state.counters["bytes"] = static_cast<double>(run.occupied) / wish.load.flows;
}

// --- the share of new flows ------------------------------------------------------------------------------------------

constexpr std::uint32_t kMixFlows = 100'000;
constexpr std::uint32_t kMixTickNs = 1000;

struct Mixed {
    Mixed(const WorkloadOptions& load, std::uint32_t percent)
        : engine(make_engine([&load] {
              EngineSetup setup = make_setup(load);
              // Those that open live a second, half a million of them at most at a packet a microsecond.
              setup.settings.tcp_timeout_syn_sent = 1;
              setup.settings.max = setup.settings.buckets = load.flows + 1'000'000;
              return setup;
          }())),
          generator(load, 32),
          decisions(32) {
        open_flows(engine, generator, 0, load.flows);
        // Two virtual seconds bring the table to the size at which as many flows expire as open.
        for (int i = 0; i < 2'000'000 / 32 && percent > 0; ++i) {
            judge(engine, batch(percent), decisions);
        }
    }
    std::span<const Frame> batch(std::uint32_t percent) {
        generator.advance(std::int64_t{kMixTickNs - kTickNs} * 32);
        return generator.mixed(percent, next);
    }
    Engine engine;
    Generator generator;
    std::vector<Decision> decisions;
    std::uint32_t next = kMixFlows;
};

void measure_mixed(benchmark::State& state, const Plan& plan, std::uint32_t percent) {
    WorkloadOptions load;
    load.flows = kMixFlows;
    Mixed& run =
        keep_one<Mixed>(fmt::format("mixed:{}", percent), [&] { return new Mixed(load, percent); });
    const Cost cost = measure(
        run.engine, run.decisions, [&] { return run.batch(percent); }, plan.slice_s);
    if (cost.refused != 0) {
        state.SkipWithError("packets were not accepted");
        return;
    }
    finish(state, cost.engine);
    state.counters["generator"] = cost.generator;
    state.counters["entries"] = run.engine.entry_count();
}

}  // namespace

void add_established(const Plan& plan, const Wish& wish) {
    const std::string name =
        fmt::format("established/{}/flows:{}/batch:{}/payload:{}{}{}", form_of(wish.load),
                    wish.load.flows, wish.batch, wish.load.payload_bytes,
                    wish.load.has_checksums ? "/checksums" : "", wish.is_routed ? "/routed" : "");
    add_row(plan, name,
            [plan, wish](benchmark::State& state) { measure_established(state, plan, wish); });
}

void add_established_rows(const Plan& plan) {
    Wish wish;
    wish.asks_own_limit = true;
    std::vector<std::uint32_t> flows = {1000, 1'000'000};
    if (!plan.is_quick) flows = {1000, 10'000, 100'000, 1'000'000, 2'000'000, 4'000'000, 8'000'000};
    for (const std::uint32_t count : flows) {
        wish.load.flows = count;
        add_established(plan, wish);
        wish.asks_own_limit = false;
        // Beside its own flows: the batches.
        if (count == 1'000'000) {
            std::vector<std::uint32_t> batches = {1};
            if (!plan.is_quick) batches = {1, 2, 4, 8, 16, 64, 128, 256};
            for (wish.batch = 0; const std::uint32_t batch : batches) {
                wish.batch = batch;
                add_established(plan, wish);
            }
        }
        wish.batch = 32;
        wish.asks_own_limit = true;
    }
    wish.asks_own_limit = false;
    if (plan.is_quick) return;
    wish.load.flows = 1'000'000;
    wish.load.family = Family::ipv6;
    add_established(plan, wish);
    wish.load.family = Family::ipv4;
    wish.load.protocol = Protocol::udp;
    add_established(plan, wish);
    wish.load.protocol = Protocol::tcp;
    wish.is_routed = true;
    add_established(plan, wish);
    wish.is_routed = false;
    wish.load.flows = 1000;
    for (const bool has_checksums : {false, true}) {
        wish.load.has_checksums = has_checksums;
        for (const std::uint32_t payload : {10U, 100U, 400U, 1400U}) {
            wish.load.payload_bytes = payload;
            if (has_checksums || payload != 10) add_established(plan, wish);
        }
    }
    for (const std::uint32_t percent : {0U, 1U, 5U, 10U, 25U, 50U}) {
        add_row(plan, fmt::format("mixed/flows:{}/new_percent:{}", kMixFlows, percent),
                [plan, percent](benchmark::State& state) { measure_mixed(state, plan, percent); });
    }
}

}  // namespace keepstate::bench
