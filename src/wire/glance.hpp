// A glance: what fixed offsets show of a frame, before its turn comes.
//
// Of most packets that is all there is to know: Ethernet or nothing, an IP header without options, no fragment, TCP or UDP.
// A batch's packets are glanced at first, so that the entries they will ask for are on their way from memory; and a
// TCP segment that has nothing unusual about it (`is_usual`) is judged from its glance alone. Whoever needs more parses.
//
// What a glance says of a packet is what parse_ip() and parse_tcp() say of it. All in the header: it is called once a packet.
// Tested by: wire/glance_test.cpp.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/inline.hpp"
#include "keepstate/tuple.hpp"
#include "wire/packet.hpp"
#include "wire/usual_segment.hpp"

namespace keepstate::wire {

struct Glance {
    enum class Sort : std::uint8_t {
        other,
        /// The IP header whole and sound, lengths that fit, no IP options or extension headers. TCP, whatever its own header
        /// has, of which 20 bytes are there.
        plain,
        /// The same, and the transport's header whole and sound: UDP, or TCP with ACK and without SYN, FIN and RST, with no
        /// options but an aligned timestamp. Not looked at, here and above: the transport's checksum, and what a host's
        /// own stack refuses of IPv6 addresses.
        usual,
    };
    const std::uint8_t* ip = nullptr;  ///< the IP header
    std::uint32_t ip_bytes = 0;        ///< unless it is other: to the end that the header names
    /// Ports are known: TCP or UDP, no fragment. What follows is set then.
    bool has_ports = false;
    Sort sort = Sort::other;
    bool is_tcp = false;
    bool is_v4 = true;
    std::uint32_t ports = 0;  ///< in host order, the source's in the lower half

    UsualSegment segment;  ///< of usual TCP

    std::uint16_t source_port() const { return static_cast<std::uint16_t>(ports); }
    std::uint16_t destination_port() const { return static_cast<std::uint16_t>(ports >> 16); }
    bool is_usual() const { return sort == Sort::usual; }
    bool is_plain() const { return is_tcp && sort != Sort::other; }
    /// Source and destination, as they lie in the header.
    std::uint64_t addresses_v4() const {
        std::uint64_t addresses;
        std::memcpy(&addresses, ip + 12, sizeof addresses);
        return addresses;
    }
    const std::uint8_t* source_v6() const { return ip + 8; }
    const std::uint8_t* destination_v6() const { return ip + 24; }
    std::uint32_t transport_offset() const { return is_v4 ? 20 : 40; }
    std::uint8_t protocol() const { return is_tcp ? protocol::kTcp : protocol::kUdp; }
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

/// The first 20 bytes of an IPv4 header, as they lie in memory.
struct Ipv4Words {
    std::uint64_t first, second;
    std::uint32_t third;

