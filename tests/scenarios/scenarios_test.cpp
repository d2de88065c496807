// Every scenario twice: played by the live kernel (the law) and by keepstate. And what no scenario reaches.
//
// Tests are made from the files found below SCENARIO_FOLDER, so a new file needs no line here. Names are
// kernel.FOLDER/FILE and keepstate.FOLDER/FILE. Where the kernel cannot be asked the test says SKIP and why.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "cli/scenario_run.hpp"
#include "ct/tcp/exceptions.hpp"
#include "kernel_run.hpp"
#include "on_kernel.hpp"

namespace {

using namespace keepstate;

std::string print_faults(const Error& error) {
    std::string out;
    for (const Fault& fault : error.faults) {
        out += fault.file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column) +
               ": " + fault.words + "\n";
    }
    return out;
}

/// What scenarios have reached: the words of all stories.
std::string& all_stories() {
    static std::string stories;
    return stories;
}
std::set<std::string>& all_reasons() {
    static std::set<std::string> reasons;
    return reasons;
}

/// What is logged of each packet, by the scenario's file: of the kernel, where it played.
std::map<std::string, std::vector<std::string>>& kernel_logs() {
    static std::map<std::string, std::vector<std::string>> logs;
    return logs;
}

/// The words behind `mark` in each line of a story that has it, one line each.
std::string said_in(const std::string& story, std::string_view mark) {
    std::istringstream lines(story);
    std::string said;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find(mark);
        if (at == std::string::npos) continue;
        line = line.substr(at + mark.size());
        if (line.starts_with("nf_ct_proto_")) line = line.substr(line.find(": ") + 2);
        while (line.ends_with(' ')) line.pop_back();
        said += line + "\n";
    }
    return said;
}

/// -m osf --log: its words end in a newline, so an empty line comes behind them.
bool is_of_fingerprints(const std::string& line) {
    return line.starts_with("Remote OS is not known: ") ||
           (line.find("] : ") != std::string::npos && line.find(" hops=") != std::string::npos);
}

/// The log holds the lines of TRACE and osf too, which are the rules' and not tracking's.
std::string without_rules(const std::string& log) {
    std::istringstream lines(log);
    std::string out;
    bool is_rest = false;
    for (std::string line; std::getline(lines, line);) {
        const bool was_fingerprint = std::exchange(is_rest, is_of_fingerprints(line));
        if (is_rest || (was_fingerprint && line.empty())) continue;
        if (!line.starts_with("TRACE: ")) out += line + "\n";
    }
    return out;
}

/// The settings that scenarios set, without `net.netfilter.nf_conntrack_`.
std::set<std::string>& all_settings() {
    static std::set<std::string> settings;
    return settings;
}

class ScenarioTest : public testing::Test {
  public:
    explicit ScenarioTest(std::filesystem::path path) : path_(std::move(path)) {}

