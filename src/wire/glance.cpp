// See glance.hpp.
#include "wire/glance.hpp"

#include "wire/parse.hpp"

namespace keepstate::wire {

std::uint8_t addressed_of(const std::uint8_t* ethernet) {
    constexpr std::uint8_t kAll[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    Addressed addressed = Addressed::host;
    if ((ethernet[0] & 1) != 0) {
        addressed = std::memcmp(ethernet, kAll, sizeof kAll) == 0 ? Addressed::broadcast
                                                                  : Addressed::multicast;
    }
    return static_cast<std::uint8_t>(addressed);
}

void fill_usual(const Glance& glance, Packet& packet) {
    const std::uint8_t* const ip = glance.ip;
    packet.ip = base::ByteView(ip, glance.ip_bytes);
    packet.family = glance.is_v4 ? Family::ipv4 : Family::ipv6;
    packet.header_bytes = static_cast<std::uint16_t>(glance.transport_offset());
    packet.ttl = glance.is_v4 ? ip[8] : ip[7];
    packet.tos = glance.is_v4 ? ip[1] : static_cast<std::uint8_t>(base::load_be16(ip) >> 4);
    if (glance.is_v4) packet.fragment_id = base::load_be16(ip + 4);
    packet.has_transport = true;
    packet.protocol = packet.rules_protocol = glance.protocol();
    packet.transport_offset = packet.rules_transport_offset = glance.transport_offset();
}

}  // namespace keepstate::wire
