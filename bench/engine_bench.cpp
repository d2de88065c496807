// What packets cost, measured through the public door: batches of frames in, decisions out.
//
//     engine_bench                     every row: some fifteen minutes
//     engine_bench --quick             what shows the goals, in shorter slices: a minute
//     engine_bench --flows=1M ...      one row of established flows, with what the flags say
//
// bench/rows/ has the rows, bench/rows/rows.hpp how one is measured; bench/report makes tables and plots of the JSON
// that --benchmark_out writes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/rows/rows.hpp"

namespace {

using namespace keepstate;
using namespace keepstate::bench;

// Takes `--name` or `--name=VALUE` out of the arguments; without a value it is "1".
std::optional<std::string> take(std::vector<char*>& words, std::string_view name) {
    for (auto word = words.begin(); word != words.end(); ++word) {
        const std::string_view text = *word;
        if (text.substr(0, name.size()) != name) continue;
        const std::string_view rest = text.substr(name.size());
        if (!rest.empty() && rest.front() != '=') continue;
        std::string value(rest.empty() ? "1" : rest.substr(1));
        words.erase(word);
        return value;
    }
    return std::nullopt;
}

// A number that may end in k or M.
std::optional<std::uint32_t> take_number(std::vector<char*>& words, std::string_view name) {
    const std::optional<std::string> value = take(words, name);
    if (!value) return std::nullopt;
    char* end = nullptr;
    const unsigned long number = std::strtoul(value->c_str(), &end, 10);
    const std::uint32_t scale = *end == 'M' ? 1'000'000 : *end == 'k' ? 1000 : 1;
    return static_cast<std::uint32_t>(number * scale);
}

// The row that the flags ask for; none if there are no such flags.
std::optional<Wish> take_wish(std::vector<char*>& words) {
    Wish wish;
    const std::size_t before = words.size();
    constexpr std::uint32_t kMostFlows = 50'000'000;
    wish.load.flows = std::clamp(take_number(words, "--flows").value_or(1'000'000), 1U, kMostFlows);
    wish.batch = std::clamp(take_number(words, "--batch").value_or(32), 1U, 1024U);
    wish.load.payload_bytes =
        std::min(take_number(words, "--payload").value_or(10), kLongestPayload);
    wish.load.has_checksums = take(words, "--checksums").has_value();
    if (take(words, "--family") == "6") wish.load.family = Family::ipv6;
    if (take(words, "--protocol") == "udp") wish.load.protocol = Protocol::udp;
    wish.is_routed = take(words, "--routed").has_value();
    return words.size() < before ? std::optional(wish) : std::nullopt;
}

constexpr const char* kUsage =
    "engine_bench [--quick] [--repetitions=N] [--benchmark_...]\n"
    "    every row; --quick: fewer, in shorter slices\n"
    "engine_bench [--flows=N] [--batch=N] [--family=4|6] [--protocol=tcp|udp] [--payload=BYTES]\n"
    "             [--checksums] [--routed] [--repetitions=N] [--benchmark_...]\n"
    "    one row: packets of established flows. Numbers may end in k or M\n";

void add_all_rows(const Plan& plan) {
    add_established_rows(plan);
    add_opening_rows(plan);
    add_rule_rows(plan);
    add_flood_rows(plan);
    add_core_rows(plan);
    add_limit_rows(plan);
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<char*> words(argv, argv + argc);
    if (take(words, "--help")) {
        std::fputs(kUsage, stdout);
        return 0;
    }
    Plan plan = take_plan(argc, argv);
    words.assign(argv, argv + argc);
    if (const auto count = take_number(words, "--repetitions")) {
        plan.repetitions = static_cast<int>(std::max(*count, 1U));
    }
    const std::optional<Wish> wish = take_wish(words);
    int count = static_cast<int>(words.size());
    words.push_back(nullptr);
    benchmark::Initialize(&count, words.data());
    if (benchmark::ReportUnrecognizedArguments(count, words.data())) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    if (wish) {
        add_established(plan, *wish);
    } else {
        add_all_rows(plan);
    }
    benchmark::RunSpecifiedBenchmarks();
    kept() = {};
    benchmark::Shutdown();
    return 0;
}
