// Two engines on two threads: what a second core brings.
//
//     cores/flows:N         each with N flows of its own. Counter `gain`: packets a second of the two threads, as a multiple
//                           of what one of them does while the other rests. Time: a packet's, of both together
//     cores_shared/flows:N  N flows in all, of each of which packets arrive at both threads: an Exchange, in which half of
//                           all packets are handed over. `gain`: the same over one engine with the N flows
//
// Each thread's rate is packets by its own processor time, so that other programs on the machine do not lower it; what
// the two take from each other (the shared cache, memory) does, and so does the time in which one waits for the other,
// for it waits awake. Threads stay on a core each. What one does alone is the mean of the two cores, which need not be equally
// fast where others use the machine beneath; and of the turns of an Exchange, 3 ms each, the median counts: a pause of
// one core is one of both there.
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>

#include "bench/rows/rows.hpp"
#include "keepstate/exchange.hpp"

namespace keepstate::bench {

namespace {

constexpr std::uint32_t kCores = 2;

/// The calling thread stays on the core with this number among those that it may use, if there are so many.
void stay_on(std::uint32_t number) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (!CPU_ISSET(core, &allowed) || number-- != 0) continue;
        cpu_set_t only;
        CPU_ZERO(&only);
        CPU_SET(core, &only);
        pthread_setaffinity_np(pthread_self(), sizeof only, &only);
        return;
    }
}

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

