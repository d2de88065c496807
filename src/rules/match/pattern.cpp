// See pattern.hpp.
#include "rules/match/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace keepstate::rules::match {

namespace {

// The kernel's upper case: ASCII, and of Latin-1 all from 0xdf on but the division sign.
std::uint8_t upper(std::uint8_t byte) {
    const bool ascii = byte >= 'a' && byte <= 'z';
    const bool latin = byte >= 0xdf && byte != 0xf7;
    return ascii || latin ? static_cast<std::uint8_t>(byte - 0x20) : byte;
}

// The real tool takes one byte less than of --string.
constexpr std::size_t kMostHexBytes = Pattern::kMostBytes - 1;

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

}  // namespace

std::optional<std::string> Pattern::read(std::string_view words, bool hex) {
    if (hex) return read_hex(words);
    if (words.size() > kMostBytes) {
        return fmt::format("--string has {} bytes, more than {}", words.size(), kMostBytes);
    }
    std::copy(words.begin(), words.end(), bytes.begin());
    size = static_cast<std::uint8_t>(words.size());
    return std::nullopt;
}

// The real tool's reading, with its ways: one blank may follow a byte, several the first bar, and a bar ends the
// words quietly, open or not. The character behind a bar stands for itself even if it is a bar.
std::optional<std::string> Pattern::read_hex(std::string_view words) {
    if (words.empty()) return "--hex-string needs at least one byte";
    bool in_hex = false;
    for (std::size_t at = 0; at < words.size();) {
        bool as_it_is = false;
        if (words[at] == '\\' && !in_hex) {
            if (++at == words.size()) return "--hex-string ends with a lone backslash";
            as_it_is = true;
        } else if (words[at] == '|') {
            in_hex = !in_hex;
            while (in_hex && at + 1 < words.size() && words[at + 1] == ' ') ++at;
            if (++at == words.size()) break;
        }
        if (size == kMostHexBytes) {
            return fmt::format("--hex-string has more than {} bytes", kMostHexBytes);
        }
        if (as_it_is || !in_hex) {
            bytes[size++] = static_cast<std::uint8_t>(words[at++]);
            continue;
        }
        if (at + 2 >= words.size()) return "--hex-string ends within a part between bars";
        const auto high = hex_digit(words[at]);
        const auto low = hex_digit(words[at + 1]);
        if (!high || !low) {
            return fmt::format("--hex-string: `{}' is no hexadecimal byte", words.substr(at, 2));
        }
        bytes[size++] = static_cast<std::uint8_t>(*high << 4 | *low);
        at += words[at + 2] == ' ' ? 3 : 2;
    }
    return std::nullopt;
}

void Pattern::prepare() {
    for (std::size_t i = 0; i < size; ++i) compared[i] = ignores_case ? upper(bytes[i]) : bytes[i];
    if (!is_kmp) {
        shift.fill(size);
        for (std::size_t i = 0; i + 1 < size; ++i) {
            shift[compared[i]] = static_cast<std::uint8_t>(size - 1 - i);
        }
        return;
    }
    std::size_t matched = 0;
    for (std::size_t i = 1; i < size; ++i) {
        while (matched > 0 && compared[matched] != compared[i]) matched = fallback[matched - 1];
        if (compared[matched] == compared[i]) ++matched;
        fallback[i] = static_cast<std::uint8_t>(matched);
    }
}

std::string Pattern::words() const {
    const bool as_hex =
        size != 0 && (bytes[size - 1U] == '\\' ||
                      std::any_of(bytes.begin(), bytes.begin() + size,
                                  [](std::uint8_t byte) { return byte < 0x20 || byte > 0x7e; }));
    std::string out = as_hex ? "--hex-string \"|" : "--string \"";
    for (std::size_t i = 0; i < size; ++i) {
        if (as_hex) {
            out += fmt::format("{:02x}", bytes[i]);
            continue;
        }
        if (bytes[i] == '"' || bytes[i] == '\\') out += '\\';
        out += static_cast<char>(bytes[i]);
    }
    return out + (as_hex ? "|\"" : "\"");
}

std::optional<std::size_t> Pattern::find(base::ByteView text) const {
    return is_kmp ? find_by_prefixes(text) : find_by_shifts(text);
}

std::optional<std::size_t> Pattern::find_by_shifts(base::ByteView text) const {
    const auto at_case = [&](std::size_t at) {
        return ignores_case ? upper(text.data()[at]) : text.data()[at];
    };
    for (std::size_t at = 0; text.has(at, size);) {
        std::size_t left = size;
        while (left > 0 && at_case(at + left - 1) == compared[left - 1]) --left;
        if (left == 0) return at;
        at += shift[at_case(at + size - 1)];
    }
    return std::nullopt;
}

std::optional<std::size_t> Pattern::find_by_prefixes(base::ByteView text) const {
    std::size_t matched = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::uint8_t byte = ignores_case ? upper(text.data()[at]) : text.data()[at];
        while (matched > 0 && compared[matched] != byte) matched = fallback[matched - 1];
        if (compared[matched] == byte) ++matched;
        if (matched == size) return at + 1 - size;
    }
    return std::nullopt;
}

}  // namespace keepstate::rules::match
