// What an engine is made of: the layers, put together for one thread. Engine has one, ShardedEngine one a shard.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "ct/tracker.hpp"
#include "hooks/path.hpp"
#include "keepstate/engine.hpp"
#include "rules/objects.hpp"
#include "rules/program.hpp"

namespace keepstate {

/// An entry and whose it is.
struct LivingEntry {
    const ct::Tracker* tracker = nullptr;
    const ct::Entry* entry = nullptr;
};

struct EngineParts {
    explicit EngineParts(const EngineSetup& setup);
    /// Errors: as Engine::make.
    static Result<std::unique_ptr<EngineParts>> make(EngineSetup setup);

    /// What the last batch left is no longer asked for.
    void begin_batch();
    /// So many frames of a batch are looked at before the first of them is decided: as many requests as memory serves at
    /// once, and more than it takes for the first to arrive.
    static constexpr std::size_t kSightedAtOnce = 32;
    void look_ahead(std::span<const Frame> frames);
    /// One packet. `now` never goes back. `sighting`: what path->glance() and approach() found; null: nobody looked.
    /// `reassembled`: see hooks::Path::decide.
    void decide(const Frame& frame, Time now, Decision& decision, std::string* story,
                std::string* log, const ct::Sighting* sighting,
                const wire::Reassembled* reassembled = nullptr);

    void add_living(Time now, std::vector<LivingEntry>& living) const;
    /// In order of creation; `living` is sorted for it.
    static void visit_in_order(std::vector<LivingEntry>& living, Time now,
                               const EntryVisitor& visit);
    /// Soonest end first.
    std::vector<ExpectationCopy> expectations(Time now) const;
    /// As Engine::change_rules.
    Result<void> change_rules(Family family, std::string_view command,
                              std::span<const LabelName> labels);
    /// Null: no rules of that family.
    const rules::Program* program(Family family) const;

    rules::Objects objects;
    std::vector<ct::Helper> helpers;              ///< that rules may name
    std::vector<TimeoutPolicy> timeout_policies;  ///< likewise
    std::optional<rules::Program> programs[2];
    hooks::Routing routing;
    wire::Reassembler reassembler;
    std::optional<ct::Tracker> tracker;
    rules::Dice dice;
    base::Arena arena;
    std::optional<hooks::Path> path;
    std::array<ct::Sighting, kSightedAtOnce> sightings;  ///< of frames that are decided next
    std::array<std::uint64_t, kReasons> reasons{};
    std::vector<std::uint32_t> event_ends;
    std::vector<std::uint32_t> expectation_event_ends;
    bool listens = false;  ///< EngineSetup::listen_events
    Time latest{INT64_MIN};
};

}  // namespace keepstate
