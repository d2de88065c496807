// Errors and hints on stderr, in one form.
//
//     keepstate: rules.v4:12:31: error: unknown match 'sate', did you mean 'state'?
//         -A INPUT -p tcp -m sate --state NEW -j ACCEPT
//                            ^
//     keepstate: web.pcap: error: No such file or directory
//     keepstate: error: --local: 'fw1' is no address
//     keepstate: hint: ...
//
// Threads: stderr is one.  Tested by: cli/complain_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "keepstate/result.hpp"

namespace keepstate::cli {

/// One line "keepstate: words".
void say(std::string_view words);
/// "keepstate: hint: words".
void hint(std::string_view words);

/// Appends all faults of an error in the form above.
void print_error(const Error& error, std::string& out);
/// One finding: "FILE:LINE:COLUMN: KIND: words [name]", the line, a caret. `name` may be empty.
void print_finding(const Fault& fault, std::string_view kind, std::string_view name,
                   std::string& out);
/// Prints all faults to stderr and returns the exit status that the error's kind means.
int complain(const Error& error);
/// The exit status that a kind of error means: input 1, usage 2, system 3.
int exit_status(ErrorKind kind);

}  // namespace keepstate::cli
