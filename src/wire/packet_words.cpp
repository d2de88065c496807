// The words of the packet language. See packet_words.hpp.
#include "wire/packet_words.hpp"

#include <fmt/format.h>

namespace keepstate::wire {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The byte that an escape stands for, and how many characters follow the backslash; 0 if it is unknown.
struct Escape {
    std::uint8_t byte = 0;
    std::size_t length = 0;
};

Escape read_escape(std::string_view after_backslash) {
    if (after_backslash.empty()) return {};
    switch (after_backslash[0]) {
        case 'r': return {'\r', 1};
        case 'n': return {'\n', 1};
        case 't': return {'\t', 1};
        case '0': return {0, 1};
        case '\\': return {'\\', 1};
        case '"': return {'"', 1};
        case 'x': break;
        default: return {};
    }
    if (after_backslash.size() < 3) return {};
    const int high = hex_digit(after_backslash[1]);
    const int low = hex_digit(after_backslash[2]);
    if (high < 0 || low < 0) return {};
    return {static_cast<std::uint8_t>(high * 16 + low), 3};
}

}  // namespace

std::optional<std::uint32_t> parse_count(std::string_view text, std::uint32_t most) {
    std::uint64_t base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const int digit = hex_digit(c);
        if (digit < 0 || static_cast<std::uint64_t>(digit) >= base) return std::nullopt;
        value = value * base + static_cast<std::uint64_t>(digit);
        if (value > most) return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
}

std::optional<Bytes> parse_hex(std::string_view text) {
    Bytes bytes;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '.' || text[i] == ':' || is_blank(text[i])) {
            ++i;
            continue;
        }
        if (i + 1 == text.size()) return std::nullopt;
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
        i += 2;
    }
    return bytes;
}

WordReader::WordReader(std::string_view line, int column, std::vector<Fault>& faults)
    : faults_(faults) {
    end_column_ = column + static_cast<int>(line.size());
    split(line, column);
}

/// Where the quote or parenthesis that opens at `open` closes; npos if it does not.
std::size_t WordReader::find_close(std::string_view line, std::size_t open) const {
    int depth = 0;
    bool in_quotes = line[open] == '"';
    for (std::size_t i = open + 1; i < line.size(); ++i) {
        const char c = line[i];
        if (in_quotes) {
            if (c == '\\') ++i;
            if (c == '"' && line[open] == '"') return i;
            if (c == '"') in_quotes = false;
        } else if (c == '"') {
            in_quotes = true;
        } else if (c == '(') {
            ++depth;
        } else if (c == ')' && depth-- == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

void WordReader::split(std::string_view line, int column) {
    const auto add = [&](std::size_t begin, std::size_t end, bool is_quoted) {
        words_.push_back(
            {line.substr(begin, end - begin), column + static_cast<int>(begin), is_quoted});
    };
    for (std::size_t i = 0; i < line.size();) {
        if (is_blank(line[i])) {
            ++i;
        } else if (line[i] == '"' || line[i] == '(') {
            const std::size_t close = find_close(line, i);
            if (close == std::string_view::npos) {
                fault({line.substr(i, 1), column + static_cast<int>(i), false},
                      "this is not closed");
                return;
            }
            add(i + 1, close, true);
            i = close + 1;
        } else {
            std::size_t end = i;
            while (end < line.size() && !is_blank(line[end]) && line[end] != '(' &&
                   line[end] != '"')
                ++end;
            add(i, end, false);
            i = end;
        }
    }
}

void WordReader::fault(const Word& word, std::string words) {
    faults_.push_back(Fault{{}, 1, word.column, std::move(words), {}});
}

Word WordReader::take(std::string_view wanted) {
    if (is_at_end()) {
        last_ = Word{{}, end_column_, false};
        fault(last_, fmt::format("{} is missing at the end", wanted));
    } else {
        last_ = words_[at_++];
    }
    return last_;
}

std::uint32_t WordReader::number_of(std::string_view text, int column, std::string_view wanted,
                                    std::uint32_t most) {
    const auto number = parse_count(text, most);
    if (!number)
        fault({text, column, false},
              fmt::format("'{}' is no {} (a number up to {})", text, wanted, most));
    return number.value_or(0);
}

std::uint32_t WordReader::take_number(std::string_view wanted, std::uint32_t most) {
    const Word word = take(wanted);
    if (word.text.empty() && !word.is_quoted) return 0;
    return number_of(word.text, word.column, wanted, most);
}

Address WordReader::take_address() {
    const Word word = take("an address");
    std::string_view text = word.text;
    if (text.empty() && !word.is_quoted) return {};
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    const auto address = parse_address(text);
    if (!address) fault(word, fmt::format("'{}' is no address", word.text));
    return address.value_or(Address{});
}

Endpoint WordReader::take_endpoint() {
    const Word word = take("an address with port");
    if (word.text.empty() && !word.is_quoted) return {};
    const std::size_t colon = word.text.rfind(':');
    std::string_view host = word.text.substr(0, colon);
    const bool has_brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (has_brackets) host = host.substr(1, host.size() - 2);
    const auto address = parse_address(host);
    if (colon == std::string_view::npos || !address ||
        has_brackets != (address->family == Family::ipv6)) {
        fault(word, fmt::format("'{}' is no address with port (192.0.2.1:80 or [2001:db8::1]:80)",
                                word.text));
        return {};
    }
    const auto port_column = word.column + static_cast<int>(colon) + 1;
    const auto port = number_of(word.text.substr(colon + 1), port_column, "port", 65535);
    return {*address, static_cast<std::uint16_t>(port)};
}

Bytes WordReader::take_hex() {
    const Word word = take("bytes in hexadecimal");
    auto bytes = parse_hex(word.text);
    if (!bytes) fault(word, fmt::format("'{}' is not hexadecimal in pairs of digits", word.text));
    return std::move(bytes).value_or(Bytes{});
}

Bytes WordReader::take_text() {
    const Word word = take("text in quotes");
    Bytes bytes;
    for (std::size_t i = 0; i < word.text.size(); ++i) {
        if (word.text[i] != '\\') {
            bytes.push_back(static_cast<std::uint8_t>(word.text[i]));
            continue;
        }
        const Escape escape = read_escape(word.text.substr(i + 1));
        if (escape.length == 0)
            fault({word.text.substr(i, 2), word.column + static_cast<int>(i), false},
                  "unknown escape (known: \\r \\n \\t \\0 \\\\ \\\" \\xHH)");
        bytes.push_back(escape.byte);
        i += escape.length;
    }
    return bytes;
}

}  // namespace keepstate::wire
