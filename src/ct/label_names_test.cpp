// Label files: names, and what is no name.
#include <gtest/gtest.h>

#include "keepstate/conntrack.hpp"

namespace keepstate {
namespace {

TEST(LabelNames, lines_are_a_number_and_a_name) {
    const auto labels =
        parse_label_names("# labels\n\n17 dns reply \r\n0x3\ttab\n127 last # one", "f");
    ASSERT_TRUE(labels);
    ASSERT_EQ(labels->size(), 3U);
    EXPECT_EQ((*labels)[0].bit, 3);  // lowest first
    EXPECT_EQ((*labels)[0].name, "tab");
    EXPECT_EQ((*labels)[1].name, "dns reply");
    EXPECT_EQ((*labels)[2].name, "last # one");
}

TEST(LabelNames, every_line_that_is_neither_is_a_fault) {
    const auto labels =
        parse_label_names("1 a\nb 2\n128 b\n2\n3 \"q\"\n4 a\n1 c\n5 " + std::string(64, 'x'), "f");
    ASSERT_FALSE(labels);
    const auto& faults = labels.error().faults;
    ASSERT_EQ(faults.size(), 7U);
    const std::string_view words[] = {"`b' is no label", "`128' is no label", "name is missing",
                                      "begin with",      "label 1 has that",  "label 1 is `a'",
                                      "63 bytes"};
    for (std::size_t i = 0; i < faults.size(); ++i) {
        EXPECT_EQ(faults[i].line, static_cast<int>(i) + 2);
        EXPECT_NE(faults[i].words.find(words[i]), std::string::npos) << faults[i].words;
    }
}

}  // namespace
}  // namespace keepstate
