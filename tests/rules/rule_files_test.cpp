// Every line of tests/rules/*.t: keepstate takes or refuses it as the line says, prints what it says, and
// reads its own print again. The same lines are fed to the real tools: a table that says something else
// than iptables 1.8.9 does is wrong.
#include <gtest/gtest.h>

#include <map>

#include "keepstate/ruleset.hpp"
#include "real_tools.hpp"
#include "rule_file.hpp"

namespace {

const std::vector<RuleCase>& cases() {
    static const std::vector<RuleCase> all = load_rule_cases(RULE_FILES);
    return all;
}

std::string shown(const RuleCase& each, const std::string& text) {
    return each.whole_text ? text : rules_of(text, each.table);
}

TEST(RuleFiles, keepstate_says_what_the_tables_say) {
    ASSERT_GT(cases().size(), 300U);
    for (const RuleCase& each : cases()) {
        const auto ruleset = keepstate::Ruleset::parse(each.text(), each.family, each.file);
        if (!each.ok) {
            EXPECT_FALSE(ruleset.has_value()) << each.place() << ": taken: " << each.command;
            continue;
        }
        if (!ruleset) {
            ADD_FAILURE() << each.place() << ": refused: " << each.command << "\n"
                          << ruleset.error().faults.front().words;
            continue;
        }
        EXPECT_EQ(shown(each, ruleset->print(false)), each.printed) << each.place();
        if (each.print_loses) continue;
        const auto again = keepstate::Ruleset::parse(ruleset->print(true), each.family);
        EXPECT_TRUE(again.has_value()) << each.place() << ": " << ruleset->print(true);
        if (!again) continue;
        // Tables are printed youngest first, so one more reading brings them back into their order.
        const auto third = keepstate::Ruleset::parse(again->print(true), each.family);
        ASSERT_TRUE(third.has_value()) << each.place();
        EXPECT_EQ(third->print(true), ruleset->print(true)) << each.place();
    }
}

TEST(RuleFiles, every_fault_has_its_place_and_words) {
    for (const RuleCase& each : cases()) {
        if (each.ok) continue;
        const auto ruleset = keepstate::Ruleset::parse(each.text(), each.family, each.file);
        EXPECT_FALSE(ruleset.has_value()) << each.place();
        if (ruleset) continue;
        for (const keepstate::Fault& fault : ruleset.error().faults) {
            EXPECT_EQ(fault.file, each.file);
            EXPECT_GT(fault.line, 0) << each.place();
            EXPECT_GT(fault.column, 0) << each.place() << ": " << fault.words;
            EXPECT_FALSE(fault.words.empty()) << each.place();
            EXPECT_EQ(fault.words.find('\n'), std::string::npos) << each.place();
        }
    }
}

TEST(RuleFiles, the_real_tools_say_the_same) {
    const std::string reason = why_no_real_tools();
    if (!reason.empty()) GTEST_SKIP() << reason;
    const std::vector<std::string> before = load_commands_before(RULE_FILES);
    for (const auto family : {keepstate::Family::ipv4, keepstate::Family::ipv6}) {
        for (const bool whole_text : {false, true}) {
            std::vector<const RuleCase*> asked;
            std::vector<std::string> texts;
            for (const RuleCase& each : cases()) {
                if (each.family != family || each.whole_text != whole_text) continue;
                if (each.keepstate_only) continue;
                asked.push_back(&each);
                texts.push_back(each.text());
            }
            const auto answers = ask_real_tools(texts, family, whole_text,
                                                whole_text ? std::vector<std::string>{} : before);
            for (std::size_t i = 0; i < asked.size(); ++i) {
                const RuleCase& each = *asked[i];
                EXPECT_EQ(answers[i].taken, each.ok) << each.place() << ": " << each.command << "\n"
                                                     << answers[i].words;
                if (!each.ok || !answers[i].taken) continue;
                EXPECT_EQ(shown(each, without_comments(answers[i].saved)), each.printed)
                    << each.place();
            }
        }
    }
}

}  // namespace
