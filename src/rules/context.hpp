// What a rule can see of a packet, and what it can do to it.
//
// A match reads a Context and answers yes or no. A target reads it and returns a verdict; the few that
// change something (mark, connection mark, tracking, the packet's bytes) change it here. Nothing is allocated.
//
// source: kernel:include/linux/netfilter/x_tables.h struct xt_action_param.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/split_mix.hpp"
#include "ct/entry.hpp"
#include "keepstate/time.hpp"
#include "keepstate/verdict.hpp"
#include "wire/edit.hpp"
#include "wire/packet.hpp"

namespace keepstate::rules {

/// What the raw table may ask of tracking for this packet (NOTRACK, CT target).
struct TrackRequest {
    bool untracked = false;
    /// Nobody may ask anything: the answer to an UNTRACKED packet.
    bool is_closed = false;
    std::uint16_t zone = 0;
    bool zone_is_mark = false;  ///< the zone is what the packet's mark will be when it is tracked
    /// For which directions the zone holds; neither or both: for both.
    bool zone_for_original = false;
    bool zone_for_reply = false;
    std::uint16_t policy = 0;      ///< CT --timeout: number of the policy, from 1; 0: none
    std::string_view helper;       ///< CT --helper; empty: none. Lives as long as the Program
    std::uint32_t ct_events = 0;   ///< CT --ctevents as 1 << IPCT_ bits; 0: all
    std::uint32_t exp_events = 0;  ///< CT --expevents likewise

    /// By direction, for a packet with this mark at the time of its tracking.
    ct::Zones zones(std::uint32_t mark) const {
        const auto number = zone_is_mark ? static_cast<std::uint16_t>(mark) : zone;
        const bool is_for_both = zone_for_original == zone_for_reply;
        return {is_for_both || zone_for_original ? number : std::uint16_t{0},
                is_for_both || zone_for_reply ? number : std::uint16_t{0}};
    }
};

/// What an address is to this host: the kernel's RTN_ numbers.
enum class AddressType : std::uint8_t {
    unspecified,
    unicast,
    local,
    broadcast,
    anycast,
    multicast,
    blackhole,
    unreachable,
    prohibit,
    throw_,
    nat,
    resolver,
};

/// What rules may ask of the host around the packet. Implemented by whoever knows its routes.
class World {
  public:
    /// `device`: only addresses of this device count as local or broadcast; empty: of any.
    virtual AddressType address_type(const Address& address, std::string_view device) const = 0;
    /// The group a device belongs to (`ip link set group`); 0 is Linux's default.
    virtual std::uint32_t device_group(std::string_view device) const = 0;
    /// The MTU, in bytes, of the device by which the address is reached.
    virtual std::uint32_t mtu_to(const Address& address) const = 0;
    static constexpr std::uint32_t kUsualMtu = 1500;
    /// The device by which this host would send to an address; empty: it knows no way.
    virtual std::string_view device_towards(const Address& address) const = 0;
    /// Whether it is one of the addresses that the host was given.
    virtual bool is_own(const Address& address) const = 0;

  protected:
    ~World() = default;
};

/// What rules may ask of the entries' keeper.
class Connections {
  public:
    /// Where a rule writes what few entries have; made if it is not there.
    virtual ct::EntryExtra& extra_of(ct::Entry& entry) = 0;
    /// The living entry that has this tuple in either direction; null if there is none.
    virtual const ct::Entry* find(const Tuple& tuple, std::uint16_t zone, Time now) = 0;

  protected:
    ~Connections() = default;
};

/// The engine's dice: the same seed and packets give the same throws.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    /// 32 random bits.
    std::uint32_t next() { return static_cast<std::uint32_t>(random_.next() >> 32); }

  private:
    base::SplitMix64 random_;
};

/// How the frame was addressed at the link: the kernel's PACKET_ numbers.
enum class LinkType : std::uint8_t { host, broadcast, multicast };

/// One packet at one hook. Device names are the engine's, zero padded to 16 bytes; an absent device
/// (in at OUTPUT and POSTROUTING of local packets, out at PREROUTING and INPUT) is 16 zero bytes.
struct Context {
    const wire::Packet* packet = nullptr;
    Hook hook = Hook::prerouting;
    Table table = Table::filter;
    const char* in_device = nullptr;           ///< 16 bytes
    const char* out_device = nullptr;          ///< 16 bytes
    const World* world = nullptr;              ///< null: only what an address itself says is known
    const std::uint8_t* source_mac = nullptr;  ///< 6 bytes; null: the packet came by no Ethernet
    const std::uint8_t* ethernet = nullptr;    ///< 12 bytes, destination and source; null likewise
    LinkType link_type = LinkType::host;
    wire::PacketEditor* editor =
        nullptr;  ///< how targets rewrite `packet`; null: nothing may be changed
    Connections* connections = nullptr;  ///< null: no entry is known
    Dice* dice = nullptr;                ///< null: every throw is 0
    Time now;
    std::uint32_t mark = 0;      ///< the packet's (nfmark)
    std::uint32_t priority = 0;  ///< the packet's (skb priority), as tc's major:minor
    ct::PacketFlow flow;
    TrackRequest track;
    std::string* log =
        nullptr;          ///< where lines of LOG and TRACE go, each ended; null: nobody reads
    bool traced = false;  ///< TRACE: each rule that matches is logged
    bool tracking_done = false;  ///< false before priority -200: the raw table
    /// A rule gave the entry another mark: listeners are told, even if a later rule takes it back.
    bool entry_mark_changed = false;
    bool is_from_host = false;  ///< a program of this host sent it: sockets are asked for it
    bool ttl_lowered = false;   ///< the packet is forwarded and its TTL one less than it came with
    bool hotdrop = false;       ///< a match found the packet too broken to go on: drop it
};

}  // namespace keepstate::rules
