// JSON strings: ASCII is copied in runs, the rest is looked at byte by byte.
//
// Rule comments and log prefixes may hold any byte, so UTF-8 is checked: a JSON text must be UTF-8.
// source: RFC 8259 7, RFC 3629 4.
#include <cstdint>

#include "cli/packet_text.hpp"

namespace keepstate::cli {
namespace {

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

/// Length of the well-formed UTF-8 sequence at the beginning; 0 if there is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
    };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const std::uint8_t first = byte(0);
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool overlong = first == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = first == 0xed && byte(1) > 0x9f;
        return !overlong && !surrogate && follows(1) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool overlong = first == 0xf0 && byte(1) < 0x90;
        const bool beyond = first == 0xf4 && byte(1) > 0x8f;
        return !overlong && !beyond && follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

void print_escape(char c, std::string& out) {
    static constexpr char kHex[] = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\t': out += "\\t"; return;
        case '\r': out += "\\r"; return;
        default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
}

}  // namespace

void print_json_string(std::string_view text, std::string& out) {
    out += '"';
    while (!text.empty()) {
        std::size_t run = 0;
        while (run < text.size() && is_plain(text[run])) ++run;
        out.append(text.substr(0, run));
        text.remove_prefix(run);
        if (text.empty()) break;
        std::size_t used = 1;
        if (static_cast<unsigned char>(text[0]) < 0x80) {
            print_escape(text[0], out);
        } else if (const std::size_t length = utf8_length(text); length != 0) {
            out.append(text.substr(0, length));
            used = length;
        } else {
            out += "\xef\xbf\xbd";
        }
        text.remove_prefix(used);
    }
    out += '"';
}

}  // namespace keepstate::cli
