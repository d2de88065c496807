// The engine on several threads: making it, and what it tells; see keepstate/sharded_engine.hpp. How packets are
// judged: sharded_parts.hpp.
#include "keepstate/sharded_engine.hpp"

#include <algorithm>
#include <utility>

#include "api/sharded_parts.hpp"
#include "api/steering.hpp"

namespace keepstate {

namespace {

/// The first rule because of which all packets must be judged by one Program.
std::optional<Fault> find_rule_for_order(const EngineParts& engine, bool has_helpers) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const rules::Program* program = engine.program(family);
        if (!program) continue;
        if (auto found = rules::find_rule_for_order(*program, has_helpers)) return found;
    }
    return std::nullopt;
}

void add_to(Statistics& sum, const Statistics& more) {
    sum.found += more.found;
    sum.invalid += more.invalid;
    sum.insert += more.insert;
    sum.insert_failed += more.insert_failed;
    sum.drop += more.drop;
    sum.early_drop += more.early_drop;
    sum.error += more.error;
    sum.search_restart += more.search_restart;
    sum.clash_resolve += more.clash_resolve;
    sum.chain_too_long += more.chain_too_long;
    sum.expect_new += more.expect_new;
    sum.expect_create += more.expect_create;
    sum.expect_delete += more.expect_delete;
}
static_assert(sizeof(Statistics) == 13 * sizeof(std::uint64_t), "add_to() adds all of it");

}  // namespace

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
    std::vector<LivingEntry> living;
    for (const auto& shard : parts_->shards) shard->parts().add_living(now, living);
    EngineParts::visit_in_order(living, now, visit);
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
    const auto& shards = parts_->shards;
    const rules::Program* first = shards[0]->parts().program(family);
    if (!first) return {};
    std::vector<const rules::Program*> others;
    for (std::size_t i = 1; i < shards.size(); ++i) {
        others.push_back(shards[i]->parts().program(family));
    }
    return first->print_counters_with(others);
}

Statistics ShardedEngine::statistics() const {
    if (parts_->one) return parts_->one->statistics();
    Statistics sum;
    for (const auto& shard : parts_->shards) add_to(sum, shard->tracker().statistics());
    return sum;
}

const std::array<std::uint64_t, kReasons>& ShardedEngine::reason_counts() const {
    if (parts_->one) return parts_->one->reason_counts();
    parts_->reasons = {};
    for (const auto& shard : parts_->shards) {
        for (std::size_t i = 0; i < kReasons; ++i) {
            parts_->reasons[i] += shard->parts().reasons[i];
        }
    }
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
