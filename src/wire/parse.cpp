// The readers that do not care for the family: addresses, the TCP header, the quoted packet.
//
// Everything is read through ByteView, so a length field can lie but never lead past the end.
// Tested by: wire/parse_test.cpp, fuzz/packet.cpp.
#include "wire/parse.hpp"

#include <algorithm>

#include "keepstate/tuple.hpp"
#include "wire/parse_family.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

Address address_at(Family family, ByteView bytes, std::size_t offset) {
    Address address;
    address.family = family;
    KS_ASSERT(bytes.has(offset, address.size()));
    std::copy_n(bytes.data() + offset, address.size(), address.bytes.begin());
    return address;
}

bool find_quoted_ipv4(ByteView ip, std::size_t offset, Quoted& quoted) {
    if (!ip.has(offset, 20)) return false;
    if ((ip.be16(offset + 6) & 0x1fff) != 0) return false;
    const std::size_t transport = offset + (ip.u8(offset) & 0x0fU) * 4U;
    if (transport > ip.size()) return false;
    quoted.source = address_at(Family::ipv4, ip, offset + 12);
    quoted.destination = address_at(Family::ipv4, ip, offset + 16);
    quoted.protocol = ip.u8(offset + 9);
    quoted.transport_offset = static_cast<std::uint32_t>(transport);
    return true;
}

bool find_quoted_ipv6(ByteView ip, std::size_t offset, Quoted& quoted) {
    if (!ip.has(offset, 40)) return false;
    const SkippedChain chain = skip_ipv6_extensions(ip, offset + 40, ip.u8(offset + 6));
    if (!chain.found || (chain.fragment_bits & 0xfff8) != 0) return false;
    quoted.source = address_at(Family::ipv6, ip, offset + 8);
    quoted.destination = address_at(Family::ipv6, ip, offset + 24);
    quoted.protocol = chain.protocol;
    quoted.transport_offset = chain.offset;
    return true;
}

}  // namespace

Address Packet::source() const { return address_at(family, ip, family == Family::ipv4 ? 12 : 8); }

Address Packet::destination() const {
    return address_at(family, ip, family == Family::ipv4 ? 16 : 24);
}

Reason parse_ip(Family family, ByteView bytes, bool from_outside, Packet& packet) {
    packet = Packet{};
    packet.family = family;
    return family == Family::ipv4 ? parse_ipv4(bytes, packet)
                                  : parse_ipv6(bytes, from_outside, packet);
}

bool find_quoted_transport(const Packet& packet, std::size_t offset, Family family,
                           Quoted& quoted) {
    quoted = Quoted{};
    quoted.family = family;
    return family == Family::ipv4 ? find_quoted_ipv4(packet.ip, offset, quoted)
                                  : find_quoted_ipv6(packet.ip, offset, quoted);
}

std::optional<TcpHeader> parse_tcp(const Packet& packet) {
    const ByteView bytes = packet.transport();
    if (!bytes.has(0, 20)) return std::nullopt;
    TcpHeader tcp;
    tcp.source_port = bytes.be16(0);
    tcp.destination_port = bytes.be16(2);
    tcp.seq = bytes.be32(4);
    tcp.ack = bytes.be32(8);
    tcp.header_bytes = static_cast<std::uint16_t>((bytes.u8(12) >> 4) * 4);
    tcp.flags = bytes.u8(13);
    tcp.window = bytes.be16(14);
    if (tcp.header_bytes >= 20 && tcp.header_bytes <= bytes.size()) {
        tcp.options = bytes.sub(20, tcp.header_bytes - 20U);
        tcp.payload_bytes = static_cast<std::uint32_t>(bytes.size() - tcp.header_bytes);
    }
    return tcp;
}

}  // namespace keepstate::wire
