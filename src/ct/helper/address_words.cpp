// See address_words.hpp.
//
// IPv6: what stands for the gap `::` is at least one group of zeros, so it takes room like a group; what follows the gap
// is moved to the end when the text is over.
#include "ct/helper/address_words.hpp"

#include <algorithm>
#include <cstdint>

namespace keepstate::ct {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The value of a hexadecimal digit; -1 for anything else.
constexpr int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// A text with nothing behind its end.
class Words {
  public:
    explicit Words(std::string_view text) : text_(text) {}
    char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
    std::string_view from(std::size_t place) const { return text_.substr(place); }

  private:
    std::string_view text_;
};

/// The groups of an IPv6 address while they are read.
struct Groups {
    static constexpr std::size_t kMost = 16;  // bytes
    Address address{Family::ipv6, {}};
    std::size_t filled = 0;  ///< bytes
    std::optional<std::size_t> gap;

    bool is_full() const { return filled == kMost; }
    void put(unsigned value) {
        address.bytes[filled++] = static_cast<std::uint8_t>(value >> 8U);
        address.bytes[filled++] = static_cast<std::uint8_t>(value);
    }
    void put_gap() {
        put(0);
        gap = filled;
    }
    /// The last four bytes may be written with dots: there has to be room for them, and no more than that unless a
    /// gap fills the rest.
    bool takes_dots() const { return filled == 12 || (gap && filled < 12); }
    void close() {
        if (!gap) return;
        const auto begin = address.bytes.begin() + static_cast<std::ptrdiff_t>(*gap);
        const auto end = address.bytes.begin() + static_cast<std::ptrdiff_t>(filled);
        const auto moved = std::move_backward(begin, end, address.bytes.end());
        std::fill(begin, std::max(begin, moved), std::uint8_t{0});
    }
};

/// Reads one group at `place` and moves behind it. Nothing if the digits go on where they must not.
std::optional<unsigned> read_group(const Words& words, const Groups& groups, std::size_t& place) {
    unsigned value = 0;
    while (!groups.is_full() && hex_value(words.at(place)) >= 0 && (value & 0xf000U) == 0) {
        value = value << 4U | static_cast<unsigned>(hex_value(words.at(place)));
        ++place;
    }
    if (hex_value(words.at(place)) >= 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<AddressWords> read_ipv4_words(std::string_view text) {
    const Words words{text};
    AddressWords read;
    std::size_t place = 0;
    for (std::size_t octet = 0; octet < 4; ++octet) {
        if (octet != 0 && words.at(place++) != '.') return std::nullopt;
        const std::size_t begin = place;
        unsigned value = 0;
        for (; is_digit(words.at(place)); ++place) {
            value = value * 10 + static_cast<unsigned>(words.at(place) - '0');
            if (value > 255) return std::nullopt;
        }
        if (place == begin) return std::nullopt;
        read.address.bytes[octet] = static_cast<std::uint8_t>(value);
    }
    if (words.at(place) == '.' || hex_value(words.at(place)) >= 0) return std::nullopt;
    read.bytes = place;
    return read;
}

std::optional<AddressWords> read_ipv6_words(std::string_view text) {
    const Words words{text};
    Groups groups;
    std::size_t place = 0;
    if (text.substr(0, 2) == "::") {
        groups.put_gap();
        place = 2;
    }
    for (;;) {
        const std::size_t begin = place;
        const std::optional<unsigned> value = read_group(words, groups, place);
        if (!value) return std::nullopt;
        const char next = words.at(place);
        if (next == '.') {
            if (!groups.takes_dots()) return std::nullopt;
            const std::optional<AddressWords> rest = read_ipv4_words(words.from(begin));
            if (!rest) return std::nullopt;
            groups.put(unsigned{rest->address.bytes[0]} << 8U | rest->address.bytes[1]);
            groups.put(unsigned{rest->address.bytes[2]} << 8U | rest->address.bytes[3]);
            place = begin + rest->bytes;
            break;
        }
        if (place == begin) {
            if (next == ':' || groups.gap != groups.filled) return std::nullopt;
            break;
        }
        groups.put(*value);
        if (next != ':') {
            if (!groups.gap && !groups.is_full()) return std::nullopt;
            break;
        }
        if (groups.is_full()) return std::nullopt;
        ++place;
        if (words.at(place) != ':') continue;
        if (groups.gap) return std::nullopt;
        groups.put_gap();
        ++place;
    }
    groups.close();
    return AddressWords{groups.address, place};
}

std::optional<AddressWords> read_address_words(Family family, std::string_view text) {
    return family == Family::ipv4 ? read_ipv4_words(text) : read_ipv6_words(text);
}

}  // namespace keepstate::ct
