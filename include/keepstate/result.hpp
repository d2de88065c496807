// What can go wrong for the user or the world, as a value.
//
// keepstate throws nothing and prints nothing from its library. Whatever can fail because of the
// user's input or the system returns Result<T>: a value, or an Error that carries *all* faults found,
// each with its place. Bad traffic is not an error (see reason.hpp) and our own bugs are not either
// (KS_ASSERT aborts).
//
// Threads: plain values.  Tested by: rules/parse_test.cpp, cli tests.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace keepstate {

/// Who has to act: `usage` the caller gave a wrong option or argument (exit 2), `input` a file's text
/// is at fault (exit 1: faults were found), `system` the system refused: file,
/// permission, device (exit 3).
enum class ErrorKind : unsigned char { usage, input, system };

/// One fault and its place. line and column count from 1; 0 means that there is none.
struct Fault {
    std::string file;         ///< as the user named it; "-" is stdin; empty if no file is meant
    int line = 0;             ///< from 1
    int column = 0;           ///< from 1, in bytes
    std::string words;        ///< what is wrong, one line, no trailing full stop
    std::string source_line;  ///< the text of the line, for the caret; empty if none
};

/// All faults of one call. Never empty.
struct Error {
    ErrorKind kind = ErrorKind::input;
    std::vector<Fault> faults;

    /// One fault without a place.
    static Error of(ErrorKind kind, std::string words) {
        return Error{kind, {Fault{{}, 0, 0, std::move(words), {}}}};
    }
    /// One fault about a file as a whole.
    static Error of_file(ErrorKind kind, std::string file, std::string words) {
        return Error{kind, {Fault{std::move(file), 0, 0, std::move(words), {}}}};
    }
};

template <typename T>
using Result = tl::expected<T, Error>;

using Unexpected = tl::unexpected<Error>;

}  // namespace keepstate
