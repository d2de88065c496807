// IP addresses and prefixes as values.
//
// An Address is 16 bytes and a family; an IPv4 address stands in the first four bytes, the rest is
// zero, so that equality is one comparison. Text forms are those of inet_ntop (RFC 5952 for IPv6),
// which iptables and conntrack print too.
//
// Threads: plain values.  Tested by: base/address_test.cpp.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keepstate {

/// The values are the kernel's NFPROTO_ numbers' order: IPv4 before IPv6.
enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

/// "ipv4", "ipv6".
std::string_view text(Family family);

/// An address in network byte order.
struct Address {
    Family family = Family::ipv4;
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const Address&) const = default;

    /// From four octets, most significant first.
    static constexpr Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
        return Address{Family::ipv4, {a, b, c, d}};
    }
    /// Octets that count: 4 or 16.
    constexpr std::size_t size() const { return family == Family::ipv4 ? 4 : 16; }
    constexpr bool is_unspecified() const { return bytes == std::array<std::uint8_t, 16>{}; }
};

/// "192.168.1.1" or "2001:db8::1"; nullopt if it is neither. No names, no prefix length, no scope.
std::optional<Address> parse_address(std::string_view words);
/// RFC 5952 text, as inet_ntop prints it.
std::string text(const Address& address);

/// An address and how many leading bits of it count.
struct Prefix {
    Address address;
    std::uint8_t bits = 0;  ///< 0..32 or 0..128

    auto operator<=>(const Prefix&) const = default;
    /// Whether `other` has the same family and the same leading bits.
    bool contains(const Address& other) const;
};

/// "10.0.0.0/8", "2001:db8::/32", or an address alone (all bits). Bits beyond the length are cleared.
std::optional<Prefix> parse_prefix(std::string_view words);
/// "10.0.0.0/8".
std::string text(const Prefix& prefix);

}  // namespace keepstate
