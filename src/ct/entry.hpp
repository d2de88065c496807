// An entry: all that tracking remembers of one flow.
//
// Life:  made by the first packet (unconfirmed: nobody else can find it)
//          -> confirmed at the packet's last hook, when it stands in the map
//          -> dying: expired, closed by a lone RST, reopened, dropped early, deleted
// A first packet that is dropped by a rule leaves no entry: the unconfirmed one goes back to its slab.
//
// Two lines of the cache. What every packet of a flow reads and writes is in the first; who it is, and what only its
// beginning and end touch, in the second. What few flows have (a helper, a master, a zone, counters, labels, ...) is an
// EntryExtra, somewhere else.
//
//     | expires | status, pending events | protocol memory: 52 bytes                          |   hot
//     | addresses | keys | protocol | number | expiry wheel | mark | extra                    |   cold
//
// source: kernel:include/net/netfilter/nf_conntrack.h struct nf_conn.   Tested by: ct/entry_test.cpp, tests/kernel/differ.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <type_traits>
#include <variant>

#include "base/bytes.hpp"
#include "ct/sctp/memory.hpp"
#include "ct/tcp/line.hpp"
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

/// What the protocol remembers, as its judge works with it; monostate for those that remember nothing.
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

/// What few flows have.
struct EntryExtra {
    Tuple reply;  ///< with has_reply: the reply's tuple, where it is not the original's inverse
    bool has_reply = false;
    bool counted = false;         ///< accounting was on when it was made
    bool stamped = false;         ///< timestamps were on when it was made
    bool chooses_events = false;  ///< a rule named the events that are told
    std::uint8_t told_expectations =
        0;                          ///< with chooses_events: 1 << IPEXP_ bits of those it makes
    std::uint16_t told_events = 0;  ///< with chooses_events: event_bit::
    std::uint16_t policy = 0;       ///< its timeouts: number of the policy, 0: the settings'
    Zones zones{};
    std::uint32_t master = kNoEntry;       ///< slot of the flow that announced it
    std::uint32_t announced = 0;           ///< living flows that it announced; they keep its slot
    std::uint32_t help = kNoEntry;         ///< what its helper remembers; kNoEntry: it has none
    std::uint32_t slot = 0;                ///< own place in its slab
    const Helper* helper = nullptr;        ///< what reads its packets
    const Helper* announced_by = nullptr;  ///< the master's helper
    Time started;                          ///< with stamped
    std::array<std::uint64_t, 2> packets{};
    std::array<std::uint64_t, 2> bytes{};
    std::array<std::uint8_t, 16> labels{};
};
/// Of an entry that has none of it.
inline constexpr EntryExtra kNoExtra{};

class alignas(64) Entry {
  public:
    Time expires;              ///< confirmed: when it goes; before: Time{the timeout it will get}
    std::uint16_t status = 0;  ///< status:: bits

  private:
    std::uint16_t pending_events_ : 11 = 0;
    std::uint16_t memory_kind_ : 4 = 0;  ///< index into ProtocolMemory
    std::uint16_t has_extra_ : 1 = 0;    ///< what the second line knows
    static constexpr std::size_t kMemoryBytes = 52;
    alignas(4) std::array<std::byte, kMemoryBytes> memory_{};

    // --- the second line -------------------------------------------------------------------------
    std::array<std::uint8_t, 16> source_{};
    std::array<std::uint8_t, 16> destination_{};
    std::uint16_t source_key_ = 0;
    std::uint16_t destination_key_ = 0;
    std::uint8_t protocol_ = 0;
    Family family_ = Family::ipv4;
    std::uint16_t number_high_ = 0;
    std::uint32_t number_low_ = 0;

  public:
    std::uint32_t wheel_next = kNoEntry;      ///< the expiry wheel's list
    std::uint32_t wheel_previous = kNoEntry;  ///< likewise; see ct/expiry.hpp
    std::uint32_t mark = 0;

  private:
    EntryExtra* extra_ = nullptr;  ///< null: it has none

  public:
    bool has(std::uint32_t bits) const { return (status & bits) != 0; }
    void set(std::uint32_t bits) { status = static_cast<std::uint16_t>(status | bits); }
    bool is_confirmed() const { return has(status::kConfirmed); }
    /// What a CT rule hangs on a packet for the rules behind it; tracking takes it away. No flow's entry.
    bool is_template() const { return has(status::kTemplate); }
    const EntryExtra& rare() const { return has_extra_ != 0 ? *extra_ : kNoExtra; }
    bool has_extra() const { return has_extra_ != 0; }
    EntryExtra* extra() { return extra_; }
    void set_extra(EntryExtra& extra) {
        extra_ = &extra;
        has_extra_ = 1;
    }

    /// In order of creation, from 1; 48 bits.
    std::uint64_t number() const { return std::uint64_t{number_high_} << 32 | number_low_; }
    void set_number(std::uint64_t number) {
        number_high_ = static_cast<std::uint16_t>(number >> 32);
        number_low_ = static_cast<std::uint32_t>(number);
    }

