// isatty and the window size.
#include "io/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace keepstate::io {
namespace {

int number(Stream stream) {
    switch (stream) {
        case Stream::in: return STDIN_FILENO;
        case Stream::out: return STDOUT_FILENO;
        case Stream::err: break;
    }
    return STDERR_FILENO;
}

}  // namespace

bool is_terminal(Stream stream) { return ::isatty(number(stream)) == 1; }

bool wants_colour(Stream stream) {
    const char* no_colour = std::getenv("NO_COLOR");
    if (no_colour != nullptr && *no_colour != '\0') return false;
    const char* terminal = std::getenv("TERM");
    if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
    return is_terminal(stream);
}

int terminal_columns(Stream stream) {
    struct winsize size {};
    if (::ioctl(number(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

}  // namespace keepstate::io
