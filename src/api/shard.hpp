// A shard: one engine's parts, and its share of a stretch of packets that all shards judge side by side.
//
//     run()      its packets of the stretch in order; time passes at those of the others too
//     settle()   the numbers that entries got for the time of the stretch become those of the whole
//
// Which entry of which shard was made first is known only when all are done. Until then an entry has a number from
// kProvisional on, which counts what its shard has made in this stretch.
//
// Threads: run() and settle() on the shard's own, everything else while no shard runs.
// Tested by: tests/property/shards_property.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/engine_parts.hpp"
#include "ct/steering.hpp"

namespace keepstate {

/// Packets of one process() and what the front has found out of them. Spans by packet.
struct Stretch {
    std::span<const Frame> frames;
    std::span<Decision> decisions;
    std::string* stories = nullptr;  ///< null: none are asked for
    std::string* logs = nullptr;     ///< likewise
    std::span<const Time> now;       ///< the latest stamp up to each packet
    std::span<const std::uint8_t> owners;
    std::span<const std::uint32_t> ticks;  ///< the packets with which a new second begins
    std::uint32_t begin = 0;               ///< which packets are to be judged
    std::uint32_t end = 0;
};

/// What a packet has added to a shard's records: all up to these counts.
struct Mark {
    std::uint32_t packet = 0;
    std::uint32_t swept = 0;  ///< events of entries whose time was over when the packet came
    std::uint32_t events = 0;
    std::uint32_t expectation_events = 0;
};

class Shard {
  public:
    static constexpr std::uint64_t kProvisional = std::uint64_t{1} << 47;

    Shard(std::uint32_t number, std::unique_ptr<EngineParts> parts, const ct::Steering& steering);

    /// Judges those packets of the stretch whose owner it is.
    void run(const Stretch& stretch);
    /// Which packets have made its entries since the last settle(), in order.
    std::span<const std::uint32_t> made_by() const { return made_by_; }
    /// For each of them the number that it shall have. Room for all of made_by().
    std::span<std::uint64_t> numbers();
    /// Gives entries, decisions and events their numbers.
    void settle(std::span<Decision> decisions);
    /// Its records of the stretch, told by marks(); forget_records() when they are taken.
    ct::Ledger& ledger() { return ledger_; }
    std::span<const Mark> marks() const { return marks_; }
    void forget_records();

    EngineParts& parts() { return *parts_; }
    const EngineParts& parts() const { return *parts_; }
    ct::Tracker& tracker() { return *parts_->tracker; }
    const ct::Tracker& tracker() const { return *parts_->tracker; }
    ct::Steering& steering() { return steering_; }

  private:
    void judge(const Stretch& stretch, std::uint32_t packet);
    void look_ahead(const Stretch& stretch, std::uint32_t packet);

    std::uint32_t number_;
    std::unique_ptr<EngineParts> parts_;
    ct::Steering steering_;
    ct::Ledger ledger_;
    std::vector<std::uint32_t> made_by_;
    std::vector<std::uint64_t> numbers_;
    std::vector<std::uint32_t> unsettled_;  ///< packets whose decisions name a provisional number
    std::vector<Mark> marks_;
    std::size_t sighted_ = 0;  ///< own packets that were looked at
    std::size_t judged_ = 0;   ///< and of them, judged
};

}  // namespace keepstate
