// `keepstate check`: all faults of rulesets, and warnings for what is legal and wrong in practice.
//
//     rules.v4:3:13: error: `sate' is no match; did you mean `state'?
//         -A INPUT -m sate --state NEW -j ACCEPT
//                     ^
//     rules.v4:7:1: warning: never reached: line 5 decides all that it could match [unreachable-rule]
//
// They are the result and go to stdout; warnings are looked for only in a ruleset without faults, since
// half a ruleset proves nothing. source: docs/check.md.   Tested by: tests/program.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/complain.hpp"
#include "cli/ruleset_file.hpp"
#include "cli/verbs.hpp"

namespace keepstate::cli {
namespace {

struct Options {
    std::vector<std::string> files;
    std::vector<std::string> silent;
    std::optional<Family> family;
    bool json = false;
};

/// What was found in one file.
struct Findings {
    std::string file;
    std::optional<Family> family;  ///< none: the file could not be read
    std::vector<Fault> faults;
    std::vector<Warning> warnings;
};

std::string footer() {
    std::string text = "warnings, each explained with an example in docs/check.md:\n";
    for (const WarningKind& kind : warning_kinds()) {
        text += fmt::format("  {:<28} {}\n", kind.name, kind.words);
    }
    text +=
        "\nFILE: iptables-save text, or the iptables commands of a shell script; '-' is stdin\n"
        "without --ipv4 or --ipv6 the text or the file's name decides, else IPv4 is taken\n\n"
        "exit status: 0 no error (warnings are none); 1 a ruleset has errors; 2 the call is "
        "wrong;\n"
        "  3 a file cannot be read\n";
    return text;
}

Findings look_into(const std::string& file, RulesetFile& read, const Options& options) {
    Findings findings;
    findings.file = file;
    findings.family = read.family;
    if (!read.ruleset) {
        findings.faults = std::move(read.ruleset.error().faults);
        return findings;
    }
    for (Warning& warning : read.ruleset->warnings()) {
        if (std::find(options.silent.begin(), options.silent.end(), warning.name) !=
            options.silent.end()) {
            continue;
        }
        constexpr std::size_t kShown = 512;
        warning.place.source_line = line_of(read.text, warning.place.line).substr(0, kShown);
        findings.warnings.push_back(std::move(warning));
    }
    return findings;
}

void print_text(const Findings& findings, std::string& out) {
    for (const Fault& fault : findings.faults) print_finding(fault, "error", {}, out);
    for (const Warning& warning : findings.warnings) {
        print_finding(warning.place, "warning", warning.name, out);
    }
}

nlohmann::ordered_json place_json(const Fault& fault) {
    return {{"line", fault.line},
            {"column", fault.column},
            {"words", fault.words},
            {"text", fault.source_line}};
}

nlohmann::ordered_json to_json(const Findings& findings) {
    nlohmann::ordered_json json;
    json["file"] = findings.file;
    json["family"] = findings.family ? nlohmann::ordered_json(text(*findings.family)) : nullptr;
    json["errors"] = nlohmann::ordered_json::array();
    for (const Fault& fault : findings.faults) json["errors"].push_back(place_json(fault));
    json["warnings"] = nlohmann::ordered_json::array();
    for (const Warning& warning : findings.warnings) {
        nlohmann::ordered_json each = {{"name", warning.name}};
        each.update(place_json(warning.place));
        json["warnings"].push_back(std::move(each));
    }
    return json;
}

int check_files(const Options& options) {
    int status = kDone;
    std::string out;
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const std::string& file : options.files) {
        Result<RulesetFile> read = read_ruleset(file, options.family);
        if (!read) {
            status = complain(read.error());
            continue;
        }
        const Findings findings = look_into(file, *read, options);
        if (!findings.faults.empty() && status == kDone) status = kAnswerIsNo;
        if (options.json) {
            json.push_back(to_json(findings));
        } else {
            print_text(findings, out);
        }
    }
    // Text of people may hold any byte; what is no UTF-8 is replaced.
    if (options.json)
        out = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    std::fwrite(out.data(), 1, out.size(), stdout);
    return status;
}

}  // namespace

int run_check(const std::vector<std::string>& arguments) {
    Options options;
    bool four = false;
    bool six = false;
    CLI::App app{
        "Tells every fault of rulesets, and warns of rules that are legal but wrong in\n"
        "practice.\n",
        "keepstate check"};
    app.footer(footer());
    app.get_formatter()->column_width(42);
    app.set_help_flag("-h,--help", "this text");
    app.add_option("FILE", options.files, "the rulesets")->type_name("")->required();
    app.add_flag("--json", options.json, "one JSON array, an object a file");
    app.add_option("--no-warn", options.silent, "leave this warning out; repeat")
        ->type_name("NAME[,NAME...]")
        ->delimiter(',')
        ->allow_extra_args(false);
    CLI::Option* is_four = app.add_flag("--ipv4", four, "iptables rulesets");
    app.add_flag("--ipv6", six, "ip6tables rulesets")->excludes(is_four);
    if (const auto status = parse_arguments(app, arguments)) return *status;

    if (four || six) options.family = four ? Family::ipv4 : Family::ipv6;
    const auto kinds = warning_kinds();
    for (const std::string& name : options.silent) {
        const bool known = std::any_of(kinds.begin(), kinds.end(),
                                       [&](const WarningKind& kind) { return kind.name == name; });
        if (!known) {
            say(fmt::format("error: --no-warn: there is no warning '{}'", name));
            return kCallIsWrong;
        }
    }
    if (std::count(options.files.begin(), options.files.end(), "-") > 1) {
        say("error: '-' (stdin) is given more than once");
        return kCallIsWrong;
    }
    return check_files(options);
}

}  // namespace keepstate::cli
