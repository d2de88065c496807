// See expectations.hpp.
#include "ct/expectations.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "ct/tuple.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint32_t kFewestBuckets = 16;

bool has_same_bits(const Address& a, const Address& b, std::uint8_t bits) {
    const std::size_t whole = bits / 8U;
    if (std::memcmp(a.bytes.data(), b.bytes.data(), whole) != 0) return false;
    const unsigned rest = bits % 8U;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
    return ((a.bytes[whole] ^ b.bytes[whole]) & mask) == 0;
}

bool has_same_destination(const Tuple& a, const Tuple& b) {
    return a.destination == b.destination && a.destination_key == b.destination_key &&
           a.protocol == b.protocol;
}

bool are_alike(const Tuple& a, const Tuple& b, const SourceMask& mask) {
    return has_same_destination(a, b) && a.source.family == b.source.family &&
           has_same_bits(a.source, b.source, mask.address_bits) &&
           (!mask.key || a.source_key == b.source_key);
}

}  // namespace

bool is_met_by(const Expectation& expectation, const Tuple& tuple, std::uint16_t zone) {
    return expectation.zone == zone && are_alike(expectation.tuple, tuple, expectation.mask);
}

bool do_clash(const Expectation& a, const Expectation& b) {
    const SourceMask common{std::min(a.mask.address_bits, b.mask.address_bits),
                            a.mask.key && b.mask.key};
    return a.zone == b.zone && are_alike(a.tuple, b.tuple, common);
}

bool are_equal(const Expectation& a, const Expectation& b) {
    return a.zone == b.zone && a.tuple == b.tuple && a.mask == b.mask;
}

Tuple mask_of(const Expectation& expectation) {
    Tuple mask;
    mask.source.family = mask.destination.family = expectation.tuple.source.family;
    mask.protocol = expectation.tuple.protocol;
    for (unsigned bit = 0; bit < expectation.mask.address_bits; ++bit) {
        mask.source.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80U >> bit % 8);
    }
    if (expectation.mask.key) mask.source_key = 0xffff;
    std::fill_n(mask.destination.bytes.begin(), expectation.tuple.destination.size(), 0xff);
    mask.destination_key = 0xffff;
    return mask;
}

Expectations::Expectations(std::uint32_t most, std::uint64_t seed)
    : most_(std::min(most, kMostRoom)),
      key_(base::HashKey::from_seed(seed)),
      slab_(most_),
      buckets_(std::bit_ceil(std::max(most_ / 4, kFewestBuckets)), kNoExpectation) {
    heap_.reserve(most_);
}

std::size_t Expectations::bucket_of(const Tuple& tuple) const {
    Tuple destination = tuple;
    destination.source = {};
    destination.source.family = tuple.destination.family;
    destination.source_key = 0;
    return hash_of(destination, 0, key_) & (buckets_.size() - 1);
}

std::uint32_t Expectations::insert(const Expectation& wish, ExpectationList& list) {
    const std::uint32_t slot = slab_.take();
    if (slot == kNoExpectation) return slot;
    Expectation& e = slab_.at(slot);
    e = wish;
    e.slot = slot;
    std::uint32_t& first = buckets_[bucket_of(e.tuple)];
    e.next_in_bucket = first;
    first = slot;
    e.younger = kNoExpectation;
    e.older = list.youngest;
    if (e.older != kNoExpectation) slab_.at(e.older).younger = slot;
    list.youngest = slot;
    ++list.count[e.class_number];
    heap_.push_back(slot);
    e.heap_place = static_cast<std::uint32_t>(heap_.size() - 1);
    heap_sift(e.heap_place);
    return slot;
}

void Expectations::remove(std::uint32_t slot, ExpectationList& list) {
    const Expectation& e = slab_.at(slot);
    std::uint32_t* link = &buckets_[bucket_of(e.tuple)];
    while (*link != slot) link = &slab_.at(*link).next_in_bucket;
    *link = e.next_in_bucket;
    (e.younger == kNoExpectation ? list.youngest : slab_.at(e.younger).older) = e.older;
    if (e.older != kNoExpectation) slab_.at(e.older).younger = e.younger;
    --list.count[e.class_number];
    const std::size_t place = e.heap_place;
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (last != slot) {
        heap_place(place, last);
        heap_sift(place);
    }
    slab_.give_back(slot);
}

void Expectations::set_expiry(std::uint32_t slot, Time expires) {
    slab_.at(slot).expires = expires;
    heap_sift(slab_.at(slot).heap_place);
}

/// What stands at `place` goes up or down until the heap is one again.
void Expectations::heap_sift(std::size_t place) {
    const std::uint32_t slot = heap_[place];
    const auto expires_at = [this](std::size_t at) { return slab_.at(heap_[at]).expires; };
    while (place != 0 && slab_.at(slot).expires < expires_at((place - 1) / 2)) {
        heap_place(place, heap_[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        std::size_t child = 2 * place + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && expires_at(child + 1) < expires_at(child)) ++child;
        if (expires_at(child) >= slab_.at(slot).expires) break;
        heap_place(place, heap_[child]);
        place = child;
    }
    heap_place(place, slot);
}

}  // namespace keepstate::ct
