// The engine on several threads: the flows of one firewall spread over shards, each with a tracker and rules of its own.
//
//     ShardedEngine::make(setup, {.shards = 4}) -> ShardedEngine;  then as keepstate/engine.hpp
//
// What it says is the same, bit by bit, for every number of shards, one included: decisions, entries and their
// numbers, events and their order, expectations, counters, statistics, stories, logs. Where a ruleset cannot be run
// by several threads so (rules that remember packets of other flows), it takes one shard, and why_one() says why.
// How packets are steered, what makes packets wait for each other, and what that costs: docs/shards.md.
//
// Threads: one owner, who calls; process() uses shards - 1 threads beside the caller's, which live as long as the
// engine and sleep between calls. After the making nothing is allocated on a packet's path but what Engine allocates
// there, and lists that grow to the largest batch.
// Tested by: tests/property/shards_property.cpp, tests/program.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "keepstate/engine.hpp"

namespace keepstate {

struct ShardSetup {
    std::uint32_t shards = 1;  ///< threads, the caller's among them: 1 to Steering::kMostShards
    /// Each thread beside the caller's stays on one core, as far as there are cores.
    bool pins_threads = false;
};

class ShardedEngine {
  public:
    /// Errors: as Engine::make, and for a number of shards that cannot be (usage).
    static Result<ShardedEngine> make(EngineSetup setup, ShardSetup shards);
    ~ShardedEngine();
    ShardedEngine(ShardedEngine&& other) noexcept;
    ShardedEngine& operator=(ShardedEngine&& other) noexcept;

    /// How many shards there are: as many as asked for, or 1.
    std::uint32_t shards() const;
    /// Why there is one where more were asked for: the rule, with file, line and text; nothing otherwise.
    const std::optional<Fault>& why_one() const;

    /// As Engine::process. Batches of some hundred packets and more are worth several threads. With stories the
    /// packets are judged one after the other.
    void process(std::span<const Frame> batch, std::span<Decision> decisions,
                 std::string* stories = nullptr, std::string* logs = nullptr);

    /// As Engine::change_rules, between two calls of process(): all shards change, or none.
    /// Errors: besides, where there are several shards, a rule that they could not judge side by side, since which packets
    /// wait for each other is found out in make(): one that remembers packets of other flows (docs/shards.md), or
    /// gives a helper to flows that no rule gave one before (input).
    /// Cost: that of a change, once for each shard.
    Result<void> change_rules(Family family, std::string_view command,
                              std::span<const LabelName> labels = {});

    // all as Engine's
    std::vector<Event> take_events();
    std::span<const std::uint32_t> event_ends() const;
    std::vector<ExpectationEvent> take_expectation_events();
    std::span<const std::uint32_t> expectation_event_ends() const;
    void for_each_entry(Time now, const EntryVisitor& visit) const;
    std::vector<ExpectationCopy> expectations(Time now) const;
    std::string print_expectations(Time now) const;
    std::string print_counters(Family family) const;
    Statistics statistics() const;
    const std::array<std::uint64_t, kReasons>& reason_counts() const;
    std::uint32_t entry_count() const;
    /// How many entries each shard holds.
    std::vector<std::uint32_t> entry_counts() const;

  private:
    struct Parts;
    explicit ShardedEngine(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace keepstate
