// The engine on several threads: making it, and what it tells; see keepstate/sharded_engine.hpp. How packets are
// judged: sharded_parts.hpp.
#include "keepstate/sharded_engine.hpp"

#include <utility>

#include "api/several.hpp"
#include "api/sharded_parts.hpp"
#include "api/steering.hpp"

namespace keepstate {

ShardedEngine::ShardedEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ShardedEngine::~ShardedEngine() = default;
ShardedEngine::ShardedEngine(ShardedEngine&&) noexcept = default;
ShardedEngine& ShardedEngine::operator=(ShardedEngine&&) noexcept = default;

Result<ShardedEngine> ShardedEngine::make(EngineSetup setup, ShardSetup shards) {
    setup.most_ended_a_packet = 0;  // each shard would have its own share of them
    if (Result<void> good = check_shards(shards.shards); !good) {
        return Unexpected(std::move(good.error()));
    }
    std::optional<Fault> why_one;
    if (shards.shards > 1) {
        const ct::Steering steering = make_steering(setup, shards.shards);
        std::vector<std::unique_ptr<EngineParts>> engines;
        for (std::uint32_t i = 0; i < shards.shards; ++i) {
            Result<std::unique_ptr<EngineParts>> engine = EngineParts::make(setup);
            if (!engine) return Unexpected(std::move(engine.error()));
            engines.push_back(std::move(*engine));
            if (i != 0) continue;
            why_one = find_rule_for_order(*engines[0], !steering.reach().is_empty());
            if (why_one) break;
        }
        if (!why_one) {
            return ShardedEngine(
                std::make_unique<Parts>(std::move(engines), steering, shards.pins_threads));
        }
    }
    Result<Engine> engine = Engine::make(std::move(setup));
    if (!engine) return Unexpected(std::move(engine.error()));
    auto parts = std::make_unique<Parts>(std::move(*engine));
    parts->why_one = std::move(why_one);
    return ShardedEngine(std::move(parts));
}

std::uint32_t ShardedEngine::shards() const {
    return parts_->one ? 1 : static_cast<std::uint32_t>(parts_->shards.size());
}

const std::optional<Fault>& ShardedEngine::why_one() const { return parts_->why_one; }

void ShardedEngine::process(std::span<const Frame> batch, std::span<Decision> decisions,
                            std::string* stories, std::string* logs) {
    KS_ASSERT(decisions.size() >= batch.size());
    if (parts_->one) return parts_->one->process(batch, decisions, stories, logs);
    parts_->process(batch, decisions, stories, logs);
}

Result<void> ShardedEngine::change_rules(Family family, std::string_view command,
                                         std::span<const LabelName> labels) {
    if (parts_->one) return parts_->one->change_rules(family, command, labels);
    return parts_->change_rules(family, command, labels);
}

std::vector<Event> ShardedEngine::take_events() {
    if (parts_->one) return parts_->one->take_events();
    return std::exchange(parts_->ledger.events, {});
}

std::span<const std::uint32_t> ShardedEngine::event_ends() const {
    return parts_->one ? parts_->one->event_ends() : parts_->event_ends;
}

std::vector<ExpectationEvent> ShardedEngine::take_expectation_events() {
    if (parts_->one) return parts_->one->take_expectation_events();
    return std::exchange(parts_->ledger.expectation_events, {});
}

std::span<const std::uint32_t> ShardedEngine::expectation_event_ends() const {
    return parts_->one ? parts_->one->expectation_event_ends() : parts_->expectation_event_ends;
}

void ShardedEngine::for_each_entry(Time now, const EntryVisitor& visit) const {
    if (parts_->one) return parts_->one->for_each_entry(now, visit);
    visit_entries(parts_->engines, now, visit);
}

/// All are the family shard's.
std::vector<ExpectationCopy> ShardedEngine::expectations(Time now) const {
    if (parts_->one) return parts_->one->expectations(now);
    return parts_->shards[0]->parts().expectations(now);
}

std::string ShardedEngine::print_expectations(Time now) const {
    std::string out;
    for (const ExpectationCopy& e : expectations(now)) print_expectation(e, EntryFormat::proc, out);
    return out;
}

std::string ShardedEngine::print_counters(Family family) const {
    if (parts_->one) return parts_->one->print_counters(family);
    return keepstate::print_counters(parts_->engines, family);
}

Statistics ShardedEngine::statistics() const {
    return parts_->one ? parts_->one->statistics() : sum_of_statistics(parts_->engines);
}

const std::array<std::uint64_t, kReasons>& ShardedEngine::reason_counts() const {
    if (parts_->one) return parts_->one->reason_counts();
    parts_->reasons = sum_of_reasons(parts_->engines);
    return parts_->reasons;
}

std::vector<std::uint32_t> ShardedEngine::entry_counts() const {
    if (parts_->one) return {parts_->one->entry_count()};
    std::vector<std::uint32_t> counts;
    for (const auto& shard : parts_->shards) {
        counts.push_back(shard->parts().tracker->entries().size());
    }
    return counts;
}

std::uint32_t ShardedEngine::entry_count() const {
    std::uint32_t sum = 0;
    for (const std::uint32_t count : entry_counts()) sum += count;
    return sum;
}

}  // namespace keepstate
