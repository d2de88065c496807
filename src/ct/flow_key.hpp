// Keys of flows: what the index of the entry map looks for, and what steering goes by.
//
// Both directions of a flow have the same key, but for a bit that says which end is the lower one, whatever order that is. The hash is keyed by the seed: whoever
// does not know it can choose neither bucket nor shard. Trackers with the same seed give the same keys, so that who hands a packet
// over can hand over its key too. The hash's lower 38 bits are the index's, steering takes the uppermost ones.
//
// Threads: never changed. Cost: a hash, no allocation.  Tested by: ct/entry_index_test.cpp, ct/steering_test.cpp.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/hash.hpp"
#include "base/inline.hpp"
#include "keepstate/tuple.hpp"
#include "wire/glance.hpp"

namespace keepstate::ct {

/// What a look-up compares, and where it looks. Both directions of a flow give the same but for `kReversed`.
struct FlowKey {
    static constexpr unsigned kKindShift = 25;
    static constexpr std::uint32_t kTcp4 = 1U << kKindShift;
    static constexpr std::uint32_t kUdp4 = 2U << kKindShift;
    static constexpr std::uint32_t kOther = 3U << kKindShift;
    static constexpr std::uint32_t kAsk = 1U << 27;  ///< the entry knows more than the place
    static constexpr std::uint32_t kReversed = 1U << 28;

    std::uint64_t addresses = 0;  ///< lower end first, or with kOther the hash
    std::uint32_t ports = 0;
    std::uint32_t kind = 0;  ///< a place's bits above the slot: kind and order
    std::uint64_t hash = 0;
};

class FlowKeys {
  public:
    explicit FlowKeys(std::uint64_t seed) : hash_(seed) {}

    FlowKey key_of(const Tuple& tuple, std::uint16_t zone) const;
    /// The same for TCP or UDP over IPv4 in zone 0. `addresses`: the source's and the destination's, eight bytes as they lie in a
    /// header, loaded as one number. `ports`: host byte order, the source's in the lower half.
    FlowKey key_of_ipv4(std::uint64_t addresses, std::uint32_t ports, bool is_tcp) const {
        const std::uint64_t other_addresses = std::rotl(addresses, 32);
        const std::uint32_t other_ports = std::rotl(ports, 16);
        // Which end is the lower one changes with the packet's direction, which nobody foresees. Compared as one wide number the
        // compiler makes no branch of it.
        const bool is_swapped = widen(addresses, ports) > widen(other_addresses, other_ports);
        const std::uint64_t mask = 0 - static_cast<std::uint64_t>(is_swapped);
        const std::uint32_t kind =
            FlowKey::kUdp4 - (static_cast<std::uint32_t>(is_tcp) << FlowKey::kKindShift);
        FlowKey key;
        key.addresses = addresses ^ ((addresses ^ other_addresses) & mask);
        key.ports = ports ^ ((ports ^ other_ports) & static_cast<std::uint32_t>(mask));
        key.kind = kind | (FlowKey::kReversed & static_cast<std::uint32_t>(mask));
        key.hash = hash_of(key.addresses, key.ports, kind);
        return key;
    }
    /// Addresses that do not lie side by side, for it. Both: four bytes.
    static std::uint64_t join_ipv4(const std::uint8_t* source, const std::uint8_t* destination) {
        std::array<std::uint8_t, 8> bytes;
        std::memcpy(bytes.data(), source, 4);
        std::memcpy(bytes.data() + 4, destination, 4);
        std::uint64_t addresses;
        std::memcpy(&addresses, bytes.data(), sizeof addresses);
        return addresses;
    }
    static std::uint32_t join_ports(std::uint16_t source, std::uint16_t destination) {
        return source | std::uint32_t{destination} << 16;
    }

    /// The same for TCP or UDP over IPv6 in zone 0. Addresses as they lie in the packet, ports in host byte order.
    FlowKey key_of_ipv6(const std::uint8_t* source, const std::uint8_t* destination,
                        std::uint16_t source_port, std::uint16_t destination_port,
                        std::uint8_t protocol) const {
        return key_of_ends(load_end(source, source_port), load_end(destination, destination_port),
                           std::uint64_t{protocol} << 40 |
                               std::uint64_t{static_cast<std::uint8_t>(Family::ipv6)} << 32);
    }
    /// The same for a packet that has been glanced at and has ports.
    KS_INLINE FlowKey key_of(const wire::Glance& glance) const {
        if (glance.is_v4) {
            return key_of_ipv4(glance.addresses_v4(), glance.ports, glance.is_tcp);
        }
        return key_of_ipv6(glance.source_v6(), glance.destination_v6(), glance.source_port(),
                           glance.destination_port(), glance.protocol());
    }
    /// The hash of a key that is not kOther; `kind`: without kReversed.
    std::uint64_t hash_of(std::uint64_t addresses, std::uint32_t ports, std::uint32_t kind) const {
        return hash_(addresses, std::uint64_t{ports} << 32 | kind);
    }

  private:
    __extension__ using Wide = unsigned __int128;
    static Wide widen(std::uint64_t high, std::uint64_t low) {
        return static_cast<Wide>(high) << 64 | low;
    }
    /// One side of a flow whose place holds but a hash.
    struct End {
        std::array<std::uint64_t, 2> address;
        std::uint64_t key;
    };
    static End load_end(const std::uint8_t* address, std::uint16_t key) {
        End end{{}, key};
        std::memcpy(end.address.data(), address, sizeof end.address);
        return end;
    }
    /// `rest`: what else tells flows apart, above the 32 bits of the keys.
    FlowKey key_of_ends(const End& source, const End& destination, std::uint64_t rest) const {
        // As above, and by the ports only where a host talks to itself.
        const auto& a = source.address;
        const auto& b = destination.address;
        bool is_swapped = widen(a[0], a[1]) > widen(b[0], b[1]);
        if (a == b) [[unlikely]]
            is_swapped = source.key > destination.key;
        const std::uint64_t mask = 0 - static_cast<std::uint64_t>(is_swapped);
        const auto exchanged = [mask](std::uint64_t x, std::uint64_t y) { return (x ^ y) & mask; };
        const std::uint64_t first = exchanged(a[0], b[0]), second = exchanged(a[1], b[1]);
        const std::uint64_t keys = exchanged(source.key, destination.key);
        std::uint64_t hash = hash_(a[0] ^ first, b[0] ^ first);
        hash = hash_.add(hash, a[1] ^ second, b[1] ^ second);
        hash = hash_.add(hash, rest | (source.key ^ keys) << 16 | (destination.key ^ keys),
                         FlowKey::kOther);
        return {hash, 0, FlowKey::kOther | FlowKey::kAsk, hash};
    }

    base::FoldedHash hash_;
};

}  // namespace keepstate::ct
