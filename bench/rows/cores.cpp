// Two engines on two threads: what a second core brings.
//
//     cores/flows:N         each with N flows of its own. Counter `gain`: packets a second of the two threads, as a multiple
//                           of what one of them does while the other rests. Time: a packet's, of both together
//     cores_shared/flows:N  N flows in all, of each of which packets arrive at both threads: an Exchange, in which half of
//                           all packets are handed over. `gain`: the same over one engine with the N flows.
//                           `line`: how long a line of the cache takes from the one core to the other; `gain_near`, `gain_far`:
//                           of turns in which that was less than 150 ns, and of the others
//
// Each thread's rate is packets by its own processor time, so that other programs on the machine do not lower it; what
// the two take from each other (the shared cache, memory) does, and so does the time in which one waits for the other,
// for it waits awake. Threads stay on a core each. What one does alone is the mean of the two cores, which need not be equally
// fast where others use the machine beneath. Their speed changes from one moment to the next there, each core's by itself: who
// has the other half of a core's threads is not seen from here. So all is measured in turns of some ten milliseconds, each core alone
// and then both, `gain` is that within a turn, and the median of turns counts.
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

/// Nanoseconds a packet of each thread, in a turn.
struct Turn {
    std::array<double, kCores> alone{};  ///< while the other core rests
    std::array<double, kCores> together{};
};

double sum_of_rates(const std::array<double, kCores>& costs) {
    double rate = 0;
    for (const double cost : costs) rate += 1 / cost;
    return rate;
}

/// What both cores do together, as a multiple of what one does.
double gain_of(const Turn& turn) {
    return sum_of_rates(turn.together) / sum_of_rates(turn.alone) * kCores;
}

/// Thrown from one core to the other and back: how far they are from each other. Cores that share a cache are some 60 ns apart, others
/// up to 400, and where the machine is a guest its host may move it from the one to the other at any time.
constexpr double kNearNs = 150;
class Ball {
  public:
    /// Nanoseconds one way. Both threads call it, each with its number.
    double play(std::uint32_t who) {
        constexpr std::uint32_t kThrows = 500;
        const double begin = wall_ns();
        for (std::uint32_t i = 0; i < kThrows; ++i) {
            ++seen_[who].value;
            if (who == 0) at_[0].value.store(seen_[0].value, std::memory_order_release);
            wait_for(at_[1 - who].value, seen_[who].value);
            if (who == 1) at_[1].value.store(seen_[1].value, std::memory_order_release);
        }
        return (wall_ns() - begin) / (2.0 * kThrows);
    }

  private:
    /// Lets others run if that takes long: the other thread may be one of them.
    static void wait_for(const std::atomic<std::uint32_t>& value, std::uint32_t wanted) {
        constexpr std::uint32_t kLooks = 10'000;
        for (std::uint32_t looks = 0; value.load(std::memory_order_acquire) != wanted; ++looks) {
            if (looks >= kLooks) std::this_thread::yield();
        }
    }
    static constexpr std::size_t kApart = 128;
    template <typename Value>
    struct alignas(kApart) Apart {
        Value value{};
    };
    std::array<Apart<std::atomic<std::uint32_t>>, kCores> at_;
    std::array<Apart<std::uint32_t>, kCores> seen_;
};