    std::uint8_t protocol() const { return protocol_; }
    Family family() const { return family_; }
    Tuple original() const {
        return {
            {family_, source_}, {family_, destination_}, protocol_, source_key_, destination_key_};
    }
    Tuple reply() const;
    /// Whether `source` and `destination`, 16 bytes each, and the keys are those of its original tuple (first), or
    /// of that one's inverse.
    std::array<bool, 2> compare_ends(const std::uint8_t* source, const std::uint8_t* destination,
                                     std::uint16_t source_key,
                                     std::uint16_t destination_key) const {
        const auto differ = [](const std::uint8_t* a, const std::uint8_t* b) {
            std::array<std::uint64_t, 2> x, y;
            std::memcpy(x.data(), a, sizeof x);
            std::memcpy(y.data(), b, sizeof y);
            return (x[0] ^ y[0]) | (x[1] ^ y[1]);
        };
        const auto keys = [](std::uint32_t a, std::uint32_t b) { return a << 16 | b; };
        const std::uint32_t own = keys(source_key_, destination_key_);
        return {(differ(source_.data(), source) | differ(destination_.data(), destination) |
                 (own ^ keys(source_key, destination_key))) == 0,
                (differ(source_.data(), destination) | differ(destination_.data(), source) |
                 (own ^ keys(destination_key, source_key))) == 0};
    }
    /// The original's addresses, as they lie in a header, and ports, where an IPv4 flow has such.
    bool has_ipv4_ports() const {
        return family_ == Family::ipv4 &&
               (protocol_ == protocol::kTcp || protocol_ == protocol::kUdp);
    }
    bool is_tcp() const { return protocol_ == protocol::kTcp; }
    const std::uint8_t* source_bytes() const { return source_.data(); }
    const std::uint8_t* destination_bytes() const { return destination_.data(); }
    std::uint16_t source_key() const { return source_key_; }
    std::uint16_t destination_key() const { return destination_key_; }
    /// Both ends are the same, ports too: so are both tuples.
    bool is_to_itself() const { return source_key_ == destination_key_ && source_ == destination_; }
    Tuple tuple(CtDirection direction) const {
        return direction == CtDirection::original ? original() : reply();
    }
    std::array<Tuple, 2> tuples() const { return {original(), reply()}; }
    /// The reply's tuple is the inverse, unless an EntryExtra says otherwise.
    void set_original(const Tuple& tuple) {
        source_ = tuple.source.bytes;
        destination_ = tuple.destination.bytes;
        source_key_ = tuple.source_key;
        destination_key_ = tuple.destination_key;
        protocol_ = tuple.protocol;
        family_ = tuple.source.family;
    }

    std::uint16_t pending_events() const { return pending_events_; }
    void note(std::uint16_t events) {
        pending_events_ = static_cast<std::uint16_t>((pending_events_ | events) & 0x7ffU);
    }
    void forget_events() { pending_events_ = 0; }

    ProtocolMemory memory() const;
    void set_memory(const ProtocolMemory& memory);
    /// The same as set_memory() of what it unpacks to.
    void set_tcp(const TcpLine& line) {
        memory_kind_ = kTcpKind;
        ::new (static_cast<void*>(memory_.data())) TcpLine(line);
    }
    /// A TCP flow's memory in place; null if it is none.
    TcpLine* tcp() {
        return memory_kind_ == kTcpKind ? reinterpret_cast<TcpLine*>(memory_.data()) : nullptr;
    }
    const TcpLine* tcp() const {
        return memory_kind_ == kTcpKind ? reinterpret_cast<const TcpLine*>(memory_.data())
                                        : nullptr;
    }

    /// A UDP flow's memory; nothing if it is none.
    std::optional<UdpMemory> udp() const {
        if (memory_kind_ != kUdpKind) return std::nullopt;
        UdpMemory memory;
        std::memcpy(&memory, memory_.data(), sizeof memory);
        return memory;
    }

    /// Time left; negative when it has run out. Of an unconfirmed entry the timeout it will get.
    std::int64_t left_ns(Time now) const { return is_confirmed() ? expires - now : expires.ns; }

  private:
    static constexpr std::uint16_t kTcpKind = 1;
    static constexpr std::uint16_t kUdpKind = 2;
};
static_assert(sizeof(Entry) == 128 && std::is_trivially_copyable_v<Entry>);

/// What tracking says of one packet: the kernel's skb->_nfct and ctinfo.
struct PacketFlow {
    Entry* entry = nullptr;            ///< null: INVALID, UNTRACKED or not tracked yet;
                                       ///< in the raw table it may be a template
    CtState state = CtState::invalid;  ///< what -m conntrack --ctstate matches
    CtDirection direction = CtDirection::original;  ///< means something only with an entry
};

}  // namespace keepstate::ct
