// Keys of flows: what the index of the entry map looks for, and what steering goes by.
//
// Both directions of a flow have the same key, but for a bit that says which end is the lower one. The hash is keyed by the seed: whoever
// does not know it can choose neither bucket nor shard. Trackers with the same seed give the same keys, so that who hands a packet
// over can hand over its key too. The hash's lower 38 bits are the index's, steering takes the uppermost ones.
//
// Threads: never changed. Cost: a hash, no allocation.  Tested by: ct/entry_index_test.cpp, ct/steering_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "base/hash.hpp"
#include "base/inline.hpp"
#include "keepstate/tuple.hpp"
#include "wire/glance.hpp"

namespace keepstate::ct {

/// What a look-up compares, and where it looks. Both directions of a flow give the same but for `kReversed`.
struct FlowKey {
    static constexpr std::uint32_t kTcp4 = 1U << 25;
    static constexpr std::uint32_t kUdp4 = 2U << 25;
    static constexpr std::uint32_t kOther = 3U << 25;
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
    /// The same for TCP or UDP over IPv4 in zone 0. Addresses and ports in host byte order.
    FlowKey key_of_ipv4(std::uint32_t source, std::uint32_t destination, std::uint16_t source_port,
                        std::uint16_t destination_port, bool is_tcp) const {
        const std::uint64_t a = std::uint64_t{source} << 16 | source_port;
        const std::uint64_t b = std::uint64_t{destination} << 16 | destination_port;
        const bool is_ordered = a <= b;
        const std::uint64_t low = is_ordered ? a : b;
        const std::uint64_t high = is_ordered ? b : a;
        FlowKey key;
        key.addresses = low >> 16 | high >> 16 << 32;
        key.ports = static_cast<std::uint32_t>((low & 0xffff) | (high & 0xffff) << 16);
        key.kind =
            (is_tcp ? FlowKey::kTcp4 : FlowKey::kUdp4) | (is_ordered ? 0 : FlowKey::kReversed);
        key.hash = hash_of(key.addresses, key.ports, is_tcp ? FlowKey::kTcp4 : FlowKey::kUdp4);
        return key;
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
            return key_of_ipv4(glance.source_v4(), glance.destination_v4(), glance.source_port,
                               glance.destination_port, glance.is_tcp);
        }
        return key_of_ipv6(glance.source_v6(), glance.destination_v6(), glance.source_port,
                           glance.destination_port, glance.protocol());
    }
    /// The hash of a key that is not kOther; `kind`: without kReversed.
    std::uint64_t hash_of(std::uint64_t addresses, std::uint32_t ports, std::uint32_t kind) const {
        return hash_(addresses, std::uint64_t{ports} << 32 | kind);
    }

  private:
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
        // Without a branch: which end is the lower one changes with the packet's direction.
        const auto is_less = [](std::uint64_t a, std::uint64_t b) {
            return static_cast<std::uint64_t>(a < b);
        };
        const auto is_same = [](std::uint64_t a, std::uint64_t b) {
            return static_cast<std::uint64_t>(a == b);
        };
        const auto& a = source.address;
        const auto& b = destination.address;
        const std::uint64_t is_swapped =
            is_less(b[0], a[0]) |
            (is_same(a[0], b[0]) &
             (is_less(b[1], a[1]) | (is_same(a[1], b[1]) & is_less(destination.key, source.key))));
        const std::uint64_t mask = 0 - is_swapped;
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
