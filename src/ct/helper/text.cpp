// See text.hpp.
#include "ct/helper/text.hpp"

#include <array>
#include <cstring>

#include "base/bytes.hpp"

namespace keepstate::ct {

namespace {

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The groups of an IPv6 address as they are read.
struct Groups {
    std::array<std::uint16_t, 8> words{};
    std::size_t count = 0;
    std::optional<std::size_t> gap;  ///< "::" stands before this group

    bool add(std::uint32_t word) {
        if (count == words.size()) return false;
        words[count++] = static_cast<std::uint16_t>(word);
        return true;
    }
    std::optional<Address> address() const {
        if (!gap && count != words.size()) return std::nullopt;
        Address address;
        address.family = Family::ipv6;
        const std::size_t behind = gap ? count - *gap : 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t place = gap && i >= *gap ? words.size() - behind + (i - *gap) : i;
            base::store_be16(address.bytes.data() + 2 * place, words[i]);
        }
        return address;
    }
};

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

std::optional<ReadAddress> read_ipv4_until(std::string_view text, char end) {
    ReadAddress read;
    read.address.family = Family::ipv4;
    std::size_t at = 0;
    for (std::size_t part = 0; part < 4; ++part) {
        unsigned number = 0;
        const std::size_t first = at;
        while (at < text.size() && text[at] != end && text[at] >= '0' && text[at] <= '9') {
            number = number * 10 + static_cast<unsigned>(text[at++] - '0');
            if (number > 255) return std::nullopt;
        }
        if (at == first) return std::nullopt;
        read.address.bytes[part] = static_cast<std::uint8_t>(number);
        if (part == 3) break;
        if (at == text.size() || text[at] == end || text[at] != '.') return std::nullopt;
        ++at;
    }
    const bool ends = at == text.size() || text[at] == end || text[at] == 0 || text[at] == ':';
    if (!ends) return std::nullopt;
    read.length = at;
    return read;
}

std::optional<ReadAddress> read_ipv6_until(std::string_view text, char end) {
    Groups groups;
    std::size_t at = 0;
    const auto is_at_end = [&] { return at == text.size() || text[at] == end || text[at] == 0; };
    const auto is_colon = [&](std::size_t where) {
        return where < text.size() && text[where] == ':' && text[where] != end;
    };
    if (is_colon(0) && is_colon(1)) {
        groups.gap = 0;
        at = 2;
    }
    while (!is_at_end()) {
        const std::size_t first = at;
        std::uint32_t word = 0;
        while (!is_at_end() && hex_digit(text[at]) >= 0) {
            word = word << 4 | static_cast<std::uint32_t>(hex_digit(text[at++]));
            if (word > 0xffff) return std::nullopt;
        }
        if (at == first) return std::nullopt;
        if (!is_at_end() && text[at] == '.') {
            const std::optional<ReadAddress> tail = read_ipv4_until(text.substr(first), end);
            if (!tail || groups.count == 0) return std::nullopt;
            if (!groups.add(base::load_be16(tail->address.bytes.data())) ||
                !groups.add(base::load_be16(tail->address.bytes.data() + 2))) {
                return std::nullopt;
            }
            at = first + tail->length;
            break;
        }
        if (!groups.add(word)) return std::nullopt;
        if (is_at_end()) break;
        if (!is_colon(at)) return std::nullopt;
        ++at;
        if (is_colon(at)) {
            if (groups.gap) return std::nullopt;
            groups.gap = groups.count;
            ++at;
            continue;
        }
        if (is_at_end()) return std::nullopt;  // a single colon at the end
    }
    if (at == 0) return std::nullopt;
    const std::optional<Address> address = groups.address();
    if (!address) return std::nullopt;
    return ReadAddress{*address, at};
}

}  // namespace keepstate::ct
