// The caret stands under the column in bytes; tabs before it are repeated so that it does so on any
// terminal, and the continuation bytes of UTF-8 take no column.
#include "cli/complain.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "cli/verbs.hpp"

namespace keepstate::cli {
namespace {

/// What stands in a file may not steer a terminal: each control byte but a tab becomes a `?'.
std::string without_controls(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7f) c = '?';
    }
    return out;
}

void print_source(const Fault& fault, std::string& out) {
    if (fault.source_line.empty()) return;
    out += "    " + without_controls(fault.source_line) + "\n";
    // Of a long line only the beginning is shown: its fault may be behind that.
    if (fault.column <= 0 ||
        static_cast<std::size_t>(fault.column) > fault.source_line.size() + 1) {
        return;
    }
    out += "    ";
    const auto before = static_cast<std::size_t>(fault.column - 1);
    for (std::size_t i = 0; i < before; ++i) {
        const char c = i < fault.source_line.size() ? fault.source_line[i] : ' ';
        if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
        out += c == '\t' ? '\t' : ' ';
    }
    out += "^\n";
}

}  // namespace

void say(std::string_view words) {
    const std::string line = fmt::format("keepstate: {}\n", words);
    std::fputs(line.c_str(), stderr);
}

void hint(std::string_view words) { say(fmt::format("hint: {}", words)); }

void print_finding(const Fault& fault, std::string_view kind, std::string_view name,
                   std::string& out) {
    if (!fault.file.empty()) out += fault.file == "-" ? "stdin" : fault.file;
    if (fault.line > 0) out += fmt::format(":{}", fault.line);
    if (fault.line > 0 && fault.column > 0) out += fmt::format(":{}", fault.column);
    if (!fault.file.empty()) out += ": ";
    out += fmt::format("{}: {}", kind, without_controls(fault.words));
    if (!name.empty()) out += fmt::format(" [{}]", name);
    out += '\n';
    print_source(fault, out);
}

void print_error(const Error& error, std::string& out) {
    for (const Fault& fault : error.faults) {
        out += "keepstate: ";
        print_finding(fault, "error", {}, out);
    }
}

int complain(const Error& error) {
    std::string text;
    print_error(error, text);
    std::fputs(text.c_str(), stderr);
    return exit_status(error.kind);
}

int exit_status(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::input: return kAnswerIsNo;
        case ErrorKind::usage: return kCallIsWrong;
        case ErrorKind::system: break;
    }
    return kSystemRefused;
}

}  // namespace keepstate::cli
