// Faults with their places, and texts that nobody should write.
#include "rules/parse.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

#include "keepstate/ruleset.hpp"

namespace keepstate::rules {
namespace {

std::vector<std::string> faults_of(const std::string& text, Family family = Family::ipv4) {
    std::vector<std::string> out;
    const auto ruleset = Ruleset::parse(text, family, "f");
    if (ruleset) return out;
    for (const Fault& fault : ruleset.error().faults) {
        out.push_back(
            fmt::format("{}:{}:{}: {}", fault.file, fault.line, fault.column, fault.words));
    }
    return out;
}
std::vector<std::string> faults_of_rule(const std::string& rule, Family family = Family::ipv4) {
    return faults_of("*filter\n" + rule + "\nCOMMIT\n", family);
}
using Lines = std::vector<std::string>;

TEST(Faults, all_of_them_are_told_in_order) {
    EXPECT_EQ(
        faults_of(
            "*filter\n-A INPUT -s nowhere.example -p tpc -j DORP\n-A INPT -j ACCEPT\nCOMMIT\n"),
        (Lines{
            "f:2:13: `nowhere.example' is a host name: rules take addresses only, since a name may "
            "mean another address tomorrow",
            "f:2:32: `tpc' is no protocol; did you mean `tcp'?",
            "f:2:39: `DORP' is no target and no chain declared so far; did you mean `DROP'?",
            "f:3:4: table filter has no chain `INPT'; did you mean `INPUT'?"}));
}

TEST(Faults, the_word_itself_is_pointed_at) {
    EXPECT_EQ(faults_of_rule("-A INPUT -p tcp --dport=http:foo -j ACCEPT"),
              (Lines{"f:2:25: `foo' is no port number and no TCP service"}));
    EXPECT_EQ(faults_of_rule("-A INPUT -s 1.2.3.4,1.2.3.999 -j ACCEPT"),
              (Lines{"f:2:21: `1.2.3.999' is no IPv4 address"}));
    EXPECT_EQ(faults_of_rule("-A INPUT -m contrack --ctstate NEW"),
              (Lines{"f:2:13: `contrack' is no match; did you mean `conntrack'?"}));
    EXPECT_EQ(faults_of_rule("-A INPUT -m state --sate NEW"),
              (Lines{"f:2:19: unknown option `--sate'; did you mean `--state'?"}));
    EXPECT_EQ(faults_of_rule("-A INPUT --dport 80 -j ACCEPT"),
              (Lines{"f:2:10: unknown option `--dport'; it belongs to `-m tcp', which is not named "
                     "before it"}));
}

TEST(Faults, not_behind_the_option_shows_the_right_form) {
    EXPECT_EQ(
        faults_of_rule("-A INPUT -s ! 10.0.0.0/8 -j DROP"),
        (Lines{"f:2:13: `!' stands before the option, not behind it: write `! -s 10.0.0.0/8'"}));
    EXPECT_EQ(
        faults_of_rule("-A INPUT -m state --state ! NEW -j DROP"),
        (Lines{"f:2:27: `!' stands before the option, not behind it: write `! --state NEW'"}));
    EXPECT_EQ(faults_of_rule("-A INPUT -p tcp --dport ! 80 -j DROP"),
              (Lines{"f:2:25: `!' stands before the option, not behind it: write `! --dport 80'"}));
}

TEST(Faults, behind_an_unknown_name_the_line_is_still_read) {
    EXPECT_EQ(
        faults_of_rule("-A INPUT -m contrack --ctstate NEW -s 1.2.3.400 -p tpc -j DORP"),
        (Lines{"f:2:13: `contrack' is no match; did you mean `conntrack'?",
               "f:2:39: `1.2.3.400' is no IPv4 address",
               "f:2:52: `tpc' is no protocol; did you mean `tcp'?",
               "f:2:59: `DORP' is no target and no chain declared so far; did you mean `DROP'?"}));
    EXPECT_EQ(faults_of_rule("-A INPUT -m state --sate NEW -j DORP").size(), 2U);
    EXPECT_EQ(faults_of_rule("-A INPUT -m rcent --set ! --name x -j ACCEPT").size(), 1U);
    EXPECT_EQ(faults_of_rule("-A INPUT -j LOGG --log-prefix x").size(), 1U);
    EXPECT_EQ(faults_of_rule("-A INPUT -j ACCEPT --log-prefix x").size(), 1U);
    EXPECT_EQ(faults_of_rule("-A INPUT -m bogus ! --a 1 ! -s 1.2.3.4 -j ACCEPT").size(), 1U);
}

TEST(Faults, what_the_kernel_would_refuse_has_its_line) {
    const auto ruleset =
        Ruleset::parse("*filter\n:a - [0:0]\n-A INPUT -j a\n-A a -j a\nCOMMIT\n", Family::ipv4);
    ASSERT_FALSE(ruleset.has_value());
    EXPECT_EQ(ruleset.error().faults.front().words, "a circle: chain `a' comes back to `a'");
    EXPECT_EQ(ruleset.error().faults.front().line, 4);
    EXPECT_EQ(ruleset.error().faults.front().source_line, "-A a -j a");
    EXPECT_EQ(faults_of_rule("-A INPUT -p udp -m tcp --dport 5"),
              (Lines{"f:2:20: match `tcp' needs `-p tcp'"}));
    EXPECT_EQ(faults_of("*nat\n-A POSTROUTING -s 1.1.1.1,2.2.2.2 -j REJECT\nCOMMIT\n"),
              (Lines{"f:2:38: target `REJECT' may not stand in table nat"}));
}

TEST(Faults, known_names_that_are_not_here_yet_say_so) {
    for (const std::string& line : faults_of_rule("-A INPUT -m ipvs --vproto 6")) {
        EXPECT_NE(line.find("known to iptables but not to this version"), std::string::npos)
            << line;
    }
}

TEST(Faults, odd_texts_get_an_answer) {
    EXPECT_TRUE(faults_of("").empty());
    EXPECT_EQ(faults_of("hello\nworld\n").size(), 1U);
    EXPECT_EQ(faults_of("*filter\r\nCOMMIT\r\n").size(), 2U);
    EXPECT_EQ(faults_of(std::string("*filter\n-A INPUT\0 -j DROP\nCOMMIT\n", 33)).size(), 1U);
    EXPECT_EQ(faults_of_rule("-A INPUT -m comment --comment " + std::string(1 << 20, 'x')).size(),
              1U);
    EXPECT_EQ(faults_of_rule("-A INPUT -m comment --comment " + std::string(1024, 'x')).size(), 1U);
    EXPECT_EQ(faults_of_rule("-A INPUT -m comment --comment \"" + std::string(1023, 'x')).size(),
              1U);
    std::string words = "-A INPUT";
    for (int i = 0; i < 100'000; ++i) words += " -v";
    EXPECT_EQ(faults_of_rule(words).size(), 1U);
    EXPECT_EQ(faults_of_rule("!").size(), 1U);
    EXPECT_EQ(faults_of("*filter\n:a\xff - [0:0]\n-A INPUT -j a\xff\nCOMMIT\n").size(), 0U);
}

TEST(Faults, a_deep_chain_of_jumps_is_no_trouble) {
    std::string text = "*filter\n";
    constexpr int kDepth = 20000;
    for (int i = 0; i < kDepth; ++i) text += fmt::format(":c{} - [0:0]\n", i);
    text += "-A INPUT -j c0\n";
    for (int i = 0; i + 1 < kDepth; ++i) text += fmt::format("-A c{} -j c{}\n", i, i + 1);
    EXPECT_TRUE(faults_of(text + "COMMIT\n").empty());
    const std::string circle = text + fmt::format("-A c{} -j c7\nCOMMIT\n", kDepth - 1);
    EXPECT_EQ(faults_of(circle).size(), 1U);
}

// Seconds of this thread's processor for reading and printing so many rules: the best of a few tries.
double seconds_for(int rules) {
    std::string text = "*filter\n:user - [0:0]\n";
    for (int i = 0; i < rules; ++i) {
        text += fmt::format(
            "-A INPUT -s 10.{}.{}.{} -p tcp -m tcp --dport {} -m comment --comment "
            "\"rule {}\" -j {}\n",
            i >> 16, i >> 8 & 255, i & 255, i & 0xffff, i, i % 3 ? "ACCEPT" : "user");
    }
    text += "COMMIT\n";
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
        const std::clock_t begin = std::clock();
        const auto ruleset = Ruleset::parse(text, Family::ipv4);
        EXPECT_TRUE(ruleset.has_value());
        EXPECT_GT(ruleset->print(true).size(), text.size() / 2);
        best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    return best;
}

TEST(Ruleset, twice_the_rules_take_about_twice_the_time) {
    const double once = seconds_for(50'000);
    const double twice = seconds_for(100'000);
    EXPECT_LT(twice, 3 * once) << once << " s and " << twice << " s";
}

TEST(Ruleset, counters_of_the_text_are_kept_and_shown_on_demand) {
    const auto ruleset = Ruleset::parse(
        "*filter\n:INPUT DROP [5:6]\n[7:8] -A INPUT -j ACCEPT\nCOMMIT\n", Family::ipv4);
    ASSERT_TRUE(ruleset.has_value());
    EXPECT_EQ(ruleset->print(false),
              "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT "
              "-j ACCEPT\nCOMMIT\n");
    EXPECT_EQ(ruleset->print(true),
              "*filter\n:INPUT DROP [5:6]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[7:8] -A "
              "INPUT -j ACCEPT\nCOMMIT\n");
}

}  // namespace
}  // namespace keepstate::rules
