// Scripts of iptables commands: scripts/*.sh is read by keepstate and run by a shell with the real tools in a
// namespace of its own; both must end with the same tables and list the same. The first comment says `ok'
// or `fail'. What keepstate refuses on purpose, since no shell is run, stands in the tests below.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "keepstate/ruleset.hpp"
#include "real_tools.hpp"
#include "rule_file.hpp"
#include "rules/print.hpp"
#include "rules/script.hpp"

namespace {

namespace fs = std::filesystem;
using keepstate::Family;
using keepstate::Ruleset;

std::string read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<fs::path> scripts() {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(RULE_FILES "/scripts")) {
        all.push_back(entry.path());
    }
    std::sort(all.begin(), all.end());
    return all;
}

bool should_fail(const std::string& text) { return text.find("# fail") != std::string::npos; }

struct Ended {
    int status = -1;
    std::string out;
    std::string saved;
};

/// The script run by sh, `iptables' meaning the legacy tool.
Ended run_script(const fs::path& script) {
    const fs::path folder =
        fs::temp_directory_path() / ("keepstate-script-" + script.stem().string());
    fs::create_directories(folder);
    std::ofstream(folder / "iptables") << "#!/bin/sh\nexec iptables-legacy \"$@\"\n";
    std::ofstream(folder / "ip6tables") << "#!/bin/sh\nexec ip6tables-legacy \"$@\"\n";
    std::ofstream(folder / "modprobe") << "#!/bin/sh\nexit 0\n";
    for (const char* name : {"iptables", "ip6tables", "modprobe"}) {
        fs::permissions(folder / name, fs::perms::owner_all);
    }
    const std::string at = folder.string();
    const std::string inner = "cd " + at + " && PATH=" + at + ":$PATH sh " + script.string() +
                              " > out 2> err; echo $? > rc; iptables-legacy-save > saved";
    Ended run;
    if (std::system(("unshare -n sh -c '" + inner + "'").c_str()) == 0) {
        run.status = std::atoi(read_all(folder / "rc").c_str());
        run.out = read_all(folder / "out");
        run.saved = without_comments(read_all(folder / "saved"));
    }
    fs::remove_all(folder);
    return run;
}

/// Lines of -S in what a script wrote.
std::string listing_of(const std::string& out) {
    std::istringstream in(out);
    std::string listing;
    for (std::string line; std::getline(in, line);) {
        if (line.front() == '-') listing += line + "\n";
    }
    return listing;
}

TEST(Scripts, end_as_a_shell_with_the_real_tools_ends) {
    const std::string no_tools = why_no_real_tools();
    ASSERT_GE(scripts().size(), 10U);
    for (const fs::path& path : scripts()) {
        const std::string text = read_all(path);
        ASSERT_TRUE(keepstate::rules::is_script(text)) << path;
        std::string listed;
        const auto ruleset =
            keepstate::rules::parse_script(text, Family::ipv4, path.filename(), {}, &listed);
        EXPECT_EQ(ruleset.has_value(), !should_fail(text))
            << path << (ruleset ? "" : ": " + ruleset.error().faults.front().words);
        if (!no_tools.empty()) continue;
        const Ended real = run_script(path);
        EXPECT_EQ(real.status == 0, !should_fail(text)) << path;
        if (!ruleset) continue;
        EXPECT_EQ(keepstate::rules::print(*ruleset, nullptr), real.saved) << path;
        EXPECT_EQ(listed, listing_of(real.out)) << path;
    }
    if (!no_tools.empty()) GTEST_SKIP() << "not held against a shell: " << no_tools;
}

std::vector<std::string> faults_of(const std::string& text) {
    std::vector<std::string> out;
    const auto ruleset = Ruleset::parse(text, Family::ipv4, "f");
    if (ruleset) return out;
    for (const keepstate::Fault& fault : ruleset.error().faults) {
        out.push_back(std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " +
                      fault.words);
    }
    return out;
}
using Lines = std::vector<std::string>;

TEST(Scripts, what_only_a_shell_knows_is_named_with_its_place) {
    EXPECT_EQ(faults_of("IPT=/sbin/iptables\n$IPT -A INPUT -j ACCEPT\niptables -P INPUT DROP\n"),
              (Lines{"2:1: the variable `IPT': write what it stands for, no shell is run here"}));
    EXPECT_EQ(faults_of("#!/bin/sh\niptables -A INPUT -s \"$LAN\" -j ACCEPT\n"),
              (Lines{"2:23: the variable `LAN': write what it stands for, no shell is run here"}));
    EXPECT_EQ(faults_of("iptables -A INPUT -s $(cat lan) -j ACCEPT\n"),
              (Lines{"1:22: the output of a command: write what it would print"}));
    EXPECT_EQ(faults_of("#!/bin/sh\nfor port in 80 443; do\niptables -P INPUT DROP\ndone\n"),
              (Lines{"2:1: `for': loops, conditions and functions are not followed; write the "
                     "commands out"}));
    EXPECT_EQ(
        faults_of(
            "#!/bin/sh\nif [ \"$1\" = a ]; then iptables -F; exit 0; fi\niptables -A IN -j DROP\n"),
        (Lines{
            "2:1: `if': loops, conditions and functions are not followed; write the commands out",
            "3:13: table filter has no chain `IN'"}));
    EXPECT_EQ(faults_of("#!/bin/sh\ngenerate | iptables-restore\n").size(), 2U);
    EXPECT_EQ(
        faults_of("#!/bin/sh\niptables-restore -n\n"),
        (Lines{"2:1: `iptables-restore' reads what is not in the script: only a here-document "
               "(`<<EOF') is"}));
    EXPECT_EQ(faults_of("iptables-restore rules.v4 <<EOF\nEOF\n"),
              (Lines{"1:18: iptables-restore would read the file `rules.v4': give that one"}));
    EXPECT_EQ(faults_of("iptables-restore < rules\niptables -P INPUT DROP\n"),
              (Lines{"1:18: input from elsewhere: only the script itself is read"}));
    EXPECT_EQ(
        faults_of("#!/bin/sh\niptbles -P INPUT DROP\n"),
        (Lines{"2:1: `iptbles' is no iptables command, and what it would do to the rules is not "
               "known; did you mean `iptables'?"}));
    EXPECT_EQ(faults_of("iptables -A INPUT -j 'ACCEPT\n"),
              (Lines{"1:22: a quote that is never closed"}));
}

