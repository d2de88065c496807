// The index's changes; see entry_index.hpp.
#include "ct/entry_index.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace keepstate::ct {

namespace {

std::uint32_t buckets_for(std::uint32_t places, std::size_t places_a_bucket) {
    if (places <= places_a_bucket) return 1;
    const std::uint64_t room = (std::uint64_t{places} * 3 + 1) / 2;
    return static_cast<std::uint32_t>((room + places_a_bucket - 1) / places_a_bucket);
}

/// So many places change hands, at the most, before a key is put to the rest: sixteen million keys need no more.
constexpr int kMostMoves = 256;

}  // namespace

EntryIndex::EntryIndex(std::uint32_t places, std::uint64_t seed, base::Touch touch)
    : keys_(seed),
      bucket_count_(std::max(buckets_for(places, kPlaces), 1U)),
      furthest_(furthest_of(bucket_count_)),
      pages_(sizeof(Bucket) * bucket_count_, touch),
      buckets_(static_cast<Bucket*>(pages_.data())) {
    rest_.reserve(kMostRest);
}

void EntryIndex::set_overflow(std::uint32_t bucket, std::uint32_t count) {
    auto& references = buckets_[bucket].references;
    const auto set = [](std::uint32_t& reference, std::uint32_t bits) {
        reference = (reference & ~kOverflowMask) | bits << kOverflowShift;
    };
    set(references[0], count & 7U);
    set(references[1], count >> 3);
}

// The count stays at its most once it is there: nobody knows any more how many there are.
void EntryIndex::count_leaver(std::uint32_t first) {
    const std::uint32_t count = overflow_of(buckets_[first]);
    if (count < kMostOverflow) set_overflow(first, count + 1);
}

void EntryIndex::uncount_leaver(std::uint32_t first) {
    const std::uint32_t count = overflow_of(buckets_[first]);
    KS_ASSERT(count != 0);
    if (count < kMostOverflow) set_overflow(first, count - 1);
}

/// As write(); gives what stood there.
EntryIndex::Place EntryIndex::exchange(std::uint32_t bucket, std::size_t i, const Place& place) {
    Bucket& at = buckets_[bucket];
    const Place old{at.addresses[i], at.ports[i], at.references[i] & ~kOverflowMask};
    write(at, i, place);
    return old;
}

/// There is no room in its first bucket.
bool EntryIndex::put_elsewhere(const Place& wanted, std::uint64_t wanted_hash) {
    if (try_put(second_of(wanted_hash), wanted)) {
        if (first_of(wanted_hash) != second_of(wanted_hash)) count_leaver(first_of(wanted_hash));
        return true;
    }
    // Somebody in its first bucket has to go to his other one, where somebody may have to go, ...
    if (rest_.size() == kMostRest) return false;
    Place homeless = wanted;
    std::uint32_t bucket = first_of(wanted_hash);
    for (int move = 0; move < kMostMoves; ++move) {
        const std::uint64_t hash = hash_of(homeless);
        if (first_of(hash) != bucket) count_leaver(first_of(hash));
        homeless = exchange(bucket, turn_++ % kPlaces, homeless);
        const std::uint64_t moved = hash_of(homeless);
        const bool was_in_first = first_of(moved) == bucket;
        if (!was_in_first) uncount_leaver(first_of(moved));
        bucket = was_in_first ? second_of(moved) : first_of(moved);
        if (try_put(bucket, homeless)) {
            if (first_of(moved) != bucket) count_leaver(first_of(moved));
            return true;
        }
    }
    const std::uint64_t hash = hash_of(homeless);
    count_leaver(first_of(hash));
    rest_.push_back({homeless, hash});
    return true;
}

/// It does not stand in its first bucket.
void EntryIndex::remove_elsewhere(const Place& place, std::uint64_t hash) {
    uncount_leaver(first_of(hash));
    if (take_from(second_of(hash), place)) return;
    const auto found = std::find_if(rest_.begin(), rest_.end(), [&place](const Rest& rest) {
        return rest.place.addresses == place.addresses && rest.place.ports == place.ports &&
               rest.place.reference == place.reference;
    });
    KS_ASSERT(found != rest_.end());
    *found = rest_.back();
    rest_.pop_back();
}

/// There is room somewhere: who stands in the rest may find it.
void EntryIndex::come_back() {
    const Rest last = rest_.back();
    const std::uint32_t first = first_of(last.hash);
    const std::uint32_t second = second_of(last.hash);
    if (try_put(first, last.place)) {
        uncount_leaver(first);
        rest_.pop_back();
    } else if (first != second && try_put(second, last.place)) {
        rest_.pop_back();
    }
}

}  // namespace keepstate::ct
