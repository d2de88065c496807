// Packets made from fields. See build.hpp; here are only the layouts.
#include "wire/build.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "keepstate/tuple.hpp"
#include "wire/checksum.hpp"

namespace keepstate::wire {
namespace {

using base::store_be16;
using base::store_be32;

void append(Bytes& to, ByteSpan bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void pad_to_words(Bytes& bytes) { bytes.resize((bytes.size() + 3) / 4 * 4); }

void set_ipv4_checksum(Bytes& packet, std::size_t header_bytes) {
    store_be16(&packet[10], 0);
    const std::uint16_t sum = sum16({packet.data(), header_bytes});
    store_be16(&packet[10], static_cast<std::uint16_t>(~sum));
}

Bytes build_ipv4(const IpFields& ip, std::uint8_t protocol, ByteSpan transport) {
    Bytes options = ip.ipv4_options;
    options.resize(std::min<std::size_t>(options.size(), 40));
    pad_to_words(options);
    const std::size_t header_bytes = 20 + options.size();
    Bytes packet(20);
    packet[0] = static_cast<std::uint8_t>(0x40 | header_bytes / 4);
    packet[1] = ip.tos;
    store_be16(&packet[2], static_cast<std::uint16_t>(header_bytes + transport.size()));
    store_be16(&packet[4], ip.id);
    packet[6] = ip.dont_fragment ? 0x40 : 0;
    packet[8] = ip.ttl;
    packet[9] = protocol;
    std::copy_n(ip.source.bytes.begin(), 4, packet.begin() + 12);
    std::copy_n(ip.destination.bytes.begin(), 4, packet.begin() + 16);
    append(packet, options);
    set_ipv4_checksum(packet, header_bytes);
    append(packet, transport);
    return packet;
}

Bytes build_ipv6(const IpFields& ip, std::uint8_t protocol, ByteSpan transport) {
    Bytes packet(40);
    store_be32(&packet[0], 0x60000000U | std::uint32_t{ip.tos} << 20);
    store_be16(&packet[4], static_cast<std::uint16_t>(transport.size()));
    packet[6] = protocol;
    packet[7] = ip.ttl;
    std::copy_n(ip.source.bytes.begin(), 16, packet.begin() + 8);
    std::copy_n(ip.destination.bytes.begin(), 16, packet.begin() + 24);
    append(packet, transport);
    return packet;
}

Bytes finish(const IpFields& ip, std::uint8_t protocol, Bytes transport) {
    set_transport_checksum(ip.source, ip.destination, protocol, transport);
    return build_ip(ip, protocol, transport);
}

/// Where a protocol keeps its 16-bit checksum; 0 if it has none.
std::size_t checksum_place(std::uint8_t protocol) {
    switch (protocol) {
        case protocol::kTcp: return 16;
        case protocol::kUdp:
        case protocol::kUdpLite: return 6;
        case protocol::kIcmp:
        case protocol::kIcmpv6: return 2;
        default: return 0;
    }
}

}  // namespace

void set_transport_checksum(const Address& source, const Address& destination,
                            std::uint8_t protocol, std::span<std::uint8_t> transport) {
    const base::ByteView view{transport.data(), transport.size()};
    if (protocol == protocol::kSctp && transport.size() >= 12) {
        store_be32(&transport[8], sctp_checksum(view));
        return;
    }
    const std::size_t at = checksum_place(protocol);
    if (at == 0 || transport.size() < at + 2) return;
    store_be16(&transport[at], 0);
    std::size_t covered = transport.size();
    if (protocol == protocol::kUdpLite && view.be16(4) != 0)
        covered = std::min<std::size_t>(covered, view.be16(4));
    const std::uint32_t pseudo =
        protocol == protocol::kIcmp
            ? 0U
            : pseudo_header_sum(source, destination, protocol,
                                static_cast<std::uint32_t>(transport.size()));
    auto sum = static_cast<std::uint16_t>(~sum16(view.sub(0, covered), pseudo));
    if (sum == 0 && (protocol == protocol::kUdp || protocol == protocol::kUdpLite)) sum = 0xffff;
    store_be16(&transport[at], sum);
}

Bytes build_ip(const IpFields& ip, std::uint8_t protocol, ByteSpan transport) {
    return ip.source.family == Family::ipv4 ? build_ipv4(ip, protocol, transport)
                                            : build_ipv6(ip, protocol, transport);
}

Bytes tcp_header(const TcpFields& tcp) {
    Bytes options = tcp.options;
    options.resize(std::min<std::size_t>(options.size(), 40));
    pad_to_words(options);
    Bytes header(20);
    store_be16(&header[0], tcp.source_port);
    store_be16(&header[2], tcp.destination_port);
    store_be32(&header[4], tcp.seq);
    store_be32(&header[8], tcp.ack);
    header[12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4);
    header[13] = tcp.flags;
    store_be16(&header[14], tcp.window);
    store_be16(&header[18], tcp.urgent);
    append(header, options);
    return header;
}

Bytes build_tcp(const IpFields& ip, const TcpFields& tcp, ByteSpan payload) {
    Bytes transport = tcp_header(tcp);
    append(transport, payload);
    return finish(ip, protocol::kTcp, std::move(transport));
}

Bytes build_udp(const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                ByteSpan payload) {
    Bytes transport(8);
    store_be16(&transport[0], source_port);
    store_be16(&transport[2], destination_port);
    store_be16(&transport[4], static_cast<std::uint16_t>(8 + payload.size()));
    append(transport, payload);
    return finish(ip, protocol::kUdp, std::move(transport));
}

Bytes build_icmp(const IpFields& ip, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                 ByteSpan payload) {
    Bytes transport(8);
    transport[0] = type;
    transport[1] = code;
    store_be32(&transport[4], rest);
    append(transport, payload);
    const bool is_ipv4 = ip.source.family == Family::ipv4;
    return finish(ip, is_ipv4 ? protocol::kIcmp : protocol::kIcmpv6, std::move(transport));
}

Bytes build_sctp(const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                 std::uint32_t verification_tag, ByteSpan chunks) {
    Bytes transport(12);
    store_be16(&transport[0], source_port);
    store_be16(&transport[2], destination_port);
    store_be32(&transport[4], verification_tag);
    append(transport, chunks);
    return finish(ip, protocol::kSctp, std::move(transport));
}

Bytes cut_fragment(ByteSpan packet, const FragmentFields& fields, std::size_t begin,
                   std::size_t count) {
    KS_ASSERT(packet.size() >= 20);
    const bool is_ipv4 = packet[0] >> 4 == 4;
    const std::size_t header_bytes = is_ipv4 ? (packet[0] & 0x0fU) * 4U : 40U;
    KS_ASSERT(packet.size() >= header_bytes);
    const base::ByteView rest = base::ByteView{packet}.sub(header_bytes).sub(begin, count);
    Bytes out(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(header_bytes));
    if (is_ipv4) {
        store_be16(&out[2], static_cast<std::uint16_t>(header_bytes + rest.size()));
        store_be16(&out[4], static_cast<std::uint16_t>(fields.id));
        store_be16(&out[6], static_cast<std::uint16_t>((out[6] & 0x40U) << 8 | fields.offset / 8U |
                                                       (fields.more ? 0x2000U : 0U)));
        set_ipv4_checksum(out, header_bytes);
    } else {
        Bytes header(8);
        header[0] = out[6];
        store_be16(&header[2],
                   static_cast<std::uint16_t>((fields.offset & 0xfff8U) | (fields.more ? 1U : 0U)));
        store_be32(&header[4], fields.id);
        out[6] = protocol::kFragment;
        store_be16(&out[4], static_cast<std::uint16_t>(8 + rest.size()));
        append(out, header);
    }
    append(out, rest.span());
    return out;
}

}  // namespace keepstate::wire
