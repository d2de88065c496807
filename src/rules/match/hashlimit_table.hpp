// The tables of hashlimit: groups of packets and the credit of each; see hashlimit.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "keepstate/time.hpp"
#include "rules/keyed_pool.hpp"
#include "rules/objects.hpp"
#include "wire/packet.hpp"

namespace keepstate::rules::match {

namespace hash_mode {
inline constexpr std::uint32_t kDestinationAddress = 1;
inline constexpr std::uint32_t kDestinationPort = 2;
inline constexpr std::uint32_t kSourceAddress = 4;
inline constexpr std::uint32_t kSourcePort = 8;
inline constexpr std::uint32_t kInverted = 16;  ///< --hashlimit-above
inline constexpr std::uint32_t kBytes = 32;
inline constexpr std::uint32_t kRateMatch = 64;
}  // namespace hash_mode

/// What a rule asks for.
struct HashConfig {
    std::uint64_t average = 0;
    std::uint64_t burst = 0;
    std::uint32_t mode = 0;  ///< hash_mode:: bits
    std::uint32_t buckets = 0;
    std::uint32_t most_groups = 0;
    std::uint32_t collect_ms = 0;
    std::uint32_t expire_ms = 0;
    std::uint32_t interval_seconds = 0;
    std::uint8_t source_bits = 0;
    std::uint8_t destination_bits = 0;
    std::array<std::uint8_t, 6> padding{};

    bool is_bytes() const { return (mode & hash_mode::kBytes) != 0; }
    bool is_rate_match() const { return (mode & hash_mode::kRateMatch) != 0; }
};

/// The credit of one group.
struct HashBucket {
    std::int64_t expires_tick = 0;
    std::int64_t previous_tick = 0;
    std::uint64_t credit = 0;      ///< rate match: what was seen in this window
    std::uint64_t credit_cap = 0;  ///< bytes: refills left; rate match: the burst
    std::uint64_t cost = 0;        ///< rate match: the rate a second
    std::uint32_t interval_seconds = 0;
    bool was_above = false;  ///< rate match: the last window

    void begin(const HashConfig& config, std::int64_t tick);
    void refill(const HashConfig& config, std::int64_t tick);
    /// Counts a packet of so many bytes. Whether it is within the limit. `mode` is the asking rule's.
    bool take(std::uint32_t mode, std::uint64_t bytes);
};

class HashTable final : public SharedObject {
  public:
    using Pool = KeyedPool<5, HashBucket>;
    using Key = Pool::Key;

    HashTable(const HashConfig& config, std::uint64_t seed);

    const HashConfig& config() const { return config_; }
    /// Nothing: a packet without the ports that were asked for.
    std::optional<Key> key_of(const wire::Packet& packet) const;
    /// The group's bucket with its credit of now; null if the table is full.
    HashBucket* find_or_make(const Key& key, Time now);

  private:
    void collect(std::int64_t tick);

    HashConfig config_;
    Pool pool_;
    std::int64_t expire_ticks_ = 0;
    std::int64_t collect_ticks_ = 0;
    std::optional<std::int64_t> first_tick_;
};

}  // namespace keepstate::rules::match