    Result<cli::Scenario> read() const {
        std::ifstream file(path_);
        std::stringstream text;
        text << file.rdbuf();
        return cli::parse_scenario(text.str(), path_.filename().string());
    }

    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

class OnKeepstate : public ScenarioTest {
  public:
    using ScenarioTest::ScenarioTest;
    void TestBody() override {
        const auto scenario = read();
        ASSERT_TRUE(scenario) << print_faults(scenario.error());
        const auto played = cli::run_scenario(*scenario);
        ASSERT_TRUE(played) << print_faults(played.error());
        for (const cli::PlayedStep& step : played->steps) {
            all_stories() += step.story;
            all_reasons().insert(step.seen.reason);
        }
        EXPECT_TRUE(played->is_as_wished()) << cli::print_failures(*scenario, *played);
        for (const auto& [name, value] : scenario->setting_texts) {
            all_settings().insert(name.substr(std::string("net.netfilter.nf_conntrack_").size()));
        }
        const auto known = kernel_logs().find(path());
        if (known == kernel_logs().end()) return;
        for (std::size_t i = 0; i < played->steps.size(); ++i) {
            const std::string& story = played->steps[i].story;
            std::string said = said_in(story, "Linux would log: ");
            // Said only where it changes something, which the story does not look at.
            const std::string more = said_in(story, "and, if more is left: ");
            const std::string logged = without_rules(known->second[i]);
            if (logged.ends_with(more)) said += more;
            // What Linux sends by itself in a stolen packet's place (SYNPROXY) is tracked, and logged, too.
            if (played->steps[i].seen.verdict == "STOLEN") continue;
            EXPECT_EQ(said, logged) << "log of packet " << i + 1 << "\n" << story;
        }
    }
};

class OnKernel : public ScenarioTest {
  public:
    using ScenarioTest::ScenarioTest;
    void TestBody() override {
        static const std::optional<std::string> missing = kernel::missing_for_kernel_tests();
        if (missing) GTEST_SKIP() << *missing;
        const auto scenario = read();
        ASSERT_TRUE(scenario) << print_faults(scenario.error());
        // Said here and in docs/differences.md: no skip, for there is nothing that more rights would mend.
        if (!scenario->not_on_kernel.empty()) return;
        const auto played = scenarios::play_on_kernel(*scenario);
        ASSERT_TRUE(played) << print_faults(played.error());
        EXPECT_TRUE(played->is_as_wished()) << cli::print_failures(*scenario, *played);
        const bool logs_all = scenario->settings.log_invalid == Settings{}.log_invalid;
        for (const cli::PlayedStep& step : played->steps) {
            if (logs_all) kernel_logs()[path()].push_back(said_in(step.story, "kernel: "));
        }
    }
};

/// Reasons that no packet of a scenario can have, and why.
const std::set<std::string>& unreachable_reasons() {
    static const std::set<std::string> reasons{
        "frame_no_ip",
        "frame_truncated",  // scenarios begin at the IP header
        "ipv4_version",
        "ipv6_version",    // the first four bits choose the family, nothing else does
        "tcp_kill_raced",  // one packet at a time: nobody can be faster
        "fragment_timeout",
    };
    return reasons;
}

/// Runs after the others (gtest keeps the order of registration).
class Reached : public testing::Test {
  public:
    void TestBody() override {
        if (all_stories().empty()) GTEST_SKIP() << "no scenario was played by keepstate";
        for (const ct::TcpException& exception : ct::tcp_exceptions()) {
            const std::string line = "exception: " + std::string(exception.name);
            EXPECT_NE(all_stories().find(line), std::string::npos)
                << "no scenario reaches the TCP exception `" << exception.name << "'";
        }
        for (std::size_t i = 1; i < kReasons; ++i) {
            const std::string word(text(static_cast<Reason>(i)));
            const bool is_seen =
                all_reasons().contains(word) ||
                all_stories().find("(" + word + ")") != std::string::npos ||
                all_stories().find("window: " + std::string(sentence(static_cast<Reason>(i)))) !=
                    std::string::npos;
            if (unreachable_reasons().contains(word)) {
                EXPECT_FALSE(is_seen) << word << " was reached after all: take it off the list";
            } else if (!is_seen) {
                ADD_FAILURE() << "no scenario reaches the reason `" << word << "'";
            }
        }
    }
};

/// Each setting must be shown to do something by a scenario.
class SettingsReached : public testing::Test {
  public:
    void TestBody() override {
        if (all_stories().empty()) GTEST_SKIP() << "no scenario was played by keepstate";
        // An explanation shows what is logged, whatever the setting says.
        const std::set<std::string_view> without{"log_invalid"};
        for (const SettingText& setting : setting_texts()) {
            const std::string name(setting.name);
            EXPECT_NE(all_settings().contains(name), without.contains(name))
                << "nf_conntrack_" << name << " is set by no scenario, or stands here in vain";
        }
    }
};

void register_scenarios() {
    const std::filesystem::path folder = SCENARIO_FOLDER;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
        const std::string name =
            std::filesystem::relative(path, folder).replace_extension().string();
        testing::RegisterTest("kernel", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                              [path] { return new OnKernel(path); });
        testing::RegisterTest("keepstate", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                              [path] { return new OnKeepstate(path); });
    }
    testing::RegisterTest("reached", "every TCP exception and every reason", nullptr, nullptr,
                          __FILE__, __LINE__, [] { return new Reached; });
    testing::RegisterTest("settings", "each is shown by a scenario", nullptr, nullptr, __FILE__,
                          __LINE__, [] { return new SettingsReached; });
}

}  // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    register_scenarios();
    return RUN_ALL_TESTS();
}
