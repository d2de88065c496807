// Held fragments: queues by datagram, their fragments in runs, the bytes in blocks of a fixed pool.
//
//     key -> queue -> run -> run -> run        a run: fragments that arrived one right after the other at the end
//                      |      |                 of what was held; everything else begins a run of its own
//                   fragment fragment -> fragment
//                      |
//                    block -> block            256 bytes each
//
// Runs matter, not only for speed: a fragment that lies inside one run is a duplicate and dropped alone, one that
// overlaps anything else takes the whole datagram with it.
//
// Memory: counted as Linux counts it for packets that come from a TUN device (accounted_bytes), so that the limit
// is reached at the same fragment; the pool is made large enough for whatever that count admits. A datagram's
// time runs from its first fragment and is not prolonged, so the queues stand in the order in which they expire.
//
// Threads: one owner. Nothing is allocated after construction. Cost: constant for fragments in order or in reverse,
// otherwise one step a run. source: kernel:net/ipv4/inet_fragment.c; accounted_bytes seen on a live 6.18.
// Tested by: wire/reassembly_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/slab.hpp"
#include "keepstate/address.hpp"
#include "keepstate/time.hpp"

namespace keepstate::wire {

/// Which datagram a fragment belongs to.
struct FragmentKey {
    Address source;
    Address destination;
    std::uint32_t id = 0;
    std::uint32_t user = 0;     ///< who reassembles: hook and zone, as the caller numbers them
    std::uint32_t device = 0;   ///< IPv6: arrival device of link-local and multicast destinations
    std::uint8_t protocol = 0;  ///< IPv4 only

    bool operator==(const FragmentKey&) const = default;
};

struct HeldFragment {
    std::uint32_t offset = 0;  ///< in the datagram
    std::uint32_t bytes = 0;   ///< of payload
    std::uint32_t head_bytes =
        0;  ///< network header kept before the payload; only of the fragment at 0
    std::uint32_t accounted = 0;
    std::uint32_t first_block = 0;
    std::uint32_t next = 0;       ///< in the run
    std::uint32_t next_run = 0;   ///< of the first fragment of a run
    std::uint32_t run_bytes = 0;  ///< of the first fragment of a run
};

struct FragmentQueue {
    FragmentKey key;
    Time expires;
    std::uint32_t length = 0;  ///< of the datagram's payload, as far as it is known
    std::uint32_t held = 0;    ///< payload bytes that are there
    bool has_first = false;
    bool has_last = false;
    std::uint8_t ecn_seen = 0;       ///< bit 1 << codepoint
    std::uint8_t next_header = 0;    ///< IPv6: what the fragment header of the first fragment names
    std::uint32_t named_at = 0;      ///< IPv6: the byte that named that fragment header
    std::uint32_t largest = 0;       ///< fragment, as its family counts
    std::uint32_t largest_df = 0;    ///< with "don't fragment"
    std::uint32_t source_count = 0;  ///< the source's counter when the last fragment came
    // the store's own
    std::uint32_t source_slot = 0;
    std::uint32_t first_run = 0;
    std::uint32_t last_run = 0;
    std::uint32_t tail = 0;
    std::uint32_t next_in_bucket = 0;
    std::uint32_t younger = 0;
    std::uint32_t older = 0;
};

enum class FragmentInsert : std::uint8_t { done, duplicate, overlap };

class FragmentStore {
  public:
    static constexpr std::uint32_t kNone = 0xffffffffU;

    /// `high_bytes`: no new fragment is taken while more is accounted; 0 takes none at all.
    FragmentStore(std::uint32_t high_bytes, std::int64_t timeout_ns, std::uint64_t seed);

    /// The queue of a datagram, made if there is none; kNone if the limit is reached.
    std::uint32_t find_or_make(const FragmentKey& key, Time now);
    FragmentQueue& at(std::uint32_t queue) { return queues_.at(queue); }

    /// How many fragments the queue's source has sent since the queue's last one, this one included; counts it.
    /// 0 if nothing is held yet.
    std::uint32_t count_distance(std::uint32_t queue);

    /// Files a fragment; its bytes are not empty. `head` is kept only if offset is 0.
    FragmentInsert insert(std::uint32_t queue, std::uint32_t offset, base::ByteView head,
                          base::ByteView payload, std::uint32_t packet_bytes);
    bool is_complete(std::uint32_t queue) const;
    /// Network header bytes kept with the fragment at 0; 0 if it is not there.
    std::uint32_t head_bytes(std::uint32_t queue) const;
    /// Writes the kept header and all payload in order to `out`, which has room for them.
    void copy_out(std::uint32_t queue, std::uint8_t* out) const;

    /// Forgets the datagram.
    void drop(std::uint32_t queue);
    /// Forgets what is held of it and starts its time anew.
    void restart(std::uint32_t queue, Time now);
    /// Forgets what has expired; returns how many datagrams.
    std::uint32_t expire(Time now);

    std::uint32_t accounted() const { return accounted_; }
    std::uint32_t queues() const { return queues_.used(); }

  private:
    struct Block {
        Block() {}  // not cleared: it is written before it is read
        std::uint32_t next;
        std::uint8_t bytes[252];
    };
    struct Source {
        Address address;
        std::uint32_t count = 0;
        std::uint32_t users = 0;
        std::uint32_t next_in_bucket = 0;
    };

    std::size_t bucket_of(const FragmentKey& key) const;
    std::size_t source_bucket_of(const Address& address) const;
    std::uint32_t find_or_make_source(const Address& address);
    void release_source(std::uint32_t slot);
    void link_as_youngest(std::uint32_t queue);
    void unlink_age(std::uint32_t queue);
    std::uint32_t make_fragment(std::uint32_t offset, base::ByteView head, base::ByteView payload,
                                std::uint32_t packet_bytes);
    void write_blocks(std::uint32_t& last_block, std::uint32_t& used, base::ByteView bytes);
    void append(FragmentQueue& queue, std::uint32_t fragment, bool continues_run);
    FragmentInsert find_place(const FragmentQueue& queue, std::uint32_t offset, std::uint32_t end,
                              std::uint32_t& before) const;
    void give_back_fragments(FragmentQueue& queue);

    std::uint32_t high_bytes_;
    std::int64_t timeout_ns_;
    base::HashKey key_;
    std::uint32_t accounted_ = 0;
    base::Slab<FragmentQueue> queues_;
    base::Slab<HeldFragment> fragments_;
    base::Slab<Block> blocks_;
    base::Slab<Source> sources_;
    std::vector<std::uint32_t> buckets_;
    std::vector<std::uint32_t> source_buckets_;
    std::uint32_t oldest_ = kNone;
    std::uint32_t youngest_ = kNone;
};

/// What Linux accounts for a held IP packet of so many bytes that came from a TUN device.
std::uint32_t accounted_bytes(std::uint32_t packet_bytes);
/// What Linux accounts for a queue.
inline constexpr std::uint32_t kAccountedQueueBytes = 200;

}  // namespace keepstate::wire
