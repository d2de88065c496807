// That a page which is not true is found out: each kind of fault, once.
#include "page.hpp"

#include <gtest/gtest.h>

namespace {

using namespace keepstate::docs;

Makers plain_makers() {
    return {[](const std::string& command) { return "ran " + command + "\n"; },
            [](const std::string& arguments) { return "drew " + arguments + "\n"; },
            [](const std::vector<std::string>& names) { return names.at(0) + "\n"; },
            [](const std::string& page) { return "reasons of " + page + "\n"; }};
}

TEST(Page, CommandsAreRunAgain) {
    EXPECT_EQ(render("a\n```console\n$ one 'x y'\nold\nolder\n$ two\n```\nb\n", plain_makers()),
              "a\n```console\n$ one 'x y'\nran one 'x y'\n$ two\nran two\n```\nb\n");
}

TEST(Page, LinesMayBeLeftOutWhereItIsSaid) {
    Makers makers = plain_makers();
    makers.run = [](const std::string&) { return "1\n2\n3\n4\n"; };
    const auto after = [&makers](const std::string& shown) {
        const std::string page = render("```console\n$ x\n" + shown + "```\n", makers);
        return page.substr(page.find("$ x\n") + 4);
    };
    for (const char* shown :
         {"1\n2\n3\n4\n", "1\n...\n4\n", "...\n3\n4\n", "1\n2\n...\n", "...\n2\n...\n"}) {
        EXPECT_EQ(after(shown), std::string(shown) + "```\n");
    }
    for (const char* shown :
         {"", "1\n2\n", "2\n...\n", "...\n3\n", "1\n...\n5\n", "3\n...\n1\n", "1\n4\n",
          "1\n...\n2\n3\n4\n", "1\n2\n3\n4\n...\n", "...\n1\n...\n", "1\n2\n3\n4\n5\n"}) {
        EXPECT_EQ(after(shown), "1\n2\n3\n4\n```\n") << shown;
    }
}

TEST(Page, ACommandMayGoOnInTheNextLine) {
    EXPECT_EQ(render("```console\n$ one \\\n    two\nold\n```\n", plain_makers()),
              "```console\n$ one \\\n    two\nran one two\n```\n");
}

TEST(Page, OtherBlocksStayAsTheyAre) {
    const std::string page = "```iptables\n$ one\n-A INPUT\n```\n";
    EXPECT_EQ(render(page, plain_makers()), page);
}

TEST(Page, LaddersAndTablesAreMadeAgain) {
    EXPECT_EQ(render("<!-- ladder: -s a=1 x.pcap -->\n```text\nold\n```\n", plain_makers()),
              "<!-- ladder: -s a=1 x.pcap -->\n```text\ndrew -s a=1 x.pcap\n```\n");
    EXPECT_EQ(render("<!-- settings: tcp_loose -->\nold\n<!-- end -->\n", plain_makers()),
              "<!-- settings: tcp_loose -->\n\ntcp_loose\n\n<!-- end -->\n");
    EXPECT_EQ(render("<!-- reasons: tcp -->\n<!-- end -->\n", plain_makers()),
              "<!-- reasons: tcp -->\n\nreasons of tcp\n\n<!-- end -->\n");
}

TEST(Page, ReplaysOfCommandsAndLaddersAreFound) {
    const auto replays = find_replays(
        "$ keepstate replay -f none x.pcap\n$ cat x\n<!-- ladder: y.pcap -->\n<!-- reasons: z "
        "-->\n");
    EXPECT_EQ(replays, (std::vector<std::string>{"-f none x.pcap", "y.pcap"}));
}

TEST(Page, ADurationMustBeShownInItsSection) {
    EXPECT_TRUE(find_faults("It lives 30 s.\n```console\n[NEW] udp 17 30 src\n```\n").empty());
    EXPECT_EQ(find_faults("It lives 31 s.\n```console\n[NEW] udp 17 30 src\n```\n").size(), 1U);
    EXPECT_EQ(find_faults("```console\n30\n```\n## Next\nIt lives 30 s.\n").size(), 1U);
    EXPECT_TRUE(find_faults("<!-- check: setting udp_timeout 30 -->\nIt lives 30 s.\n").empty());
}

TEST(Page, AFalseCheckIsAFault) {
    EXPECT_EQ(find_faults("<!-- check: setting udp_timeout 31 -->\n").size(), 1U);
    EXPECT_EQ(find_faults("<!-- check: setting no_such_thing 30 -->\n").size(), 1U);
}

TEST(Page, UnknownNamesMarkersAndBlocksAreFaults) {
    EXPECT_TRUE(find_faults("`tcp_flags`, `nf_conntrack_tcp_loose=0`\n").empty());
    EXPECT_EQ(find_faults("`tcp_flagz`\n").size(), 1U);
    EXPECT_EQ(find_faults("`nf_conntrack_tcp_lose`\n").size(), 1U);
    EXPECT_EQ(find_faults("<!-- lader x.pcap -->\n").size(), 1U);
    EXPECT_EQ(find_faults("<!-- lader: x.pcap -->\n").size(), 1U);
    EXPECT_EQ(find_faults("```\n$ keepstate replay x.pcap\n```\n").size(), 1U);
}

TEST(Page, RuleBlocksAndLinksAreFound) {
    EXPECT_EQ(find_rule_blocks("```iptables\n-A INPUT -j DROP\n```\n"),
              std::vector<std::string>{"*filter\n-A INPUT -j DROP\nCOMMIT\n"});
    EXPECT_EQ(find_rule_blocks("```iptables\n*raw\nCOMMIT\n```\n"),
              std::vector<std::string>{"*raw\nCOMMIT\n"});
    EXPECT_EQ(find_links("[a](x.md#y) [b](https://z) [c](../w)"),
              (std::vector<std::string>{"x.md", "../w"}));
}

}  // namespace
