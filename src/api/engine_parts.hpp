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
#include "rules/change.hpp"
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
    /// A batch goes through four stages in groups of so many packets, each stage a group behind the one before: glance,
    /// approach, approach further, decide. So while some packets are decided, memory is at work for those behind them.
    static constexpr std::size_t kGroup = 8;
    static constexpr std::size_t kStages = 4;
    static constexpr std::size_t kSightedAtOnce = kGroup * kStages;
    /// What is to be done before the group that begins at `first` is decided; groups in order, each once.
    void look_ahead(std::span<const Frame> batch, std::size_t first);
    /// The same for a whole batch of kFew or less.
    static constexpr std::size_t kFew = 4;
    void look_at_few(std::span<const Frame> batch);
    /// A batch of one, while nobody listens. False: it is no usual one; it was looked at, as by look_at_few().
    bool decide_alone(const Frame& frame, Decision& decision);
    /// Of the batch's frame i, after look_ahead() or look_at_few().
    const ct::Sighting& sighting_of(std::size_t i) const { return sightings[i % kSightedAtOnce]; }
    /// One packet. `now` never goes back. `sighting`: what path->glance() and approach() found; null: nobody looked.
    /// `reassembled`: see hooks::Path::decide.
    void decide(const Frame& frame, Time now, Decision& decision, std::string* story,
                std::string* log, const ct::Sighting* sighting,
                const wire::Reassembled* reassembled = nullptr);

    /// As many of the frames from `first` to `end` as are usual ones, while nobody listens; how many.
    std::size_t decide_usual(std::span<const Frame> batch, std::size_t first, std::size_t end,
                             std::span<Decision> decisions);

    /// The same for frames that were looked at elsewhere; see hooks::Told.
    std::size_t decide_usual(std::span<const Frame> frames, std::span<const ct::Sighting> seen,
                             std::span<hooks::Told> told);

    /// One frame that decide_usual() did not take, while nobody listens.
    void decide_unusual(const Frame& frame, const ct::Sighting& sighting, Time now,
                        Decision& decision);

    void add_living(Time now, std::vector<LivingEntry>& living) const;
    /// In order of creation; `living` is sorted for it.
    static void visit_in_order(std::vector<LivingEntry>& living, Time now,
                               const EntryVisitor& visit);
    /// Soonest end first.
    std::vector<ExpectationCopy> expectations(Time now) const;
    /// As Engine::change_rules. False: nothing has changed (-C).
    Result<bool> change_rules(Family family, std::string_view command,
                              std::span<const LabelName> labels,
                              const rules::ChangeTerms& terms = {});
    /// With its counters up to date. Null: no rules of that family.
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
    std::array<std::uint32_t, kStages> further{};  ///< of a batch's groups, what approach() said
    std::array<ct::Sighting, kSightedAtOnce>
        sightings;  ///< of a batch's frame i at i modulo their count
    std::array<std::uint64_t, kReasons> reasons{};
    std::vector<std::uint32_t> event_ends;
    std::vector<std::uint32_t> expectation_event_ends;
    bool listens = false;  ///< EngineSetup::listen_events
    Time latest{INT64_MIN};
};

}  // namespace keepstate
