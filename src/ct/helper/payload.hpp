// What helpers read with: the bytes behind the transport header, numbers as Linux reads them, and a helper's own
// memory. All reads are bounded by the packet.
//
// source: kernel:lib/vsprintf.c simple_strtoul, kernel:lib/kstrtox.c.   Tested by: ct/helper/payload_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "ct/helper/helper.hpp"
#include "ct/helper/text.hpp"

namespace keepstate::ct {

/// What follows the TCP header; empty if the header is cut.
inline base::ByteView tcp_payload(const HelperCase& c) {
    const std::optional<TcpPayload> tcp = find_tcp_payload(c.packet);
    if (!tcp) return {};
    const void* data = tcp->bytes.data();
    return {static_cast<const std::uint8_t*>(data), tcp->bytes.size()};
}

/// What follows the UDP header; empty if the header is cut.
inline base::ByteView udp_payload(const HelperCase& c) {
    constexpr std::size_t kHeaderBytes = 8;
    return c.packet.transport().sub(kHeaderBytes);
}

/// The same bytes, as text.
inline std::string_view text_of(base::ByteView bytes) {
    const void* data = bytes.data();
    return {static_cast<const char*>(data), bytes.size()};
}

/// Decimal digits at the beginning of a text. Too many of them count modulo 2^64; a sign or a blank is no digit.
struct Number {
    std::uint64_t value = 0;
    std::size_t digits = 0;
};
inline Number read_number(std::string_view words) {
    Number number;
    for (const char c : words) {
        if (c < '0' || c > '9') break;
        number.value = number.value * 10 + static_cast<unsigned>(c - '0');
        ++number.digits;
    }
    return number;
}

/// The helper's own memory; as new when the helper has not remembered anything yet.
template <typename T>
T& own_memory(HelperMemory& memory) {
    if (T* own = std::get_if<T>(&memory)) return *own;
    return memory.emplace<T>();
}

}  // namespace keepstate::ct
