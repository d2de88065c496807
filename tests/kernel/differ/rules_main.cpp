// kernel_rules: random rulesets and random packets through keepstate and this machine's kernel.
//
//     kernel_rules [--seed N] [--runs N] [--packets N] [--seconds N] [--without MODULE]... [--nft]
//
// --nft: the kernel gets the rules by iptables-nft-restore in place of iptables-legacy-restore.
// Each run is a ruleset of its own. Says at the end which modules were reached. Exit: 0 no difference, 1 a
// difference (the fewest packets and rules that show it are printed, as a scenario), 2 wrong call, 3 cannot run here.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "differ/compare.hpp"
#include "differ/report.hpp"
#include "differ/rulesets.hpp"

namespace keepstate::kernel {
namespace {

struct Call {
    std::uint64_t seed = 1;
    std::uint64_t runs = 50;
    std::uint64_t packets = 100;
    std::uint64_t seconds = 0;  ///< 0: by runs
    RulesetOptions rules;
};

int run(const Call& call) {
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t packets = 0, differing = 0, runs = 0;
    std::map<std::string, Reached> reached;
    for (std::uint64_t seed = call.seed;; ++seed) {
        const auto spent = std::chrono::steady_clock::now() - began;
        if (call.seconds != 0 ? spent >= std::chrono::seconds(call.seconds) : runs == call.runs)
            break;
        ++runs;
        const Walk walk = make_ruleset_walk(seed % 2 != 0, seed, call.packets, call.rules);
        const Result<Comparison> comparison = compare_twice(walk.setup, walk.packets);
        if (!comparison) {
            fmt::print(stderr, "ruleset {}: {}\n{}{}", seed,
                       comparison.error().faults.front().words, walk.setup.rules4,
                       walk.setup.rules6);
            return 3;
        }
        packets += comparison->packets;
        add_reached(comparison->rule_counters, reached);
        ReportOptions options;
        options.trials = 300;
        const std::string name = fmt::format("ruleset {}", seed);
        if (report(walk.setup, walk.packets, {}, *comparison, name, options)) continue;
        if (++differing == 3) break;
    }
    for (const auto& [module, row] : reached) {
        fmt::print("  {:<14} {:>6} rules, {:>6} counted packets\n", module, row.rules, row.counted);
    }
    fmt::print("{} rulesets, {} packets, {} rulesets differ\n", runs, packets, differing);
    return differing == 0 ? 0 : 1;
}

bool parse_call(int argc, char** argv, Call& call) {
    for (int i = 1; i < argc; i += 2) {
        const std::string_view word = argv[i];
        if (word == "--nft") {
            call.rules.is_nft = true;
            --i;  // it has no value
            continue;
        }
        if (i + 1 == argc) return false;
        const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        if (word == "--without") {
            call.rules.without.emplace_back(argv[i + 1]);
        } else if (word == "--seed") {
            call.seed = value;
        } else if (word == "--runs") {
            call.runs = value;
        } else if (word == "--packets") {
            call.packets = value;
        } else if (word == "--seconds") {
            call.seconds = value;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace
}  // namespace keepstate::kernel

int main(int argc, char** argv) {
    using namespace keepstate::kernel;
    Call call;
    if (!parse_call(argc, argv, call)) {
        fmt::print(stderr,
                   "usage: kernel_rules [--seed N] [--runs N] [--packets N] [--seconds N] "
                   "[--without MODULE]... [--nft]\n");
        return 2;
    }
    const auto missing = call.rules.is_nft ? missing_for_nft_tests() : missing_for_kernel_tests();
    if (missing) {
        fmt::print(stderr, "cannot run here: {}\n", *missing);
        return 3;
    }
    return run(call);
}
