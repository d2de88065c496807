// kernel_rules: random rulesets and random packets through keepstate and this machine's kernel.
//
//     kernel_rules [--seed N] [--runs N] [--packets N] [--seconds N] [--without MODULE]...
//
// Each run is a ruleset of its own. Says at the end which modules were reached. Exit: 0 no difference, 1 a
// difference (the fewest packets that show it, and the ruleset, are printed), 2 wrong call, 3 cannot run here.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "differ/compare.hpp"
#include "differ/rulesets.hpp"
#include "keepstate/packet.hpp"

namespace keepstate::kernel {
namespace {

struct Call {
    std::uint64_t seed = 1;
    std::uint64_t runs = 50;
    std::uint64_t packets = 100;
    std::uint64_t seconds = 0;  ///< 0: by runs
    std::vector<std::string> without;
};

bool differs(const KernelSetup& setup, const std::vector<KernelPacket>& packets) {
    const Result<Comparison> result = compare(setup, packets);
    return result && !result->differences.empty();
}

/// Leaves out rules, several at once and then one by one, for as long as the difference stays.
void shrink_rules(std::string& rules, const KernelSetup& setup,
                  const std::vector<KernelPacket>& packets) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < rules.size();) {
        const std::size_t end = rules.find('\n', at);
        lines.push_back(rules.substr(at, end - at + 1));
        at = end + 1;
    }
    const auto join = [](const std::vector<std::string>& all) {
        std::string out;
        for (const std::string& line : all) out += line;
        return out;
    };
    for (std::size_t piece = 16; piece >= 1; piece /= 2) {
        for (std::size_t at = 0; at < lines.size();) {
            std::vector<std::string> fewer;
            bool has_removed = false;
            for (std::size_t i = 0; i < lines.size(); ++i) {
                const bool goes = i >= at && i < at + piece && lines[i].rfind("-A", 0) == 0;
                has_removed |= goes;
                if (!goes) fewer.push_back(lines[i]);
            }
            rules = join(fewer);
            if (has_removed && differs(setup, packets)) {
                lines = std::move(fewer);
            } else {
                at += piece;
            }
        }
    }
    rules = join(lines);
}

/// Of texts of many lines (counters) only those lines that differ.
void print_lines(const Difference& difference) {
    std::istringstream kernel{difference.kernel}, ours{difference.keepstate};
    for (;;) {
        std::string k, o;
        const bool has_kernel = static_cast<bool>(std::getline(kernel, k));
        const bool has_ours = static_cast<bool>(std::getline(ours, o));
        if (!has_kernel && !has_ours) return;
        if (k != o)
            fmt::print("  packet {}: {}: the kernel says `{}', keepstate `{}'\n", difference.packet,
                       difference.what, k, o);
    }
}

void report(Walk walk, const Comparison& comparison, std::uint64_t seed) {
    fmt::print("ruleset {}: {} differences, the first is of packet {}\n", seed,
               comparison.differences.size(), comparison.differences.front().packet);
    std::vector<KernelPacket> packets = walk.packets;
    const std::size_t first = comparison.differences.front().packet;
    if (first + 1 < packets.size()) packets.resize(first + 1);
    packets = shrink(walk.setup, packets, 60);
    shrink_rules(walk.setup.rules4.empty() ? walk.setup.rules6 : walk.setup.rules4, walk.setup,
                 packets);
    packets = shrink(walk.setup, packets, 20);
    for (const KernelPacket& packet : packets) {
        std::string line;
        print_summary(kLinkRaw, packet.ip_bytes, line);
        fmt::print("  {}\n", line);
    }
    fmt::print("{}{}", walk.setup.rules4, walk.setup.rules6);
    if (const Result<Comparison> small = compare(walk.setup, packets)) {
        for (const Difference& difference : small->differences) print_lines(difference);
    }
}

int run(const Call& call) {
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t packets = 0, differing = 0, runs = 0;
    std::map<std::string, Reached> reached;
    for (std::uint64_t seed = call.seed;; ++seed) {
        const auto spent = std::chrono::steady_clock::now() - began;
        if (call.seconds != 0 ? spent >= std::chrono::seconds(call.seconds) : runs == call.runs)
            break;
        ++runs;
        const Walk walk = make_ruleset_walk(seed % 2 != 0, seed, call.packets, call.without);
        const Result<Comparison> comparison = compare(walk.setup, walk.packets);
        if (!comparison) {
            fmt::print(stderr, "ruleset {}: {}\n{}{}", seed,
                       comparison.error().faults.front().words, walk.setup.rules4,
                       walk.setup.rules6);
            return 3;
        }
        packets += comparison->packets;
        add_reached(comparison->counters, reached);
        if (comparison->differences.empty()) continue;
        report(walk, *comparison, seed);
        if (++differing == 3) break;
    }
    for (const auto& [module, row] : reached) {
        fmt::print("  {:<14} {:>6} rules, {:>6} counted packets\n", module, row.rules, row.counted);
    }
    fmt::print("{} rulesets, {} packets, {} rulesets differ\n", runs, packets, differing);
    return differing == 0 ? 0 : 1;
}

bool parse_call(int argc, char** argv, Call& call) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view word = argv[i];
        const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        if (word == "--without") {
            call.without.emplace_back(argv[i + 1]);
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
    return argc % 2 == 1;
}

}  // namespace
}  // namespace keepstate::kernel

int main(int argc, char** argv) {
    using namespace keepstate::kernel;
    Call call;
    if (!parse_call(argc, argv, call)) {
        fmt::print(stderr,
                   "usage: kernel_rules [--seed N] [--runs N] [--packets N] [--seconds N] "
                   "[--without MODULE]...\n");
        return 2;
    }
    if (const auto missing = missing_for_kernel_tests()) {
        fmt::print(stderr, "cannot run here: {}\n", *missing);
        return 3;
    }
    return run(call);
}
