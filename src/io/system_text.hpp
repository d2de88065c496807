// What the system says about a failed call, as an Error about one file.
//
// Threads: any.  Tested by: io/input_test.cpp, tests/program.
#pragma once

#include <string>

#include "keepstate/result.hpp"

namespace keepstate::io {

/// The system's words for an errno value ("No such file or directory").
std::string system_words(int error_number);

/// An ErrorKind::system about `file` (as the user named it; "-" is left as it is) with the words of
/// `error_number`.
Error system_error(const std::string& file, int error_number);

}  // namespace keepstate::io
