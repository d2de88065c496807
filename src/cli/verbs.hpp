// The program: `keepstate VERB ...`, and the list of its verbs.
//
// A verb is one file and one line in the list in verbs.cpp. It gets its own arguments and returns the
// exit status; it prints results to stdout and everything else to stderr.
//
//     0 done   1 the answer is no   2 the call is wrong   3 the system refused   128+N ended by signal N
//
// Tested by: tests/program.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace keepstate::cli {

inline constexpr int kDone = 0;
inline constexpr int kAnswerIsNo = 1;
inline constexpr int kCallIsWrong = 2;
inline constexpr int kSystemRefused = 3;
inline constexpr int kBrokenPipe =
    128 + 13;  ///< what a shell shows for a program that SIGPIPE ended

/// The whole program. `arguments` without the program's name. Returns the exit status.
int run_program(const std::vector<std::string>& arguments);

/// A verb's own options: CLI11's parse. Nothing: go on. Else the exit status, with help or complaint printed.
std::optional<int> parse_arguments(CLI::App& app, const std::vector<std::string>& arguments);

int run_check(const std::vector<std::string>& arguments);
int run_fmt(const std::vector<std::string>& arguments);
int run_replay(const std::vector<std::string>& arguments);

}  // namespace keepstate::cli
