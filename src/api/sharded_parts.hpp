// The front of a ShardedEngine: who judges which packet, when, and how what shards say becomes one.
//
//     process   in parts of at most kMostTogether packets
//       steer        each packet's shard, by all threads side by side
//       stretch      packets that may be judged side by side, up to one that may not
//         run          every shard its own
//         number       entries that were made, in the order of their packets
//         settle       every shard its own
//         merge        events, in the order of their packets
//       alone        one packet, by the front itself, while all shards rest
//
// Judged alone are: fragments, whose flow is known when the datagram is whole; packets that a helper may read, and the
// first ones of flows that may be expected, for all that follows depends on what they bring about; all packets while
// nf_conntrack_max may be reached, for then flows of different shards compete; all if explanations are asked for, since
// they name entries by number; and the packets of batches that are too small to be worth a hand-over.
//
// Expected flows live in the family shard with their masters, wherever their tuples would have led them. They are few,
// and are called strangers there.
//
// Threads: one owner; the shards' threads only within Crew::run.   Tested by: tests/property/shards_property.cpp.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "api/crew.hpp"
#include "api/shard.hpp"
#include "keepstate/sharded_engine.hpp"

namespace keepstate {

struct ShardedEngine::Parts final : Crew::Work, hooks::Owner {
    /// Several shards, all made of the same setup.
    Parts(std::vector<std::unique_ptr<EngineParts>> parts, const ct::Steering& steering,
          bool pins_threads);
    /// One shard: a plain engine.
    explicit Parts(Engine engine) : one(std::move(engine)) {}

    void process(std::span<const Frame> batch, std::span<Decision> decisions, std::string* stories,
                 std::string* logs);
    Result<void> change_rules(Family family, std::string_view command,
                              std::span<const LabelName> labels);
    void work(std::uint32_t member, std::uint32_t job) override;
    bool is_here(const wire::Packet& packet) override;

    std::optional<Engine> one;
    std::optional<Fault> why_one;
    std::vector<std::unique_ptr<Shard>> shards;
    std::vector<const EngineParts*> engines;  ///< the shards'
    ct::Ledger ledger;                        ///< numbers, and the records of all shards
    std::vector<std::uint32_t> event_ends;
    std::vector<std::uint32_t> expectation_event_ends;
    std::array<std::uint64_t, kReasons> reasons{};  ///< the sum, as it was asked for last

  private:
    enum Job : std::uint32_t { kSteer, kRun, kSettle };
    static constexpr std::size_t kMostTogether = 4096;
    static constexpr std::uint32_t kFewestTogether = 16;
    static constexpr std::uint8_t kAlone = 0x80;

    void process_part();
    void steer();
    void steer(Shard& shard, std::size_t begin, std::size_t end);
    void note_times();
    bool may_reach_limit() const;
    std::uint32_t find_stretch_end(std::uint32_t begin);
    void judge_together(std::uint32_t begin, std::uint32_t end);
    void give_numbers();
    void merge_records(std::uint32_t begin, std::uint32_t end);
    void merge_packet(std::uint32_t packet);
    void end_packet();
    void judge_alone(std::uint32_t packet);
    void judge_fragment(std::uint32_t packet);
    void judge_at(std::uint32_t shard, std::uint32_t packet, const wire::Reassembled* reassembled);
    void pass_time(std::uint32_t packet);
    void take_turns(bool in_turn);
    ct::Way way_of(std::uint32_t packet);
    std::uint32_t find_owner(const ct::Way& way, Time now);
    bool is_in_family(const Tuple& tuple) const;
    void forget_strangers();

    std::unique_ptr<Crew> crew_;
    std::vector<ct::Tracker*> trackers_;
    bool has_helpers_ = false;
    bool listens_ = false;  ///< EngineSetup::listen_events
    bool in_turn_ = false;  ///< trackers are fellows, and write into `ledger`
    Time latest_{INT64_MIN};
    std::optional<std::int64_t> second_;  ///< of `latest_`
    std::vector<Tuple> strangers_;  ///< flows of the family shard that steering leads elsewhere

    // the part at hand
    Stretch part_;
    std::vector<Time> now_;
    std::vector<std::uint8_t> owners_;  ///< the shard, and kAlone
    std::vector<std::uint32_t> ticks_;
    std::size_t next_tick_ = 0;
    std::vector<std::size_t> next_mark_;  ///< while records are merged, by shard
    std::vector<std::size_t> next_event_;
    std::vector<std::size_t> next_made_;
    ct::Way strayed_way_;
};

}  // namespace keepstate
