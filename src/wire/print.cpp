// A packet on one line. See print.hpp.
#include "wire/print.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "keepstate/packet.hpp"
#include "keepstate/tuple.hpp"
#include "wire/icmp_names.hpp"
#include "wire/parse.hpp"
#include "wire/sctp_chunks.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

template <typename... Args>
void add(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

/// What a line is about: a packet, or one that an ICMP error quotes.
struct Subject {
    Family family;
    Address source;
    Address destination;
    std::uint8_t protocol;
    ByteView transport;
};

std::string_view protocol_name(std::uint8_t protocol) {
    switch (protocol) {
        case protocol::kIcmp: return "icmp";
        case protocol::kIgmp: return "igmp";
        case 4: return "ipip";
        case protocol::kTcp: return "tcp";
        case protocol::kUdp: return "udp";
        case protocol::kDccp: return "dccp";
        case 41: return "ipv6";
        case protocol::kGre: return "gre";
        case protocol::kEsp: return "esp";
        case protocol::kAh: return "ah";
        case protocol::kIcmpv6: return "icmp6";
        case protocol::kSctp: return "sctp";
        case protocol::kUdpLite: return "udplite";
        default: return {};
    }
}

void add_protocol(std::string& out, std::uint8_t protocol) {
    const std::string_view name = protocol_name(protocol);
    if (name.empty())
        add(out, "proto {}", protocol);
    else
        out += name;
}

void add_endpoint(std::string& out, const Address& address, std::uint16_t port) {
    if (address.family == Family::ipv4)
        add(out, "{}:{}", text(address), port);
    else
        add(out, "[{}]:{}", text(address), port);
}

bool has_ports(std::uint8_t protocol) {
    return protocol == protocol::kTcp || protocol == protocol::kUdp ||
           protocol == protocol::kUdpLite || protocol == protocol::kSctp ||
           protocol == protocol::kDccp;
}

void add_flow(std::string& out, const Subject& subject) {
    if (has_ports(subject.protocol) && subject.transport.has(0, 4)) {
        add_endpoint(out, subject.source, subject.transport.be16(0));
        out += " > ";
        add_endpoint(out, subject.destination, subject.transport.be16(2));
    } else {
        add(out, "{} > {}", text(subject.source), text(subject.destination));
    }
    out += ' ';
}

void add_tcp(std::string& out, const Packet& packet) {
    const auto tcp = parse_tcp(packet);
    if (!tcp) {
        out += "tcp truncated";
        return;
    }
    constexpr std::array<std::string_view, 8> kNames{"FIN", "SYN", "RST", "PSH",
                                                     "ACK", "URG", "ECE", "CWR"};
    const std::size_t begin = out.size();
    for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
        if ((tcp->flags >> bit & 1) == 0) continue;
        if (out.size() != begin) out += ',';
        out += kNames[bit];
    }
    if (tcp->flags == 0) out += "no flags";
    add(out, " seq {}", tcp->seq);
    if ((tcp->flags & tcp_flag::kAck) != 0) add(out, " ack {}", tcp->ack);
    add(out, " win {} len {}", tcp->window, tcp->payload_bytes);
    if (tcp->header_bytes < 20 || tcp->header_bytes > packet.transport().size())
        add(out, " bad data offset {}", tcp->header_bytes);
}

void add_udp(std::string& out, const Subject& subject) {
    out += protocol_name(subject.protocol);
    if (!subject.transport.has(0, 8))
        out += " truncated";
    else
        add(out, " len {}", subject.transport.size() - 8);
}

void add_sctp(std::string& out, const Subject& subject) {
    const ByteView bytes = subject.transport;
    if (!bytes.has(0, 12)) {
        out += "sctp truncated";
        return;
    }
    add(out, "sctp vtag {:#x}", bytes.be32(4));
    char before = ' ';
    std::size_t at = 12;
    for (int chunks = 0; bytes.has(at, 4); ++chunks) {
        if (chunks == 8) {
            out += ",...";
            return;
        }
        const std::uint8_t type = bytes.u8(at);
        out += before;
        before = ',';
        if (type < kSctpChunkNames.size())
            out += kSctpChunkNames[type].name;
        else
            add(out, "chunk {}", type);
        const std::size_t length = bytes.be16(at + 2);
        if (length < 4) {
            out += " (bad length)";
            return;
        }
        at += (length + 3) / 4 * 4;
    }
}

