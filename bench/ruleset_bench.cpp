// How long rulesets take to be read, printed, looked at for warnings and compiled, by their number of rules.
// Every one is meant to be linear: the last lines of each name its order.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>

#include "keepstate/ruleset.hpp"
#include "rules/program.hpp"

namespace {

using keepstate::Family;
using keepstate::Ruleset;

// What servers have: addresses, ports, a state, a comment.
std::string ruleset_of(std::int64_t rules) {
    std::string text = "*filter\n:INPUT DROP [0:0]\n:user - [0:0]\n";
    for (std::int64_t i = 0; i < rules; ++i) {
        text += fmt::format(
            "-A INPUT -s 10.{}.{}.{}/32 -p tcp -m tcp --dport {} -m conntrack --ctstate NEW -m "
            "comment "
            "--comment \"rule {}\" -j {}\n",
            i >> 16, i >> 8 & 255, i & 255, i & 0xffff, i, i % 3 != 0 ? "ACCEPT" : "user");
    }
    return text + "COMMIT\n";
}

// Chains that each jump to the next.
std::string chain_of(std::int64_t depth) {
    std::string text = "*filter\n";
    for (std::int64_t i = 0; i < depth; ++i) text += fmt::format(":c{} - [0:0]\n", i);
    text += "-A INPUT -j c0\n";
    for (std::int64_t i = 0; i + 1 < depth; ++i) text += fmt::format("-A c{} -j c{}\n", i, i + 1);
    return text + "COMMIT\n";
}

void parse_rules(benchmark::State& state) {
    const std::string text = ruleset_of(state.range(0));
    for (auto _ : state) benchmark::DoNotOptimize(Ruleset::parse(text, Family::ipv4));
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetComplexityN(state.range(0));
}

void print_rules(benchmark::State& state) {
    const auto ruleset = Ruleset::parse(ruleset_of(state.range(0)), Family::ipv4);
    for (auto _ : state) benchmark::DoNotOptimize(ruleset->print(true));
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetComplexityN(state.range(0));
}

void warn_of_rules(benchmark::State& state) {
    const auto ruleset = Ruleset::parse(ruleset_of(state.range(0)), Family::ipv4);
    for (auto _ : state) benchmark::DoNotOptimize(ruleset->warnings());
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetComplexityN(state.range(0));
}

void compile_rules(benchmark::State& state) {
    const auto ruleset = Ruleset::parse(ruleset_of(state.range(0)), Family::ipv4);
    for (auto _ : state) {
        keepstate::rules::Objects objects;
        benchmark::DoNotOptimize(keepstate::rules::Program::make(*ruleset, objects));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetComplexityN(state.range(0));
}

void parse_chain_of_jumps(benchmark::State& state) {
    const std::string text = chain_of(state.range(0));
    for (auto _ : state) benchmark::DoNotOptimize(Ruleset::parse(text, Family::ipv4));
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetComplexityN(state.range(0));
}

constexpr std::int64_t kFewest = 1000;
constexpr std::int64_t kMost = 100'000;

BENCHMARK(parse_rules)
    ->RangeMultiplier(10)
    ->Range(kFewest, kMost)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(print_rules)
    ->RangeMultiplier(10)
    ->Range(kFewest, kMost)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(warn_of_rules)
    ->RangeMultiplier(10)
    ->Range(kFewest, kMost)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(compile_rules)
    ->RangeMultiplier(10)
    ->Range(kFewest, kMost)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(parse_chain_of_jumps)
    ->RangeMultiplier(10)
    ->Range(kFewest, kMost)
    ->Complexity()
    ->Unit(benchmark::kMillisecond);

}  // namespace
