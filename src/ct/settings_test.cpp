// The settings by name; and docs/settings.md, which is written from the table and cannot go stale.
#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "keepstate/conntrack.hpp"
#include "keepstate/helper_settings.hpp"

namespace keepstate {
namespace {

TEST(Settings, defaults_are_the_tables) {
    const Settings settings;
    EXPECT_EQ(settings.max, 262144U);
    EXPECT_EQ(settings.tcp_timeout_established, 432000U);
    EXPECT_EQ(settings.tcp_loose, 1U);
    EXPECT_EQ(settings.udp_timeout_stream, 120U);
    EXPECT_EQ(settings.frag6_low_thresh, 3145728U);
}

TEST(Settings, a_name_may_come_with_any_of_its_beginnings) {
    for (const std::string_view key :
         {"net.netfilter.nf_conntrack_udp_timeout", "net/netfilter/nf_conntrack_udp_timeout",
          "nf_conntrack_udp_timeout", "udp_timeout"}) {
        Settings settings;
        EXPECT_TRUE(settings.set(key, "77")) << key;
        EXPECT_EQ(settings.udp_timeout, 77U) << key;
    }
}

TEST(Settings, an_unknown_name_is_a_fault_that_shows_the_nearest) {
    Settings settings;
    for (const std::string_view key : {"net.netfilter.nf_conntrack_tcp_losse", "tcp_losse"}) {
        const Result<void> done = settings.set(key, "1");
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().kind, ErrorKind::usage);
        const std::string& words = done.error().faults.at(0).words;
        EXPECT_NE(words.find("`" + std::string(key) + "'"), std::string::npos) << words;
        EXPECT_NE(words.find("nf_conntrack_tcp_loose"), std::string::npos) << words;
    }
    EXPECT_FALSE(settings.set("", "1"));
    EXPECT_FALSE(settings.set("nf_conntrack_count", "1"));
    EXPECT_FALSE(settings.set("nf_conntrack_ftp.loose", "1"));  // a helper's parameter is none
}

struct ValueRow {
    std::string_view name, value;
    bool is_taken;
};

TEST(Settings, the_bounds_are_the_kernels) {
    const ValueRow rows[] = {
        {"acct", "1", true},
        {"acct", "2", false},
        {"tcp_be_liberal", "2", false},
        {"events", "2", true},
        {"events", "3", false},
        {"log_invalid", "255", true},
        {"log_invalid", "256", false},
        {"tcp_max_retrans", "0", true},
        {"tcp_max_retrans", "256", false},
        {"max", "0", true},
        {"max", "2147483647", true},
        {"max", "2147483648", false},
        {"expect_max", "0", false},
        {"expect_max", "1", true},
        {"buckets", "0", false},
        {"udp_timeout", "0", true},
        {"udp_timeout", "8589934", true},
        {"udp_timeout", "8589935", false},
        {"frag6_timeout", "8589935", false},
        {"frag6_high_thresh", "3145727", false},
        {"frag6_high_thresh", "3145728", true},
        {"frag6_high_thresh", "4294967295", true},
        {"frag6_low_thresh", "4194304", true},
        {"frag6_low_thresh", "4194305", false},
    };
    for (const ValueRow& row : rows) {
        Settings settings;
        const Result<void> done = settings.set(row.name, row.value);
        EXPECT_EQ(done.has_value(), row.is_taken) << row.name << "=" << row.value;
        if (done) continue;
        EXPECT_NE(done.error().faults.at(0).words.find(row.name), std::string::npos);
        EXPECT_NE(done.error().faults.at(0).words.find("is not a number from"), std::string::npos);
    }
}

TEST(Settings, the_marks_of_fragment_memory_bound_each_other_as_they_stand) {
    Settings settings;
    EXPECT_FALSE(settings.set("frag6_high_thresh", "1000"));
    EXPECT_TRUE(settings.set("frag6_low_thresh", "500"));
    EXPECT_TRUE(settings.set("frag6_high_thresh", "1000"));
    EXPECT_FALSE(settings.set("frag6_low_thresh", "1001"));
    EXPECT_EQ(settings.frag6_high_thresh, 1000U);
    EXPECT_EQ(settings.frag6_low_thresh, 500U);
}

TEST(Settings, numbers_are_written_as_sysctl_takes_them) {
    struct Row {
        std::string_view words;
        std::optional<std::uint32_t> number;
    };
    const Row rows[] = {
        {"10", 10},  {"0x10", 16}, {"0X1f", 31},       {"010", 8},
        {"0", 0},    {"", {}},     {"-1", {}},         {"+5", {}},
        {"5x", {}},  {"5 6", {}},  {"0x", {}},         {"08", {}},
        {"1.5", {}}, {"0x-1", {}}, {"4294967296", {}}, {"99999999999999999999", {}}};
    for (const Row& row : rows) {
        Settings settings;
        EXPECT_EQ(settings.set("udp_timeout", row.words).has_value(), row.number.has_value())
            << row.words;
        EXPECT_EQ(settings.udp_timeout, row.number.value_or(30)) << row.words;
    }
}

TEST(Settings, every_row_has_a_name_of_its_own_a_default_in_bounds_and_words) {
    std::set<std::string_view> names;
    for (const SettingText& row : setting_texts()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_GE(row.default_value, row.least) << row.name;
        EXPECT_LE(row.default_value, row.most) << row.name;
        EXPECT_FALSE(row.unit.empty()) << row.name;
        EXPECT_GE(row.words.size(), 10U) << row.name;
        Settings settings;
        EXPECT_TRUE(settings.set(row.name, std::to_string(row.default_value))) << row.name;
    }
}

// --- docs/settings.md ----------------------------------------------------------------------------

struct Chapter {
    std::string_view title;
    std::vector<std::string_view> beginnings;  // of the settings' names; empty: all others
};
const std::vector<Chapter> kChapters{
    {"All protocols", {}},          {"TCP", {"tcp_"}},   {"UDP and UDP-Lite", {"udp_"}},
    {"ICMP and ICMPv6", {"icmp"}},  {"SCTP", {"sctp_"}}, {"GRE", {"gre_"}},
    {"IPv6 fragments", {"frag6_"}},
};

bool belongs_to(const SettingText& setting, const Chapter& chapter) {
    const auto begins = [&setting](const Chapter& other) {
        for (const std::string_view beginning : other.beginnings) {
            if (setting.name.substr(0, beginning.size()) == beginning) return true;
        }
        return false;
    };
    if (!chapter.beginnings.empty()) return begins(chapter);
    for (const Chapter& other : kChapters) {
        if (begins(other)) return false;
    }
    return true;
}

std::string bounds_text(const SettingText& setting) {
    if (setting.unit == "0/1") return "0, 1";
    if (setting.unit == "0/1/2") return "0, 1, 2";
    return std::to_string(setting.least) + " to " + std::to_string(setting.most);
}

std::string_view unit_text(const SettingText& setting) {
    return setting.unit.substr(0, 2) == "0/" ? "switch" : setting.unit;
}

void write_chapters(std::ostream& page) {
    for (const Chapter& chapter : kChapters) {
        page << "\n## " << chapter.title
             << "\n\n| setting | default | values | unit | what it does |\n|---|---|---|---|---|\n";
        for (const SettingText& setting : setting_texts()) {
            if (!belongs_to(setting, chapter)) continue;
            page << "| `nf_conntrack_" << setting.name << "` | " << setting.default_value << " | "
                 << bounds_text(setting) << " | " << unit_text(setting) << " | " << setting.words
                 << " |\n";
        }
    }
}

void write_helper_parameters(std::ostream& page) {
    page << "\n## Helper modules\n\n"
            "The parameters of Linux's helper modules, given like settings: `--sysctl "
            "nf_conntrack_ftp.loose=1`. `ports` (of\n"
            "ftp, irc, sane, sip and tftp) is a list of up to eight ports with commas between; a "
            "port that is not the\nusual one makes a helper of its own name, `ftp-2121`, which for "
            "irc, "
            "sip and tftp ends in its place in the\nlist: `ports=69,6969` are `tftp` and `tftp-1`. "
            "Linux has them once for the whole machine.\n\n"
            "| parameter | default | values | unit | what it does |\n|---|---|---|---|---|\n";
    for (const HelperSettingText& row : helper_setting_texts()) {
        page << "| `nf_conntrack_" << row.module << "." << row.name << "` | " << row.default_value
             << " | ";
        if (row.unit == "0/1") {
            page << "0, 1 | switch";
        } else {
            page << row.least << " to " << row.most << " | " << row.unit;
        }
        page << " | " << row.words << " |\n";
    }
}

std::string settings_page() {
    std::ostringstream page;
    page
        << "# Settings\n\n"
           "Every `net.netfilter.nf_conntrack_*` setting of Linux 6.18, as keepstate has it. Give "
           "one with\n`keepstate replay --sysctl KEY=VALUE`; the key may go without "
           "`net.netfilter.` and without `nf_conntrack_`.\nNumbers are decimal, hexadecimal "
           "(`0x10`) or octal (`010`), as sysctl takes them.\n\n"
           "Timeouts are in seconds, and run from the last packet that renewed them. A changed "
           "timeout holds for an\nentry from its next packet on. The longest is 8589934 s, about "
           "99 days; Linux also takes negative\nones, which keepstate refuses.\n\n"
           "Each setting is shown at work by scenarios that set it (`grep -l nf_conntrack_NAME: -r "
           "tests/scenarios`), which\n"
           "the live kernel plays too; a test fails where one is missing. Names, defaults and "
           "bounds are compared with\n"
           "the running kernel's.\n\n"
           "This page is written from the table in `include/keepstate/conntrack.hpp`: change that, "
           "then run\n`KEEPSTATE_WRITE_DOCS=1 build/test_ct --gtest_filter='SettingsPage.*'`.\n";
    write_chapters(page);
    write_helper_parameters(page);
    return page.str();
}

TEST(SettingsPage, is_what_the_table_says) {
    const std::filesystem::path page =
        std::filesystem::path{KEEPSTATE_SOURCE} / "docs" / "settings.md";
    const std::string wanted = settings_page();
    if (std::getenv("KEEPSTATE_WRITE_DOCS") != nullptr) std::ofstream{page} << wanted;
    std::ifstream in{page};
    ASSERT_TRUE(in) << page << " cannot be read";
    std::ostringstream got;
    got << in.rdbuf();
    EXPECT_EQ(got.str(), wanted)
        << "docs/settings.md is not what the table says; KEEPSTATE_WRITE_DOCS=1 writes it anew";
}

}  // namespace
}  // namespace keepstate
