// Rules that change while packets pass: iptables-nft in the live kernel, Engine::change_rules in keepstate.
//
//     command ─> iptables-nft WORDS      ─┐                    ┌─> iptables-nft-save -c
//             └> change_rules(WORDS)     ─┴─> some packets ─┴─> print_counters     ─> the same rules, the same counters
//
// All rules remember something and have no target, so that each packet asks all of them: a rule that forgot, or
// remembered what another one knew, counts otherwise at once. iptables-legacy forgets with every change; that is
// held here too, for docs/differences.md says so.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "keepstate/engine.hpp"
#include "kernel_run.hpp"
#include "packets.hpp"

namespace keepstate::kernel {
namespace {

constexpr const char* kChain =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
/// Keeps the list of recent, which Linux forgets with its last rule.
constexpr const char* kAnchor = "-A INPUT -m recent --name changes --rcheck\n";

/// The lines of FORWARD: counters and rules.
std::string forward_of(const std::string& saved) {
    std::istringstream lines(saved);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(" -A FORWARD") != std::string::npos) kept += line + "\n";
    }
    return kept;
}

std::vector<std::string> words_of(const std::string& command) {
    std::istringstream in(command);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

/// One firewall between eth0 and eth1, in the kernel and as an engine.
class RuleChanges : public testing::Test {
  protected:
    void start(bool is_nft) {
        KernelSetup there;
        EngineSetup here;
        for (const auto& [name, network] :
             {std::pair{"eth0", "10.0.0.0/24"}, std::pair{"eth1", "10.0.1.0/24"}}) {
            there.devices.push_back({name, {network}});
            here.devices.push_back({name, {*parse_prefix(network)}});
        }
        there.is_nft = is_nft;
        tool_ = is_nft ? "iptables-nft" : "iptables-legacy";
        there.rules4 = std::string(kChain) + kAnchor + "COMMIT\n";
        here.rules4 = *Ruleset::parse(there.rules4, Family::ipv4);
        auto run = KernelRun::make(there);
        ASSERT_TRUE(run.has_value()) << run.error().faults.front().words;
        run_ = std::move(*run);
        engine_.emplace(std::move(*Engine::make(std::move(here))));
    }

    void change(const std::string& command) {
        std::vector<std::string> words = words_of(command);
        words.insert(words.begin(), tool_);
        const auto there = run_->run_inside(words, "");
        ASSERT_TRUE(there.has_value()) << command << ": " << there.error().faults.front().words;
        const auto here = engine_->change_rules(Family::ipv4, command);
        ASSERT_TRUE(here.has_value()) << command << ": " << here.error().faults.front().words;
    }

    void send(unsigned packets) {
        for (unsigned i = 0; i < packets; ++i) {
            const Bytes ip = make_udp({"10.0.0.1", "10.0.1.1"}, 1000, 53, Bytes(32));
            run_->inject({ip, {}});
            const Frame frame{ip, kLinkRaw, now_ = now_ + 1'000'000};
            Decision decision;
            engine_->process({&frame, 1}, {&decision, 1});
        }
    }

    std::string there() {
        const auto saved = run_->counters(false);
        return forward_of(saved ? *saved : saved.error().faults.front().words);
    }
    std::string here() const { return forward_of(engine_->print_counters(Family::ipv4)); }

  private:
    std::string tool_;
    std::unique_ptr<KernelRun> run_;
    std::optional<Engine> engine_;
    Time now_ = Time::from_s(1'000'000'000);
};

std::string random_rule(std::mt19937& dice) {
    const auto below = [&dice](unsigned bound) { return static_cast<unsigned>(dice() % bound); };
    switch (below(5)) {
        case 0: return fmt::format("-m limit --limit 1/hour --limit-burst {}", 1 + below(20));
        case 1: return fmt::format("-m quota --quota {}", 60 * (1 + below(15)) + below(60));
        case 2: return fmt::format("-m quota ! --quota {}", 60 * (1 + below(15)) + below(60));
        case 3:
            return fmt::format("-m statistic --mode nth --every {0} --packet {1}", 3 + below(4),
                               below(3));
        default:
            return std::string("-m recent --name changes ") +
                   (below(2) != 0 ? "--set" : "--rcheck --hitcount 5");
    }
}

TEST_F(RuleChanges, leave_what_other_rules_remember_as_iptables_nft_does) {
    if (const auto missing = missing_for_nft_tests()) GTEST_SKIP() << *missing;
    start(true);
    if (HasFatalFailure()) return;
    std::mt19937 dice{1};
    unsigned rules = 0;
    for (unsigned round = 0; round < 120; ++round) {
        const unsigned kind = rules < 4 ? 0 : static_cast<unsigned>(dice() % 8);
        const unsigned at = rules == 0 ? 1 : 1 + static_cast<unsigned>(dice() % rules);
        std::string command;
        if (kind < 4) {
            command = fmt::format("-I FORWARD {} {}", at, random_rule(dice));
            ++rules;
        } else if (kind < 6) {
            command = fmt::format("-D FORWARD {}", at);
            --rules;
        } else {
            command = fmt::format("-R FORWARD {} {}", at, random_rule(dice));
        }
        SCOPED_TRACE(fmt::format("round {}: {}", round, command));
        change(command);
        send(static_cast<unsigned>(dice() % 4));
        if (HasFatalFailure()) return;
        ASSERT_EQ(here(), there());
    }
    EXPECT_GT(rules, 8U);
}

TEST_F(RuleChanges, make_iptables_legacy_forget_and_not_keepstate) {
    if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    start(false);
    if (HasFatalFailure()) return;
    change("-A FORWARD -m limit --limit 1/hour --limit-burst 5");
    change("-A FORWARD -m quota --quota 300");
    send(8);
    EXPECT_EQ(here(), there());
    change("-A FORWARD -p tcp");
    send(8);
    const std::string rules =
        " -A FORWARD -m limit --limit 1/hour\n{} -A FORWARD -m quota --quota 300\n[0:0] -A FORWARD "
        "-p tcp\n";
    EXPECT_EQ(there(), "[10:600]" + fmt::format(fmt::runtime(rules), "[10:600]"));
    EXPECT_EQ(here(), "[5:300]" + fmt::format(fmt::runtime(rules), "[5:300]"));
}

}  // namespace
}  // namespace keepstate::kernel
