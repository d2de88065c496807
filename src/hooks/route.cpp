// Routing by prefixes, and the addresses that a router refuses; see route.hpp.
#include "hooks/route.hpp"

#include <algorithm>
#include <cstring>

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

std::optional<Route> decide_v6(const Address& source, const Address& destination) {
    constexpr Address kAllNodes{Family::ipv6,
                                {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    if (is_multicast_v6(destination)) {
        return destination == kAllNodes ? Route{RouteKind::local}
                                        : refused(Reason::not_forwardable);
    }
    if (source.is_unspecified() || destination.is_unspecified() || is_link_local_v6(destination)) {
        return refused(Reason::not_forwardable);
    }
    return std::nullopt;
}

}  // namespace

DeviceName make_device_name(std::string_view name) {
    DeviceName padded{};
    std::memcpy(padded.data(), name.data(), std::min(name.size(), padded.size() - 1));
    return padded;
}

std::string_view text(const DeviceName& name) { return {name.data(), std::strlen(name.data())}; }

Routing::Routing(const std::vector<DeviceSetup>& devices, const std::vector<Address>& local)
    : local_(local), is_router_(!devices.empty()) {
    for (const DeviceSetup& device : devices) {
        for (const Prefix& prefix : device.networks) networks_.push_back({prefix, names_.size()});
        names_.push_back(make_device_name(device.name));
        groups_.push_back(device.group);
    }
    names_.push_back(make_device_name(kDefaultDevice));
    std::stable_sort(networks_.begin(), networks_.end(), [](const Network& a, const Network& b) {
        return a.prefix.bits > b.prefix.bits;
    });
}

bool Routing::is_local(const Address& address) const {
    return std::find(local_.begin(), local_.end(), address) != local_.end();
}

std::optional<Address> Routing::own_address(Family family) const {
    const auto own = std::find_if(local_.begin(), local_.end(),
                                  [family](const Address& a) { return a.family == family; });
    return own == local_.end() ? std::nullopt : std::optional<Address>{*own};
}

const DeviceName& Routing::device_of(const Address& address) const {
    for (const Network& network : networks_) {
        if (network.prefix.contains(address)) return names_[network.device];
    }
    return names_.back();
}

const DeviceName& Routing::device_at(std::size_t index) const {
    return index < names_.size() ? names_[index] : names_.back();
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

std::string_view Routing::device_towards(const Address& address) const {
    if (!is_router_) return text(names_.back());
    for (const Network& network : networks_) {
        if (network.prefix.contains(address)) return text(names_[network.device]);
    }
    return {};
}

Route Routing::route(const wire::Packet& packet, const DeviceName& in) const {
    const Address destination = packet.destination();
    if (is_local(destination)) return {RouteKind::local};
    if (!is_router_) return {RouteKind::forward, &names_.back()};
    if (packet.family == Family::ipv4) {
        const Reason options = wire::check_ipv4_options(packet, false);
        if (options != Reason::none) return refused(options);
    }
    const Address source = packet.source();
    const std::optional<Route> decided = packet.family == Family::ipv4
                                             ? decide_v4(source, destination)
                                             : decide_v6(source, destination);
    if (decided) return *decided;
    if (packet.ttl <= 1) return refused(Reason::ttl_exceeded);
    const DeviceName& out = device_of(destination);
    // A link-local source may only be sent back to its own link.
    const bool leaves_link =
        packet.family == Family::ipv6 && is_link_local_v6(source) && &out != &in;
    if (leaves_link) return refused(Reason::not_forwardable);
    return {RouteKind::forward, &out};
}

}  // namespace keepstate::hooks
