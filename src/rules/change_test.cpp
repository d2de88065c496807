#include "rules/change.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "keepstate/ruleset.hpp"
#include "rules/print.hpp"

namespace keepstate::rules {
namespace {

constexpr const char* kText =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:a -\n:b -\n"
    "-A FORWARD -p tcp -j a\n-A FORWARD -s 10.0.0.0/8 -j DROP\n"
    "-A FORWARD -s 10.0.0.0/8 -j DROP\n-A a -p udp -j b\n-A b -j REJECT\nCOMMIT\n";

struct Subject {
    Objects objects;
    Program program = *Program::make(*Ruleset::parse(kText, Family::ipv4), objects);

    /// "" if it was done, "no" if nothing changed, else the first fault with its column.
    std::string change(const std::string& command) {
        const auto done = apply_change(program, command, {objects});
        if (done) return *done ? "" : "no";
        const Fault& fault = done.error().faults.front();
        EXPECT_EQ(fault.source_line, command);
        return std::to_string(fault.column) + ": " + fault.words;
    }
    std::string rules(const std::string& chain) {
        std::string out;
        const std::uint32_t at = *program.find_chain(Table::filter, chain);
        for (std::uint32_t i = 1; i <= program.rule_count(Table::filter, at); ++i) {
            out += program.rule_text(Table::filter, at, i).substr(3) + "\n";
        }
        return out;
    }
};

TEST(Change, does_what_iptables_does_with_one_rule) {
    Subject it;
    EXPECT_EQ(it.change("-A INPUT -j ACCEPT"), "");
    EXPECT_EQ(it.change("-I INPUT -j DROP"), "");
    EXPECT_EQ(it.change("-I INPUT 2 -i lo -j ACCEPT"), "");
    EXPECT_EQ(it.change("-I INPUT 4 -j QUEUE"), "");
    EXPECT_EQ(it.rules("INPUT"),
              "INPUT -j DROP\nINPUT -i lo -j ACCEPT\nINPUT -j ACCEPT\nINPUT -j QUEUE\n");
    EXPECT_EQ(it.change("-D INPUT 1"), "");
    EXPECT_EQ(it.change("-D INPUT -j ACCEPT"), "");
    EXPECT_EQ(it.change("-R INPUT 1 -i eth0 -j DROP"), "");
    EXPECT_EQ(it.rules("INPUT"), "INPUT -i eth0 -j DROP\nINPUT -j QUEUE\n");
}

TEST(Change, deletes_the_first_of_equal_rules) {
    Subject it;
    EXPECT_EQ(it.change("-C FORWARD -s 10.0.0.0/8 -j DROP"), "no");
    EXPECT_EQ(it.change("-D FORWARD -s 10.0.0.0/8 -j DROP"), "");
    EXPECT_EQ(it.change("-D FORWARD -s 10.0.0.0/8 -j DROP"), "");
    EXPECT_EQ(it.change("-D FORWARD -s 10.0.0.0/8 -j DROP"), "4: chain `FORWARD' has no such rule");
    EXPECT_EQ(it.change("-C FORWARD -s 10.0.0.0/8 -j DROP"), "4: chain `FORWARD' has no such rule");
}

TEST(Change, finds_rules_whose_modules_share_something) {
    Subject it;
    const std::string rule = "-p udp -m recent --name r1 --set -j CONNMARK --save-mark";
    EXPECT_EQ(it.change("-A INPUT " + rule), "");
    EXPECT_EQ(it.change("-C INPUT " + rule), "no");
    EXPECT_EQ(it.change("-D INPUT " + rule), "");
}

TEST(Change, of_several_addresses_is_all_or_nothing) {
    Subject it;
    EXPECT_EQ(it.change("-I INPUT -s 10.0.0.1,10.0.0.2 -j DROP"), "");
    EXPECT_EQ(it.rules("INPUT"), "INPUT -s 10.0.0.2/32 -j DROP\nINPUT -s 10.0.0.1/32 -j DROP\n");
    EXPECT_EQ(it.change("-D INPUT -s 10.0.0.1,10.0.0.3 -j DROP"),
              "4: chain `INPUT' has no such rule");
    EXPECT_EQ(it.change("-D INPUT -s 10.0.0.1,10.0.0.2 -j DROP"), "");
    EXPECT_EQ(it.rules("INPUT"), "");
}

TEST(Change, says_what_is_wrong_and_changes_nothing) {
    Subject it;
    const std::string before = it.program.print_counters();
    EXPECT_EQ(it.change("-A FORWRAD -j DROP"),
              "4: table filter has no chain `FORWRAD'; did you mean `FORWARD'?");
    EXPECT_EQ(it.change("-I FORWARD 5 -j DROP"), "12: chain `FORWARD' has no rule 5: it has 3");
    EXPECT_EQ(it.change("-D FORWARD 4"), "12: chain `FORWARD' has no rule 4: it has 3");
    EXPECT_EQ(it.change("-R FORWARD 4 -j DROP"), "12: chain `FORWARD' has no rule 4: it has 3");
    EXPECT_EQ(it.change("-A b -j a"), "9: a circle: chain `a' comes back to `b'");
    EXPECT_EQ(it.change("-A a -j a"), "9: a circle: chain `a' comes back to `a'");
    EXPECT_EQ(it.change("-t mangle -D FORWARD 1"), "22: chain `FORWARD' has no rule 1: it has 0");
    EXPECT_EQ(it.change("-t raw -A PREROUTING -m set --match-set none src").empty(), false);
    EXPECT_EQ(it.change("-t raw -A PREROUTING -j REJECT").empty(), false);
    EXPECT_EQ(it.change("-F FORWARD").empty(), false);
    EXPECT_EQ(it.change("-A FORWARD -m nothing").empty(), false);
    EXPECT_EQ(it.change("").empty(), false);
    EXPECT_EQ(it.program.print_counters(), before);
}

TEST(Change, that_is_refused_asks_nothing_of_the_engine) {
    Subject it;
    const std::string counts =
        "-A INPUT -m connbytes --connbytes 9 --connbytes-mode packets --connbytes-dir both";
    EXPECT_FALSE(it.change(counts + " -m set --match-set none src").empty());
    EXPECT_FALSE(it.objects.wants_accounting);
    EXPECT_EQ(it.change(counts), "");
    EXPECT_TRUE(it.objects.wants_accounting);
}

TEST(Change, may_be_refused_by_whoever_has_other_programs) {
    Subject it;
    const std::string before = it.program.print_counters();
    ChangeTerms terms;
    terms.why_not = [](const Program& program, const RulePosition& at) -> std::string {
        const std::string rule(program.rule_text(at.table, at.chain, at.rule + 1));
        return rule.find("10.0.0.2") != std::string::npos ? "not " + rule : "";
    };
    terms.counts_from_zero = true;
    const auto change = [&](const std::string& command) {
        const auto done = apply_change(it.program, command, {it.objects, {}, &terms});
        return done ? "" : done.error().faults.front().words;
    };
    EXPECT_EQ(change("-I INPUT -s 10.0.0.1,10.0.0.2,10.0.0.3 -j DROP"),
              "not -A INPUT -s 10.0.0.2/32 -j DROP");
    EXPECT_EQ(change("-R FORWARD 1 -s 10.0.0.2 -j DROP"), "not -A FORWARD -s 10.0.0.2/32 -j DROP");
    EXPECT_EQ(change("-t nat -A PREROUTING -s 10.0.0.2"), "not -A PREROUTING -s 10.0.0.2/32");
    EXPECT_EQ(it.program.print_counters(), before);
    EXPECT_EQ(change("-A INPUT -c 7 700 -s 10.0.0.1 -j DROP"), "");
    EXPECT_EQ(it.program.counters(Table::filter, 0, 1).packets, 0U);
}

TEST(Change, makes_a_table_that_is_not_there) {
    Subject it;
    EXPECT_EQ(it.change("-t nat -A PREROUTING -p tcp -j RETURN"), "");
    EXPECT_TRUE(it.program.has_chain(Table::nat, Hook::prerouting));
    EXPECT_EQ(it.program.rule_count(Table::nat, 0), 1U);
}

TEST(Change, of_a_rule_takes_its_counters_from_the_command) {
    Subject it;
    EXPECT_EQ(it.change("-A INPUT -c 7 700 -j ACCEPT"), "");
    EXPECT_EQ(it.program.counters(Table::filter, 0, 1).packets, 7U);
    EXPECT_EQ(it.program.counters(Table::filter, 0, 1).bytes, 700U);
}

}  // namespace
}  // namespace keepstate::rules
