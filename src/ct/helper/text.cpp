// See text.hpp.
#include "ct/helper/text.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace keepstate::ct {

namespace {

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// A text with nothing behind its end; what ends an address is nothing too.
class Words {
  public:
    Words(std::string_view text, std::optional<char> end) : text_(text), end_(end) {}
    /// Zero at the end, '?' for what is neither end nor part of an address.
    char at(std::size_t place) const {
        if (place >= text_.size() || text_[place] == end_) return '\0';
        const char c = text_[place];
        if (c == '\0' || c == '.' || c == ':' || hex_digit(c) >= 0) return c;
        return end_ ? '?' : '\0';
    }
    std::string_view from(std::size_t place) const { return text_.substr(place); }

  private:
    std::string_view text_;
    std::optional<char> end_;
};

/// The groups of an IPv6 address while they are read. A gap takes the room of one group at least; what follows it is
/// moved to the end when the text is over.
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
    while (!groups.is_full() && hex_digit(words.at(place)) >= 0 && (value & 0xf000U) == 0) {
        value = value << 4U | static_cast<unsigned>(hex_digit(words.at(place)));
        ++place;
    }
    if (hex_digit(words.at(place)) >= 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<TcpPayload> find_tcp_payload(const wire::Packet& packet) {
    constexpr std::size_t kHeader = 20;
    const std::size_t at = packet.transport_offset;
    if (!packet.ip.has(at, kHeader)) return std::nullopt;
    const std::size_t header = (packet.ip.u8(at + 12) >> 4U) * std::size_t{4};
    const base::ByteView payload = packet.ip.sub(at + header);
    TcpPayload tcp;
    tcp.seq = packet.ip.be32(at + 4);
    tcp.bytes = {reinterpret_cast<const char*>(payload.data()), payload.size()};
    return tcp;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
}

std::optional<ReadAddress> read_ipv4_until(std::string_view text, std::optional<char> end) {
    const Words words{text, end};
    ReadAddress read;
    std::size_t place = 0;
    for (std::size_t octet = 0; octet < 4; ++octet) {
        if (octet != 0 && words.at(place++) != '.') return std::nullopt;
        const std::size_t begin = place;
        unsigned value = 0;
        for (; words.at(place) >= '0' && words.at(place) <= '9'; ++place) {
            value = value * 10 + static_cast<unsigned>(words.at(place) - '0');
            if (value > 255) return std::nullopt;
        }
        if (place == begin) return std::nullopt;
        read.address.bytes[octet] = static_cast<std::uint8_t>(value);
    }
    if (words.at(place) != '\0' && words.at(place) != ':') return std::nullopt;
    read.length = place;
    return read;
}

std::optional<ReadAddress> read_ipv6_until(std::string_view text, std::optional<char> end) {
    const Words words{text, end};
    Groups groups;
    std::size_t place = 0;
    if (words.at(0) == ':' && words.at(1) == ':') {
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
            const std::optional<ReadAddress> rest = read_ipv4_until(words.from(begin), end);
            if (!rest) return std::nullopt;
            groups.put(unsigned{rest->address.bytes[0]} << 8U | rest->address.bytes[1]);
            groups.put(unsigned{rest->address.bytes[2]} << 8U | rest->address.bytes[3]);
            place = begin + rest->length;
            break;
        }
        if (next != ':' && next != '\0') return std::nullopt;
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
    return ReadAddress{groups.address, place};
}

std::optional<ReadAddress> read_address_until(Family family, std::string_view text,
                                              std::optional<char> end) {
    return family == Family::ipv4 ? read_ipv4_until(text, end) : read_ipv6_until(text, end);
}

}  // namespace keepstate::ct
