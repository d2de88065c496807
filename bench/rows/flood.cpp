// What strangers can do to those who are there: a million first packets into a table that is full, or fills, while
// established flows go on.
//
//     flood/full/random          the table is full of ASSURED flows; every SYN of the flood is refused
//     flood/filling/SOURCES      room for ten times the flows; the flood fills it, then pushes its own entries out
//         random                 SYNs from anywhere to anywhere
//         one_source             from one address to one server: only the client's port differs, and the server's
//         xor, stride, crc       tuples chosen so that they fall together in a table whose hash has no key, or a key that
//                                does not matter: sums by exclusive or all alike, multiples of 2^16, and all of one CRC-32C
//                                (the CRC is linear, so a secret first value does not part them)
//
// Batches of the flood and of the established flows take turns. Time: a packet of the established flows meanwhile.
//     before            the same before the flood began
//     slower            time / before
//     flood             a packet of the flood
//     p50 ... most      a batch of 32 of the established flows: no packet waits longer for its decision
//     flood_p9999       a batch of 32 of the flood
//     refused           share of the flood's packets that did not come in, from 0 to 1
#include <fmt/format.h>

#include <array>

#include "bench/rows/rows.hpp"

namespace keepstate::bench {

namespace {

constexpr std::uint32_t kBatch = 32;
constexpr std::uint32_t kFlows = 100'000;

using Chosen = Flow (*)(std::uint32_t number);

// No flow of the workload has these servers, so the strangers are strangers.
constexpr std::uint32_t kNet = 0xc6120000;  // 198.18.0.0/15, the benchmarks' own

Flow random_stranger(std::uint32_t number) {
    Flow flow = make_flow(~number);
    flow.client ^= number * 0x9e3779b1 & 0x00ffffff;
    flow.server = kNet | (flow.server & 0x1ffff);
    return flow;
}

Flow one_source(std::uint32_t number) {
    Flow flow = make_flow(0);
    flow.client = kNet + 1;
    flow.server = kNet + 2;
    flow.client_port = static_cast<std::uint16_t>(number);
    flow.server_port = static_cast<std::uint16_t>(443 + (number >> 16));
    return flow;
}

// Exclusive or of both addresses, and of both ports, is always the same: so are their differences' parities, and what
// symmetric hashes are often made of.
Flow same_xor(std::uint32_t number) {
    Flow flow = make_flow(0);
    flow.client = kNet ^ number;
    flow.server = flow.client ^ 0x00010001;
    flow.client_port = static_cast<std::uint16_t>(number * 0x9e37);
    flow.server_port = static_cast<std::uint16_t>(flow.client_port ^ 0x0101);
    return flow;
}

Flow same_low_bits(std::uint32_t number) {
    Flow flow = make_flow(0);
    flow.client = kNet | (number & 1) << 16;
    flow.client = (flow.client & 0xffff) | (number << 16);
    flow.server = kNet | 1;
    flow.client_port = 0x8000;
    flow.server_port = static_cast<std::uint16_t>((number >> 16 & 0xff) << 8);
    return flow;
}

// --- tuples of one CRC -----------------------------------------------------------------------------------------------

std::uint32_t crc32c(std::span<const std::uint8_t> bytes) {
    std::uint32_t crc = 0;  // what the register begins with cancels out of differences
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return crc;
}

using TupleBytes = std::array<std::uint8_t, 12>;  // client, server, client's port, server's port

// Differences that leave the CRC of a tuple as it is: the null space of its map, found by elimination. 96 bits go in,
// 32 come out, so there are at least 64 independent ones; 32 suffice for as many tuples as numbers.
std::vector<TupleBytes> silent_differences() {
    struct Row {
        std::uint32_t crc;
        TupleBytes difference;
    };
    std::array<Row, 32> pivots{};
    std::array<bool, 32> has_pivot{};
    std::vector<TupleBytes> silent;
    for (std::size_t bit = 0; bit < 96; ++bit) {
        Row row{};
        row.difference[bit / 8] = static_cast<std::uint8_t>(1 << bit % 8);
        row.crc = crc32c(row.difference);
        while (row.crc != 0) {
            const auto top = static_cast<std::size_t>(31 - __builtin_clz(row.crc));
            if (!has_pivot[top]) {
                has_pivot[top] = true;
                pivots[top] = row;
                break;
            }
            row.crc ^= pivots[top].crc;
            for (std::size_t i = 0; i < row.difference.size(); ++i) {
                row.difference[i] ^= pivots[top].difference[i];
            }
        }
        if (row.crc == 0) silent.push_back(row.difference);
    }
    return silent;
}

std::uint32_t word_of(const TupleBytes& bytes, std::size_t at) {
    return std::uint32_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
           bytes[at + 3];
}

Flow same_crc(std::uint32_t number) {
    static const std::vector<TupleBytes> silent = silent_differences();
    TupleBytes bytes{0xc6, 0x12, 0, 1, 0xc6, 0x13, 0, 1, 0x80, 0, 1, 0xbb};
    for (std::size_t bit = 0; bit < 32; ++bit) {
        if ((number >> bit & 1) == 0) continue;
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= silent[bit][i];
    }
    Flow flow = make_flow(0);
    flow.client = word_of(bytes, 0);
    flow.server = word_of(bytes, 4);
    const std::uint32_t ports = word_of(bytes, 8);
    flow.client_port = static_cast<std::uint16_t>(ports >> 16);
    flow.server_port = static_cast<std::uint16_t>(ports);
    return flow;
}

// --- the rows --------------------------------------------------------------------------------------------------------

// Room for `max` entries; whoever comes to whatever port is let in, so that each SYN asks for an entry.
Engine open_house(const WorkloadOptions& load, std::uint32_t max) {
    EngineSetup setup = make_setup(load);
    setup.settings.max = setup.settings.buckets = max;
    setup.rules4 = *Ruleset::parse(
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -p tcp -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
        Family::ipv4);
    return make_engine(std::move(setup));
}

// What asking the clock costs, which stands in every time that is taken of one batch.
double clock_ns() {
    constexpr int kTimes = 1000;
    const double begin = thread_ns();
    for (int i = 0; i < kTimes; ++i) thread_ns();
    return (thread_ns() - begin) / kTimes;
}

struct Tally {
    explicit Tally(std::size_t batches) : times(batches) {}
    Latencies times;
    std::uint64_t refused = 0;
    double spent_ns = 0;  // of this thread's own time
    std::uint64_t packets = 0;
    const double clock = clock_ns();
    void judge_batch(Engine& engine, std::span<const Frame> frames,
                     std::vector<Decision>& decisions) {
        keep(frames.data());
        const double begin = thread_ns();
        const std::uint64_t before = ticks();
        refused += judge(engine, frames, decisions);
        times.add(ticks() - before);
        spent_ns += thread_ns() - begin - clock;
        packets += frames.size();
    }
    double cost() const { return spent_ns / static_cast<double>(packets); }
};

void measure_flood(benchmark::State& state, std::uint32_t max, std::uint32_t strangers,
                   Chosen chosen) {
    kept() = {};
    WorkloadOptions load;
    load.flows = kFlows;
    Engine engine = open_house(load, max);
    Generator settled(load, kBatch);
    Generator flood(load, kBatch);
    std::vector<Decision> decisions(kBatch);
    const std::uint32_t batches = strangers / kBatch;
    Tally before(batches);
    Tally meanwhile(batches);
    Tally attack(batches);
    std::uint64_t refused = open_flows(engine, settled, 0, kFlows);
    for (std::uint32_t i = 0; i < batches; ++i) {
        before.judge_batch(engine, settled.established(), decisions);
    }
    flood.advance(settled.now() - flood.now());
    std::array<Flow, kBatch> flows;
    for (std::uint32_t i = 0; i < batches; ++i) {
        for (std::uint32_t j = 0; j < kBatch; ++j) flows[j] = chosen(i * kBatch + j);
        attack.judge_batch(engine, flood.segments_of(flows, Segment::syn), decisions);
        settled.advance(kBatch * kTickNs);
        meanwhile.judge_batch(engine, settled.established(), decisions);
        flood.advance(settled.now() - flood.now());
    }
    refused += before.refused + meanwhile.refused;
    if (refused != 0) {
        state.SkipWithError("packets of established flows were not accepted");
        return;
    }
    finish(state, meanwhile.cost());
    state.counters["before"] = before.cost();
    state.counters["slower"] = meanwhile.cost() / before.cost();
    state.counters["flood"] = attack.cost();
    state.counters["before_p9999"] = before.times.at(0.9999);
    state.counters["p50"] = meanwhile.times.at(0.5);
    state.counters["p99"] = meanwhile.times.at(0.99);
    state.counters["p9999"] = meanwhile.times.at(0.9999);
    state.counters["most"] = meanwhile.times.at(1);
    state.counters["flood_p9999"] = attack.times.at(0.9999);
    state.counters["refused"] =
        static_cast<double>(attack.refused) / (static_cast<double>(batches) * kBatch);
    state.counters["entries"] = engine.entry_count();
}

}  // namespace

void add_flood_rows(const Plan& plan) {
    const std::uint32_t strangers = plan.is_quick ? 200'000 : 1'000'000;
    const int repetitions = plan.is_quick ? 1 : 3;
    add_row(
        plan, "flood/full/random",
        [strangers](benchmark::State& state) {
            measure_flood(state, kFlows, strangers, random_stranger);
        },
        repetitions);
    const std::pair<const char*, Chosen> kinds[] = {{"random", random_stranger},
                                                    {"one_source", one_source},
                                                    {"xor", same_xor},
                                                    {"stride", same_low_bits},
                                                    {"crc", same_crc}};
    for (const auto& [name, chosen] : kinds) {
        add_row(
            plan, fmt::format("flood/filling/{}", name),
            [strangers, chosen = chosen](benchmark::State& state) {
                measure_flood(state, strangers / 2 + kFlows, strangers, chosen);
            },
            repetitions);
    }
}

}  // namespace keepstate::bench
