// From a packet's description to its bytes. See packet_draft.hpp.
#include "wire/packet_draft.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "keepstate/tuple.hpp"
#include "wire/sctp_chunks.hpp"

namespace keepstate::wire {
namespace {

using base::store_be16;
using base::store_be32;

constexpr std::size_t kMostBytes = 65535;
constexpr std::uint8_t kIcmpv6NeighbourSolicitation = 135;
constexpr std::uint8_t kIcmpv6Redirect = 137;

void append(Bytes& to, ByteSpan bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

Bytes tcp_bytes(const Draft& draft) {
    TcpFields tcp = draft.tcp;
    tcp.source_port = draft.source_port;
    tcp.destination_port = draft.destination_port;
    Bytes bytes = tcp_header(tcp);
    if (draft.tcp_header_bytes)
        bytes[12] = static_cast<std::uint8_t>(*draft.tcp_header_bytes / 4 << 4);
    append(bytes, draft.payload);
    return bytes;
}

Bytes udp_bytes(const Draft& draft) {
    Bytes bytes(8);
    store_be16(&bytes[0], draft.source_port);
    store_be16(&bytes[2], draft.destination_port);
    const auto whole = static_cast<std::uint16_t>(8 + draft.payload.size());
    store_be16(&bytes[4], draft.kind == DraftKind::udplite ? draft.udplite_coverage
                                                           : draft.udp_length.value_or(whole));
    append(bytes, draft.payload);
    return bytes;
}

/// What follows an ICMPv6 header before options: the target of neighbour discovery and of redirects.
void append_icmp_target(const Draft& draft, Bytes& bytes) {
    if (draft.kind != DraftKind::icmp6 || draft.icmp_type < kIcmpv6NeighbourSolicitation ||
        draft.icmp_type > kIcmpv6Redirect)
        return;
    const Address target = draft.icmp_target.value_or(Address{Family::ipv6, {}});
    append(bytes, target.bytes);
    if (draft.icmp_type == kIcmpv6Redirect) append(bytes, target.bytes);
}

Bytes icmp_bytes(const Draft& draft) {
    Bytes bytes(8);
    bytes[0] = draft.icmp_type;
    bytes[1] = draft.icmp_code;
    store_be32(&bytes[4], draft.icmp_rest);
    if (draft.kind == DraftKind::icmp && draft.icmp_target)
        std::copy_n(draft.icmp_target->bytes.begin(), 4, bytes.begin() + 4);
    append_icmp_target(draft, bytes);
    if (draft.quote) {
        const std::size_t kept = std::min<std::size_t>(draft.quote->size(), draft.quote_bytes);
        if (draft.kind == DraftKind::icmp6 && draft.icmp_type == kIcmpv6Redirect) {
            // The redirected packet stands in an option: kind 4, its length in units of eight bytes.
            const Bytes head{4, static_cast<std::uint8_t>((kept + 15) / 8), 0, 0, 0, 0, 0, 0};
            append(bytes, head);
        }
        append(bytes, ByteSpan{*draft.quote}.first(kept));
    }
    append(bytes, draft.payload);
    return bytes;
}

void append_chunk(const Draft& draft, std::uint8_t type, Bytes& bytes) {
    Bytes chunk(4);
    for (const SctpChunkName& known : kSctpChunkNames)
        if (known.type == type) chunk.resize(known.bytes);
    chunk[0] = type;
    if (type == 0) {
        chunk[1] = 3;  // first and last part of a message
        append(chunk, draft.payload);
    }
    if (type == 1 || type == 2) {
        store_be32(&chunk[4], draft.sctp_init_tag);
        store_be32(&chunk[8], 65535);
        store_be16(&chunk[12], 1);
        store_be16(&chunk[14], 1);
        store_be32(&chunk[16], 1);
    }
    if (type == 4 || type == 5) {  // a heartbeat carries one parameter
        store_be16(&chunk[4], 1);
        store_be16(&chunk[6], 4);
    }
    store_be16(&chunk[2], static_cast<std::uint16_t>(chunk.size()));
    chunk.resize((chunk.size() + 3) / 4 * 4);
    append(bytes, chunk);
}

Bytes sctp_bytes(const Draft& draft) {
    Bytes bytes(12);
    store_be16(&bytes[0], draft.source_port);
    store_be16(&bytes[2], draft.destination_port);
    store_be32(&bytes[4], draft.sctp_tag);
    for (const std::uint8_t type : draft.sctp_chunks) append_chunk(draft, type, bytes);
    return bytes;
}

/// Version 0 with an optional key, or with a call id PPTP's version 1: key and sequence number are there, the
/// key is payload length and call id.
Bytes gre_bytes(const Draft& draft) {
    Bytes bytes(4);
    store_be16(&bytes[2], 0x0800);
    if (draft.gre_call_id) {
        bytes.resize(12);
        store_be16(&bytes[0], 0x3001);
        store_be16(&bytes[2], 0x880b);
        store_be16(&bytes[4], static_cast<std::uint16_t>(draft.payload.size()));
        store_be16(&bytes[6], *draft.gre_call_id);
    } else if (draft.gre_key) {
        bytes.resize(8);
        store_be16(&bytes[0], 0x2000);
        store_be32(&bytes[4], *draft.gre_key);
    }
    append(bytes, draft.payload);
    return bytes;
}

Bytes esp_bytes(const Draft& draft) {
    Bytes bytes(8);
    store_be32(&bytes[0], draft.esp_spi);
    store_be32(&bytes[4], draft.esp_seq);
    append(bytes, draft.payload);
    return bytes;
}

Bytes transport_bytes(const Draft& draft) {
    switch (draft.kind) {
        case DraftKind::tcp: return tcp_bytes(draft);
        case DraftKind::udp:
        case DraftKind::udplite: return udp_bytes(draft);
        case DraftKind::icmp:
        case DraftKind::icmp6: return icmp_bytes(draft);
        case DraftKind::sctp: return sctp_bytes(draft);
        case DraftKind::gre: return gre_bytes(draft);
        case DraftKind::esp: return esp_bytes(draft);
        case DraftKind::ip: return draft.payload;
    }
    return {};
}

/// Makes the checksum wrong; where 0 would mean "none" it does not become 0.
void spoil_checksum(const Draft& draft, Bytes& transport) {
    const std::size_t at = draft.kind == DraftKind::tcp                                      ? 16
                           : draft.kind == DraftKind::icmp || draft.kind == DraftKind::icmp6 ? 2
                           : draft.kind == DraftKind::sctp                                   ? 8
                                                                                             : 6;
    if (transport.size() < at + 2) return;
    transport[at] ^= 0x5a;
    if (transport[at] == 0 && transport[at + 1] == 0) transport[at + 1] = 0x5a;
}

/// Puts the extension headers before the transport bytes; returns the first one's number.
std::uint8_t prepend_extensions(const Draft& draft, Bytes& transport) {
    std::uint8_t next = draft.protocol;
    for (auto it = draft.extensions.rbegin(); it != draft.extensions.rend(); ++it) {
        Bytes header(8);
        if (*it == protocol::kAh) {
            header.resize(24);
            header[1] = 4;
        } else if (*it != protocol::kRouting) {
            header[2] = 1;  // PadN of four bytes
            header[3] = 4;
        }
        header[0] = next;
        transport.insert(transport.begin(), header.begin(), header.end());
        next = *it;
    }
    return next;
}

}  // namespace

Bytes build_draft(const Draft& draft) {
    Bytes transport = transport_bytes(draft);
    if (transport.size() + 60 > kMostBytes) return {};
    set_transport_checksum(draft.ip.source, draft.ip.destination, draft.protocol, transport);
    if (draft.has_no_checksum && transport.size() >= 8) transport[6] = transport[7] = 0;
    if (draft.has_bad_checksum) spoil_checksum(draft, transport);
    std::uint8_t first = draft.protocol;
    if (draft.ip.source.family == Family::ipv6) first = prepend_extensions(draft, transport);
    const std::size_t transport_bytes = transport.size();
    if (transport_bytes + 60 > kMostBytes) return {};
    Bytes packet = build_ip(draft.ip, first, transport);
    if (!draft.fragment) return packet;
    const DraftFragment& cut = *draft.fragment;
    const FragmentFields fields{cut.offset, cut.more, draft.fragment_id};
    return cut.bytes ? cut_fragment(packet, fields, cut.offset, *cut.bytes)
                     : cut_fragment(packet, fields, 0, transport_bytes);
}

}  // namespace keepstate::wire
