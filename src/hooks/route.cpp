// Routing by prefixes, and the addresses that a router refuses; see route.hpp.
#include "hooks/route.hpp"

#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"
#include "wire/parse.hpp"

namespace keepstate::hooks {

namespace {

constexpr std::string_view kDefaultDevice = "eth0";

bool is_multicast_v4(const Address& a) { return (a.bytes[0] & 0xf0) == 0xe0; }
bool is_limited_broadcast(const Address& a) { return a == Address::v4(255, 255, 255, 255); }
bool is_loopback_v4(const Address& a) { return a.bytes[0] == 127; }

Route refused(Reason reason) { return {RouteKind::refuse, &kNoDevice, reason}; }

/// What Linux decides by the addresses alone; nullopt: look the destination up.
std::optional<Route> decide_v4(const Address& source, const Address& destination) {
    if (is_multicast_v4(destination)) {
        const bool is_all_hosts = destination == Address::v4(224, 0, 0, 1);
        if (!is_all_hosts || is_multicast_v4(source) || is_limited_broadcast(source)) {
            return refused(Reason::not_forwardable);
        }
        return Route{RouteKind::local};
    }
    if (is_multicast_v4(source) || is_limited_broadcast(source)) {
        return refused(Reason::not_forwardable);
    }
    if (is_limited_broadcast(destination) ||
        (source.is_unspecified() && destination.is_unspecified())) {
        return Route{RouteKind::local};
    }
    if (source.is_unspecified() || destination.is_unspecified() || is_loopback_v4(source) ||
        is_loopback_v4(destination)) {
        return refused(Reason::not_forwardable);
    }
    return std::nullopt;
}

bool is_loopback_v6(const Address& a) {
    constexpr Address kLoopback{Family::ipv6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    return a == kLoopback;
}
bool is_link_local_v6(const Address& a) {
    return a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80;
}
bool is_multicast_v6(const Address& a) { return a.bytes[0] == 0xff; }

std::optional<Route> decide_v6(const Address& destination) {
    constexpr Address kAllNodes{Family::ipv6,
                                {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    if (is_multicast_v6(destination)) {
        return destination == kAllNodes ? Route{RouteKind::local}
                                        : refused(Reason::not_forwardable);
    }
    return std::nullopt;
}

}  // namespace

DeviceName make_device_name(std::string_view name) {
    DeviceName padded{};
    std::memcpy(padded.data(), name.data(), std::min(name.size(), padded.size() - 1));
    return padded;
}

Routing::Routing(const std::vector<DeviceSetup>& devices, const std::vector<Address>& local)
    : local_(local), is_router_(!devices.empty()) {
    for (const DeviceSetup& device : devices) {
        for (const Prefix& prefix : device.networks) networks_.push_back({prefix, names_.size()});
        names_.push_back(make_device_name(device.name));
        groups_.push_back(device.group);
        mtus_.push_back(device.mtu);
    }
    names_.push_back(make_device_name(kDefaultDevice));
    names_.push_back(make_device_name("lo"));
    std::stable_sort(networks_.begin(), networks_.end(), [](const Network& a, const Network& b) {
        return a.prefix.bits > b.prefix.bits;
    });
}

bool Routing::is_local(const Address& address) const {
    return std::find(local_.begin(), local_.end(), address) != local_.end();
}

bool Routing::is_own_destination(const Address& address) const {
    const bool is_v4 = address.family == Family::ipv4;
    return is_local(address) || (is_v4 ? is_loopback_v4(address) : is_loopback_v6(address));
}

bool Routing::is_behind(const DeviceName& device, const Address& address) const {
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return &names_[network.device] == &device && network.prefix.contains(address);
    });
}

std::optional<Address> Routing::own_address(Family family) const {
    const auto own = std::find_if(local_.begin(), local_.end(),
                                  [family](const Address& a) { return a.family == family; });
    return own == local_.end() ? std::nullopt : std::optional<Address>{*own};
}

bool Routing::has_network(const Address& address) const {
    return std::any_of(networks_.begin(), networks_.end(), [&address](const Network& network) {
        return network.prefix.contains(address);
    });
}

const DeviceName& Routing::device_of(const Address& address) const {
    for (const Network& network : networks_) {
        if (network.prefix.contains(address)) return names_[network.device];
    }
    return default_device();
}

const DeviceName& Routing::way_out(const Address& address) const {
    return is_own_destination(address) ? loopback() : device_of(address);
}

const DeviceName& Routing::device_at(std::size_t index) const {
    return index < groups_.size() ? names_[index] : default_device();
}

rules::AddressType Routing::address_type(const Address& address, std::string_view device) const {
    using rules::AddressType;
    const bool is_v4 = address.family == Family::ipv4;
    if (is_v4 ? is_multicast_v4(address) : is_multicast_v6(address)) return AddressType::multicast;
    if (is_v4 && (is_limited_broadcast(address) || address.is_unspecified())) {
        return AddressType::broadcast;
    }
    const bool is_loopback = is_v4 ? is_loopback_v4(address) : is_loopback_v6(address);
    const bool is_own = is_loopback || is_local(address);
    const bool counts = device.empty() || text(device_of(address)) == device;
    return is_own && counts ? AddressType::local : AddressType::unicast;
}

std::uint32_t Routing::device_group(std::string_view device) const {
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        if (text(names_[i]) == device) return groups_[i];
    }
    return 0;
}

std::uint32_t Routing::mtu_to(const Address& address) const {
    const std::uint32_t device = number_of(device_of(address));
    return device < mtus_.size() ? mtus_[device] : kUsualMtu;
}

std::string_view Routing::device_towards(const Address& address) const {
    if (!is_router_) return text(default_device());
    for (const Network& network : networks_) {
        if (network.prefix.contains(address)) return text(names_[network.device]);
    }
    return {};
}

Route Routing::route(const wire::Packet& packet, const DeviceName& in) const {
    const Address destination = packet.destination();
    const Address source = packet.source();
    const bool is_looped = &in == &loopback() && is_own_destination(destination);
    if (is_router_ && packet.family == Family::ipv4) {
        // Sources that none may have are refused even if the packet is for this host.
        const Reason options = wire::check_ipv4_options(packet, false);
        const std::optional<Route> decided =
            is_looped ? std::nullopt : decide_v4(source, destination);
        if (decided && decided->kind == RouteKind::refuse) return *decided;
        if (options != Reason::none) return refused(options);
        if (decided) return *decided;
    }
    if (is_looped || is_local(destination)) return {RouteKind::local};
    if (!is_router_) return {RouteKind::forward, &default_device()};
    const bool is_v6 = packet.family == Family::ipv6;
    // A link-local destination is that of the link on which the packet came.
    const bool stays_on_link = is_v6 && is_link_local_v6(destination);
    if (is_v6) {
        const std::optional<Route> decided = decide_v6(destination);
        if (decided) return *decided;
        const bool is_nobodys = destination.is_unspecified() && !has_network(destination);
        if (is_nobodys || (stays_on_link && !is_behind(in, destination))) {
            return refused(Reason::not_forwardable);
        }
    }
    if (packet.ttl <= 1) return refused(Reason::ttl_exceeded);
    const DeviceName& out = stays_on_link ? in : device_of(destination);
    // A source that means nothing elsewhere may only be sent back to its own link.
    const bool is_of_link = is_v6 && (is_link_local_v6(source) || source.is_unspecified());
    if (is_of_link && &out != &in) return refused(Reason::not_forwardable);
    return {RouteKind::forward, &out};
}

std::optional<std::uint8_t> Routing::broadcast_bits(const Address& address,
                                                    const DeviceName& device) const {
    constexpr std::uint8_t kLongest = 30;  // longer networks have none
    if (address.family != Family::ipv4) return std::nullopt;
    const std::uint32_t word = base::load_be32(address.bytes.data());
    for (const Network& network : networks_) {
        const std::uint8_t bits = network.prefix.bits;
        const bool fits = names_[network.device] == device && bits != 0 && bits <= kLongest &&
                          network.prefix.address.family == Family::ipv4;
        if (!fits) continue;
        const std::uint32_t host_bits = 0xffffffffU >> bits;
        const std::uint32_t of_network = base::load_be32(network.prefix.address.bytes.data());
        if (word == (of_network | host_bits)) return bits;
    }
    return std::nullopt;
}

}  // namespace keepstate::hooks
