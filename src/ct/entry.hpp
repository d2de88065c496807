// An entry: all that tracking remembers of one flow.
//
// Life:  made by the first packet (unconfirmed: nobody else can find it)
//          -> confirmed at the packet's last hook, when it stands in the map under both tuples
//          -> dying: expired, closed by a lone RST, reopened, dropped early, deleted
// A first packet that is dropped by a rule leaves no entry: the unconfirmed one goes back to its slab.
//
// source: kernel:include/net/netfilter/nf_conntrack.h struct nf_conn.   Tested by: tests/kernel/differ.
#pragma once

#include <array>
#include <cstdint>
#include <variant>

#include "ct/sctp/memory.hpp"
#include "ct/tcp/memory.hpp"
#include "keepstate/state.hpp"
#include "keepstate/time.hpp"
#include "keepstate/tuple.hpp"

namespace keepstate::ct {

struct Helper;

inline constexpr std::uint32_t kNoEntry = 0xffffffffU;

/// UDP: when the flow becomes a stream. source: kernel:net/netfilter/nf_conntrack_proto_udp.c
struct UdpMemory {
    Time stream_after;
};

/// GRE: the timeouts that were in force at its making; listings show them.
struct GreMemory {
    std::uint32_t timeout_s = 0;
    std::uint32_t stream_timeout_s = 0;
};

/// What the protocol remembers; monostate for those that remember nothing.
using ProtocolMemory = std::variant<std::monostate, TcpMemory, UdpMemory, GreMemory, SctpMemory>;

/// What has happened to an entry since it was last told, as bits of the kernel's IPCT_ numbers.
namespace event_bit {
inline constexpr std::uint16_t kNew = 1U << 0;
inline constexpr std::uint16_t kRelated = 1U << 1;
inline constexpr std::uint16_t kDestroy = 1U << 2;
inline constexpr std::uint16_t kReply = 1U << 3;
inline constexpr std::uint16_t kAssured = 1U << 4;
inline constexpr std::uint16_t kProtoInfo = 1U << 5;
inline constexpr std::uint16_t kHelper = 1U << 6;
inline constexpr std::uint16_t kMark = 1U << 7;
inline constexpr std::uint16_t kLabel = 1U << 10;
}  // namespace event_bit

/// Zone numbers by CtDirection. Unequal only if a rule gave a zone for one direction; the other has 0 then.
using Zones = std::array<std::uint16_t, 2>;

struct Entry {
    std::array<Tuple, 2> tuples;  ///< by CtDirection
    Zones zones{};
    std::array<std::uint32_t, 2> next{kNoEntry, kNoEntry};  ///< the map's chains, by CtDirection
    std::array<std::uint32_t, 2> bucket{};  ///< where the map holds it, by CtDirection
    std::uint32_t status = 0;               ///< status:: bits
    std::uint32_t mark = 0;
    std::uint64_t number = 0;              ///< in order of creation, from 1
    std::int64_t timeout_ns = 0;           ///< unconfirmed: from confirmation on
    Time expires;                          ///< confirmed: when it goes
    Time started;                          ///< nf_conntrack_timestamp, else 0
    std::uint32_t slot = 0;                ///< own place in the slab
    std::uint32_t master = kNoEntry;       ///< slot of the flow that announced it
    std::uint32_t announced = 0;           ///< living flows that it announced; they keep its slot
    std::uint32_t help = kNoEntry;         ///< what its helper remembers; kNoEntry: it has none
    const Helper* helper = nullptr;        ///< what reads its packets
    const Helper* announced_by = nullptr;  ///< the master's helper
    std::uint32_t wheel_next = kNoEntry;   ///< the expiry wheel's list
    std::uint32_t wheel_previous = kNoEntry;
    std::uint32_t wheel_place = kNoEntry;  ///< which list of the wheel; kNoEntry: none
    std::uint16_t pending_events = 0;      ///< event_bit:: told when the packet is done
    std::uint16_t told_events = 0xffff;    ///< event_bit:: that listeners want to hear of it at all
    std::uint8_t told_expectations =
        0xff;                  ///< 1 << IPEXP_ bits: what listeners hear of those it makes
    std::uint16_t policy = 0;  ///< its timeouts: number of the policy, 0: the settings'
    bool counted = false;      ///< accounting was on when it was made
    bool stamped = false;      ///< timestamps were on when it was made
    std::array<std::uint64_t, 2> packets{};
    std::array<std::uint64_t, 2> bytes{};
    std::array<std::uint8_t, 16> labels{};
    ProtocolMemory memory;

    bool has(std::uint32_t bits) const { return (status & bits) != 0; }
    bool is_confirmed() const { return has(status::kConfirmed); }
    /// What a CT rule hangs on a packet for the rules behind it; tracking takes it away. No flow's entry.
    bool is_template() const { return has(status::kTemplate); }
    const Tuple& tuple(CtDirection direction) const {
        return tuples[static_cast<std::size_t>(direction)];
    }
    std::uint8_t protocol() const { return tuples[0].protocol; }
    /// Time left; negative when it has run out. Of an unconfirmed entry the timeout it will get.
    std::int64_t left_ns(Time now) const { return is_confirmed() ? expires - now : timeout_ns; }
};

/// What tracking says of one packet: the kernel's skb->_nfct and ctinfo.
struct PacketFlow {
    Entry* entry = nullptr;            ///< null: INVALID, UNTRACKED or not tracked yet;
                                       ///< in the raw table it may be a template
    CtState state = CtState::invalid;  ///< what -m conntrack --ctstate matches
    CtDirection direction = CtDirection::original;  ///< means something only with an entry
};

}  // namespace keepstate::ct
