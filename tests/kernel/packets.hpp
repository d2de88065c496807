// IP packets for the kernel tests, with right lengths and checksums. Deliberately small and apart from
// the library's own builder, so that a fault in that one cannot hide in both sides of a comparison.
//
//     make_tcp({"192.168.1.1", "192.168.3.1"}, {.source_port = 40000, .destination_port = 80, .flags = kSyn})
//
// Numbers are in host order. Addresses of one family both.  Tested by: kernel_run_test.cpp.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ctnetlink.hpp"

namespace keepstate::kernel {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kPsh = 0x08;
constexpr std::uint8_t kAck = 0x10;

struct IpEnds {
    std::string source;
    std::string destination;
    std::uint8_t ttl = 64;
    std::uint16_t id = 1;  ///< IPv4 only
};

struct TcpSegment {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint8_t flags = 0;
    std::uint16_t window = 65535;
    Bytes options{};  ///< padded to a multiple of 4 by zeros
    Bytes payload{};
};

inline void put16(Bytes& bytes, unsigned value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(value));
}
inline void put32(Bytes& bytes, std::uint32_t value) {
    put16(bytes, value >> 16U);
    put16(bytes, value & 0xffffU);
}
inline void set16(Bytes& bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8U);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

/// Internet checksum over the bytes, starting from a sum (of a pseudo header).
inline std::uint16_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i]) << 8U : bytes[i];
    }
    while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

/// IPv4 or IPv6, by the addresses, around a payload as it is.
inline Bytes make_ip(const IpEnds& ends, std::uint8_t protocol, const Bytes& payload) {
    const KernelAddress source = make_address(ends.source);
    const KernelAddress destination = make_address(ends.destination);
    Bytes bytes;
    if (source.family == AF_INET) {
        bytes = {0x45, 0};
        put16(bytes, static_cast<unsigned>(20 + payload.size()));
        put16(bytes, ends.id);
        put16(bytes, 0x4000);  // do not fragment
        bytes.insert(bytes.end(), {ends.ttl, protocol, 0, 0});
        bytes.insert(bytes.end(), source.bytes.begin(), source.bytes.begin() + 4);
        bytes.insert(bytes.end(), destination.bytes.begin(), destination.bytes.begin() + 4);
        set16(bytes, 10, checksum(bytes));
    } else {
        bytes = {0x60, 0, 0, 0};
        put16(bytes, static_cast<unsigned>(payload.size()));
        bytes.insert(bytes.end(), {protocol, ends.ttl});
        bytes.insert(bytes.end(), source.bytes.begin(), source.bytes.end());
        bytes.insert(bytes.end(), destination.bytes.begin(), destination.bytes.end());
    }
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

/// Writes the transport checksum at `at` (pseudo header included) and wraps it.
inline Bytes seal(const IpEnds& ends, std::uint8_t protocol, Bytes payload, std::size_t at) {
    const KernelAddress source = make_address(ends.source);
    const KernelAddress destination = make_address(ends.destination);
    std::uint32_t sum = protocol + static_cast<std::uint32_t>(payload.size());
    for (std::size_t i = 0; i < 16; i += 2) {  // the unused rest of an IPv4 address is zero
        sum += static_cast<std::uint32_t>(source.bytes[i] << 8U | source.bytes[i + 1]);
        sum += static_cast<std::uint32_t>(destination.bytes[i] << 8U | destination.bytes[i + 1]);
    }
    set16(payload, at, 0);
    set16(payload, at, checksum(payload, protocol == IPPROTO_ICMP ? 0 : sum));
    return make_ip(ends, protocol, payload);
}

inline Bytes make_tcp(const IpEnds& ends, const TcpSegment& segment) {
    Bytes options = segment.options;
    while (options.size() % 4 != 0) options.push_back(0);
    Bytes bytes;
    put16(bytes, segment.source_port);
    put16(bytes, segment.destination_port);
    put32(bytes, segment.seq);
    put32(bytes, segment.ack);
    bytes.push_back(static_cast<std::uint8_t>((5 + options.size() / 4) << 4U));
    bytes.push_back(segment.flags);
    put16(bytes, segment.window);
    put32(bytes, 0);  // checksum, urgent pointer
    bytes.insert(bytes.end(), options.begin(), options.end());
    bytes.insert(bytes.end(), segment.payload.begin(), segment.payload.end());
    return seal(ends, IPPROTO_TCP, std::move(bytes), 16);
}

inline Bytes make_udp(const IpEnds& ends, std::uint16_t source_port, std::uint16_t destination_port,
                      const Bytes& payload) {
    Bytes bytes;
    put16(bytes, source_port);
    put16(bytes, destination_port);
    put16(bytes, static_cast<unsigned>(8 + payload.size()));
    put16(bytes, 0);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return seal(ends, IPPROTO_UDP, std::move(bytes), 6);
}

/// ICMP or ICMPv6 by the addresses' family. rest: the second word (echo: id and number).
inline Bytes make_icmp(const IpEnds& ends, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                       const Bytes& payload) {
    const bool is_v4 = make_address(ends.source).family == AF_INET;
    Bytes bytes = {type, code, 0, 0};
    put32(bytes, rest);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return seal(ends, is_v4 ? std::uint8_t{IPPROTO_ICMP} : std::uint8_t{IPPROTO_ICMPV6},
                std::move(bytes), 2);
}

}  // namespace keepstate::kernel
