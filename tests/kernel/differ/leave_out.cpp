// See leave_out.hpp.
#include "differ/leave_out.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "wire/parse.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::uint16_t kEthernetIpv4 = 0x0800;

KernelAddress address_at(const KernelPacket& packet, std::size_t at, bool is_v6) {
    KernelAddress address;
    const std::size_t size = is_v6 ? 16 : 4;
    if (packet.ip_bytes.size() < at + size) return address;
    address.family = is_v6 ? AF_INET6 : AF_INET;
    std::copy_n(packet.ip_bytes.begin() + static_cast<std::ptrdiff_t>(at), size,
                address.bytes.begin());
    return address;
}

}  // namespace

std::string_view reason_to_leave_out(const KernelSetup& setup, const KernelPacket& packet) {
    if (setup.is_bump || packet.ip_bytes.empty()) return {};
    const bool is_v6 = packet.ip_bytes[0] >> 4U == 6;
    const bool is_called_v6 =
        packet.ethernet_type == 0 ? is_v6 : packet.ethernet_type != kEthernetIpv4;
    if (is_v6 != is_called_v6) {
        return "their version is not that of their link type, and a TUN device goes by the version";
    }
    const KernelAddress source = address_at(packet, is_v6 ? 8 : 12, is_v6);
    const KernelAddress destination = address_at(packet, is_v6 ? 24 : 16, is_v6);
    if (is_v6 && destination.bytes[0] == 0xff && destination.bytes[15] == 2 &&
        std::all_of(destination.bytes.begin() + 2, destination.bytes.begin() + 15,
                    [](std::uint8_t byte) { return byte == 0; })) {
        return "they are for all routers, a group that Linux joins and keepstate does not";
    }
    const bool is_own =
        std::any_of(setup.local_addresses.begin(), setup.local_addresses.end(),
                    [&source](const std::string& own) { return make_address(own) == source; });
    if (!is_own) return {};
    wire::Packet parsed;
    const Family family = is_v6 ? Family::ipv6 : Family::ipv4;
    const base::ByteView bytes{packet.ip_bytes.data(), packet.ip_bytes.size()};
    if (wire::parse_ip(family, bytes, false, parsed) != Reason::none) {
        return "the firewall itself would have sent a broken header, which a raw socket mends";
    }
    const bool is_broadcast =
        !is_v6 && std::all_of(destination.bytes.begin(), destination.bytes.begin() + 4,
                              [](std::uint8_t byte) { return byte == 255; });
    if (is_broadcast)
        return "the firewall itself hears its broadcasts in Linux, but not in keepstate";
    return {};
}

}  // namespace keepstate::kernel