    explicit Ipv4Words(const std::uint8_t* header) {
        std::memcpy(&first, header, 8);
        std::memcpy(&second, header + 8, 8);
        std::memcpy(&third, header + 16, 4);
    }
    /// Version 4, no options, no fragment.
    bool is_plain() const {
        constexpr std::array<std::uint8_t, 8> kMask = {0xff, 0, 0, 0, 0, 0, 0x3f, 0xff};
        constexpr std::array<std::uint8_t, 8> kWanted = {0x45};
        return (first & std::bit_cast<std::uint64_t>(kMask)) ==
               std::bit_cast<std::uint64_t>(kWanted);
    }
    /// Whether they sum to 0xffff; any order of the bytes will do for that.
    bool have_right_sum() const {
        // Carries of 64-bit additions come back at the low end, as one's complement wants it.
        std::uint64_t sum = first + second;
        sum += static_cast<std::uint64_t>(sum < second);
        sum += third;
        sum += static_cast<std::uint64_t>(sum < third);
        std::uint32_t half = static_cast<std::uint32_t>(sum);
        half += static_cast<std::uint32_t>(sum >> 32);
        half += static_cast<std::uint32_t>(half < static_cast<std::uint32_t>(sum >> 32));
        // The upper half is then the sum of both with the lower's carry.
        return (half + (half << 16 | half >> 16)) >> 16 == 0xffff;
    }
};

KS_INLINE Glance::Sort sort_of_tcp(const std::uint8_t* tcp, std::size_t bytes, Glance& glance) {
    using namespace tcp_flag;
    constexpr std::size_t kHeader = 20, kTimestamp = 12;
    constexpr std::uint32_t kTimestampAligned = 0x0101080aU;
    // Length and flags of the header, of these those that count.
    const auto kind =
        static_cast<std::uint16_t>(glance16(tcp + 12) & (0xf000U | kAck | kSyn | kFin | kRst));
    std::size_t header = kHeader;
    if (kind != (0x5000U | kAck)) {
        header += kTimestamp;
        if (kind != (0x8000U | kAck) || header > bytes) return Glance::Sort::plain;
        if (glance32(tcp + kHeader) != kTimestampAligned) return Glance::Sort::plain;
    }
    glance.segment = {glance32(tcp + 4), glance32(tcp + 8), glance16(tcp + 14),
                      static_cast<std::uint16_t>(bytes - header)};
    return Glance::Sort::usual;
}

/// UDP: a length that names all that is there.
inline Glance::Sort sort_of_udp(const std::uint8_t* udp, std::size_t bytes) {
    return glance16(udp + 4) == bytes ? Glance::Sort::usual : Glance::Sort::other;
}

KS_INLINE void glance_at_ports(const std::uint8_t* transport, bool is_tcp, Glance& glance) {
    glance.has_ports = true;
    glance.is_tcp = is_tcp;
    // One load, one store: it is read as one number at once, which waits for two halves stored apart.
    glance.ports = std::rotl(glance32(transport), 16);
}

}  // namespace detail

/// `is_ethernet`: else the frame begins with the IP header. Reads nothing behind the frame's end.
KS_INLINE void glance_at(base::ByteView frame, bool is_ethernet, Glance& glance) {
    using detail::glance16;
    constexpr std::size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40, kTcp = 20, kUdp = 8, kPorts = 4;
    using Sort = Glance::Sort;
    glance.has_ports = false;
    glance.sort = Sort::other;
    const std::size_t link = is_ethernet ? kEthernet : 0;
    if (frame.size() < link + kIpv4 + kPorts) return;
    const std::uint8_t* const ip = frame.data() + link;
    const std::size_t there = frame.size() - link;
    const std::uint16_t type = is_ethernet ? glance16(ip - 2) : ip[0] >> 4 == 4 ? 0x0800 : 0x86dd;
    glance.ip = ip;
    if (type == 0x0800) {
        const detail::Ipv4Words words(ip);
        const std::uint8_t number = ip[9];
        const bool is_tcp = number == protocol::kTcp;
        if (!words.is_plain() || (!is_tcp && number != protocol::kUdp)) return;
        const std::size_t ip_bytes = glance16(ip + 2);
        glance.is_v4 = true;
        glance.ip_bytes = static_cast<std::uint32_t>(ip_bytes);
        detail::glance_at_ports(ip + kIpv4, is_tcp, glance);
        if (ip_bytes > there || !words.have_right_sum()) return;
        const std::size_t bytes = ip_bytes - kIpv4;
        if (is_tcp) {
            if (ip_bytes < kIpv4 + kTcp) return;
            glance.sort = detail::sort_of_tcp(ip + kIpv4, bytes, glance);
        } else {
            if (ip_bytes < kIpv4 + kUdp) return;
            glance.sort = detail::sort_of_udp(ip + kIpv4, bytes);
        }
        return;
    }
    if (type != 0x86dd || ip[0] >> 4 != 6 || there < kIpv6 + kPorts) return;
    const std::uint8_t number = ip[6];
    if (number != protocol::kTcp && number != protocol::kUdp) return;
    glance.is_v4 = false;
    glance.ip_bytes = static_cast<std::uint32_t>(kIpv6) + glance16(ip + 4);
    detail::glance_at_ports(ip + kIpv6, number == protocol::kTcp, glance);
    const std::size_t least = kIpv6 + (glance.is_tcp ? kTcp : kUdp);
    if (glance.ip_bytes > there || glance.ip_bytes < least) return;
    const std::size_t bytes = glance.ip_bytes - kIpv6;
    glance.sort = glance.is_tcp ? detail::sort_of_tcp(ip + kIpv6, bytes, glance)
                                : detail::sort_of_udp(ip + kIpv6, bytes);
}

/// How the link addressed a frame of Ethernet, as parse_link() says; the frame has a header.
std::uint8_t addressed_of(const std::uint8_t* ethernet);

/// The Packet of a usual or plain one, which is as made: what parse_ip() makes of it.
void fill_usual(const Glance& glance, Packet& packet);

}  // namespace keepstate::wire
