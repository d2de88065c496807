// Where a packet came from and where it goes: this host, or a device.
//
// Two kinds of firewall. With devices given, it is a router: the longest prefix names the device, and a
// router's own duties decide fates too (TTL, source routes, addresses that nobody forwards). Without,
// it is a bump in the wire: everything comes in and goes out by `eth0`, and no router touches it.
//
// source: kernel:net/ipv4/route.c ip_route_input_slow, net/ipv4/ip_forward.c, net/ipv6/ip6_output.c ip6_forward.
// tested by: tests/scenarios/hooks, hooks/route_test.cpp.
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "ct/helper/helper.hpp"
#include "keepstate/address.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/reason.hpp"
#include "rules/context.hpp"
#include "wire/packet.hpp"

namespace keepstate::hooks {

/// As rules see a device: zero padded.
using DeviceName = std::array<char, 16>;
inline constexpr DeviceName kNoDevice{};

DeviceName make_device_name(std::string_view name);
/// Without the padding. The view lives as long as the name.
inline std::string_view text(const DeviceName& name) {
    // Eight bytes at a time, since each packet asks: the lowest bit that stays is that of the first zero byte.
    std::size_t bytes = 0;
    for (; bytes < name.size(); bytes += sizeof(std::uint64_t)) {
        std::uint64_t word;
        std::memcpy(&word, name.data() + bytes, sizeof word);
        if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
        const std::uint64_t zeros =
            (word - 0x0101010101010101U) & ~word & std::uint64_t{0x8080808080808080U};
        if (zeros != 0)
            return {name.data(), bytes + static_cast<std::size_t>(std::countr_zero(zeros)) / 8};
    }
    return {name.data(), bytes};
}

enum class RouteKind : std::uint8_t { local, forward, refuse };

struct Route {
    RouteKind kind = RouteKind::forward;
    const DeviceName* out = &kNoDevice;  ///< forward only
    Reason reason = Reason::none;        ///< refuse only
};

class Routing final : public rules::World, public ct::Ways {
  public:
    Routing(const std::vector<DeviceSetup>& devices, const std::vector<Address>& local);

    bool is_router() const { return is_router_; }
    /// Neither devices nor own addresses: packets only pass, no IP stack receives them.
    bool is_bump() const { return !is_router_ && local_.empty(); }
    /// A number that tells devices apart.
    std::uint32_t number_of(const DeviceName& device) const {
        return static_cast<std::uint32_t>(&device - names_.data());
    }
    std::size_t device_count() const { return names_.size(); }
    bool is_local(const Address& address) const;
    /// What this host sends there comes back to it: its own addresses, and loopback.
    bool is_own_destination(const Address& address) const;
    /// The first of the firewall's own addresses of this family.
    std::optional<Address> own_address(Family family) const;
    /// The device whose networks hold the address; the default one if none does.
    const DeviceName& device_of(const Address& address) const;
    bool has_network(const Address& address) const;
    /// The device of whatever no setup names.
    const DeviceName& default_device() const { return names_[names_.size() - 2]; }
    /// What this host sends itself goes by it.
    const DeviceName& loopback() const { return names_.back(); }
    /// Where the host sends a packet for the address: loopback if it is its own, else device_of.
    const DeviceName& way_out(const Address& address) const;
    std::uint32_t way_to(const Address& address) const override {
        return number_of(way_out(address));
    }
    /// By EngineSetup's index; the default device if there is none such.
    const DeviceName& device_at(std::size_t index) const;

    /// For -m addrtype. Linux's local and broadcast tables, as far as the setup tells them.
    rules::AddressType address_type(const Address& address, std::string_view device) const override;
    /// The prefix length of the device's network whose broadcast address it is.
    std::optional<std::uint8_t> broadcast_bits(const Address& address,
                                               const DeviceName& device) const;
    std::uint32_t device_group(std::string_view device) const override;
    std::uint32_t mtu_to(const Address& address) const override;
    /// For -m rpfilter. Without devices everything goes by the default one.
    std::string_view device_towards(const Address& address) const override;
    bool is_own(const Address& address) const override { return is_local(address); }

    /// For a packet that came in by a device, after PREROUTING: local, forwarded, or refused.
    Route route(const wire::Packet& packet, const DeviceName& in) const;

  private:
    /// Whether a network of this very device holds the address.
    bool is_behind(const DeviceName& device, const Address& address) const;

    struct Network {
        Prefix prefix;
        std::size_t device = 0;
    };

    std::vector<DeviceName> names_;      ///< those of the setup, the default device, loopback
    std::vector<std::uint32_t> groups_;  ///< beside the first of names_
    std::vector<std::uint32_t> mtus_;    ///< likewise
    std::vector<Network> networks_;      ///< longest first
    std::vector<Address> local_;
    bool is_router_ = false;
};

}  // namespace keepstate::hooks
