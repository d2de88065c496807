// The tables of hashlimit; see hashlimit_table.hpp. Source and tests: hashlimit.cpp.
#include "rules/match/hashlimit_table.hpp"

#include <algorithm>
#include <cstring>

#include "rules/match/hashlimit_rates.hpp"
#include "rules/ticks.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

constexpr std::uint32_t kUsualBuckets = 8192;
constexpr std::uint32_t kGroupsPerBucket = 8;

std::uint32_t room_of(const HashConfig& config) {
    const std::uint32_t buckets = config.buckets != 0 ? config.buckets : kUsualBuckets;
    if (config.most_groups == 0) return kGroupsPerBucket * buckets;
    return std::max(config.most_groups, config.buckets);
}

void add_address(HashTable::Key& key, std::size_t at, const Address& address, unsigned bits) {
    const AddressBytes mask = mask_of(bits, address.family);
    AddressBytes masked{};
    for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = address.bytes[i] & mask[i];
    std::memcpy(key.data() + at, masked.data(), masked.size());
}

/// Where the ports of a protocol stand behind its header's begin; nothing: it has none.
std::optional<std::size_t> ports_offset(std::uint8_t protocol) {
    switch (protocol) {
        case protocol::kTcp:
        case protocol::kUdp:
        case protocol::kUdpLite:
        case protocol::kSctp:
        case protocol::kDccp:
        case protocol::kEsp: return 0;
        case protocol::kAh: return 4;
        default: return std::nullopt;
    }
}

}  // namespace

void HashBucket::begin(const HashConfig& config, std::int64_t tick) {
    previous_tick = tick;
    if (config.is_rate_match()) {
        if (config.is_bytes()) {
            cost = bytes_of_cost(static_cast<std::uint32_t>(config.average));
            credit_cap = config.burst != 0 ? config.burst * cost : cost;
        } else {
            cost = kRateScale / config.average;
            credit_cap = config.burst + cost;
        }
        interval_seconds = config.interval_seconds;
    } else if (config.is_bytes()) {
        credit = kMostByteCredit;
        cost = credits_of_byte_cost(config.average);
        credit_cap = config.burst;
    } else {
        credit = credit_cap = credits_of(config.average * config.burst);
        cost = credits_of(config.average);
    }
}

void HashBucket::refill(const HashConfig& config, std::int64_t tick) {
    if (tick <= previous_tick) return;
    const auto passed = static_cast<std::uint64_t>(tick - previous_tick);
    if (config.is_rate_match()) {
        const std::uint64_t window =
            std::uint64_t{interval_seconds} * static_cast<std::uint64_t>(kTicksPerSecond);
        if (passed < window) return;
        previous_tick = tick;
        was_above = credit * window > passed * cost;
        credit = 0;
        return;
    }
    previous_tick = tick;
    const std::uint64_t before = credit;
    if (config.is_bytes()) {
        credit = std::min(before + kByteCreditsPerTick * passed, kMostByteCredit);
        return;
    }
    // 64 bits hold a day of a full bucket; in a longer pause the sum may pass them, as it does in the kernel.
    credit = std::min(before + kCreditsPerTick * passed, credit_cap);
}

bool HashBucket::take(std::uint32_t mode, std::uint64_t bytes) {
    const bool in_bytes = (mode & hash_mode::kBytes) != 0;
    if ((mode & hash_mode::kRateMatch) != 0) {
        credit += in_bytes ? bytes : 1;
        return !was_above && credit <= credit_cap;
    }
    std::uint64_t price = cost;
    if (in_bytes) {
        price = std::min(((bytes >> 4) + 1) * cost, kMostByteCredit);
        if (credit < price && credit_cap != 0) {
            --credit_cap;
            credit = kMostByteCredit;
        }
    }
    if (credit < price) return false;
    credit -= price;
    return true;
}

HashTable::HashTable(const HashConfig& config, std::uint64_t seed)
    : config_(config),
      pool_(room_of(config), base::HashKey::from_seed(seed)),
      expire_ticks_(ticks_of_ms(config.expire_ms)),
      collect_ticks_(std::max<std::int64_t>(ticks_of_ms(config.collect_ms), 1)) {}

std::optional<HashTable::Key> HashTable::key_of(const wire::Packet& packet) const {
    Key key{};
    const std::uint32_t mode = config_.mode;
    if ((mode & hash_mode::kSourceAddress) != 0) {
        add_address(key, 0, packet.source(), config_.source_bits);
    }
    if ((mode & hash_mode::kDestinationAddress) != 0) {
        add_address(key, 2, packet.destination(), config_.destination_bits);
    }
    if ((mode & (hash_mode::kSourcePort | hash_mode::kDestinationPort)) == 0) return key;
    if (!packet.has_transport && packet.family == Family::ipv6) return std::nullopt;
    const std::optional<std::size_t> offset = ports_offset(packet.protocol);
    if (!offset) return key;
    const std::size_t at = packet.transport_offset + *offset;
    if (!packet.ip.has(at, 4)) return std::nullopt;
    if ((mode & hash_mode::kSourcePort) != 0) key[4] = packet.ip.be16(at);
    if ((mode & hash_mode::kDestinationPort) != 0) {
        key[4] |= std::uint64_t{packet.ip.be16(at + 2)} << 16;
    }
    return key;
}

/// Forgets what had expired when the kernel's worker came by last. The pool's order is that of expiry.
void HashTable::collect(std::int64_t tick) {
    if (!first_tick_) first_tick_ = tick;
    const std::int64_t last_visit =
        *first_tick_ + (tick - *first_tick_) / collect_ticks_ * collect_ticks_;
    for (std::uint32_t slot = pool_.oldest();
         slot != Pool::kNone && pool_.at(slot).expires_tick <= last_visit; slot = pool_.oldest()) {
        pool_.remove(slot);
    }
}

HashBucket* HashTable::find_or_make(const Key& key, Time now) {
    const std::int64_t tick = tick_of(now);
    collect(tick);
    std::uint32_t slot = pool_.find(key);
    if (slot == Pool::kNone) {
        slot = pool_.add(key);
        if (slot == Pool::kNone) return nullptr;
        pool_.at(slot).begin(config_, tick);
    } else {
        pool_.touch(slot);
        pool_.at(slot).refill(config_, tick);
    }
    pool_.at(slot).expires_tick = tick + expire_ticks_;
    return &pool_.at(slot);
}

}  // namespace keepstate::rules::match
