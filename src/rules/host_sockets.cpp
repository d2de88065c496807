// See host_sockets.hpp.
#include "rules/host_sockets.hpp"

#include "ct/tuple.hpp"
#include "wire/parse.hpp"

namespace keepstate::rules {

namespace {

constexpr std::uint32_t key_of(std::uint8_t protocol, std::uint16_t port) {
    return std::uint32_t{protocol} << 16 | port;
}

constexpr bool has_ports_to_look_up(std::uint8_t number) {
    return number == protocol::kTcp || number == protocol::kUdp;
}

/// ICMP errors: what they quote. As Linux's socket match reads them, IPv4's are of five types, IPv6's of all.
bool is_quoting(const wire::Packet& packet) {
    if (packet.transport().size() == 0) return false;
    const std::uint8_t type = packet.transport().u8(0);
    if (packet.family == Family::ipv6) return packet.protocol == protocol::kIcmpv6 && type < 128;
    return packet.protocol == protocol::kIcmp &&
           (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

}  // namespace

HostSockets::HostSockets(std::vector<HostSocket> sockets) : sockets_(std::move(sockets)) {
    for (std::uint32_t i = 0; i < sockets_.size(); ++i) {
        by_port_[key_of(sockets_[i].protocol, sockets_[i].local_port)].push_back(i);
    }
}

const HostSocket* HostSockets::find(const Ends& ends) const {
    const HostSocket* best = nullptr;
    int best_score = -1;
    const auto look_at = [&](std::uint16_t port) {
        const auto there = by_port_.find(key_of(ends.protocol, port));
        if (there == by_port_.end()) return;
        for (const std::uint32_t i : there->second) {
            const HostSocket& socket = sockets_[i];
            const bool is_bound = !socket.local.is_unspecified();
            if (socket.local.family != ends.own.family) continue;
            if (is_bound && socket.local != ends.own) continue;
            const bool is_far =
                socket.remote && *socket.remote == ends.far && socket.remote_port == ends.far_port;
            if (socket.remote && !is_far) continue;
            const int score = (socket.remote ? 4 : 0) + (is_bound ? 2 : 0) + (port != 0 ? 1 : 0);
            if (score <= best_score) continue;
            best = &socket;
            best_score = score;
        }
    };
    look_at(ends.own_port);
    if (ends.own_port != 0) look_at(0);
    return best;
}

const HostSocket* HostSockets::find_sender(const wire::Packet& packet) const {
    Ends ends{packet.protocol, packet.source(), packet.destination(), 0, 0};
    const ct::TupleResult read = ct::read_tuple(packet);
    if (packet.has_transport && read.reason == Reason::none) {
        ends.own_port = read.tuple.source_key;
        ends.far_port = read.tuple.destination_key;
    }
    return find(ends);
}

const HostSocket* HostSockets::find_receiver(const wire::Packet& packet) const {
    if (!packet.has_transport) return nullptr;
    if (has_ports_to_look_up(packet.protocol)) {
        const base::ByteView bytes = packet.transport();
        const std::size_t header = packet.protocol == protocol::kTcp ? 20 : 8;
        if (!bytes.has(0, header)) return nullptr;
        return find(
            {packet.protocol, packet.destination(), packet.source(), bytes.be16(2), bytes.be16(0)});
    }
    if (!is_quoting(packet)) return nullptr;
    wire::Quoted quoted;
    constexpr std::uint32_t kIcmpHeader = 8;
    const std::size_t at = packet.transport_offset + kIcmpHeader;
    if (!wire::find_quoted_transport(packet, at, packet.family, quoted)) return nullptr;
    if (!has_ports_to_look_up(quoted.protocol)) return nullptr;
    if (!packet.ip.has(quoted.transport_offset, 4)) return nullptr;
    return find({quoted.protocol, quoted.source, quoted.destination,
                 packet.ip.be16(quoted.transport_offset),
                 packet.ip.be16(quoted.transport_offset + 2)});
}

const HostSocket* HostSockets::find_connected_receiver(const wire::Packet& packet) const {
    if (!has_ports_to_look_up(packet.protocol)) return nullptr;
    const HostSocket* const found = find_receiver(packet);
    return found != nullptr && found->remote ? found : nullptr;
}

}  // namespace keepstate::rules
