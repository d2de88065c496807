// kernel_differ: keepstate against this machine's kernel.
//
//     kernel_differ walk [KIND] [--seed N] [--runs N] [--packets N] [--seconds N] [--reached]
//     kernel_differ capture [OPTIONS] FILE...
//
// Exit: 0 no difference, 1 a difference (the fewest packets that show it are printed, as a
// scenario), 2 wrong call,
// 3 the kernel side cannot run here.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "differ/capture_call.hpp"
#include "differ/compare.hpp"
#include "differ/reach.hpp"
#include "differ/report.hpp"
#include "differ/walks.hpp"

namespace keepstate::kernel {
namespace {

struct Call {
    WalkKind kind = WalkKind::mixed;
    std::uint64_t seed = 1;
    std::uint64_t runs = 10;
    std::uint64_t packets = 2000;
    std::uint64_t seconds = 0;  ///< 0: by runs
    bool shows_reached = false;
};

int walk(const Call& call) {
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t packets = 0, tracked = 0, differing = 0, runs = 0, again = 0;
    Reach reach;
    for (std::uint64_t seed = call.seed;; ++seed) {
        const auto spent = std::chrono::steady_clock::now() - began;
        if (call.seconds != 0 ? spent >= std::chrono::seconds(call.seconds) : runs == call.runs)
            break;
        ++runs;
        const Walk made = make_walk(call.kind, seed % 2 != 0, seed, call.packets);
        const Result<Comparison> comparison = compare_twice(made.setup, made.packets);
        if (!comparison) {
            fmt::print(stderr, "{}\n", comparison.error().faults.front().words);
            return 3;
        }
        if (call.shows_reached && !reach.add(made)) return 3;
        packets += comparison->packets;
        again += comparison->unsteady != 0 ? 1 : 0;
        tracked += comparison->with_state;
        const std::string name = fmt::format("{} walk, seed {}", text(call.kind), seed);
        if (!report(made.setup, made.packets, {}, *comparison, name, {})) {
            ++differing;
            if (differing == 3) break;
        }
    }
    fmt::print("{}", reach.print());
    fmt::print("{} walks, {} packets ({} reached tracking), {} walks differ\n", runs, packets,
               tracked, differing);
    if (again != 0)
        fmt::print("{} of them differed once, at an edge of time, and not again\n", again);
    return differing == 0 ? 0 : 1;
}

int usage() {
    std::string kinds;
    for (const WalkKind kind : kWalkKinds) kinds += (kinds.empty() ? "" : "|") + text(kind);
    fmt::print(stderr,
               "usage: kernel_differ walk [{}]\n"
               "           [--seed N] [--runs N] [--packets N] [--seconds N] [--reached]\n"
               "       kernel_differ capture [OPTIONS] FILE...    (capture --help lists them)\n",
               kinds);
    return 2;
}

bool parse_call(int argc, char** argv, Call& call) {
    for (int i = 2; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (const auto kind = find_walk_kind(word)) {
            call.kind = *kind;
            continue;
        }
        if (word == "--reached") {
            call.shows_reached = true;
            continue;
        }
        if (i + 1 == argc) return false;
        const std::uint64_t value = std::strtoull(argv[++i], nullptr, 10);
        if (word == "--seed") {
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
    if (argc > 1 && std::string_view{argv[1]} == "capture") return run_capture(argc, argv);
    Call call;
    if (argc < 2 || std::string_view{argv[1]} != "walk" || !parse_call(argc, argv, call))
        return usage();
    if (const auto missing = missing_for_kernel_tests()) {
        fmt::print(stderr, "cannot run here: {}\n", *missing);
        return 3;
    }
    return walk(call);
}
