// Both ways to look for bytes find the same first place, which is the one a plain search finds.
#include "rules/match/pattern.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace keepstate::rules::match {
namespace {

Pattern make(std::string_view words, bool kmp, bool ignores_case = false) {
    Pattern pattern;
    pattern.is_kmp = kmp;
    pattern.ignores_case = ignores_case;
    EXPECT_EQ(pattern.read(words, false), std::nullopt);
    pattern.prepare();
    return pattern;
}

std::optional<std::size_t> find(const Pattern& pattern, std::string_view text) {
    return pattern.find({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(Pattern, both_ways_find_the_first_place) {
    std::mt19937 dice(1);
    for (int run = 0; run < 3000; ++run) {
        std::string text(dice() % 60, 'a');
        std::string words(1 + dice() % 8, 'a');
        for (char& c : text) c = static_cast<char>('a' + dice() % 2);
        for (char& c : words) c = static_cast<char>('a' + dice() % 2);
        const std::size_t at = text.find(words);
        const auto wanted = at == std::string::npos ? std::nullopt : std::optional<std::size_t>(at);
        EXPECT_EQ(find(make(words, false), text), wanted) << words << " in " << text;
        EXPECT_EQ(find(make(words, true), text), wanted) << words << " in " << text;
    }
}

TEST(Pattern, case_is_the_kernels_which_knows_latin_1) {
    for (const bool kmp : {false, true}) {
        EXPECT_EQ(find(make("nEd", kmp, true), "xNeDx"), 1U);
        EXPECT_EQ(find(make("nEd", kmp), "xNeDx"), std::nullopt);
        EXPECT_EQ(find(make("\xe9\xdf", kmp, true), "\xc9\xbf"), 0U);
        EXPECT_EQ(find(make("\xff", kmp, true), "\xdf\xbf"), std::nullopt)
            << "0xdf is a lower case letter itself, and both go up once";
        EXPECT_EQ(find(make("\xf7", kmp, true), "\xd7"), std::nullopt) << "no letters";
    }
}

TEST(Pattern, the_longest_and_the_shortest) {
    const std::string longest(Pattern::kMostBytes, 'x');
    for (const bool kmp : {false, true}) {
        EXPECT_EQ(find(make(longest, kmp), "y" + longest), 1U);
        EXPECT_EQ(find(make(longest, kmp), longest.substr(1)), std::nullopt);
        EXPECT_EQ(find(make("x", kmp), ""), std::nullopt);
        EXPECT_EQ(find(make("x", kmp), "x"), 0U);
    }
    EXPECT_NE(Pattern().read(longest + "x", false), std::nullopt);
}

}  // namespace
}  // namespace keepstate::rules::match
