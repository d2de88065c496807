// What flows cost that begin and end: a table that grows, whole lives, and the memory of a flow.
//
//     opening/FORM/flows:N          a SYN of each of N flows into an empty table, the engine's first packets: time a SYN
//     handshake/FORM/flows:N        all three segments of the handshake: time a flow
//     life/FORM/entries:N           SYN, SYN/ACK, ACK, FIN, FIN, ACK, and the end of TIME_WAIT: time a flow, with N
//                                   entries in the table, one going for each that comes
//     memory/FORM/flows:N           what the engine occupies with nf_conntrack_max = N open flows: counter `bytes` a flow
//
// `p50` to `most`: how long a batch of 32 took, generator not counted; a table that grows by steps shows there.
#include <fmt/format.h>

#include <array>

#include "bench/rows/rows.hpp"

namespace keepstate::bench {

namespace {

constexpr std::uint32_t kBatch = 32;

void report_latencies(benchmark::State& state, Latencies& latencies) {
    state.counters["p50"] = latencies.at(0.5);
    state.counters["p99"] = latencies.at(0.99);
    state.counters["p9999"] = latencies.at(0.9999);
    state.counters["most"] = latencies.at(1);
}

// Sends some segments of every flow, the batches of each 32 flows behind each other. Time a flow; the generator runs
// ahead over the same flows and is subtracted.
void measure_opening(benchmark::State& state, const WorkloadOptions& load,
                     std::span<const Segment> segments) {
    kept() = {};
    Engine engine = make_engine(make_setup(load));
    Generator generator(load, kBatch);
    std::vector<Decision> decisions(kBatch);
    Latencies latencies(load.flows / kBatch * segments.size());
    constexpr std::uint32_t kTurnFlows = 2048;
    double spent[2] = {};
    std::uint64_t refused = 0;
    for (std::uint32_t first = 0; first < load.flows; first += kTurnFlows) {
        const std::uint32_t end = std::min(first + kTurnFlows, load.flows);
        double now = thread_ns();
        for (const bool is_judged : {false, true}) {
            for (std::uint32_t at = first; at < end; at += kBatch) {
                for (const Segment segment : segments) {
                    const auto frames = generator.segments(at, end, segment);
                    keep(frames.data());
                    if (!is_judged) continue;
                    const std::uint64_t before = ticks();
                    refused += judge(engine, frames, decisions);
                    latencies.add(ticks() - before);
                }
            }
            const double after = thread_ns();
            spent[is_judged ? 1 : 0] += after - now;
            now = after;
        }
    }
    if (refused != 0 || engine.entry_count() != load.flows) {
        state.SkipWithError("not every flow came in");
        return;
    }
    const double cost = (spent[1] - spent[0]) / load.flows;
    finish(state, cost);
    state.counters["rate"] = 1000 / cost;
    state.counters["generator"] = spent[0] / load.flows;
    report_latencies(state, latencies);
}

// --- whole lives -----------------------------------------------------------------------------------------------------

constexpr std::array<Segment, 6> kLife = {Segment::syn, Segment::syn_ack,   Segment::ack,
                                          Segment::fin, Segment::reply_fin, Segment::last_ack};
constexpr std::int64_t kTimeWaitNs = 120 * kNsPerSecond;

struct Lives {
    Lives(const WorkloadOptions& load, std::uint32_t entries)
        : engine(make_engine([&] {
              EngineSetup setup = make_setup(load);
              setup.settings.max = setup.settings.buckets = entries + entries / 8;
              return setup;
          }())),
          generator(load, kBatch),
          decisions(kBatch),
          tick_ns(kTimeWaitNs / entries * kBatch) {
        while (next < entries + entries / 16) refused += live(true);
    }
    // The next 32 flows, each segment in one batch; then as much time goes by as lets 32 others end.
    std::uint64_t live(bool is_judged) {
        std::uint64_t bad = 0;
        for (const Segment segment : kLife) {
            const auto frames = generator.segments(next, next + kBatch, segment);
            keep(frames.data());
            if (is_judged) bad += judge(engine, frames, decisions);
        }
        // Alone, the generator makes flows that nobody sees, and no time goes by.
        if (is_judged) generator.advance(tick_ns);
        next += kBatch;
        return bad;
    }
    Engine engine;
    Generator generator;
    std::vector<Decision> decisions;
    std::int64_t tick_ns;
    std::uint32_t next = 0;
    std::uint64_t refused = 0;
};

void measure_lives(benchmark::State& state, const Plan& plan, const WorkloadOptions& load,
                   std::uint32_t entries) {
    Lives& run = keep_one<Lives>(fmt::format("life/{}/{}", form_of(load), entries),
                                 [&] { return new Lives(load, entries); });
    const auto alone = [&run] {
        run.live(false);
        return std::uint64_t{kBatch};
    };
    const auto together = [&run] {
        run.refused += run.live(true);
        return std::uint64_t{kBatch};
    };
    const Pair pair = measure_pair(alone, together, plan.slice_s * 2);
    const std::uint32_t living = run.engine.entry_count();
    if (run.refused != 0) {
        state.SkipWithError("packets were not accepted");
        return;
    }
    if (living < entries / 10 * 9 || living > entries / 10 * 11) {
        state.SkipWithError(fmt::format("{} entries, not {}", living, entries).c_str());
        return;
    }
    const double cost = pair.second - pair.first;
    finish(state, cost);
    state.counters["rate"] = 1000 / cost;
    if (pair.calm_difference > 0) state.counters["calm"] = pair.calm_difference;
    state.counters["generator"] = pair.first;
    state.counters["entries"] = living;
}

// --- memory ----------------------------------------------------------------------------------------------------------

void measure_memory(benchmark::State& state, const WorkloadOptions& load) {
    kept() = {};
    Generator generator(load, kBatch);
    const std::uint64_t before = resident_bytes();
    const double begin = thread_ns();
    Engine engine = make_engine(make_setup(load));
    const std::uint64_t made = resident_bytes();
    const std::uint64_t refused = open_flows(engine, generator, 0, load.flows);
    const double spent = thread_ns() - begin;
    const std::uint64_t filled = resident_bytes();
    if (before == 0) {
        state.SkipWithError("the machine does not tell what a process holds");
        return;
    }
    if (refused != 0 || engine.entry_count() != load.flows) {
        state.SkipWithError("not every flow came in");
        return;
    }
    finish(state, spent / load.flows);
    state.counters["bytes"] = static_cast<double>(filled - before) / load.flows;
    state.counters["bytes_empty"] = static_cast<double>(made - before) / load.flows;
}

constexpr std::array<Segment, 1> kOpening = {Segment::syn};
constexpr std::array<Segment, 3> kHandshake = {Segment::syn, Segment::syn_ack, Segment::ack};

}  // namespace

void add_opening_rows(const Plan& plan) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        WorkloadOptions load;
        load.family = family;
        const auto row = [&plan, &load](const char* kind, std::span<const Segment> segments) {
            add_row(plan, fmt::format("{}/{}/flows:{}", kind, form_of(load), load.flows),
                    [load, segments](benchmark::State& state) {
                        measure_opening(state, load, segments);
                    });
        };
        add_row(
            plan, fmt::format("memory/{}/flows:{}", form_of(load), load.flows),
            [load](benchmark::State& state) { measure_memory(state, load); }, 1);
        if (plan.is_quick && family == Family::ipv6) continue;
        row("opening", kOpening);
        if (!plan.is_quick) row("handshake", kHandshake);
        const std::uint32_t entries = plan.is_quick ? 200'000 : 1'000'000;
        add_row(plan, fmt::format("life/{}/entries:{}", form_of(load), entries),
                [plan, load, entries](benchmark::State& state) {
                    measure_lives(state, plan, load, entries);
                });
    }
}

}  // namespace keepstate::bench