/// Whether the message carries an id and a sequence number.
bool is_query(Family family, std::uint8_t type) {
    if (family == Family::ipv6) return type == 128 || type == 129;
    return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

/// Whether it quotes the packet that it complains of.
bool is_error(Family family, std::uint8_t type) {
    if (family == Family::ipv6) return type >= 1 && type <= 4;
    return (type >= 3 && type <= 5) || type == 11 || type == 12;
}

void add_quote(std::string& out, const Packet& packet) {
    Quoted quoted;
    if (!find_quoted_transport(packet, packet.transport_offset + 8U, packet.family, quoted)) {
        out += " (quotes no flow)";
        return;
    }
    const Subject inner{quoted.family, quoted.source, quoted.destination, quoted.protocol,
                        packet.ip.sub(quoted.transport_offset)};
    out += " (";
    add_flow(out, inner);
    add_protocol(out, inner.protocol);
    if ((inner.protocol == protocol::kIcmp || inner.protocol == protocol::kIcmpv6) &&
        inner.transport.has(0, 2)) {
        add(out, " {}/{}", inner.transport.u8(0), inner.transport.u8(1));
        if (is_query(inner.family, inner.transport.u8(0)) && inner.transport.has(4, 2))
            add(out, " id {}", inner.transport.be16(4));
    }
    out += ')';
}

void add_icmp(std::string& out, const Packet& packet) {
    const ByteView bytes = packet.transport();
    const Family family = packet.protocol == protocol::kIcmp ? Family::ipv4 : Family::ipv6;
    out += protocol_name(packet.protocol);
    if (!bytes.has(0, 8)) {
        out += " truncated";
        return;
    }
    const std::uint8_t type = bytes.u8(0);
    const std::uint8_t code = bytes.u8(1);
    const std::string_view name = icmp_name(family, type, code);
    if (name.empty())
        add(out, " type {}/{}", type, code);
    else
        add(out, " {}", name);
    if (is_query(family, type)) {
        add(out, " id {} seq {} len {}", bytes.be16(4), bytes.be16(6), bytes.size() - 8);
    } else if (is_error(family, type) && family == packet.family) {
        if (name == "fragmentation-needed") add(out, " mtu {}", bytes.be16(6));
        if (name == "packet-too-big") add(out, " mtu {}", bytes.be32(4));
        add_quote(out, packet);
    } else {
        add(out, " len {}", bytes.size() - 8);
    }
}

void add_gre(std::string& out, ByteView bytes) {
    if (!bytes.has(0, 4)) {
        out += "gre truncated";
        return;
    }
    const std::uint16_t bits = bytes.be16(0);
    if ((bits & 7) == 1 && bytes.has(0, 8)) {
        add(out, "gre pptp callid {} len {}", bytes.be16(6), bytes.be16(4));
        return;
    }
    add(out, "gre type {:#06x} len {}", bytes.be16(2), bytes.size() - 4);
}

void add_transport(std::string& out, const Packet& packet, const Subject& subject) {
    switch (subject.protocol) {
        case protocol::kTcp: return add_tcp(out, packet);
        case protocol::kUdp:
        case protocol::kUdpLite: return add_udp(out, subject);
        case protocol::kSctp: return add_sctp(out, subject);
        case protocol::kIcmp:
        case protocol::kIcmpv6: return add_icmp(out, packet);
        case protocol::kGre: return add_gre(out, subject.transport);
        case protocol::kEsp:
            if (!subject.transport.has(0, 8)) break;
            return add(out, "esp spi {:#x} seq {} len {}", subject.transport.be32(0),
                       subject.transport.be32(4), subject.transport.size() - 8);
        default: break;
    }
    add_protocol(out, subject.protocol);
    add(out, " len {}", subject.transport.size());
}

void add_later_fragment(std::string& out, const Packet& packet) {
    add(out, "{} > {} ", text(packet.source()), text(packet.destination()));
    add_protocol(out, packet.rules_chain_broken ? protocol::kFragment : packet.rules_protocol);
    const std::size_t body =
        packet.family == Family::ipv4 ? packet.header_bytes : packet.fragment_header_offset + 8U;
    add(out, " fragment id {} offset {} len {}{}", packet.fragment_id, packet.fragment_offset,
        packet.ip.sub(body).size(), packet.more_fragments ? " more" : "");
}

}  // namespace

void print_summary(const Packet& packet, std::string& out) {
    if (packet.is_fragment && packet.fragment_offset != 0) return add_later_fragment(out, packet);
    if (!packet.has_transport) {
        add(out, "{} > {} no transport header", text(packet.source()), text(packet.destination()));
        return;
    }
    const Subject subject{packet.family, packet.source(), packet.destination(), packet.protocol,
                          packet.transport()};
    add_flow(out, subject);
    add_transport(out, packet, subject);
    if (packet.is_fragment)
        add(out, " fragment id {} offset 0{}", packet.fragment_id,
            packet.more_fragments ? " more" : "");
}

}  // namespace keepstate::wire

namespace keepstate {

void print_summary(LinkNumber link, std::span<const std::uint8_t> frame, std::string& out) {
    const wire::LinkPayload payload =
        wire::parse_link(static_cast<wire::LinkType>(link), base::ByteView{frame});
    wire::Packet packet;
    Reason reason = payload.reason;
    if (reason == Reason::none) reason = wire::parse_ip(payload.family, payload.ip, false, packet);
    if (reason == Reason::none)
        wire::print_summary(packet, out);
    else
        out += sentence(reason);
}

}  // namespace keepstate
