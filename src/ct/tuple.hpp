// Packet -> tuple, and the tuple of the answer.
#pragma once

#include <cstring>
#include <optional>

#include "base/hash.hpp"
#include "base/inline.hpp"
#include "keepstate/reason.hpp"
#include "keepstate/tuple.hpp"
#include "wire/glance.hpp"
#include "wire/packet.hpp"

namespace keepstate::ct {

struct TupleResult {
    Reason reason = Reason::none;  ///< tuple_truncated, gre_key
    Tuple tuple;                   ///< good if reason is none
    /// Enhanced GRE: the destination key is a call id, and the source key is what PPTP's key map says of it.
    bool has_call_id = false;
};

/// The tuple of what stands at `offset` of `ip`, for the addresses and protocol given.
/// source: kernel:net/netfilter/nf_conntrack_core.c nf_ct_get_tuple.
TupleResult read_tuple(base::ByteView ip, std::size_t offset, const Address& source,
                       const Address& destination, std::uint8_t protocol);

/// The tuple of a packet whose transport header was found.
TupleResult read_tuple(const wire::Packet& packet);

/// The tuple of a glance that has ports.
KS_INLINE Tuple tuple_of(const wire::Glance& glance) {
    constexpr std::size_t kIpv4 = 4, kIpv6 = 16;
    Tuple tuple;
    if (glance.is_v4) {
        const std::uint8_t* const at = glance.ip + 12;
        tuple.source.family = tuple.destination.family = Family::ipv4;
        std::memcpy(tuple.source.bytes.data(), at, kIpv4);
        std::memcpy(tuple.destination.bytes.data(), at + kIpv4, kIpv4);
    } else {
        tuple.source.family = tuple.destination.family = Family::ipv6;
        std::memcpy(tuple.source.bytes.data(), glance.source_v6(), kIpv6);
        std::memcpy(tuple.destination.bytes.data(), glance.destination_v6(), kIpv6);
    }
    tuple.protocol = glance.protocol();
    tuple.source_key = glance.source_port();
    tuple.destination_key = glance.destination_port();
    return tuple;
}

/// The tuple that an answer has; nullopt for ICMP messages that nothing answers.
std::optional<Tuple> inverse_of(const Tuple& tuple);

/// Where in the entry map: keyed, over all of the tuple and the zone.
std::uint64_t hash_of(const Tuple& tuple, std::uint16_t zone, const base::HashKey& key);

}  // namespace keepstate::ct
