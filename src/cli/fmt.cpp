// `keepstate fmt`: a ruleset as iptables-legacy-save 1.8.9 would print it after a restore.
//
// Faults go to stderr and nothing to stdout: half a ruleset would be a wrong one.
// source: the command line's contract in docs/check.md.   Tested by: tests/program.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/complain.hpp"
#include "cli/ruleset_file.hpp"
#include "cli/verbs.hpp"

namespace keepstate::cli {
namespace {

constexpr const char* kFooter =
    R"(FILE: iptables-save text, or the iptables commands of a shell script; '-' is stdin
without --ipv4 or --ipv6 the text or the file's name decides, else IPv4 is taken

exit status: 0 printed; 1 the ruleset has faults; 2 the call is wrong; 3 the file cannot be read

examples:
  keepstate fmt rules.v4 | diff rules.v4 -        is it in the form that iptables-save writes?
  keepstate fmt firewall.sh > rules.v4            a script as a ruleset that loads at once
)";

}  // namespace

int run_fmt(const std::vector<std::string>& arguments) {
    std::string file;
    bool counters = false;
    bool four = false;
    bool six = false;
    CLI::App app{
        "Prints a ruleset exactly as iptables-legacy-save (1.8.9) would after\n"
        "iptables-legacy-restore, without the comment lines that carry date and version.\n",
        "keepstate fmt"};
    app.footer(kFooter);
    app.get_formatter()->column_width(42);
    app.set_help_flag("-h,--help", "this text");
    app.add_option("FILE", file, "the ruleset")->type_name("")->required();
    app.add_flag("-c,--counters", counters, "with the counters that stand in the text");
    CLI::Option* is_four = app.add_flag("--ipv4", four, "an iptables ruleset");
    app.add_flag("--ipv6", six, "an ip6tables ruleset")->excludes(is_four);
    if (const auto status = parse_arguments(app, arguments)) return *status;

    std::optional<Family> family;
    if (four || six) family = four ? Family::ipv4 : Family::ipv6;
    const Result<RulesetFile> read = read_ruleset(file, family);
    if (!read) return complain(read.error());
    if (!read->ruleset) return complain(read->ruleset.error());
    const std::string text = read->ruleset->print(counters);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kDone;
}

}  // namespace keepstate::cli
