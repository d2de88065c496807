// PPTP's key map: which call id an answer's GRE packets are looked up with.
//
// A GRE packet of PPTP names only the call id of its receiver. PPTP's control connection tells both, and its helper
// notes for each direction: packets to this call id of this peer carry that other one as their source key.
//
// Threads: one owner. Two keys a PPTP session at most. source: kernel:net/netfilter/nf_conntrack_proto_gre.c.
// Tested by: ct/expectations_test.cpp, tests/kernel/differ.
#pragma once

#include <vector>

#include "base/hash.hpp"
#include "base/slab.hpp"
#include "ct/tuple.hpp"

namespace keepstate::ct {

class CallKeys {
  public:
    CallKeys(std::uint32_t most, std::uint64_t seed)
        : key_(base::HashKey::from_seed(seed)), slab_(most), buckets_(kBuckets, kNone) {}

    /// False if there is no room. `owner` has not more than one in each direction.
    bool add(const Tuple& tuple, std::uint32_t owner);
    void remove_of(std::uint32_t owner, const Tuple& tuple);
    /// The source key for a packet whose tuple has none yet; 0 if nobody has announced its call.
    std::uint16_t find(const Tuple& tuple) const;
    bool has_any() const { return slab_.used() != 0; }

  private:
    struct Key {
        Tuple tuple;
        std::uint32_t owner = 0;
        std::uint32_t next = 0;
    };
    static constexpr std::uint32_t kNone = 0xffffffffU;
    static constexpr std::size_t kBuckets = 1024;

    std::size_t bucket_of(Tuple tuple) const {
        tuple.source_key = 0;
        return hash_of(tuple, 0, key_) & (kBuckets - 1);
    }

    base::HashKey key_;
    base::Slab<Key> slab_;
    std::vector<std::uint32_t> buckets_;
};

}  // namespace keepstate::ct
