// Names, defaults and bounds of the settings against /proc/sys/net/netfilter of the running kernel.
//
// Each file is written with values around the edges; what the kernel takes, keepstate must take, and with the
// same meaning. On purpose different: keepstate refuses negative timeouts (Linux takes them and lets
// entries expire at once) and more than 32 bits for the fragments' memory.
//
// nf_conntrack_max, _buckets and _expect_max can be written in the first namespace only, so here their
// names and defaults are compared, not their bounds (seen by hand on 6.18: 0 to 2147483647, at least 1, 1 to
// 2147483647).
#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "keepstate/conntrack.hpp"
#include "kernel_run.hpp"
#include "netns.hpp"

namespace keepstate {
namespace {

const std::string kFolder = "/proc/sys/net/netfilter/";

class KernelSettings : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = kernel::missing_for_kernel_tests()) GTEST_SKIP() << *missing;
        Result<kernel::NetNamespace> made = kernel::NetNamespace::make();
        ASSERT_TRUE(made) << made.error().faults.at(0).words;
        namespace_ = std::make_unique<kernel::NetNamespace>(std::move(*made));
        inside_ = std::make_unique<kernel::Inside>(*namespace_);
        if (!read("acct")) GTEST_SKIP() << "this kernel has no nf_conntrack settings";
    }
    void TearDown() override { inside_.reset(); }

    static std::optional<std::string> read(std::string_view name) {
        Result<std::string> text = kernel::read_file(kFolder + "nf_conntrack_" + std::string(name));
        if (!text) return std::nullopt;
        while (!text->empty() && text->back() == '\n') text->pop_back();
        return *text;
    }
    static bool write(std::string_view name, std::string_view value) {
        return kernel::write_file(kFolder + "nf_conntrack_" + std::string(name), value).has_value();
    }

  private:
    std::unique_ptr<kernel::NetNamespace> namespace_;
    std::unique_ptr<kernel::Inside> inside_;
};

bool is_of_the_machine(std::string_view name) {
    return name == "max" || name == "buckets" || name == "expect_max";
}

/// Gone since Linux 6.0; keepstate has it for the rulesets of then.
bool is_of_the_past(std::string_view name) { return name == "helper"; }

std::uint32_t value_of(const Settings& settings, std::string_view name) {
#define KS_SETTING_VALUE(member, value, unit, words) \
    if (name == #member) return settings.member;
    KS_SETTINGS(KS_SETTING_VALUE)
#undef KS_SETTING_VALUE
    return 0;
}

TEST_F(KernelSettings, the_kernel_has_the_same_names) {
    std::vector<std::string> of_kernel, of_table{"count"};  // count is no setting: it is only read
    DIR* folder = ::opendir(kFolder.c_str());
    ASSERT_NE(folder, nullptr);
    const std::string beginning = "nf_conntrack_";
    while (const dirent* file = ::readdir(folder)) {
        const std::string name = file->d_name;
        if (name.substr(0, beginning.size()) == beginning) {
            of_kernel.push_back(name.substr(beginning.size()));
        }
    }
    ::closedir(folder);
    for (const SettingText& row : setting_texts()) {
        if (!is_of_the_past(row.name)) of_table.emplace_back(row.name);
    }
    std::sort(of_kernel.begin(), of_kernel.end());
    std::sort(of_table.begin(), of_table.end());
    EXPECT_EQ(of_table, of_kernel);
}

TEST_F(KernelSettings, a_fresh_namespace_has_the_same_defaults) {
    // Three come from the machine's memory and belong to it; the table has those of a large one.
    const bool is_large = read("buckets") == "262144";
    for (const SettingText& row : setting_texts()) {
        if (is_of_the_past(row.name) || (is_of_the_machine(row.name) && !is_large)) continue;
        EXPECT_EQ(read(row.name), std::to_string(row.default_value)) << row.name;
    }
}

TEST_F(KernelSettings, the_same_values_are_taken_with_the_same_meaning) {
    constexpr std::string_view kValues[] = {
        "0",       "1",       "2",       "3",       "255",        "256",        "65535", "65536",
        "3145727", "3145728", "4194304", "4194305", "8589934",    "8589935",    "0x10",  "010",
        "+5",      "5x",      "08",      "0x",      "2147483647", "2147483648",
    };
    for (const SettingText& row : setting_texts()) {
        if (is_of_the_past(row.name) || is_of_the_machine(row.name)) continue;
        const std::string before = std::to_string(row.default_value);
        for (const std::string_view value : kValues) {
            Settings settings;
            const bool is_taken = settings.set(row.name, value).has_value();
            EXPECT_EQ(is_taken, write(row.name, value)) << row.name << "=" << value;
            EXPECT_EQ(std::to_string(value_of(settings, row.name)), read(row.name))
                << row.name << "=" << value;
            ASSERT_TRUE(write(row.name, before)) << row.name;
        }
    }
}

}  // namespace
}  // namespace keepstate
