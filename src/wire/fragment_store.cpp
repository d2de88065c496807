// Held fragments. See fragment_store.hpp.
#include "wire/fragment_store.hpp"

#include <algorithm>
#include <bit>

namespace keepstate::wire {
namespace {

using base::ByteView;

constexpr std::uint32_t kLeastAccounted = 832;
constexpr std::uint32_t kMostAccounted = 0x12000;  ///< above accounted_bytes(65575)
constexpr std::uint32_t kBlockBytes = 252;

std::uint32_t most_queues(std::uint32_t high_bytes) {
    return high_bytes / kAccountedQueueBytes + 2;
}
std::uint32_t most_fragments(std::uint32_t high_bytes) { return high_bytes / kLeastAccounted + 2; }
/// Blocks hold a little less than they take, but accounted_bytes grants far more than a tenth on top.
std::uint32_t most_blocks(std::uint32_t high_bytes) {
    return (high_bytes / kBlockBytes) + kMostAccounted / kBlockBytes + 2;
}

void add_address(base::SipHash13& hash, const Address& address) {
    std::uint64_t words[2];
    std::memcpy(words, address.bytes.data(), sizeof words);
    hash.add(words[0]);
    hash.add(words[1]);
}

}  // namespace

std::uint32_t accounted_bytes(std::uint32_t packet_bytes) {
    constexpr std::uint32_t kDescriptor = 256;
    constexpr std::uint32_t kPage = 4096;
    constexpr std::uint32_t kInFirstPage = 3712;
    if (packet_bytes <= 192) return kDescriptor + 576;
    if (packet_bytes <= 640) return kDescriptor + 1024;
    if (packet_bytes <= 1664) return kDescriptor + 2048;
    if (packet_bytes <= kInFirstPage) return kDescriptor + kPage;
    return kDescriptor + kPage + (packet_bytes - kInFirstPage + kPage - 1) / kPage * kPage;
}

FragmentStore::FragmentStore(std::uint32_t high_bytes, std::int64_t timeout_ns, std::uint64_t seed)
    : high_bytes_(high_bytes),
      timeout_ns_(timeout_ns),
      key_(base::HashKey::from_seed(seed)),
      queues_(most_queues(high_bytes)),
      fragments_(most_fragments(high_bytes)),
      blocks_(most_blocks(high_bytes)),
      sources_(most_queues(high_bytes)),
      buckets_(std::bit_ceil(most_queues(high_bytes)), kNone),
      source_buckets_(buckets_.size(), kNone) {}

std::size_t FragmentStore::bucket_of(const FragmentKey& key) const {
    base::SipHash13 hash(key_);
    add_address(hash, key.source);
    add_address(hash, key.destination);
    hash.add(std::uint64_t{key.id} << 32 | key.user);
    hash.add(std::uint64_t{key.device} << 8 | key.protocol);
    return hash.finish() & (buckets_.size() - 1);
}

std::size_t FragmentStore::source_bucket_of(const Address& address) const {
    base::SipHash13 hash(key_);
    add_address(hash, address);
    return hash.finish() & (source_buckets_.size() - 1);
}

std::uint32_t FragmentStore::find_or_make_source(const Address& address) {
    std::uint32_t& first = source_buckets_[source_bucket_of(address)];
    for (std::uint32_t slot = first; slot != kNone; slot = sources_.at(slot).next_in_bucket)
        if (sources_.at(slot).address == address) return slot;
    const std::uint32_t slot = sources_.take();
    KS_ASSERT(slot != kNone);  // as many as queues, and each has a queue
    Source& source = sources_.at(slot);
    source.address = address;
    source.next_in_bucket = first;
    first = slot;
    return slot;
}

void FragmentStore::release_source(std::uint32_t slot) {
    Source& source = sources_.at(slot);
    if (--source.users != 0) return;
    std::uint32_t* link = &source_buckets_[source_bucket_of(source.address)];
    while (*link != slot) link = &sources_.at(*link).next_in_bucket;
    *link = source.next_in_bucket;
    sources_.give_back(slot);
}

void FragmentStore::link_as_youngest(std::uint32_t queue) {
    FragmentQueue& q = queues_.at(queue);
    q.older = youngest_;
    q.younger = kNone;
    (youngest_ == kNone ? oldest_ : queues_.at(youngest_).younger) = queue;
    youngest_ = queue;
}

void FragmentStore::unlink_age(std::uint32_t queue) {
    const FragmentQueue& q = queues_.at(queue);
    (q.older == kNone ? oldest_ : queues_.at(q.older).younger) = q.younger;
    (q.younger == kNone ? youngest_ : queues_.at(q.younger).older) = q.older;
}

std::uint32_t FragmentStore::find_or_make(const FragmentKey& key, Time now) {
    if (high_bytes_ == 0 || accounted_ > high_bytes_) return kNone;
    std::uint32_t& first = buckets_[bucket_of(key)];
    for (std::uint32_t slot = first; slot != kNone; slot = queues_.at(slot).next_in_bucket)
        if (queues_.at(slot).key == key) return slot;
    const std::uint32_t slot = queues_.take();
    KS_ASSERT(slot != kNone);
    FragmentQueue& queue = queues_.at(slot);
    queue.key = key;
    queue.expires = now + timeout_ns_;
    queue.first_run = queue.last_run = queue.tail = kNone;
    queue.next_in_bucket = first;
    first = slot;
    link_as_youngest(slot);
    queue.source_slot = find_or_make_source(key.source);
    ++sources_.at(queue.source_slot).users;
    accounted_ += kAccountedQueueBytes;
    return slot;
}

std::uint32_t FragmentStore::count_distance(std::uint32_t queue) {
    FragmentQueue& q = queues_.at(queue);
    const std::uint32_t before = q.source_count;
    q.source_count = ++sources_.at(q.source_slot).count;
    return q.tail == kNone ? 0 : q.source_count - before;
}

void FragmentStore::write_blocks(std::uint32_t& last_block, std::uint32_t& used, ByteView bytes) {
    while (bytes.size() > 0) {
        if (used == kBlockBytes) {
            const std::uint32_t next = blocks_.take();
            KS_ASSERT(next != kNone);
            blocks_.at(next).next = kNone;
            blocks_.at(last_block).next = next;
            last_block = next;
            used = 0;
        }
        const std::size_t count = std::min<std::size_t>(bytes.size(), kBlockBytes - used);
        std::memcpy(blocks_.at(last_block).bytes + used, bytes.data(), count);
        used += static_cast<std::uint32_t>(count);
        bytes = bytes.sub(count);
    }
}

std::uint32_t FragmentStore::make_fragment(std::uint32_t offset, ByteView head, ByteView payload,
                                           std::uint32_t packet_bytes) {
    const std::uint32_t slot = fragments_.take();
    KS_ASSERT(slot != kNone);
    HeldFragment& fragment = fragments_.at(slot);
    fragment.offset = offset;
    fragment.bytes = static_cast<std::uint32_t>(payload.size());
    fragment.accounted = accounted_bytes(packet_bytes);
    fragment.next = fragment.next_run = kNone;
    fragment.run_bytes = fragment.bytes;
    fragment.first_block = blocks_.take();
    KS_ASSERT(fragment.first_block != kNone);
    blocks_.at(fragment.first_block).next = kNone;
    std::uint32_t block = fragment.first_block;
    std::uint32_t used = 0;
    if (offset == 0) {
        fragment.head_bytes = static_cast<std::uint32_t>(head.size());
        write_blocks(block, used, head);
    }
    write_blocks(block, used, payload);
    accounted_ += fragment.accounted;
    return slot;
}

void FragmentStore::append(FragmentQueue& queue, std::uint32_t fragment, bool continues_run) {
    if (continues_run) {
        fragments_.at(queue.tail).next = fragment;
        fragments_.at(queue.last_run).run_bytes += fragments_.at(fragment).bytes;
    } else {
        if (queue.last_run == kNone)
            queue.first_run = fragment;
        else
            fragments_.at(queue.last_run).next_run = fragment;
        queue.last_run = fragment;
    }
    queue.tail = fragment;
}

/// For a fragment that does not go to the end: the run before which it goes, or why it may not.
FragmentInsert FragmentStore::find_place(const FragmentQueue& queue, std::uint32_t offset,
                                         std::uint32_t end, std::uint32_t& before) const {
    std::uint32_t previous = kNone;
    for (std::uint32_t slot = queue.first_run; slot != kNone; slot = fragments_.at(slot).next_run) {
        const HeldFragment& run = fragments_.at(slot);
        const std::uint32_t run_end = run.offset + run.run_bytes;
        if (offset < run_end) {
            before = previous;
            if (end <= run.offset) return FragmentInsert::done;
            return offset >= run.offset && end <= run_end ? FragmentInsert::duplicate
                                                          : FragmentInsert::overlap;
        }
        previous = slot;
    }
    KS_ASSERT(false);  // the caller has seen that it ends at or before the end of the last run
}

FragmentInsert FragmentStore::insert(std::uint32_t queue, std::uint32_t offset, ByteView head,
                                     ByteView payload, std::uint32_t packet_bytes) {
    FragmentQueue& q = queues_.at(queue);
    KS_ASSERT(payload.size() > 0);
    const auto end = static_cast<std::uint32_t>(offset + payload.size());
    const std::uint32_t tail_end =
        q.tail == kNone ? 0 : fragments_.at(q.tail).offset + fragments_.at(q.tail).bytes;
    if (q.tail == kNone || tail_end < end) {
        if (q.tail != kNone && offset < tail_end) return FragmentInsert::overlap;
        append(q, make_fragment(offset, head, payload, packet_bytes),
               q.tail != kNone && offset == tail_end);
    } else {
        std::uint32_t previous = kNone;
        const FragmentInsert place = find_place(q, offset, end, previous);
        if (place != FragmentInsert::done) return place;
        const std::uint32_t slot = make_fragment(offset, head, payload, packet_bytes);
        std::uint32_t& link = previous == kNone ? q.first_run : fragments_.at(previous).next_run;
        fragments_.at(slot).next_run = link;
        link = slot;
    }
    q.held += static_cast<std::uint32_t>(payload.size());
    q.has_first = q.has_first || offset == 0;
    return FragmentInsert::done;
}

bool FragmentStore::is_complete(std::uint32_t queue) const {
    const FragmentQueue& q = queues_.at(queue);
    return q.has_first && q.has_last && q.held == q.length;
}

std::uint32_t FragmentStore::head_bytes(std::uint32_t queue) const {
    const FragmentQueue& q = queues_.at(queue);
    return q.first_run == kNone ? 0 : fragments_.at(q.first_run).head_bytes;
}

void FragmentStore::copy_out(std::uint32_t queue, std::uint8_t* out) const {
    const FragmentQueue& q = queues_.at(queue);
    for (std::uint32_t run = q.first_run; run != kNone; run = fragments_.at(run).next_run)
        for (std::uint32_t slot = run; slot != kNone; slot = fragments_.at(slot).next) {
            const HeldFragment& fragment = fragments_.at(slot);
            std::uint32_t left = fragment.head_bytes + fragment.bytes;
            for (std::uint32_t block = fragment.first_block; left > 0;
                 block = blocks_.at(block).next) {
                const std::uint32_t count = std::min(left, kBlockBytes);
                std::memcpy(out, blocks_.at(block).bytes, count);
                out += count;
                left -= count;
            }
        }
}

void FragmentStore::give_back_fragments(FragmentQueue& queue) {
    for (std::uint32_t run = queue.first_run; run != kNone;) {
        const std::uint32_t next_run = fragments_.at(run).next_run;
        for (std::uint32_t slot = run; slot != kNone;) {
            const HeldFragment fragment = fragments_.at(slot);
            for (std::uint32_t block = fragment.first_block; block != kNone;) {
                const std::uint32_t next = blocks_.at(block).next;
                blocks_.give_back(block);
                block = next;
            }
            accounted_ -= fragment.accounted;
            fragments_.give_back(slot);
            slot = fragment.next;
        }
        run = next_run;
    }
    queue.first_run = queue.last_run = queue.tail = kNone;
}

void FragmentStore::drop(std::uint32_t queue) {
    FragmentQueue& q = queues_.at(queue);
    give_back_fragments(q);
    std::uint32_t* link = &buckets_[bucket_of(q.key)];
    while (*link != queue) link = &queues_.at(*link).next_in_bucket;
    *link = q.next_in_bucket;
    unlink_age(queue);
    release_source(q.source_slot);
    accounted_ -= kAccountedQueueBytes;
    queues_.give_back(queue);
}

void FragmentStore::restart(std::uint32_t queue, Time now) {
    FragmentQueue& q = queues_.at(queue);
    give_back_fragments(q);
    q.length = q.held = 0;
    q.has_first = q.has_last = false;
    q.ecn_seen = 0;
    q.expires = now + timeout_ns_;
    unlink_age(queue);
    link_as_youngest(queue);
}

std::uint32_t FragmentStore::expire(Time now) {
    std::uint32_t count = 0;
    while (oldest_ != kNone && queues_.at(oldest_).expires <= now) {
        drop(oldest_);
        ++count;
    }
    return count;
}

}  // namespace keepstate::wire
