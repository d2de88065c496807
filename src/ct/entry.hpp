// An entry: all that tracking remembers of one flow.
//
// Life:  made by the first packet (unconfirmed: nobody else can find it)
//          -> confirmed at the packet's last hook, when it stands in the map under both tuples
//          -> dying: expired, closed by a lone RST, reopened, dropped early, deleted
// A first packet that is dropped by a rule leaves no entry: the unconfirmed one goes back to its slab.
//
// source: kernel:include/net/netfilter/nf_conntrack.h struct nf_conn.   Tested by: ct/tracker_test.cpp.
#pragma once

#include <array>
#include <cstdint>

#include "ct/tcp/memory.hpp"
#include "keepstate/state.hpp"
#include "keepstate/time.hpp"
#include "keepstate/tuple.hpp"

namespace keepstate::ct {

inline constexpr std::uint32_t kNoEntry = 0xffffffffU;

/// UDP: when the flow becomes a stream. source: kernel:nf_conntrack_proto_udp.c
struct UdpMemory {
    Time stream_after;
};

/// GRE: the timeouts that were in force at its making; listings show them.
struct GreMemory {
    std::uint32_t timeout_s = 0;
    std::uint32_t stream_timeout_s = 0;
};

struct SctpMemory {
    SctpState state = SctpState::none;
    std::uint8_t last_direction = 0;
    std::uint8_t flags = 0;
    std::array<std::uint32_t, 2> vtag{};
    std::array<std::uint8_t, 2> init{};
};

struct Entry {
    std::array<Tuple, 2> tuples;                ///< by CtDirection
    std::array<std::uint16_t, 2> zones{};       ///< by CtDirection
    std::array<std::uint32_t, 2> next{kNoEntry, kNoEntry};  ///< the map's chains, by CtDirection
    std::array<std::uint32_t, 2> bucket{};      ///< where the map holds it, by CtDirection
    std::uint32_t status = 0;                   ///< status:: bits
    std::uint32_t mark = 0;
    std::uint64_t number = 0;                   ///< in order of creation, from 1
    std::int64_t timeout_ns = 0;                ///< unconfirmed: from confirmation on
    Time expires;                               ///< confirmed: when it goes
    Time started;                               ///< nf_conntrack_timestamp, else 0
    std::uint32_t slot = 0;                     ///< own place in the slab
    std::uint32_t master = kNoEntry;            ///< slot of the flow that announced it
    std::uint16_t pending_events = 0;           ///< told when the packet is done
    bool counted = false;                       ///< accounting was on when it was made
    bool has_labels = false;
    std::array<std::uint64_t, 2> packets{};
    std::array<std::uint64_t, 2> bytes{};
    std::array<std::uint8_t, 16> labels{};
    TcpMemory tcp;
    UdpMemory udp;
    GreMemory gre;
    SctpMemory sctp;

    bool has(std::uint32_t bits) const { return (status & bits) != 0; }
    const Tuple& tuple(CtDirection direction) const {
        return tuples[static_cast<std::size_t>(direction)];
    }
    std::uint8_t protocol() const { return tuples[0].protocol; }
};

/// What tracking says of one packet: the kernel's skb->_nfct and ctinfo.
struct PacketFlow {
    Entry* entry = nullptr;              ///< null: INVALID, UNTRACKED or not tracked yet
    CtState state = CtState::invalid;    ///< what -m conntrack --ctstate matches
    CtDirection direction = CtDirection::original;  ///< means something only with an entry
};

}  // namespace keepstate::ct
