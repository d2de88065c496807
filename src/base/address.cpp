// Addresses as text, both ways, without the C library: the library layers make no system calls, and the
// text must not depend on a locale or a resolver.
//
// The printed form is byte for byte that of glibc's inet_ntop, which is what iptables, conntrack and
// /proc print: lower-case hexadecimal, the first longest run of two or more zero words as "::", and the
// last 32 bits dotted for ::a.b.c.d and ::ffff:a.b.c.d. The accepted form is that of inet_pton: four
// decimal octets without leading zeros; for IPv6 no zone, no prefix length.
//
// source: RFC 5952, RFC 4291 2.2, man:inet_ntop.   Tested by: base/address_test.cpp (against inet_ntop).
#include "keepstate/address.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace keepstate {
namespace {

constexpr std::size_t kWords = 8;

std::optional<std::uint32_t> parse_number(std::string_view words, std::uint32_t most) {
    if (words.empty() || words.size() > 3) return std::nullopt;
    if (words.size() > 1 && words.front() == '0') return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : words) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (value > most) return std::nullopt;
    return value;
}

bool parse_ipv4(std::string_view words, std::uint8_t* out) {
    for (int octet = 0; octet < 4; ++octet) {
        const std::size_t dot = words.find('.');
        if ((octet < 3) != (dot != std::string_view::npos)) return false;
        const auto value = parse_number(words.substr(0, dot), 255);
        if (!value) return false;
        out[octet] = static_cast<std::uint8_t>(*value);
        if (octet < 3) words.remove_prefix(dot + 1);
    }
    return true;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// A run of words between colons, without "::"; the last may be dotted. Returns bytes written or -1.
int parse_word_list(std::string_view words, std::uint8_t* out, int room, bool may_be_dotted) {
    int used = 0;
    while (!words.empty()) {
        const std::size_t colon = words.find(':');
        const std::string_view word = words.substr(0, colon);
        if (word.find('.') != std::string_view::npos) {
            if (colon != std::string_view::npos || !may_be_dotted || used + 4 > room) return -1;
            return parse_ipv4(word, out + used) ? used + 4 : -1;
        }
        if (word.empty() || word.size() > 4 || used + 2 > room) return -1;
        int value = 0;
        for (const char c : word) {
            const int digit = hex_digit(c);
            if (digit < 0) return -1;
            value = value * 16 + digit;
        }
        out[used++] = static_cast<std::uint8_t>(value >> 8);
        out[used++] = static_cast<std::uint8_t>(value);
        if (colon == std::string_view::npos) return used;
        words.remove_prefix(colon + 1);
        if (words.empty()) return -1;  // a single colon at the end
    }
    return used;
}

bool parse_ipv6(std::string_view words, std::uint8_t* out) {
    const std::size_t gap = words.find("::");
    if (gap == std::string_view::npos) return parse_word_list(words, out, 16, true) == 16;
    const std::string_view after = words.substr(gap + 2);
    if (after.find("::") != std::string_view::npos || after.starts_with(':')) return false;
    std::array<std::uint8_t, 16> tail{};
    const int head_bytes = parse_word_list(words.substr(0, gap), out, 14, false);
    if (head_bytes < 0) return false;
    const int tail_bytes = parse_word_list(after, tail.data(), 14 - head_bytes, true);
    if (tail_bytes < 0) return false;
    std::copy_n(tail.begin(), tail_bytes, out + 16 - tail_bytes);
    return true;
}

/// Where "::" stands: the first longest run of zero words, if it is two or more.
struct ZeroRun {
    std::size_t begin = kWords;
    std::size_t length = 0;
};

ZeroRun find_zero_run(const std::array<std::uint16_t, kWords>& words) {
    ZeroRun best;
    for (std::size_t i = 0; i < kWords;) {
        std::size_t end = i;
        while (end < kWords && words[end] == 0) ++end;
        if (end - i > best.length) best = {i, end - i};
        i = end + 1;
    }
    return best.length >= 2 ? best : ZeroRun{};
}

std::string text_ipv4(const std::uint8_t* at) {
    return fmt::format("{}.{}.{}.{}", at[0], at[1], at[2], at[3]);
}

std::string text_ipv6(const std::array<std::uint8_t, 16>& bytes) {
    std::array<std::uint16_t, kWords> words{};
    for (std::size_t i = 0; i < kWords; ++i)
        words[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    const ZeroRun run = find_zero_run(words);
    const bool dotted =
        run.begin == 0 && (run.length == 6 || (run.length == 5 && words[5] == 0xffff));
    std::string out;
    for (std::size_t i = 0; i < kWords; ++i) {
        if (i == run.begin) {
            out += "::";
            i += run.length - 1;
            continue;
        }
        if (i != 0 && i != run.begin + run.length) out += ':';
        if (dotted && i == 6) return out + text_ipv4(&bytes[12]);
        fmt::format_to(std::back_inserter(out), "{:x}", words[i]);
    }
    return out;
}

/// Sets every bit beyond the prefix to zero.
void clear_host_bits(Prefix& prefix) {
    for (std::size_t i = 0; i < prefix.address.size(); ++i) {
        const int left = static_cast<int>(prefix.bits) - static_cast<int>(8 * i);
        const int keep = std::clamp(left, 0, 8);
        prefix.address.bytes[i] &= static_cast<std::uint8_t>(0xff00 >> keep);
    }
}

}  // namespace

std::string_view text(Family family) { return family == Family::ipv4 ? "ipv4" : "ipv6"; }

std::optional<Address> parse_address(std::string_view words) {
    Address address;
    if (words.find(':') == std::string_view::npos) {
        if (!parse_ipv4(words, address.bytes.data())) return std::nullopt;
        return address;
    }
    address.family = Family::ipv6;
    if (!parse_ipv6(words, address.bytes.data())) return std::nullopt;
    return address;
}

std::string text(const Address& address) {
    return address.family == Family::ipv4 ? text_ipv4(address.bytes.data())
                                          : text_ipv6(address.bytes);
}

bool Prefix::contains(const Address& other) const {
    if (other.family != address.family) return false;
    const std::size_t whole = bits / 8U;
    if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole, other.bytes.begin()))
        return false;
    if (bits % 8U == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff00 >> (bits % 8U));
    return ((address.bytes[whole] ^ other.bytes[whole]) & mask) == 0;
}

std::optional<Prefix> parse_prefix(std::string_view words) {
    const std::size_t slash = words.find('/');
    const auto address = parse_address(words.substr(0, slash));
    if (!address) return std::nullopt;
    const auto all = static_cast<std::uint8_t>(8 * address->size());
    Prefix prefix{*address, all};
    if (slash == std::string_view::npos) return prefix;
    const auto bits = parse_number(words.substr(slash + 1), all);
    if (!bits) return std::nullopt;
    prefix.bits = static_cast<std::uint8_t>(*bits);
    clear_host_bits(prefix);
    return prefix;
}

std::string text(const Prefix& prefix) {
    return fmt::format("{}/{}", text(prefix.address), prefix.bits);
}

}  // namespace keepstate
