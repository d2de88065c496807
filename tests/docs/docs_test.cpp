// The pages under docs/states and docs/protocols, and what belongs to them, are true.
//
//     captures.NAME     docs/captures/NAME.pcap is what NAME.yaml says, and a page replays it
//     pages.NAME        every made part is what it would be made today; prose, links and rules hold
//     tours.*           README.md, docs/replay.md and examples/*/README.md: their commands print what they show, and links lead somewhere
//     reasons.*         docs/reasons.yaml has a row for each reason, and its scenario reaches the reason
//     kernel.CALL       each replay that a page shows, put to the live kernel: state, direction, state of the entry,
//                       timeout, verdict and rule of each packet, the entries and counters at the end
//
// With KEEPSTATE_WRITE_DOCS=1 in the environment the captures and the pages are written anew instead of being held
// against what they should be. Where the kernel cannot be asked a test says SKIP and why.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "capture.hpp"
#include "cli/scenario_run.hpp"
#include "keepstate/reason.hpp"
#include "keepstate/ruleset.hpp"
#include "kernel_run.hpp"
#include "on_kernel.hpp"
#include "page.hpp"
#include "reason_rows.hpp"
#include "replay_call.hpp"

namespace {

using namespace keepstate;
namespace fs = std::filesystem;

const fs::path kSource = KEEPSTATE_SOURCE;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string print_faults(const Error& error) {
    std::string out;
    for (const Fault& fault : error.faults) {
        out += fault.file + ":" + std::to_string(fault.line) + ": " + fault.words + "\n";
    }
    return out;
}

bool is_writing() { return std::getenv("KEEPSTATE_WRITE_DOCS") != nullptr; }

/// Holds a file against what it should be, or writes it.
void expect_content(const fs::path& path, const std::string& wanted) {
    if (is_writing()) std::ofstream(path, std::ios::binary) << wanted;
    const std::string got = read_file(path);
    if (got == wanted) return;
    const auto got_lines = docs::split_lines(got);
    const auto wanted_lines = docs::split_lines(wanted);
    std::size_t at = 0;
    while (at < std::min(got_lines.size(), wanted_lines.size()) &&
           got_lines[at] == wanted_lines[at])
        ++at;
    const auto line = [at](const auto& lines) {
        return at < lines.size() ? lines[at] : "(its end)";
    };
    ADD_FAILURE() << path.string() << ":" << at + 1 << ": it says\n    " << line(got_lines)
                  << "\nand should say\n    " << line(wanted_lines)
                  << "\nKEEPSTATE_WRITE_DOCS=1 build/tests/docs/test_docs writes it anew";
}

std::vector<fs::path> find_files(const fs::path& folder, const std::string& extension) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == extension) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::vector<fs::path> find_pages() {
    std::vector<fs::path> pages;
    for (const char* folder : {"states", "protocols"}) {
        for (const fs::path& path : find_files(kSource / "docs" / folder, ".md")) {
            pages.push_back(path);
        }
    }
    for (const char* name : {"reasons.md", "why-invalid.md"}) {
        pages.push_back(kSource / "docs" / name);
    }
    return pages;
}

const std::vector<docs::ReasonRow>& reason_rows() {
    static std::vector<std::string> faults;
    static const auto rows =
        docs::read_reason_rows((kSource / "docs/reasons.yaml").string(), faults);
    for (const std::string& fault : faults) ADD_FAILURE() << fault;
    return rows;
}

std::string make_output(const std::string& command, const fs::path& folder) {
    auto output = docs::run_command(command, folder.string());
    if (output) return std::move(*output);
    ADD_FAILURE() << print_faults(output.error());
    return {};
}

std::string make_ladder(const std::string& arguments) {
    const auto deciding = docs::deciding_arguments(arguments);
    const auto replayed =
        deciding ? docs::replay(*deciding) : Result<docs::Replayed>(Unexpected(deciding.error()));
    if (replayed) return docs::draw_ladder(*replayed);
    ADD_FAILURE() << print_faults(replayed.error());
    return {};
}

std::string make_settings_table(const std::vector<std::string>& names) {
    std::string out = "| setting | default | what it does |\n|---|---:|---|\n";
    for (const std::string& name : names) {
        const auto texts = setting_texts();
        const auto found =
            std::find_if(texts.begin(), texts.end(),
                         [&name](const SettingText& setting) { return setting.name == name; });
        if (found == texts.end()) {
            ADD_FAILURE() << "no setting " << name;
            continue;
        }
        const std::string unit = found->unit == "s" ? " s" : "";
        out += "| `nf_conntrack_" + name + "` | " + std::to_string(found->default_value) + unit +
               " | " + std::string(found->words) + " |\n";
    }
    return out;
}