double median_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// `alone` and `together` give a thread's cost, by its number; each is called by that thread.
template <typename Alone, typename Together>
std::vector<Turn> take_turns(std::uint32_t turns, Alone alone, Together together) {
    std::vector<Turn> taken(turns);
    std::barrier both(kCores);
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kCores; ++i) {
        threads.emplace_back([&, i] {
            stay_on(i);
            for (Turn& turn : taken) {
                for (std::uint32_t who = 0; who < kCores; ++who) {
                    both.arrive_and_wait();
                    if (who == i) turn.alone[i] = alone(i);
                }
                both.arrive_and_wait();
                turn.together[i] = together(i);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    return taken;
}

void finish_turns(benchmark::State& state, const std::vector<Turn>& turns) {
    std::vector<double> alone, together, gains;
    for (const Turn& turn : turns) {
        alone.push_back(kCores / sum_of_rates(turn.alone));
        together.push_back(1 / sum_of_rates(turn.together));
        gains.push_back(gain_of(turn));
    }
    finish(state, median_of(together));
    state.counters["alone"] = median_of(alone);
    state.counters["gain"] = median_of(gains);
}

constexpr std::uint32_t kBatch = 32;
/// What a thread exchanges in a turn, and so about a third of it. Long enough that the shared cache, which has held the other
/// engines' flows meanwhile, holds its own again for most of it: with a quarter of it one engine alone seemed up to 15 % slower.
constexpr std::uint32_t kBatches = 4096;

std::uint32_t turns_of(const Plan& plan) {
    constexpr double kTurnS = 2 * kBatches * kBatch * 100e-9;
    return static_cast<std::uint32_t>(2 * plan.slice_s / kTurnS) + 3;
}

struct Shard {
    explicit Shard(const WorkloadOptions& load)
        : engine(make_engine(make_setup(load))), generator(load, kBatch), decisions(kBatch) {
        refused = open_flows(engine, generator, 0, load.flows);
    }
    /// Nanoseconds a packet, without making it.
    double run(std::uint32_t batches) {
        const double begin = thread_ns();
        for (std::uint32_t i = 0; i < batches; ++i) keep(generator.established().data());
        const double middle = thread_ns();
        for (std::uint32_t i = 0; i < batches; ++i) {
            refused += judge(engine, generator.established(), decisions);
        }
        return (thread_ns() - middle - (middle - begin)) / (double{kBatch} * batches);
    }
    Engine engine;
    Generator generator;
    std::vector<Decision> decisions;
    std::uint64_t refused = 0;
};

using Shards = std::array<std::unique_ptr<Shard>, kCores>;

/// With `apart` flows of each one's own.
Shards make_shards(const WorkloadOptions& load, bool apart) {
    Shards shards;
    for (std::uint32_t i = 0; i < kCores; ++i) {
        WorkloadOptions own = load;
        if (apart) own.seed = i + 1;
        shards[i] = std::make_unique<Shard>(own);
    }
    return shards;
}

std::uint64_t refused_by(const Shards& shards) {
    std::uint64_t refused = 0;
    for (const auto& shard : shards) refused += shard->refused;
    return refused;
}

void measure_cores(benchmark::State& state, const Plan& plan, const WorkloadOptions& load) {
    auto& shards = keep_one<Shards>(fmt::format("cores/{}", load.flows),
                                    [&load] { return new Shards(make_shards(load, true)); });
    const auto run = [&shards](std::uint32_t i) { return shards[i]->run(kBatches / 2); };
    const std::vector<Turn> turns = take_turns(turns_of(plan), run, run);
    if (refused_by(shards) != 0) {
        state.SkipWithError("packets were not accepted");
        return;
    }
    finish_turns(state, turns);
}

// --- packets of the same flows at both threads ----------------------------------------------------

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

struct SharedRow {
    explicit SharedRow(const WorkloadOptions& load)
        : alone(make_shards(load, false)), together(load) {}
    std::uint64_t refused() const {
        std::uint64_t refused = refused_by(alone) + together.refused;
        for (const auto& receiver : together.receivers) refused += receiver->refused();
        return refused;
    }
    Shards alone;
    SharedFlows together;
};

void measure_shared(benchmark::State& state, const Plan& plan, const WorkloadOptions& load) {
    auto& row = keep_one<SharedRow>(fmt::format("cores_shared/{}", load.flows),
                                    [&load] { return new SharedRow(load); });
    std::barrier both(kCores);
    std::atomic<std::uint32_t> done{0};
    Ball ball;
    std::vector<double> lines;
    const auto alone = [&row](std::uint32_t i) { return row.alone[i]->run(kBatches / 2); };
    // Both only make packets, then both exchange them. Who is done first serves the other.
    const auto together = [&](std::uint32_t i) {
        Receiver& own = *row.together.receivers[i];
        const double line = ball.play(i);
        if (i == 0) lines.push_back(line);
        const double begin = thread_ns();
        own.make(kBatches);
        const double making = thread_ns() - begin;
        both.arrive_and_wait();
        const double middle = thread_ns();
        own.run(kBatches);
        const double cost = (thread_ns() - middle - making) / (double{kBatch} * kBatches);
        const std::uint32_t turn = done++ / kCores;
        while (done.load() < (turn + 1) * kCores) own.serve();
        return cost;
    };
    const std::vector<Turn> turns = take_turns(turns_of(plan), alone, together);
    if (row.refused() != 0) {
        state.SkipWithError("packets were not accepted");
        return;
    }
    finish_turns(state, turns);
    state.counters["line"] = median_of(lines);
    std::array<std::vector<double>, 2> gains;
    for (std::size_t i = 0; i < turns.size(); ++i) {
        gains[lines[i] < kNearNs ? 0 : 1].push_back(gain_of(turns[i]));
    }
    if (!gains[0].empty()) state.counters["gain_near"] = median_of(gains[0]);
    if (!gains[1].empty()) state.counters["gain_far"] = median_of(gains[1]);
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
