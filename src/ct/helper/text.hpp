// What helpers of text protocols share.
//
// Tested by: ct/helper/ftp_test.cpp, tests/kernel/differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "keepstate/address.hpp"
#include "wire/packet.hpp"

namespace keepstate::ct {

/// A segment's number and what it carries.
struct TcpPayload {
    std::uint32_t seq = 0;
    std::string_view bytes;  ///< may be empty
};
/// Nothing if the TCP header is not there.
std::optional<TcpPayload> find_tcp_payload(const wire::Packet& packet);

/// ASCII letters only.
bool equals_ignoring_case(std::string_view a, std::string_view b);

struct ReadAddress {
    Address address;
    std::size_t length = 0;  ///< bytes that it took
};
/// An IPv6 address that ends at `end` or with the text. As Linux reads it: groups of any number of leading zeros, "::"
/// once, the last four bytes as dotted decimal if wanted.
std::optional<ReadAddress> read_ipv6_until(std::string_view text, char end);
/// An IPv4 address that ends at `end`, a colon or with the text.
std::optional<ReadAddress> read_ipv4_until(std::string_view text, char end);

}  // namespace keepstate::ct