/// What the pages replay, each once.
const std::set<std::string>& all_calls() {
    static const std::set<std::string> calls = [] {
        std::set<std::string> all;
        for (const fs::path& path : find_pages()) {
            for (const std::string& arguments : docs::find_replays(read_file(path))) {
                const auto deciding = docs::deciding_arguments(arguments);
                all.insert(deciding ? *deciding : arguments);
            }
        }
        return all;
    }();
    return calls;
}

/// Whether a page replays or shows the file, so that nothing lies about in docs/captures.
bool is_used(const fs::path& path) {
    const std::string name = path.filename().string();
    return std::any_of(all_calls().begin(), all_calls().end(), [&name](const std::string& call) {
        const auto words = docs::split_words(call);
        return std::find(words.begin(), words.end(), name) != words.end();
    });
}

class Capture : public testing::Test {
  public:
    explicit Capture(fs::path path) : path_(std::move(path)) {}
    void TestBody() override {
        const auto scenario = cli::parse_scenario(read_file(path_), path_.string());
        ASSERT_TRUE(scenario) << print_faults(scenario.error());
        const fs::path capture = fs::path(path_).replace_extension(".pcap");
        expect_content(capture, docs::make_capture(*scenario));
        EXPECT_TRUE(is_used(capture)) << "no page replays it";
    }

  private:
    fs::path path_;
};

std::vector<std::string> missing_links(const fs::path& path) {
    std::vector<std::string> missing;
    for (const std::string& link : docs::find_links(read_file(path))) {
        if (!fs::exists(path.parent_path() / link)) missing.push_back(link);
    }
    return missing;
}

/// A page of another kind: only its commands and its links are tested.
class TourTest : public testing::Test {
  public:
    explicit TourTest(std::pair<fs::path, fs::path> page_and_folder)
        : path_(std::move(page_and_folder.first)), folder_(std::move(page_and_folder.second)) {}
    void TestBody() override {
        docs::Makers makers;
        makers.run = [this](const std::string& command) { return make_output(command, folder_); };
        const std::string before = read_file(path_);
        EXPECT_NE(before.find("```console\n$ "), std::string::npos) << "no command to test";
        expect_content(path_, docs::render(before, makers));
        EXPECT_EQ(missing_links(path_), std::vector<std::string>{});
    }

  private:
    fs::path path_;
    fs::path folder_;
};

class RulesetTest : public testing::Test {
  public:
    explicit RulesetTest(fs::path path) : path_(std::move(path)) {}
    void TestBody() override { EXPECT_TRUE(is_used(path_)) << "no page replays with it"; }

  private:
    fs::path path_;
};

class PageTest : public testing::Test {
  public:
    explicit PageTest(fs::path path) : path_(std::move(path)) {}
    void TestBody() override {
        const std::string before = read_file(path_);
        const std::string to_root = fs::relative(kSource, path_.parent_path()).string();
        const docs::Makers makers{[](const std::string& command) {
                                      return make_output(command, docs::captures_folder());
                                  },
                                  make_ladder, make_settings_table,
                                  [&to_root](const std::string& page) {
                                      return docs::print_reason_table(reason_rows(), page, to_root);
                                  }};
        expect_content(path_, docs::render(before, makers));
        for (const std::string& fault : docs::find_faults(read_file(path_))) {
            ADD_FAILURE() << path_.string() << ": " << fault;
        }
        EXPECT_EQ(missing_links(path_), std::vector<std::string>{}) << path_.string();
        for (const std::string& rules : docs::find_rule_blocks(before)) {
            const auto parsed = Ruleset::parse(rules, Family::ipv4, path_.string());
            EXPECT_TRUE(parsed) << rules << print_faults(parsed.error());
        }
    }

  private:
    fs::path path_;
};

/// What the live kernel does not do as keepstate did; empty: nothing.
std::string ask_kernel(const std::string& deciding) {
    const auto replayed = docs::replay(deciding);
    if (!replayed) return print_faults(replayed.error());
    const auto scenario = docs::make_scenario(deciding, *replayed);
    if (!scenario) return print_faults(scenario.error());
    const auto played = scenarios::play_on_kernel(*scenario);
    if (!played) return print_faults(played.error());
    return played->is_as_wished() ? std::string() : cli::print_failures(*scenario, *played);
}

