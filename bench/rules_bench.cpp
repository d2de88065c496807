// What a packet costs in the rules, by their number and style: walk (rule by rule), fast, and a path replayed.
//
// One packet an iteration, through one table at one hook, out of a trace made for the ruleset (rulesets.hpp). `header`
// is what the measuring itself costs: writing the next header into the packet. Counters: rules tried are not counted;
// `index_MB` are the trees of fast. kube goes through nat, the others through filter's FORWARD.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <string>

#include "keepstate/ruleset.hpp"
#include "rules/fast.hpp"
#include "rules/walk.hpp"
#include "rulesets.hpp"

namespace {

using namespace keepstate;
using bench::Established;
using bench::Style;

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kPackets = 1 << 16;

/// A ruleset, ready, and packets for it. Kept for all benchmarks that use it.
struct Subject {
    rules::Objects objects;
    std::unique_ptr<rules::Program> program;
    std::vector<bench::Packet5> trace;
    Table table = Table::filter;
    Hook hook = Hook::forward;
};

Subject& subject_of(Style style, std::uint32_t rules, Established where) {
    static std::map<std::string, std::unique_ptr<Subject>> known;
    const std::string key =
        fmt::format("{} {} {}", bench::text(style), rules, static_cast<int>(where));
    std::unique_ptr<Subject>& subject = known[key];
    if (subject) return *subject;
    known.clear();  // one at a time: the largest take much memory
    std::unique_ptr<Subject>& fresh = known[key];
    fresh = std::make_unique<Subject>();
    const auto ruleset =
        Ruleset::parse(bench::make_ruleset(style, rules, kSeed, where), Family::ipv4);
    fresh->program = std::make_unique<rules::Program>(
        std::move(*rules::Program::make(*ruleset, fresh->objects)));
    fresh->trace = bench::make_trace(style, rules, kSeed, kPackets);
    if (style == Style::kube) {
        fresh->table = Table::nat;
        fresh->hook = Hook::prerouting;
    }
    return *fresh;
}

/// One packet whose header is written anew.
struct Probe {
    std::array<std::uint8_t, 60> bytes{};
    std::array<char, 16> in{"eth0"};
    std::array<char, 16> out{"eth1"};
    wire::Packet packet;
    rules::Dice dice{kSeed};
    rules::Context context;

    explicit Probe(CtState state) {
        bytes[0] = 0x45;
        bytes[32] = 0x50;
        bytes[33] = wire::tcp_flag::kSyn;
        packet.ip = base::ByteView(bytes.data(), bytes.size());
        packet.header_bytes = 20;
        packet.has_transport = true;
        packet.transport_offset = packet.rules_transport_offset = 20;
        context.packet = &packet;
        context.in_device = in.data();
        context.out_device = out.data();
        context.flow.state = state;
        context.dice = &dice;
        context.tracking_done = true;
    }
    void write(const bench::Packet5& header) {
        base::store_be32(&bytes[12], header.source);
        base::store_be32(&bytes[16], header.destination);
        base::store_be16(&bytes[20], header.source_port);
        base::store_be16(&bytes[22], header.destination_port);
        bytes[9] = packet.protocol = packet.rules_protocol = header.protocol;
        context.mark = 0;
    }
};

template <typename Judge>
void measure(benchmark::State& state, Style style, Established where, CtState ct, Judge judge) {
    Subject& subject = subject_of(style, static_cast<std::uint32_t>(state.range(0)), where);
    Probe probe(ct);
    std::size_t at = 0;
    for (auto _ : state) {
        probe.write(subject.trace[at]);
        at = (at + 1) % kPackets;
        benchmark::DoNotOptimize(judge(subject, probe.context));
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["index_MB"] =
        static_cast<double>(subject.program->table(subject.table).fast.index_bytes()) / 1e6;
}

const auto kWalk = [](Subject& in, rules::Context& context) {
    return rules::walk(*in.program, in.table, in.hook, context).rule;
};
const auto kFast = [](Subject& in, rules::Context& context) {
    return rules::run(*in.program, in.table, in.hook, context).rule;
};
const auto kNote = [](Subject& in, rules::Context& context) {
    return rules::run_and_note(*in.program, in.table, in.hook, context).path;
};
const auto kNothing = [](Subject&, rules::Context& context) { return context.packet->ip.data(); };

/// An ESTABLISHED packet whose path is known.
void replay(benchmark::State& state, Style style, Established where) {
    Subject& subject = subject_of(style, static_cast<std::uint32_t>(state.range(0)), where);
    Probe probe(CtState::established);
    probe.write(subject.trace[0]);
    const std::uint32_t path =
        rules::run_and_note(*subject.program, subject.table, subject.hook, probe.context).path;
    if (path == 0) {
        state.SkipWithError("the path is not steady");
        return;
    }
    std::size_t at = 0;
    for (auto _ : state) {
        probe.write(subject.trace[at]);
        at = (at + 1) % kPackets;
        benchmark::DoNotOptimize(
            rules::replay(*subject.program, subject.table, path, probe.context).rule);
    }
    state.SetItemsProcessed(state.iterations());
}

void compile(benchmark::State& state, Style style) {
    const auto ruleset = Ruleset::parse(
        bench::make_ruleset(style, static_cast<std::uint32_t>(state.range(0)), kSeed),
        Family::ipv4);
    for (auto _ : state) {
        rules::Objects objects;
        benchmark::DoNotOptimize(rules::Program::make(*ruleset, objects));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void add_all(Style style) {
    const std::string name = bench::text(style);
    const auto add = [&](const std::string& what, auto function) {
        return benchmark::RegisterBenchmark((what + "/" + name).c_str(), function)
            ->RangeMultiplier(10)
            ->Arg(10)
            ->Arg(1000)
            ->Arg(10'000)
            ->Arg(100'000);
    };
    add("new_fast", [=](benchmark::State& state) {
        measure(state, style, Established::first, CtState::new_, kFast);
    });
    add("new_note", [=](benchmark::State& state) {
        measure(state, style, Established::first, CtState::new_, kNote);
    });
    add("new_walk", [=](benchmark::State& state) {
        measure(state, style, Established::first, CtState::new_, kWalk);
    });
    add("compile", [=](benchmark::State& state) {
        compile(state, style);
    })->Unit(benchmark::kMillisecond);
    if (style == Style::kube) return;
    const bool is_last = style == Style::established_last;
    const Established where = is_last ? Established::last : Established::first;
    add("established_fast", [=](benchmark::State& state) {
        measure(state, style, where, CtState::established, kFast);
    });
    add("established_replay", [=](benchmark::State& state) { replay(state, style, where); });
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::RegisterBenchmark("header", [](benchmark::State& state) {
        measure(state, Style::acl, Established::first, CtState::new_, kNothing);
    })->Arg(10);
    for (const Style style :
         {Style::acl, Style::fw, Style::ipc, Style::kube, Style::established_last}) {
        add_all(style);
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
