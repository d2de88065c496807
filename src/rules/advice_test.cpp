// Warnings: docs/check.md's examples give just the warning that they stand for, and its cures none; and
// rulesets that look alike but are right give none.
#include "rules/advice.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "keepstate/ruleset.hpp"

namespace keepstate::rules {
namespace {

std::vector<std::string> warnings_of(const std::string& text, Family family = Family::ipv4) {
    std::vector<std::string> out;
    const auto ruleset = Ruleset::parse(text, family, "f");
    EXPECT_TRUE(ruleset.has_value()) << text;
    if (!ruleset) return {"faults: " + ruleset.error().faults.front().words};
    for (const Warning& each : ruleset->warnings()) {
        EXPECT_EQ(each.place.file, "f");
        EXPECT_FALSE(each.place.words.empty());
        out.push_back(std::to_string(each.place.line) + " " + std::string(each.name));
    }
    return out;
}
using Lines = std::vector<std::string>;

std::string filter(const std::string& rules, const std::string& policy = "ACCEPT") {
    return "*filter\n:INPUT " + policy + " [0:0]\n:user - [0:0]\n" + rules +
           "-A INPUT -j user\n-A user -p 99 -j DROP\nCOMMIT\n";
}

struct Example {
    std::string ruleset;
    std::string cure;
    Family family = Family::ipv4;
};

std::map<std::string, Example> examples() {
    std::ifstream in(KEEPSTATE_SOURCE "/docs/check.md");
    std::map<std::string, Example> all;
    std::string name;
    std::string block;
    Family family = Family::ipv4;
    for (std::string line; std::getline(in, line);) {
        if (line.rfind("### ", 0) == 0) {
            name = line.substr(4);
            family = Family::ipv4;
        } else if (line == "IPv6:") {
            family = Family::ipv6;
        }
        if (name.empty()) continue;
        if (line.rfind("    ", 0) == 0) {
            block += line.substr(4) + "\n";
        } else if (!block.empty()) {
            Example& example = all[name];
            example.family = family;
            (example.ruleset.empty() ? example.ruleset : example.cure) = block;
            block.clear();
        }
    }
    if (!block.empty()) all[name].cure = block;
    return all;
}

TEST(Advice, every_documented_example_gives_its_warning_and_its_cure_does_not) {
    const auto all = examples();
    std::set<std::string> documented;
    for (const auto& [name, example] : all) {
        documented.insert(name);
        const Lines given = warnings_of(example.ruleset, example.family);
        EXPECT_EQ(given.size(), 1U) << name << ": " << (given.size() > 1 ? given[1] : "nothing");
        if (given.size() != 1) continue;
        EXPECT_EQ(given[0].substr(given[0].find(' ') + 1), name);
        EXPECT_EQ(warnings_of(example.cure, example.family), Lines{}) << name;
    }
    std::set<std::string> known;
    for (const WarningKind& kind : warning_kinds()) known.insert(std::string(kind.name));
    EXPECT_EQ(documented, known);
}

TEST(Advice, a_rule_is_unreachable_only_if_it_surely_is) {
    const auto pair = [](const std::string& first, const std::string& second) {
        return warnings_of(filter("-A INPUT " + first + "\n-A INPUT " + second + "\n")).size();
    };
    // certain
    EXPECT_EQ(pair("-s 10.0.0.0/8 -j DROP", "-s 10.1.0.0/16 -p tcp -j ACCEPT"), 1U);
    EXPECT_EQ(pair("! -s 10.1.0.0/16 -j DROP", "-s 192.168.0.0/16 -j ACCEPT"), 1U);
    EXPECT_EQ(pair("! -s 10.1.0.0/16 -j DROP", "! -s 10.0.0.0/8 -j ACCEPT"), 1U);
    EXPECT_EQ(pair("-i eth+ -j DROP", "-i eth0 -j ACCEPT"), 1U);
    EXPECT_EQ(pair("! -p tcp -j DROP", "-p udp --dport 53 -j ACCEPT"), 1U);
    EXPECT_EQ(pair("-p tcp --dport 1:1023 -j DROP", "-p tcp -m multiport --dports 22,80 -j ACCEPT"),
              1U);
    EXPECT_EQ(pair("-p tcp ! --dport 22 -j DROP", "-p tcp --dport 80 -j ACCEPT"), 1U);
    EXPECT_EQ(pair("-m state --state NEW,INVALID -j DROP", "-m conntrack --ctstate NEW -j LOG"),
              1U);
    EXPECT_EQ(pair("-m conntrack ! --ctstate NEW -j DROP", "-m state --state INVALID -j LOG"), 1U);
    EXPECT_EQ(pair("-p icmp --icmp-type 8 -j DROP", "-s 1.1.1.1 -p icmp --icmp-type 8 -j LOG"), 1U);
    EXPECT_EQ(pair("-p tcp -j REJECT", "-p tcp -m limit --limit 1/s -j LOG"), 1U);
    // not certain
    EXPECT_EQ(pair("-s 10.1.0.0/16 -j DROP", "-s 10.0.0.0/8 -j ACCEPT"), 0U);
    EXPECT_EQ(pair("! -s 10.1.0.0/16 -j DROP", "-s 10.0.0.0/8 -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-i eth0 -j DROP", "-i eth+ -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-i eth0 -j DROP", "-i eth01 -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-p tcp -j LOG", "-p tcp --dport 80 -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-p tcp -m limit --limit 1/s -j ACCEPT", "-p tcp -j DROP"), 0U);
    EXPECT_EQ(
        pair("-p tcp -m limit --limit 1/s -j ACCEPT", "-p tcp -m limit --limit 1/s -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-m mark --mark 1 -j ACCEPT", "-m mark --mark 1 -j DROP"), 0U);
    EXPECT_EQ(pair("-p tcp --sport 80 -j DROP", "-p tcp --dport 80 -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-p tcp --dport 80 -j DROP", "-p udp --dport 80 -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-p tcp --syn -j DROP", "-p tcp -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-m state --state NEW -j DROP", "-m state --state NEW,RELATED -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-m conntrack --ctstate DNAT -j ACCEPT", "-m conntrack --ctstate NEW -j DROP"),
              0U);
    EXPECT_EQ(pair("-f -j DROP", "-p tcp -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-s 10.0.0.0/8,10.1.0.0/16 -j DROP", "-s 1.1.1.1 -j ACCEPT"), 0U);
    EXPECT_EQ(pair("-p 98 -j user", "-p 98 -j ACCEPT"), 0U);
}

TEST(Advice, what_is_translated_is_decided) {
    EXPECT_EQ(
        warnings_of(
            "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\n-A POSTROUTING -s 10.0.0.0/8 -o eth0 "
            "-j SNAT --to-source 1.2.3.4\nCOMMIT\n"),
        (Lines{"3 unreachable-rule"}));
}

TEST(Advice, a_run_of_rules_is_told_once) {
    EXPECT_EQ(
        warnings_of("*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n-A INPUT -s 1.1.1.1 -j DROP\n"
                    "-A INPUT -s 1.1.1.2 -j DROP\n-A INPUT -j DROP\nCOMMIT\n"),
        (Lines{"4 unreachable-rule"}));
}

TEST(Advice, a_jump_to_a_chain_that_never_returns_decides) {
    const std::string chains =
        "*filter\n:OUTPUT DROP [0:0]\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n"
        "-A INPUT -p tcp -j DROP\n-A a -j b\n";
    EXPECT_EQ(warnings_of(chains + "-A b -p tcp -j LOG\n-A b -j DROP\nCOMMIT\n"),
              (Lines{"6 unreachable-rule"}));
    EXPECT_EQ(warnings_of(chains + "-A b -p tcp -j RETURN\n-A b -j DROP\nCOMMIT\n"), Lines{});
    EXPECT_EQ(warnings_of(chains + "-A b -m limit --limit 1/s -j DROP\nCOMMIT\n"), Lines{});
}

TEST(Advice, what_is_part_of_a_ruleset_or_right_is_left_alone) {
    EXPECT_EQ(
        warnings_of("*filter\n:ufw-user-input - [0:0]\n-A ufw-user-input -p tcp --dport 22 -j "
                    "ACCEPT\nCOMMIT\n"),
        Lines{});
    EXPECT_EQ(warnings_of("*filter\n:INPUT DROP [0:0]\nCOMMIT\n*nat\nCOMMIT\n").size(), 1U)
        << "nothing comes back in";
    EXPECT_EQ(warnings_of(
                  "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n"),
              Lines{});
    EXPECT_EQ(
        warnings_of("*raw\n-A PREROUTING -i lo -j NOTRACK\n-A OUTPUT -o lo -j NOTRACK\nCOMMIT\n"),
        Lines{});
    EXPECT_EQ(warnings_of(
                  "*nat\n-A POSTROUTING -m state --state NEW,ESTABLISHED -j MASQUERADE\nCOMMIT\n"),
              Lines{});
    EXPECT_EQ(
        warnings_of("*filter\n:INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -j "
                    "ACCEPT\n-A OUTPUT -p tcp --sport 80 -j ACCEPT\nCOMMIT\n"),
        Lines{});
    EXPECT_EQ(
        warnings_of(
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 21 -j ACCEPT\n-A INPUT -p udp "
            "-j ACCEPT\n-A INPUT -p tcp --dport 32768:60999 -j ACCEPT\nCOMMIT\n"),
        Lines{});
}

TEST(Advice, many_rules_take_linear_time) {
    const auto text = [](int rules) {
        std::string out =
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -m state --state ESTABLISHED -j ACCEPT\n";
        for (int i = 0; i < rules; ++i) {
            out += "-A INPUT -s 10." + std::to_string(i >> 16) + "." +
                   std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) + " -j ACCEPT\n";
        }
        return out + "COMMIT\n";
    };
    EXPECT_EQ(warnings_of(text(20'000)), Lines{});
}

}  // namespace
}  // namespace keepstate::rules