/// Asks the kernel about several replays at once, each in a namespace of its own: nearly all the time goes into
/// waiting for what the captures wait for.
class KernelAnswers {
  public:
    explicit KernelAnswers(std::vector<std::string> calls)
        : calls_(std::move(calls)), answers_(calls_.size()) {
        constexpr int askers = 6;  // few enough that none comes late
        std::vector<std::thread> threads;
        for (int i = 0; i < askers; ++i) {
            threads.emplace_back([this] {
                for (std::size_t at; (at = next_++) < calls_.size();) {
                    answers_[at] = ask_kernel(calls_[at]);
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
    }

    const std::string& of(const std::string& call) const {
        const auto found = std::find(calls_.begin(), calls_.end(), call);
        return answers_[static_cast<std::size_t>(found - calls_.begin())];
    }

  private:
    std::vector<std::string> calls_;
    std::vector<std::string> answers_;
    std::atomic<std::size_t> next_ = 0;
};

/// The first that runs asks about all of them.
class KernelTest : public testing::Test {
  public:
    explicit KernelTest(std::string deciding) : deciding_(std::move(deciding)) {}
    void TestBody() override {
        static const std::optional<std::string> missing = kernel::missing_for_kernel_tests();
        if (missing) GTEST_SKIP() << *missing;
        static const KernelAnswers answers({all_calls().begin(), all_calls().end()});
        EXPECT_EQ(answers.of(deciding_), "");
    }

  private:
    std::string deciding_;
};

/// Whether keepstate, playing the scenario, comes to the reason; a window's bound is told by its sentence.
bool reaches(const std::string& name, const std::string& reason, std::string_view words) {
    const fs::path path = kSource / "tests/scenarios" / (name + ".yaml");
    const auto scenario = cli::parse_scenario(read_file(path), path.string());
    if (!scenario) return false;
    const auto played = cli::run_scenario(*scenario);
    if (!played) return false;
    return std::any_of(played->steps.begin(), played->steps.end(), [&](const auto& step) {
        return step.seen.reason == reason ||
               step.story.find("(" + reason + ")") != std::string::npos ||
               step.story.find("window: " + std::string(words)) != std::string::npos;
    });
}

class ReasonTest : public testing::Test {
  public:
    explicit ReasonTest(Reason reason) : reason_(reason) {}
    void TestBody() override {
        const std::string name(text(reason_));
        const auto& rows = reason_rows();
        const auto is_it = [&name](const docs::ReasonRow& row) { return row.reason == name; };
        ASSERT_EQ(std::count_if(rows.begin(), rows.end(), is_it), 1)
            << "docs/reasons.yaml has not one row for " << name;
        const docs::ReasonRow& row = *std::find_if(rows.begin(), rows.end(), is_it);
        EXPECT_FALSE(row.pages.empty());
        for (const std::string& page : row.pages) {
            const std::string content = read_file(kSource / "docs/protocols" / (page + ".md")) +
                                        read_file(kSource / "docs/states" / (page + ".md"));
            EXPECT_NE(content.find("<!-- reasons: " + page + " -->"), std::string::npos)
                << page << ".md has no table of reasons";
        }
        EXPECT_FALSE(row.cause.empty());
        EXPECT_FALSE(row.cure.empty());
        if (row.scenario.empty()) {
            EXPECT_FALSE(row.no_scenario.empty()) << "neither a scenario nor why there is none";
        } else {
            EXPECT_TRUE(reaches(row.scenario, name, sentence(reason_)))
                << row.scenario << " does not reach " << name;
        }
    }

  private:
    Reason reason_;
};

template <typename Test, typename Value>
void add_test(const char* suite, std::string name, const Value& value) {
    std::replace(name.begin(), name.end(), '.', '_');
    testing::RegisterTest(suite, name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [value]() -> testing::Test* { return new Test(value); });
}

void register_tests() {
    for (const fs::path& path : find_files(kSource / "docs/captures", ".yaml")) {
        add_test<Capture>("captures", path.stem().string(), path);
    }
    for (const char* extension : {".v4", ".v6"}) {
        for (const fs::path& path : find_files(kSource / "docs/captures", extension)) {
            add_test<RulesetTest>("captures", path.filename().string(), path);
        }
    }
    for (const fs::path& path : find_pages()) {
        add_test<PageTest>("pages", fs::relative(path, kSource / "docs").string(), path);
    }
    add_test<TourTest>("tours", "README", std::pair(kSource / "README.md", kSource));
    add_test<TourTest>("tours", "replay",
                       std::pair(kSource / "docs/replay.md", kSource / "examples/web-client"));
    for (const auto& example : fs::directory_iterator(kSource / "examples")) {
        if (!example.is_directory()) continue;
        add_test<TourTest>("tours", "examples/" + example.path().filename().string(),
                           std::pair(example.path() / "README.md", example.path()));
    }
    for (std::size_t i = 1; i < kReasons; ++i) {
        const Reason reason = static_cast<Reason>(i);
        add_test<ReasonTest>("reasons", std::string(text(reason)), reason);
    }
    for (const std::string& call : all_calls()) add_test<KernelTest>("kernel", call, call);
}

}  // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    register_tests();
    return RUN_ALL_TESTS();
}
