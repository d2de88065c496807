// What rules share is looked for when a Program is made: what is not there, or is used in two ways, is refused.
#include <gtest/gtest.h>

#include "rules/program.hpp"
#include "rules/sets.hpp"

namespace keepstate::rules {
namespace {

/// The words of the first fault of making a Program of these filter rules; empty: it was made.
std::string complaint_about(const std::string& rules, Objects& objects,
                            Family family = Family::ipv4) {
    const Result<Ruleset> ruleset =
        Ruleset::parse("*filter\n" + rules + "COMMIT\n", family, "rules");
    EXPECT_TRUE(ruleset.has_value()) << rules;
    if (!ruleset) return "no ruleset";
    const Result<Program> program = Program::make(*ruleset, objects);
    if (program) return {};
    EXPECT_EQ(program.error().kind, ErrorKind::input);
    EXPECT_EQ(program.error().faults.front().file, "rules");
    EXPECT_GT(program.error().faults.front().line, 1);
    return program.error().faults.front().words;
}
bool says(const std::string& words, std::string_view part) {
    return words.find(part) != std::string::npos;
}

TEST(Bind, a_set_must_be_given_and_be_of_the_rule_s_family) {
    Objects objects;
    const std::string rule = "-A INPUT -m set --match-set friends src -j ACCEPT\n";
    const std::string words = complaint_about(rule, objects);
    EXPECT_TRUE(says(words, "friends") && says(words, "--ipset")) << words;
    ASSERT_TRUE(parse_sets("create friends hash:ip\n", "sets", objects).has_value());
    EXPECT_EQ(complaint_about(rule, objects), "");
    EXPECT_TRUE(says(complaint_about(rule, objects, Family::ipv6), "ipv4"));
    EXPECT_TRUE(says(complaint_about("-A INPUT -j SET --add-set foes src\n", objects), "foes"));
}

TEST(Bind, an_estimator_must_stand_before_who_reads_it) {
    constexpr const char* kReads = "-A INPUT -m rateest --rateest e --rateest-gt --rateest-pps 5\n";
    constexpr const char* kCounts =
        "-A INPUT -j RATEEST --rateest-name e --rateest-interval 1s --rateest-ewmalog 2s\n";
    Objects without;
    EXPECT_TRUE(says(complaint_about(kReads, without), "RATEEST"));
    Objects wrong_order;
    EXPECT_TRUE(says(complaint_about(std::string(kReads) + kCounts, wrong_order), "RATEEST"));
    Objects with;
    EXPECT_EQ(complaint_about(std::string(kCounts) + kReads, with), "");
    EXPECT_TRUE(says(
        complaint_about(
            "-A INPUT -j RATEEST --rateest-name e --rateest-interval 2s --rateest-ewmalog 8s\n",
            with),
        "another interval"));
}

TEST(Bind, a_table_or_timer_is_used_in_one_way) {
    Objects objects;
    const std::string limit = "-A INPUT -m hashlimit --hashlimit-upto 5/sec --hashlimit-name t";
    EXPECT_EQ(complaint_about(limit + "\n", objects), "");
    EXPECT_TRUE(
        says(complaint_about(limit + " --hashlimit-rate-match\n", objects), "with and without"));
    EXPECT_EQ(complaint_about(limit + " --hashlimit-rate-match\n", objects, Family::ipv6), "");
    const std::string timer = "-A INPUT -j IDLETIMER --timeout 5 --label t";
    EXPECT_EQ(complaint_about(timer + "\n", objects), "");
    EXPECT_TRUE(says(complaint_about(timer + " --alarm\n", objects), "--alarm"));
}

TEST(Bind, connbytes_asks_for_accounting) {
    Objects objects;
    EXPECT_EQ(complaint_about("-A INPUT -j ACCEPT\n", objects), "");
    EXPECT_FALSE(objects.wants_accounting);
    EXPECT_EQ(complaint_about("-A INPUT -m connbytes --connbytes 1 --connbytes-dir both "
                              "--connbytes-mode bytes\n",
                              objects),
              "");
    EXPECT_TRUE(objects.wants_accounting);
}

}  // namespace
}  // namespace keepstate::rules
