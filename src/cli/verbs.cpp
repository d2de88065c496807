// Which verb is meant, and the program's own help.
//
// Verbs of later versions are known by name, so that who types one learns that it is not a typing error;
// the help does not list them as if they worked.
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "cli/complain.hpp"
#include "run/interrupt.hpp"

namespace keepstate::cli {
namespace {

struct Verb {
    std::string_view name;
    std::string_view words;
    int (*run)(const std::vector<std::string>& arguments);
};

constexpr std::array kVerbs{
    Verb{"replay", "send the packets of captures through connection tracking and a ruleset",
         run_replay},
    Verb{"check", "tell every fault of rulesets, and warn of what is legal but wrong", run_check},
    Verb{"fmt", "print a ruleset as iptables-save would", run_fmt},
};

constexpr std::array<std::string_view, 9> kLaterVerbs{
    "explain",  "test",          "report",           "run", "conntrack",
    "iptables", "iptables-save", "iptables-restore", "top",
};

void print_help() {
    std::string text =
        "keepstate: Linux connection tracking and the iptables rule engine, without a kernel\n\n"
        "usage: keepstate VERB [OPTIONS] [ARGUMENTS]\n"
        "       keepstate --help | keepstate VERB --help | keepstate --version\n\nverbs:\n";
    for (const Verb& verb : kVerbs) text += fmt::format("  {:<10} {}\n", verb.name, verb.words);
    text +=
        "\nexit status:\n"
        "  0  done\n"
        "  1  the answer is no: a ruleset has faults\n"
        "  2  the call is wrong: an option, an argument, a setting\n"
        "  3  the system refused: a file is missing, no capture, cut off, or cannot be written\n"
        "  130 stopped by Ctrl-C; what was done until then has been written\n\n"
        "Results go to stdout, everything else to stderr. Neither privileges nor a network are "
        "needed.\n";
    std::fputs(text.c_str(), stdout);
}

int finish_stdout(int status) {
    if (std::fflush(stdout) == 0) return status;
    say("standard output cannot be written");
    return kSystemRefused;
}

}  // namespace

std::optional<int> parse_arguments(CLI::App& app, const std::vector<std::string>& arguments) {
    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        app.parse(reversed);
        return std::nullopt;
    } catch (const CLI::CallForHelp&) {
        std::fputs(app.help().c_str(), stdout);
        return kDone;
    } catch (const CLI::ParseError& error) {
        std::string words = error.what();
        std::replace(words.begin(), words.end(), '\n', ' ');
        while (!words.empty() && words.back() == ' ') words.pop_back();
        say(fmt::format("error: {}; see {} --help", words, app.get_name()));
        return kCallIsWrong;
    }
}

int run_program(const std::vector<std::string>& arguments) {
    run::ignore_broken_pipes();
    if (arguments.empty()) {
        say("no verb given; see keepstate --help");
        return kCallIsWrong;
    }
    const std::string& name = arguments.front();
    if (name == "--help" || name == "-h") {
        print_help();
        return finish_stdout(kDone);
    }
    if (name == "--version" || name == "-V") {
        std::puts("keepstate " KEEPSTATE_VERSION);
        return finish_stdout(kDone);
    }
    for (const Verb& verb : kVerbs) {
        if (verb.name == name) {
            return finish_stdout(verb.run(std::vector(arguments.begin() + 1, arguments.end())));
        }
    }
    if (std::find(kLaterVerbs.begin(), kLaterVerbs.end(), name) != kLaterVerbs.end()) {
        say(fmt::format("'{}' is not in this version; see keepstate --help", name));
    } else {
        say(fmt::format("no verb '{}'; see keepstate --help", name));
    }
    return kCallIsWrong;
}

}  // namespace keepstate::cli
