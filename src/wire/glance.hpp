// A glance: what fixed offsets show of a frame, before its turn comes.
//
// Of most packets that is all there is to know: Ethernet or nothing, an IP header without options, no fragment, TCP or UDP.
// A batch's packets are glanced at first, so that the entries they will ask for are on their way from memory; and a
// TCP segment that has nothing unusual about it (`is_usual`) is judged from its glance alone. Whoever needs more parses.
//
// What a glance says of a packet is what parse_ip() and parse_tcp() say of it. All in the header: it is called once a packet.
// Tested by: wire/glance_test.cpp.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/inline.hpp"
#include "keepstate/tuple.hpp"
#include "wire/packet.hpp"

namespace keepstate::wire {

struct Glance {
    const std::uint8_t* ip = nullptr;  ///< the IP header
    std::uint32_t ip_bytes = 0;        ///< with is_plain: to the end that the header names
    /// Ports are known: TCP or UDP, no fragment. What follows is set then.
    bool has_ports = false;
    /// TCP, all headers whole and sound, lengths that fit; ACK without SYN, FIN and RST; no IP options or extension
    /// headers; no TCP options but an aligned timestamp. Not looked at: the transport's checksum, and what a host's own
    /// stack refuses of IPv6 addresses.
    bool is_usual = false;
    /// TCP, IP header whole and sound, lengths that fit; no IP options or extension headers; whatever flags and options
    /// TCP's own header has, of which 20 bytes are there. What is_usual does not look at is not looked at here either.
    bool is_plain = false;
    bool is_tcp = false;
    bool is_v4 = true;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;

    // with is_usual, in host order
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint16_t window = 0;
    std::uint16_t payload_bytes = 0;

    std::uint32_t source_v4() const { return base::load_be32(ip + 12); }
    std::uint32_t destination_v4() const { return base::load_be32(ip + 16); }
    std::uint32_t transport_offset() const { return is_v4 ? 20 : 40; }
};

namespace detail {

inline std::uint16_t glance16(const std::uint8_t* at) {
    std::uint16_t value;
    std::memcpy(&value, at, sizeof value);
    return __builtin_bswap16(value);
}
inline std::uint32_t glance32(const std::uint8_t* at) {
    std::uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

/// Whether an IPv4 header of 20 bytes sums to 0xffff; any order of the bytes will do for that.
inline bool has_right_header_sum(const std::uint8_t* header) {
    std::uint64_t first, second;
    std::uint32_t third;
    std::memcpy(&first, header, 8);
    std::memcpy(&second, header + 8, 8);
    std::memcpy(&third, header + 16, 4);
    // Carries of 64-bit additions come back at the low end, as one's complement wants it.
    std::uint64_t sum = first;
    sum += second;
    sum += static_cast<std::uint64_t>(sum < second);
    sum += third;
    sum += static_cast<std::uint64_t>(sum < third);
    std::uint32_t half = static_cast<std::uint32_t>(sum);
    half += static_cast<std::uint32_t>(sum >> 32);
    half += static_cast<std::uint32_t>(half < static_cast<std::uint32_t>(sum >> 32));
    std::uint32_t quarter = (half & 0xffff) + (half >> 16);
    quarter = (quarter & 0xffff) + (quarter >> 16);
    return quarter == 0xffff;
}

inline bool is_usual_tcp(const std::uint8_t* tcp, std::size_t bytes, Glance& glance) {
    using namespace tcp_flag;
    constexpr std::size_t kHeader = 20;
    const std::size_t header = (tcp[12] >> 4) * std::size_t{4};
    constexpr std::uint32_t kTimestampAligned = 0x0101080aU;
    const bool is_plain = header == kHeader || (header == kHeader + 12 && header <= bytes &&
                                                glance32(tcp + kHeader) == kTimestampAligned);
    if ((tcp[13] & (kAck | kSyn | kFin | kRst)) != kAck || !is_plain) return false;
    glance.seq = glance32(tcp + 4);
    glance.ack = glance32(tcp + 8);
    glance.window = glance16(tcp + 14);
    glance.payload_bytes = static_cast<std::uint16_t>(bytes - header);
    return true;
}

}  // namespace detail

/// `is_ethernet`: else the frame begins with the IP header. Reads nothing behind the frame's end.
KS_INLINE void glance_at(base::ByteView frame, bool is_ethernet, Glance& glance) {
    using detail::glance16;
    constexpr std::size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40, kTcp = 20, kPorts = 4;
    glance.has_ports = glance.is_usual = glance.is_plain = false;
    const std::size_t link = is_ethernet ? kEthernet : 0;
    if (frame.size() < link + kIpv4 + kPorts) return;
    const std::uint8_t* const ip = frame.data() + link;
    const std::size_t there = frame.size() - link;
    const std::uint16_t type = is_ethernet ? glance16(ip - 2) : ip[0] >> 4 == 4 ? 0x0800 : 0x86dd;
    std::uint8_t number = 0;
    std::size_t header = kIpv4;
    if (type == 0x0800) {
        if (ip[0] != 0x45 || (glance16(ip + 6) & 0x3fff) != 0) return;
        number = ip[9];
        glance.ip_bytes = glance16(ip + 2);
    } else {
        header = kIpv6;
        if (type != 0x86dd || ip[0] >> 4 != 6 || there < kIpv6 + kPorts) return;
        number = ip[6];
        glance.ip_bytes = static_cast<std::uint32_t>(kIpv6) + glance16(ip + 4);
    }
    if (number != protocol::kTcp && number != protocol::kUdp) return;
    glance.ip = ip;
    glance.is_v4 = header == kIpv4;
    glance.has_ports = true;
    glance.is_tcp = number == protocol::kTcp;
    glance.source_port = glance16(ip + header);
    glance.destination_port = glance16(ip + header + 2);
    const bool is_whole = glance.ip_bytes <= there && glance.ip_bytes >= header + kTcp;
    if (!glance.is_tcp || !is_whole) return;
    if (glance.is_v4 && !detail::has_right_header_sum(ip)) return;
    glance.is_plain = true;
    glance.is_usual = detail::is_usual_tcp(ip + header, glance.ip_bytes - header, glance);
}

/// How the link addressed a frame of Ethernet, as parse_link() says; the frame has a header.
std::uint8_t addressed_of(const std::uint8_t* ethernet);

/// The Packet of a plain one, which is as made: what parse_ip() makes of it.
void fill_usual(const Glance& glance, Packet& packet);

}  // namespace keepstate::wire