TEST(Scripts, faults_of_a_command_stand_where_they_are) {
    EXPECT_EQ(faults_of("#!/bin/sh\niptables -A INPUT \\\n  -p tpc -j ACCEPT\n"),
              (Lines{"3:6: `tpc' is no protocol; did you mean `tcp'?"}));
    EXPECT_EQ(faults_of("iptables -A INPUT -p tpc -j DORP\n").size(), 2U);
    EXPECT_EQ(faults_of("iptables -t nat -A POSTROUTING -j REJECT\n").size(), 1U);
    EXPECT_TRUE(faults_of("iptables -D INPUT -j ACCEPT || true\n").empty());
}

TEST(Scripts, faults_in_a_here_document_stand_where_they_are) {
    EXPECT_EQ(
        faults_of("#!/bin/sh\niptables-restore <<EOF\n*filter\n-A INPUT -p tpc\nCOMMIT\nEOF\n"),
        (Lines{"4:13: `tpc' is no protocol; did you mean `tcp'?"}));
    // Behind tabs that are taken away, a joined line and a backslash.
    EXPECT_EQ(
        faults_of("#!/bin/sh\ncat <<-E | iptables-restore -n\n\t*filter\n\t-A INPUT -m comment \\\n"
                  "--comment \\$a -p tpc\n\tCOMMIT\n\tE\n"),
        (Lines{"5:18: `tpc' is no protocol; did you mean `tcp'?"}));
    EXPECT_EQ(faults_of("iptables-restore <<EOF\n*filter\n-A INPUT -s $LAN\nCOMMIT\nEOF\n"),
              (Lines{"3:13: a here-document in which the shell would put something: write what it "
                     "stands for, or quote the word behind `<<'"}));
    EXPECT_EQ(faults_of("iptables-restore <<EOF\n*filter\nCOMMIT\n"),
              (Lines{"1:18: a here-document that is never closed"}));
    // What the kernel would refuse counts at COMMIT, whatever follows.
    EXPECT_EQ(faults_of("iptables-restore <<'EOF'\n*nat\n-A POSTROUTING -j REJECT\nCOMMIT\nEOF\n"
                        "iptables -t nat -F\n")
                  .size(),
              1U);
    EXPECT_TRUE(
        faults_of("iptables-restore <<EOF || true\n*filter\n-A nope\nCOMMIT\nEOF\n").empty());
    EXPECT_TRUE(faults_of("ip6tables-restore <<EOF\n*filter\n-A nope -s $X\nCOMMIT\nEOF\n").empty())
        << "the other family's";
}

TEST(Scripts, a_here_document_makes_no_script_of_a_broken_ruleset) {
    EXPECT_FALSE(keepstate::rules::is_script("<<<<<<< HEAD\n*filter\nCOMMIT\n"));
    EXPECT_FALSE(
        keepstate::rules::is_script("*filter\n-A INPUT -m comment --comment \"<<EOF\"\nCOMMIT\n"));
    EXPECT_TRUE(keepstate::rules::is_script("iptables-restore <<EOF\n*filter\nCOMMIT\nEOF\n"));
}

TEST(Scripts, the_listing_of_S_is_read) {
    const auto ruleset = Ruleset::parse(
        "-P INPUT DROP\n-P FORWARD ACCEPT\n-N a\n-A INPUT -m comment --comment \"a b\" -j a\n",
        Family::ipv4);
    ASSERT_TRUE(ruleset.has_value());
    EXPECT_EQ(ruleset->print(false),
              "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:a - "
              "[0:0]\n-A INPUT -m comment --comment \"a b\" -j a\nCOMMIT\n");
}

TEST(Scripts, odd_texts_get_an_answer) {
    std::string many = "iptables";
    for (int i = 0; i < 100'000; ++i) many += " -A";
    EXPECT_FALSE(faults_of(many + "\n").empty());
    EXPECT_TRUE(
        faults_of("iptables -A INPUT -m comment --comment " + std::string(1 << 20, 'x')).empty())
        << "cut, as the real tool cuts it";
    EXPECT_FALSE(faults_of(std::string("iptables -A INPUT\0 -j DROP\n", 27)).empty());
    EXPECT_FALSE(faults_of("iptables \\").empty());
    EXPECT_FALSE(faults_of("iptables \"").empty());
    EXPECT_FALSE(faults_of("iptables $(((").empty());
    EXPECT_FALSE(faults_of("iptables-restore <<").empty());
    EXPECT_FALSE(faults_of("iptables-restore <<-'").empty());
    EXPECT_FALSE(faults_of("iptables-restore <<E\n\\").empty());
    EXPECT_FALSE(faults_of("iptables-restore <<E\n*filter\n:a\nCOMMIT\nE").empty());
}

}  // namespace
