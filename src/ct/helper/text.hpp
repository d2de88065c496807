// What helpers of text protocols share.
//
// Tested by: ct/helper/text_test.cpp, ct/helper/ftp_test.cpp, tests/kernel/differ.
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
/// The address that the text begins with, as Linux reads it. It ends at `end`, at a zero byte or with the text; without
/// an `end` at whatever cannot belong to an address, so that "10.0.0.1>" is one and "10.0.0.1a" and "10.0.0.1.5" are
/// not. Leading zeros mean nothing, however many, and are not octal.
/// source: kernel:net/core/utils.c in4_pton, in6_pton.
///
/// A colon ends it too.
std::optional<ReadAddress> read_ipv4_until(std::string_view text, std::optional<char> end);
/// "::" once, for one group at least; the last four bytes as dotted decimal if wanted.
std::optional<ReadAddress> read_ipv6_until(std::string_view text, std::optional<char> end);
std::optional<ReadAddress> read_address_until(Family family, std::string_view text,
                                              std::optional<char> end);

}  // namespace keepstate::ct
