// What a second core brings: established TCP flows through a stateful ruleset of three rules.
//
//     steered     one Engine a thread, each fed with the packets of its own flows, as a network card that steers by
//                 keepstate::Steering would feed it
//     handed_over one Exchange, whose threads each receive packets of all flows and directions
//     one_queue   one ShardedEngine, to which one thread brings packets of all flows, as a capture or a single queue does,
//                 and waits for each batch
//
// The counter `times_one` is the rate against that of the same benchmark with one thread in the same run. Time is that of
// the clock on the wall, waiting and all: only on a machine that does nothing else does it mean much (engine_bench's
// `cores` and `cores_shared` measure by each thread's own time). Packets are
// made before the clock starts and lie in memory of a few megabytes that are gone through again and again; flows are
// opened by real handshakes, then every packet is an ACK in its window, of a random flow and direction.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "keepstate/exchange.hpp"
#include "keepstate/packet.hpp"
#include "keepstate/sharded_engine.hpp"
#include "keepstate/steering.hpp"

namespace {

using keepstate::Decision;
using keepstate::Engine;
using keepstate::EngineSetup;
using keepstate::Exchange;
using keepstate::Family;
using keepstate::Frame;
using keepstate::ShardedEngine;

constexpr std::size_t kBatch = 1024;
constexpr std::size_t kBatches = 32;
constexpr std::size_t kPacketBytes = 40;

EngineSetup setup_of(std::size_t flows) {
    EngineSetup setup;
    setup.settings.checksum = 0;
    setup.settings.max = static_cast<std::uint32_t>(flows * 2);
    setup.settings.buckets = static_cast<std::uint32_t>(flows);
    // As data planes want it; see docs/performance.md.
    setup.prefault = true;
    setup.most_ended_a_packet = 64;
    setup.tells_entries = false;
    setup.rules4 = *keepstate::Ruleset::parse(
        "*filter\n:FORWARD DROP [0:0]\n"
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
        "-A FORWARD -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
        Family::ipv4);
    return setup;
}

/// TCP packets without payload, written over a template; addresses and ports are the flow's number.
class Packets {
  public:
    explicit Packets(std::size_t count) : bytes_(count * kPacketBytes), frames_(count) {
        for (std::size_t i = 0; i < count; ++i) {
            frames_[i].bytes = {&bytes_[i * kPacketBytes], kPacketBytes};
            frames_[i].link = keepstate::kLinkRaw;
            frames_[i].time = keepstate::Time::from_s(1);
        }
    }
    enum class Kind { syn, answer, ack };
    void write(std::size_t at, std::size_t flow, Kind kind, bool is_reply) {
        std::uint8_t* const p = &bytes_[at * kPacketBytes];
        const auto put16 = [p](std::size_t offset, std::size_t value) {
            p[offset] = static_cast<std::uint8_t>(value >> 8);
            p[offset + 1] = static_cast<std::uint8_t>(value);
        };
        std::fill_n(p, kPacketBytes, std::uint8_t{0});
        p[0] = 0x45;
        put16(2, kPacketBytes);
        p[8] = 64;
        p[9] = 6;
        const std::size_t near_at = is_reply ? 16 : 12, far_at = is_reply ? 12 : 16;
        put16(near_at, 0x0a00 | (flow >> 16));
        put16(near_at + 2, flow);
        put16(far_at, 0xc000);
        put16(far_at + 2, 0x0201);
        put16(is_reply ? 22 : 20, 1024 + (flow & 0x3fff));
        put16(is_reply ? 20 : 22, 443);
        constexpr std::size_t kSeqLow = 26, kAckLow = 30;
        const bool is_first = kind == Kind::syn || kind == Kind::answer;
        put16(kSeqLow, is_first ? 1000 : 1001);
        put16(kAckLow, kind == Kind::syn ? 0 : 1001);
        p[32] = 0x50;
        p[33] = kind == Kind::syn ? 0x02 : kind == Kind::answer ? 0x12 : 0x10;
        put16(34, 30000);
        unsigned sum = 0;
        for (std::size_t i = 0; i < 20; i += 2) sum += static_cast<unsigned>(p[i] << 8 | p[i + 1]);
        sum = (sum & 0xffff) + (sum >> 16);
        put16(10, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
    }
    std::span<const Frame> batch(std::size_t number) const {
        return std::span(frames_).subspan(number * kBatch % frames_.size(), kBatch);
    }
    const Frame& frame(std::size_t at) const { return frames_[at]; }

  private:
    std::vector<std::uint8_t> bytes_;
    std::vector<Frame> frames_;
};

/// `judge(frames)` decides a batch.
template <typename Judge>
void open_flows(const std::vector<std::size_t>& flows, Judge judge) {
    Packets packets(kBatch);
    std::size_t filled = 0;
    for (const std::size_t flow : flows) {
        packets.write(filled++, flow, Packets::Kind::syn, false);
        packets.write(filled++, flow, Packets::Kind::answer, true);
        packets.write(filled++, flow, Packets::Kind::ack, false);
        if (filled + 3 <= kBatch && flow != flows.back()) continue;
        judge(packets.batch(0).first(filled));
        filled = 0;
    }
}
template <typename AnyEngine>
void open_flows_of(AnyEngine& engine, const std::vector<std::size_t>& flows) {
    std::vector<Decision> decisions(kBatch);
    open_flows(flows, [&](std::span<const Frame> frames) { engine.process(frames, decisions); });
}

Packets random_packets(const std::vector<std::size_t>& flows, unsigned seed) {
    Packets packets(kBatch * kBatches);
    std::mt19937 dice(seed);
    for (std::size_t i = 0; i < kBatch * kBatches; ++i) {
        packets.write(i, flows[dice() % flows.size()], Packets::Kind::ack, (dice() & 1) != 0);
    }
    return packets;
}

/// The flows of one shard of several.
std::vector<std::size_t> flows_of(std::uint32_t shard, std::uint32_t shards, std::size_t all) {
    keepstate::Steering steering = *keepstate::Steering::make({}, shards);
    Packets one(1);
    std::vector<std::size_t> flows;
    for (std::size_t flow = 0; flow < all; ++flow) {
        one.write(0, flow, Packets::Kind::syn, false);
        if (steering.shard_of(one.frame(0)) == shard) flows.push_back(flow);
    }
    return flows;
}

void report(benchmark::State& state, const std::string& name, std::size_t threads,
            std::size_t packets, double seconds) {
    static std::map<std::string, double> one;
    const double rate = static_cast<double>(packets) / seconds;
    if (threads == 1) one[name] = rate;
    state.counters["packets_per_s"] = rate;
    state.counters["ns_a_packet"] = 1e9 / rate;
    if (one[name] > 0) state.counters["times_one"] = rate / one[name];
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// work(0), work(1), ... on a thread each, once an iteration, before which `prepare` runs. Seconds of all iterations.
template <typename Work, typename Prepare>
double run_threads(benchmark::State& state, std::size_t threads, Work work, Prepare prepare) {
    double total_s = 0;
    for (auto _ : state) {
        prepare();
        const auto begin = std::chrono::steady_clock::now();
        std::vector<std::thread> others;
        for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work, i);
        work(0);
        for (std::thread& other : others) other.join();
        const double seconds = seconds_since(begin);
        state.SetIterationTime(seconds);
        total_s += seconds;
    }
    return total_s;
}

void steered(benchmark::State& state) {
    const auto threads = static_cast<std::uint32_t>(state.range(0));
    const auto flows = static_cast<std::size_t>(state.range(1));
    std::vector<Engine> engines;
    std::vector<Packets> packets;
    for (std::uint32_t i = 0; i < threads; ++i) {
        const std::vector<std::size_t> own = flows_of(i, threads, flows);
        engines.push_back(std::move(*Engine::make(setup_of(flows))));
        open_flows_of(engines.back(), own);
        packets.push_back(random_packets(own, i + 1));
    }
    std::vector<std::vector<Decision>> decisions(threads, std::vector<Decision>(kBatch));
    const double total_s = run_threads(
        state, threads,
        [&](std::size_t which) {
            for (std::size_t i = 0; i < kBatches * 4; ++i) {
                engines[which].process(packets[which].batch(i), decisions[which]);
            }
        },
        [] {});
    report(state, "steered/" + std::to_string(flows), threads,
           state.iterations() * threads * kBatches * 4 * kBatch, total_s);
}

/// What a member does with 128 batches, and until the others are done with theirs.
void go_through(Exchange::Member& member, const Packets& packets, std::atomic<std::size_t>& left) {
    constexpr std::size_t kReceived = 64;
    for (std::size_t i = 0; i < kBatches * 4 * kBatch; i += kReceived) {
        const auto frames = packets.batch(i / kBatch).subspan(i % kBatch, kReceived);
        while (!member.submit(frames)) member.wait();
    }
    while (member.in_flight() != 0) member.wait();
    --left;
    while (left.load() != 0) member.serve();
}

void handed_over(benchmark::State& state) {
    const auto threads = static_cast<std::uint32_t>(state.range(0));
    const auto count = static_cast<std::size_t>(state.range(1));
    const std::vector<std::size_t> flows = flows_of(0, 1, count);
    Exchange exchange = std::move(*Exchange::make(setup_of(count), {threads, kBatch}));
    open_flows(flows, [&](std::span<const Frame> frames) {
        exchange.member(0).submit(frames);
        while (exchange.member(0).collect().empty()) {
            for (std::uint32_t i = 1; i < threads; ++i) exchange.member(i).serve();
        }
        exchange.member(0).collect();
    });
    std::vector<Packets> packets;
    for (std::uint32_t i = 0; i < threads; ++i) packets.push_back(random_packets(flows, i + 1));
    std::atomic<std::size_t> left{0};
    const double total_s = run_threads(
        state, threads,
        [&](std::size_t which) {
            go_through(exchange.member(static_cast<std::uint32_t>(which)), packets[which], left);
        },
        [&] { left = threads; });
    report(state, "handed_over/" + std::to_string(count), threads,
           state.iterations() * threads * kBatches * 4 * kBatch, total_s);
}

void one_queue(benchmark::State& state) {
    const auto threads = static_cast<std::uint32_t>(state.range(0));
    const auto count = static_cast<std::size_t>(state.range(1));
    const std::vector<std::size_t> flows = flows_of(0, 1, count);
    ShardedEngine engine = std::move(*ShardedEngine::make(setup_of(count), {threads}));
    open_flows_of(engine, flows);
    const Packets packets = random_packets(flows, 1);
    std::vector<Decision> decisions(kBatch);
    double total_s = 0;
    std::size_t total = 0;
    for (auto _ : state) {
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < kBatches; ++i) engine.process(packets.batch(i), decisions);
        const double seconds = seconds_since(begin);
        state.SetIterationTime(seconds);
        total_s += seconds;
        total += kBatches * kBatch;
    }
    report(state, "one_queue/" + std::to_string(count), threads, total, total_s);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
    for (const int flows : {1 << 12, 1 << 18}) {
        for (const int threads : {1, 2}) benchmark->Args({threads, flows});
    }
    benchmark->ArgNames({"threads", "flows"})->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(steered)->Apply(sizes);
BENCHMARK(handed_over)->Apply(sizes);
BENCHMARK(one_queue)->Apply(sizes);

}  // namespace