/// Nanoseconds a packet, while the other core rests.
double run_alone(Shard& shard, double seconds) {
    double rate = 0;
    for (std::uint32_t i = 0; i < kCores; ++i) {
        std::thread thread([&, i] {
            stay_on(i);
            rate += 1 / shard.run(seconds / kCores).engine;
        });
        thread.join();
    }
    return kCores / rate;
}

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
    const double alone = run_alone(*shards[0], plan.slice_s);
    std::array<Cost, kCores> costs;
    std::barrier start(kCores);
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kCores; ++i) {
        threads.emplace_back([&, i] {
            stay_on(i);
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
    state.counters["alone"] = alone;
    state.counters["gain"] = rate * alone;
}

// --- packets of the same flows at both threads ----------------------------------------------------

constexpr std::uint32_t kBatch = 32;
constexpr std::uint32_t kUnderWay =
    16;  ///< batches that a thread may have submitted and not taken back

/// What a member's flows take, who are not quite as many at each.
EngineSetup make_member_setup(const WorkloadOptions& load) {
    WorkloadOptions share = load;
    share.flows = load.flows / kCores + load.flows / 32 + 256;
    return make_setup(share);
}

std::uint64_t count_refused(std::span<const Exchange::Answer> answers) {
    return static_cast<std::uint64_t>(
        std::count_if(answers.begin(), answers.end(), [](const Exchange::Answer& answer) {
            return answer.decision->verdict != Verdict::accept;
        }));
}

/// Opens all flows, from one thread, which plays all members.
std::uint64_t open_flows_of(Exchange& exchange, Generator& generator, std::uint32_t flows) {
    std::uint64_t refused = 0;
    for (std::uint32_t at = 0; at < flows; at += generator.batch()) {
        for (const Segment segment : {Segment::syn, Segment::syn_ack, Segment::ack}) {
            exchange.member(0).submit(generator.segments(at, flows, segment));
            for (;;) {
                for (std::uint32_t i = 1; i < kCores; ++i) exchange.member(i).serve();
                const auto answers = exchange.member(0).collect();
                refused += count_refused(answers);
                if (!answers.empty()) break;
            }
        }
    }
    return refused;
}

/// One receiving thread: batches of random flows, several of them under way.
class Receiver {
  public:
    Receiver(Exchange::Member& member, const WorkloadOptions& load, std::uint64_t seed)
        : member_(member) {
        for (std::uint32_t i = 0; i < kUnderWay; ++i) {
            WorkloadOptions own = load;
            own.seed = seed * kUnderWay + i;
            generators_.emplace_back(own, kBatch);
        }
    }
    void make(std::uint32_t batches) {
        for (std::uint32_t i = 0; i < batches; ++i) keep(next().established().data());
    }
    void run(std::uint32_t batches) {
        for (std::uint32_t i = 0; i < batches; ++i) {
            // The oldest batch's packets are overwritten by this one's.
            while (member_.in_flight() > (kUnderWay - 1) * kBatch) take(member_.wait());
            member_.submit(next().established());
        }
        while (member_.in_flight() != 0) take(member_.wait());
    }
    std::size_t serve() { return member_.serve(); }
    std::uint64_t refused() const { return refused_; }

  private:
    Generator& next() { return generators_[turn_++ % generators_.size()]; }
    void take(std::span<const Exchange::Answer> answers) { refused_ += count_refused(answers); }

    Exchange::Member& member_;
    std::vector<Generator> generators_;
    std::size_t turn_ = 0;
    std::uint64_t refused_ = 0;
};

struct SharedFlows {
    explicit SharedFlows(const WorkloadOptions& load)
        : exchange(
              std::move(*Exchange::make(make_member_setup(load), {kCores, kUnderWay * kBatch}))) {
        Generator generator(load, kBatch);
        refused = open_flows_of(exchange, generator, load.flows);
        for (std::uint32_t i = 0; i < kCores; ++i) {
            receivers.push_back(std::make_unique<Receiver>(exchange.member(i), load, i + 2));
        }
    }
    Exchange exchange;
    std::vector<std::unique_ptr<Receiver>> receivers;
    std::uint64_t refused = 0;
};

/// One thread's part: turns in which both only make packets, then both exchange them. Nanoseconds a packet, by turn.
std::vector<double> take_turns(Receiver& own, std::uint32_t turns, std::uint32_t batches,
                               std::barrier<>& both, std::atomic<std::uint32_t>& done) {
    std::vector<double> costs;
    costs.reserve(turns);
    for (std::uint32_t turn = 1; turn <= turns; ++turn) {
        both.arrive_and_wait();
        const double begin = thread_ns();
        own.make(batches);
        const double making = thread_ns() - begin;
        both.arrive_and_wait();
        const double middle = thread_ns();
        own.run(batches);
        costs.push_back((thread_ns() - middle - making) / (double{kBatch} * batches));
        ++done;
        while (done.load() < turn * kCores) own.serve();
    }
    return costs;
}

/// Nanoseconds a packet of both threads together, in the median turn.
double median_cost(const std::array<std::vector<double>, kCores>& costs) {
    std::vector<double> turns(costs[0].size());
    for (std::size_t turn = 0; turn < turns.size(); ++turn) {
        double rate = 0;
        for (const std::vector<double>& each : costs) rate += 1 / each[turn];
        turns[turn] = 1 / rate;
    }
    std::sort(turns.begin(), turns.end());
    return turns[turns.size() / 2];
}

struct SharedRow {
    explicit SharedRow(const WorkloadOptions& load) : alone(load), together(load) {}
    Shard alone;
    SharedFlows together;
};

void measure_shared(benchmark::State& state, const Plan& plan, const WorkloadOptions& load) {
    auto& row = keep_one<SharedRow>(fmt::format("cores_shared/{}", load.flows),
                                    [&load] { return new SharedRow(load); });
    const double alone = run_alone(row.alone, plan.slice_s);
    constexpr std::uint32_t kBatches = 1024;
    const double turn_s = kBatches * kBatch * 100e-9;
    const auto turns = static_cast<std::uint32_t>(plan.slice_s / turn_s) + 2;
    std::array<std::vector<double>, kCores> costs;
    std::barrier both(kCores);
    std::atomic<std::uint32_t> done{0};
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kCores; ++i) {
        threads.emplace_back([&, i] {
            stay_on(i);
            costs[i] = take_turns(*row.together.receivers[i], turns, kBatches, both, done);
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::uint64_t refused = row.alone.refused + row.together.refused;
    for (const auto& receiver : row.together.receivers) refused += receiver->refused();
    if (refused != 0) {
        state.SkipWithError("packets were not accepted");
        return;
    }
    const double cost = median_cost(costs);
    finish(state, cost);
    state.counters["alone"] = alone;
    state.counters["gain"] = alone / cost;
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
    for (const std::uint32_t count : flows) {
        WorkloadOptions load;
        load.flows = count;
        add_row(plan, fmt::format("cores_shared/flows:{}", count),
                [plan, load](benchmark::State& state) { measure_shared(state, plan, load); });
    }
}

}  // namespace keepstate::bench
