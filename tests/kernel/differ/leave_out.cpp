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

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::size_t kTcpHeaderBytes = 20;
constexpr std::size_t kUdpHeaderBytes = 8;

/// Whether an authentication header is one of the extension headers of an IPv6 packet.
bool has_authentication_header(std::span<const std::uint8_t> ip) {
    constexpr std::size_t kIpv6HeaderBytes = 40;
    constexpr std::uint8_t kFragment = 44;
    std::size_t at = kIpv6HeaderBytes;
    std::uint8_t kind = ip[6];
    while (kind != kAuthentication) {
        if (!wire::is_ipv6_extension(kind) || at + 8 > ip.size()) return false;
        const std::size_t bytes = kind == kFragment ? 8 : (std::size_t{ip[at + 1]} + 1) * 8;
        kind = ip[at];
        at += bytes;
    }
    return true;
}

}  // namespace

std::string_view reason_to_leave_out_of_nft(const KernelPacket& packet) {
    if (packet.ip_bytes.empty()) return {};
    const bool is_v6 = packet.ip_bytes[0] >> 4U == 6;
    const base::ByteView bytes{packet.ip_bytes.data(), packet.ip_bytes.size()};
    wire::Packet parsed;
    if (wire::parse_ip(is_v6 ? Family::ipv6 : Family::ipv4, bytes, false, parsed) != Reason::none) {
        return {};
    }
    if (parsed.rules_chain_broken) return "their extension headers are cut: -p drops them";
    if (is_v6 && has_authentication_header(packet.ip_bytes)) {
        return "-p looks behind their authentication header";
    }
    const bool has_ports = parsed.rules_protocol == kTcp || parsed.rules_protocol == kUdp;
    if (has_ports && parsed.rules_fragment_offset != 0) {
        return "they are later fragments of TCP or UDP: -m tcp and -m udp do not match them";
    }
    const std::size_t there =
        parsed.ip.size() - std::min<std::size_t>(parsed.ip.size(), parsed.rules_transport_offset);
    const bool is_cut = (parsed.rules_protocol == kTcp && there < kTcpHeaderBytes) ||
                        (parsed.rules_protocol == kUdp && there < kUdpHeaderBytes);
    return is_cut ? "their TCP or UDP header is cut: -m tcp and -m udp drop them"
                  : std::string_view{};
}

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
