// Steering: which of several trackers a packet's flow belongs to.
//
//     frame -> addresses, keys, protocol -> both ends in one order -> keyed hash -> shard 0 .. N-1
//
// Both directions of a flow meet, and the ICMP errors that speak of it: they go by the tuple that they quote. Of ICMP
// queries the id counts, of GRE and protocols without ports only the addresses.
//
// Flows that a helper may read, and all GRE if that helper may be PPTP's, belong to shard 0, the family shard: a
// master, what it expects and the flows that meet it live in one tracker. Which flows those are is told by their
// ports (HelperReach), so that every packet of them says it.
//
// The hash is that of the flow's key (ct/flow_key.hpp), by which the entry map finds it too; steering takes other bits of it. It is
// keyed by the seed: whoever chooses tuples can choose neither shard nor bucket.
//
// Threads: one owner each; cheap to copy. Cost: one look at the headers, one hash; no allocation but for the first frame
// that a capture has cut.
// source: as the tuples', ct/tuple.hpp.   Tested by: ct/steering_test.cpp, tests/property/shards_property.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "ct/flow_key.hpp"
#include "ct/tuple.hpp"
#include "keepstate/tuple.hpp"
#include "wire/glance.hpp"
#include "wire/packet.hpp"
#include "wire/parse.hpp"

namespace keepstate::ct {

/// Which flows may get a helper: those with one of these ports at either end. One bit too many costs speed alone.
class HelperReach {
  public:
    bool is_empty() const { return tcp_.empty() && udp_.empty(); }
    bool has_gre() const { return has_gre_; }
    bool holds(const Tuple& tuple) const {
        if (is_empty()) return false;
        if (tuple.protocol == protocol::kGre) return has_gre_;
        return holds(tuple.protocol, tuple.source_key) ||
               holds(tuple.protocol, tuple.destination_key);
    }
    bool holds(std::uint8_t number, std::uint16_t port) const {
        const std::vector<bool>& ports = number == protocol::kTcp ? tcp_ : udp_;
        if (number != protocol::kTcp && number != protocol::kUdp) return false;
        return !ports.empty() && ports[port];
    }
    /// Whether it holds all that `other` holds.
    bool covers(const HelperReach& other) const;
    /// Ports low..high of TCP or UDP; other protocols have no helpers.
    void add(std::uint8_t number, std::uint16_t low, std::uint16_t high);
    void add_gre() { has_gre_ = true; }

  private:
    std::vector<bool> tcp_;  ///< by port; empty: none
    std::vector<bool> udp_;
    bool has_gre_ = false;
};

/// Where a packet goes, and what has to be known of it before it can.
struct Way {
    enum class Kind : std::uint8_t {
        plain,
        fragment,  ///< whose it is is known when the datagram is whole
        helped,    ///< a helper may read its flow
        suspect,  ///< rules may take it for one that a helper is to read; tracking reads other ports
    };
    std::uint32_t shard = 0;
    Kind kind = Kind::plain;
    bool has_tuple = false;
    Tuple tuple;  ///< of the packet, or what its ICMP error quotes; with has_tuple
};

class Steering {
  public:
    static constexpr std::uint32_t kMostShards = 64;

    /// `shards`: 1 to kMostShards. `completes_cut_frames`: as EngineSetup's.
    Steering(std::uint32_t shards, std::uint64_t seed, bool completes_cut_frames,
             HelperReach reach);

    Way way_of(wire::LinkType link, base::ByteView frame);
    /// The shard of a packet that was glanced at and has ports, while no flow may get a helper: then that is all its Way.
    std::uint32_t shard_of(const wire::Glance& glance) const {
        return shard_of(keys_.key_of(glance));
    }
    /// The same by its key, as a tracker with the same seed gives it.
    std::uint32_t shard_of(const FlowKey& key) const { return shard_of_hash(key.hash); }
    /// The same for a packet whose header has been read. Never Kind::fragment.
    Way way_of(const wire::Packet& packet) const;
    /// The shard of a fragment that is steered without reassembly: those of one datagram meet.
    std::uint32_t shard_of_fragment(wire::LinkType link, base::ByteView frame);

    const HelperReach& reach() const { return reach_; }

  private:
    Way way_of(const Tuple& tuple) const;
    std::uint32_t shard_of_ends(const Tuple& tuple) const;
    Way way_of_addresses(const wire::Packet& packet) const;
    bool find_quote(const wire::Packet& packet, std::size_t& offset) const;
    Reason parse(Family family, base::ByteView ip, wire::Packet& packet);
    std::uint64_t hash_of_ends(const Tuple& tuple) const;
    std::uint32_t shard_of_hash(std::uint64_t hash) const {
        return static_cast<std::uint32_t>((hash >> 32) * shards_ >> 32);
    }

    std::uint32_t shards_;
    FlowKeys keys_;
    base::FoldedHash fragments_;
    bool completes_cut_frames_;
    HelperReach reach_;
    std::vector<std::uint8_t> completed_;  ///< the frame at hand, if it was cut
};

}  // namespace keepstate::ct
