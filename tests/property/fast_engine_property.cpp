// An engine that explains decides as one that does not: the first walks its rules, the second runs them by fast.
//
// Decisions, bytes that leave, answers, lines of the log, counters, entries and events are held against each other: for
// the random rulesets and packets of the differential tests, which reach every module; and, if the shared material is
// there (KEEPSTATE_SHARED, else beside the project), for real captures under real rulesets, as many pairs as a minute
// allows.
//
// KEEPSTATE_SEED and KEEPSTATE_RUNS choose other random ones.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "decision_words.hpp"
#include "differ/capture_packets.hpp"
#include "differ/compare.hpp"
#include "differ/rulesets.hpp"
#include "keepstate/engine.hpp"
#include "runs.hpp"

namespace keepstate {
namespace {

std::string entries_of(const Engine& engine, Time now) {
    std::string all;
    engine.for_each_entry(
        now, [&all](const EntryCopy& entry) { print_entry(entry, EntryFormat::proc, all); });
    return all;
}

/// The two engines, and packets through both.
class Pair {
  public:
    explicit Pair(const kernel::KernelSetup& setup)
        : explaining_(kernel::make_engine(setup)), fast_(kernel::make_engine(setup)) {}
    bool is_good() const { return explaining_.has_value() && fast_.has_value(); }

    void send(const kernel::KernelSetup& setup, std::span<const kernel::KernelPacket> packets) {
        for (std::size_t i = 0; i < packets.size(); ++i) {
            now_ = now_ + static_cast<std::int64_t>(packets[i].wait_before_ns) + 10'000;
            Frame frame;
            frame.bytes = packets[i].ip_bytes;
            frame.link = kLinkRaw;
            frame.time = now_;
            for (std::size_t d = 0; d < setup.devices.size(); ++d) {
                if (setup.devices[d].name == packets[i].in_device) {
                    frame.device = static_cast<std::uint16_t>(d);
                }
            }
            Decision walked, ran;
            std::string story, walked_log, ran_log;
            explaining_->process({&frame, 1}, {&walked, 1}, &story, &walked_log);
            fast_->process({&frame, 1}, {&ran, 1}, nullptr, &ran_log);
            ASSERT_EQ(words_of(ran), words_of(walked)) << "packet " << i << "\n" << story;
            ASSERT_EQ(ran_log, walked_log) << "packet " << i << "\n" << story;
        }
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            ASSERT_EQ(fast_->print_counters(family), explaining_->print_counters(family));
        }
        ASSERT_EQ(entries_of(*fast_, now_), entries_of(*explaining_, now_));
        ASSERT_EQ(fast_->take_events().size(), explaining_->take_events().size());
    }

  private:
    Result<Engine> explaining_;
    Result<Engine> fast_;
    Time now_ = Time::from_s(1'700'000'000);
};

TEST(FastEngine, decides_random_packets_under_random_rules_as_one_that_explains) {
    const std::uint64_t seed = first_seed();
    const std::uint64_t count = runs(150, 40);
    for (std::uint64_t i = seed; i < seed + count; ++i) {
        for (const bool is_v6 : {false, true}) {
            const kernel::Walk walk = kernel::make_ruleset_walk(is_v6, i, 300);
            SCOPED_TRACE(fmt::format("KEEPSTATE_SEED={} v6={}\n{}{}", i, is_v6, walk.setup.rules4,
                                     walk.setup.rules6));
            Pair pair(walk.setup);
            ASSERT_TRUE(pair.is_good());
            pair.send(walk.setup, walk.packets);
            if (HasFatalFailure()) return;
        }
    }
}

// --- shared material --------------------------------------------------------------------------------

namespace fs = std::filesystem;

fs::path shared_folder() {
    const char* named = std::getenv("KEEPSTATE_SHARED");
    return named != nullptr ? fs::path(named) : fs::path(PROJECT_FOLDER) / ".." / "shared";
}

std::vector<fs::path> files_below(const fs::path& folder) {
    std::vector<fs::path> files;
    if (!fs::is_directory(folder)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string read_all(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return std::move(out).str();
}

/// The rulesets that can be run without more than their text.
std::vector<std::string> rulesets_of(Family family) {
    std::vector<std::string> texts;
    for (const fs::path& file : files_below(shared_folder() / "rulesets" / "files")) {
        std::string text = read_all(file);
        const auto ruleset = Ruleset::parse(text, family);
        if (!ruleset) continue;
        kernel::KernelSetup setup;
        setup.is_bump = true;
        (family == Family::ipv4 ? setup.rules4 : setup.rules6) = text;
        if (kernel::make_engine(setup)) texts.push_back(std::move(text));
    }
    return texts;
}

TEST(FastEngine, decides_captures_under_real_rulesets_as_one_that_explains) {
    std::vector<fs::path> captures = files_below(shared_folder() / "captures");
    const std::vector<std::string> rules4 = rulesets_of(Family::ipv4);
    const std::vector<std::string> rules6 = rulesets_of(Family::ipv6);
    if (captures.empty() || rules4.empty() || rules6.empty()) {
        GTEST_SKIP() << "no captures and rulesets: KEEPSTATE_SHARED names their folder";
    }
    std::mt19937_64 dice(first_seed());
    std::shuffle(captures.begin(), captures.end(), dice);
    constexpr std::size_t kMostPackets = 1500;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(draws(50, 10));
    std::size_t pairs = 0;
    std::size_t sent = 0;
    for (std::size_t i = 0; i < 4 * captures.size(); ++i) {
        if (std::chrono::steady_clock::now() >= end) break;
        auto capture = kernel::read_capture(captures[i % captures.size()].string());
        if (!capture || capture->packets.empty()) continue;
        capture->packets.resize(std::min(capture->packets.size(), kMostPackets));
        kernel::KernelSetup setup;
        setup.is_bump = true;
        setup.rules4 = rules4[i % rules4.size()];
        setup.rules6 = rules6[i % rules6.size()];
        SCOPED_TRACE(captures[i % captures.size()].string() + "\n" + setup.rules4 + setup.rules6);
        Pair pair(setup);
        ASSERT_TRUE(pair.is_good());
        pair.send(setup, capture->packets);
        if (HasFatalFailure()) return;
        ++pairs;
        sent += capture->packets.size();
    }
    fmt::print("{} pairs of a capture and rulesets, {} packets\n", pairs, sent);
    EXPECT_GT(sent, 0U);
}

}  // namespace
}  // namespace keepstate
