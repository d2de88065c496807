// The list of helpers and the parameters of their modules.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "ct/helper/helper.hpp"

namespace keepstate::ct {
namespace {

std::vector<std::string> names_of(const HelperSettings& settings) {
    std::vector<std::string> names;
    for (const Helper& helper : make_helpers(settings)) {
        if (names.empty() || names.back() != helper.name) names.push_back(helper.name);
    }
    return names;
}

bool has_name(const HelperSettings& settings, std::string_view name) {
    const std::vector<std::string> names = names_of(settings);
    return std::find(names.begin(), names.end(), name) != names.end();
}

TEST(Helpers, EachIsThereOnceForItsNameFamilyAndProtocol) {
    std::set<std::tuple<std::string, int, int>> seen;
    for (const Helper& helper : make_helpers({})) {
        const int family = helper.family ? static_cast<int>(*helper.family) : -1;
        EXPECT_TRUE(seen.emplace(helper.name, family, helper.protocol).second) << helper.name;
        EXPECT_NE(helper.help, nullptr) << helper.name;
        EXPECT_GE(helper.classes, 1) << helper.name;
        EXPECT_LE(helper.classes, Helper::kMostClasses) << helper.name;
    }
}

TEST(Helpers, AnotherPortMakesAnotherName) {
    HelperSettings settings;
    EXPECT_FALSE(has_name(settings, "ftp-2121"));
    ASSERT_TRUE(settings.set("nf_conntrack_ftp.ports", "21,2121"));
    EXPECT_TRUE(has_name(settings, "ftp"));
    EXPECT_TRUE(has_name(settings, "ftp-2121"));
    ASSERT_TRUE(settings.set("ftp.ports", "2121"));
    EXPECT_FALSE(has_name(settings, "ftp"));
}

TEST(HelperSettings, AreTakenWithinTheirBounds) {
    struct Row {
        const char* key;
        const char* value;
        bool is_taken;
    };
    for (const Row& row :
         {Row{"nf_conntrack_ftp.loose", "1", true}, Row{"ftp.loose", "2", false},
          Row{"ftp.loose", "", false}, Row{"ftp.loose", "x", false},
          Row{"irc.dcc_timeout", "60", true}, Row{"sip.ports", "5060,5061", true},
          Row{"sip.ports", "65536", false}, Row{"sip.ports", "1,", false},
          Row{"sip.ports", "1,2,3,4,5,6,7,8", true}, Row{"sip.ports", "1,2,3,4,5,6,7,8,9", false},
          Row{"snmp.timeout", "1", true}, Row{"snmp.ports", "161", false},
          Row{"ftp.lose", "1", false}}) {
        HelperSettings settings;
        EXPECT_EQ(settings.set(row.key, row.value).has_value(), row.is_taken)
            << row.key << "=" << row.value;
        EXPECT_TRUE(HelperSettings::has(row.key)) << row.key;
    }
    EXPECT_FALSE(HelperSettings::has("nf_conntrack_max"));
    EXPECT_FALSE(HelperSettings::has("net.netfilter.nf_conntrack_max"));
}

TEST(HelperSettings, AnUnknownOneIsToldItsNearest) {
    HelperSettings settings;
    const Result<void> set = settings.set("nf_conntrack_ftp.lose", "1");
    ASSERT_FALSE(set);
    EXPECT_NE(set.error().faults.front().words.find("nf_conntrack_ftp.loose"), std::string::npos);
}

TEST(HelperSettings, TheTableIsWellFormed) {
    for (const HelperSettingText& row : helper_setting_texts()) {
        EXPECT_GE(row.default_value, row.least) << row.name;
        EXPECT_LE(row.default_value, row.most) << row.name;
        HelperSettings settings;
        EXPECT_TRUE(settings.set(std::string{row.module} + "." + std::string{row.name},
                                 std::to_string(row.default_value)))
            << row.name;
    }
}

}  // namespace
}  // namespace keepstate::ct
