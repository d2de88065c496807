// What the standard streams are connected to, and what the user wants of it.
//
// Threads: any.  Tested by: tests/program.
#pragma once

namespace keepstate::io {

enum class Stream : unsigned char { in, out, err };

/// Whether the stream is a terminal.
bool is_terminal(Stream stream);
/// Whether text on it may be coloured: a terminal that can, and no NO_COLOR in the environment
/// (https://no-color.org: set and not empty).
bool wants_colour(Stream stream);
/// The terminal's width in columns; 80 if it is none or does not say.
int terminal_columns(Stream stream);

}  // namespace keepstate::io
