// The table of expectations: who is waited for.
//
//     buckets_   by destination, key and protocol  ->  expectation.next_in_bucket -> ...     youngest first
//     lists      by master, youngest first, one ExpectationList in each master
//     heap_      by expiry, soonest first
//
// Destination and protocol of an expectation always count, so all that may meet a packet, and all that may clash
// with another expectation, stand in one bucket. Room is taken at the making, for nf_conntrack_expect_max.
//
// Threads: one owner. Cost: a look-up walks the expectations of one destination; adding and taking are logarithmic.
// source: kernel:net/netfilter/nf_conntrack_expect.c.   Tested by: ct/expectations_test.cpp, tests/kernel/differ.
#pragma once

#include <array>
#include <vector>

#include "base/hash.hpp"
#include "base/slab.hpp"
#include "ct/expectation.hpp"
#include "ct/helper/helper.hpp"

namespace keepstate::ct {

/// A master's expectations.
struct ExpectationList {
    std::uint32_t youngest = kNoExpectation;
    std::array<std::uint32_t, Helper::kMostClasses> count{};  ///< by class
};

class Expectations {
  public:
    /// `most`: nf_conntrack_expect_max; there is room for kMostRoom of them at the most.
    Expectations(std::uint32_t most, std::uint64_t seed);
    static constexpr std::uint32_t kMostRoom = 1U << 20;

    /// Puts it into the table and the list; its master, zone and expiry are set. kNoExpectation if there is no room.
    std::uint32_t insert(const Expectation& wish, ExpectationList& list);
    /// Takes it out and gives its slot back.
    void remove(std::uint32_t slot, ExpectationList& list);
    void set_expiry(std::uint32_t slot, Time expires);

    Expectation& at(std::uint32_t slot) { return slab_.at(slot); }
    const Expectation& at(std::uint32_t slot) const { return slab_.at(slot); }
    std::uint32_t size() const { return slab_.used(); }
    bool is_full() const { return size() >= most_; }

    /// The youngest one of this tuple's bucket for which `is_wanted` holds.
    template <typename Wanted>
    std::uint32_t find_near(const Tuple& tuple, Wanted is_wanted) const {
        std::uint32_t slot = buckets_[bucket_of(tuple)];
        while (slot != kNoExpectation && !is_wanted(slab_.at(slot))) {
            slot = slab_.at(slot).next_in_bucket;
        }
        return slot;
    }
    /// The one that goes next; kNoExpectation if there is none.
    std::uint32_t soonest() const { return heap_.empty() ? kNoExpectation : heap_.front(); }
    /// In the order of the buckets.
    template <typename Visit>
    void visit_all(Visit visit) const {
        for (std::uint32_t slot : heap_) visit(slab_.at(slot));
    }

  private:
    std::size_t bucket_of(const Tuple& tuple) const;
    void heap_place(std::size_t place, std::uint32_t slot) {
        heap_[place] = slot;
        slab_.at(slot).heap_place = static_cast<std::uint32_t>(place);
    }
    void heap_sift(std::size_t place);

    std::uint32_t most_;
    base::HashKey key_;
    base::Slab<Expectation> slab_;
    std::vector<std::uint32_t> buckets_;
    std::vector<std::uint32_t> heap_;
};

/// Whether a packet with this tuple, in this zone, is what is waited for.
bool is_met_by(const Expectation& expectation, const Tuple& tuple, std::uint16_t zone);
/// Whether some packet would meet both.
bool do_clash(const Expectation& a, const Expectation& b);
/// Whether both wait for exactly the same.
bool are_equal(const Expectation& a, const Expectation& b);
/// As listings show the mask: all bits that count, of a tuple.
Tuple mask_of(const Expectation& expectation);

}  // namespace keepstate::ct
