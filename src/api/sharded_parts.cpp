// See sharded_parts.hpp. Who judges what; how it becomes one: sharded_merge.cpp.
#include "api/sharded_parts.hpp"

#include <algorithm>
#include <utility>

#include "api/several.hpp"

namespace keepstate {

ShardedEngine::Parts::Parts(std::vector<std::unique_ptr<EngineParts>> parts,
                            const ct::Steering& steering, bool pins_threads)
    : has_helpers_(!steering.reach().is_empty()), listens_(parts[0]->listens) {
    for (std::uint32_t i = 0; i < parts.size(); ++i) {
        engines.push_back(parts[i].get());
        shards.push_back(std::make_unique<Shard>(i, std::move(parts[i]), steering));
        trackers_.push_back(&shards.back()->tracker());
    }
    for (const auto& shard : shards) shard->tracker().write_to(&shard->ledger());
    next_mark_.resize(shards.size());
    next_event_.resize(shards.size());
    next_made_.resize(shards.size());
    const auto members = static_cast<std::uint32_t>(shards.size());
    crew_ = std::make_unique<Crew>(members, *this, pins_threads);
}

void ShardedEngine::Parts::process(std::span<const Frame> batch, std::span<Decision> decisions,
                                   std::string* stories, std::string* logs) {
    for (const auto& shard : shards) shard->parts().begin_batch();
    event_ends.clear();
    expectation_event_ends.clear();
    for (std::size_t first = 0; first < batch.size(); first += kMostTogether) {
        const std::size_t count = std::min(kMostTogether, batch.size() - first);
        part_.frames = batch.subspan(first, count);
        part_.decisions = decisions.subspan(first, count);
        part_.stories = stories ? stories + first : nullptr;
        part_.logs = logs ? logs + first : nullptr;
        process_part();
    }
}

/// The first shard says whether it may be; what it takes, all others take.
Result<void> ShardedEngine::Parts::change_rules(Family family, std::string_view command,
                                                std::span<const LabelName> labels) {
    std::vector<EngineParts*> all;
    for (const auto& shard : shards) all.push_back(&shard->parts());
    return keepstate::change_rules(all, family, command, labels, &shards[0]->steering().reach());
}

void ShardedEngine::Parts::process_part() {
    const auto count = static_cast<std::uint32_t>(part_.frames.size());
    steer();
    note_times();
    if (!strangers_.empty() && !ticks_.empty()) forget_strangers();
    const bool one_by_one = part_.stories || count < kFewestTogether || may_reach_limit();
    for (std::uint32_t i = 0; i < count;) {
        const std::uint32_t end = one_by_one ? count : find_stretch_end(i);
        if (!one_by_one && end - i >= kFewestTogether) {
            judge_together(i, end);
            i = end;
        }
        while (i < end) judge_alone(i++);
        if (i < count) judge_alone(i++);
    }
}

void ShardedEngine::Parts::work(std::uint32_t member, std::uint32_t job) {
    Shard& shard = *shards[member];
    switch (job) {
        case kSteer: {
            const std::size_t count = part_.frames.size();
            steer(shard, count * member / shards.size(), count * (member + 1) / shards.size());
            break;
        }
        case kRun: shard.run(part_); break;
        case kSettle: shard.settle(part_.decisions); break;
        default: KS_ASSERT(false);
    }
}

void ShardedEngine::Parts::steer() {
    owners_.resize(part_.frames.size());
    if (part_.frames.size() < std::size_t{kFewestTogether} * shards.size()) {
        steer(*shards[0], 0, part_.frames.size());
    } else {
        crew_->run(kSteer);
    }
}

void ShardedEngine::Parts::steer(Shard& shard, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        const Frame& frame = part_.frames[i];
        const ct::Way way =
            shard.steering().way_of(static_cast<wire::LinkType>(frame.link), frame.bytes);
        const bool is_alone = way.kind != ct::Way::Kind::plain;
        owners_[i] = static_cast<std::uint8_t>(way.shard | (is_alone ? kAlone : 0U));
    }
}

/// A second begins for all shards with the same packet, so that what is over ends with it.
void ShardedEngine::Parts::note_times() {
    now_.resize(part_.frames.size());
    ticks_.clear();
    next_tick_ = 0;
    for (std::uint32_t i = 0; i < now_.size(); ++i) {
        latest_ = std::max(latest_, part_.frames[i].time);
        now_[i] = latest_;
        const std::int64_t second = latest_.ns / kNsPerSecond;
        if (second_ == second) continue;
        second_ = second;
        ticks_.push_back(i);
    }
}

/// Whether this part could make more entries than there is room for. A packet makes no more than its own entry and
/// those of two answers.
bool ShardedEngine::Parts::may_reach_limit() const {
    constexpr std::uint64_t kMostOfOne = 3;
    std::uint64_t in_use = 0;
    for (const ct::Tracker* tracker : trackers_) in_use += tracker->entries().in_use();
    return in_use + kMostOfOne * part_.frames.size() > trackers_[0]->room();
}

/// Up to the next packet that has to be judged alone.
std::uint32_t ShardedEngine::Parts::find_stretch_end(std::uint32_t begin) {
    const ct::Tracker& family = *trackers_[0];
    const bool looks = family.expectations().size() != 0 || !strangers_.empty();
    std::uint32_t i = begin;
    for (; i < owners_.size() && (owners_[i] & kAlone) == 0; ++i) {
        if (!looks) continue;
        const ct::Way way = way_of(i);
        if (!way.has_tuple) continue;
        if (family.is_expected(way.tuple)) break;
        if (strangers_.empty()) continue;
        const ct::Entry* entry = family.entries().find(way.tuple, {0, 0});
        if (entry && entry->rare().helper) break;
        if (entry) owners_[i] = 0;
    }
    return i;
}

void ShardedEngine::Parts::judge_together(std::uint32_t begin, std::uint32_t end) {
    take_turns(false);
    part_.now = now_;
    part_.owners = owners_;
    const std::size_t first_tick = next_tick_;
    while (next_tick_ < ticks_.size() && ticks_[next_tick_] < end) ++next_tick_;
    part_.ticks = std::span(ticks_).subspan(first_tick, next_tick_ - first_tick);
    part_.begin = begin;
    part_.end = end;
    crew_->run(kRun);
    give_numbers();
    merge_records(begin, end);
}

void ShardedEngine::Parts::judge_alone(std::uint32_t i) {
    take_turns(true);
    pass_time(i);
    const std::uint8_t owner = owners_[i];
    if (!has_helpers_ && (owner & kAlone) == 0) {
        judge_at(owner, i, nullptr);
        end_packet();
        return;
    }
    const ct::Way way = way_of(i);
    if (way.kind == ct::Way::Kind::fragment) {
        judge_fragment(i);
    } else {
        const std::uint32_t at = find_owner(way, now_[i]);
        const bool is_stranger = at == 0 && way.shard != 0 && !is_in_family(way.tuple);
        judge_at(at, i, nullptr);
        if (is_stranger && is_in_family(way.tuple)) strangers_.push_back(way.tuple);
    }
    end_packet();
}

/// The family shard puts datagrams together. What is whole is judged where its flow lives.
void ShardedEngine::Parts::judge_fragment(std::uint32_t i) {
    std::string* const story = part_.stories ? &part_.stories[i] : nullptr;
    std::string* const log = part_.logs ? &part_.logs[i] : nullptr;
    const std::size_t story_bytes = story ? story->size() : 0;
    const std::size_t log_bytes = log ? log->size() : 0;
    hooks::Path& family = *shards[0]->parts().path;
    strayed_way_ = {};
    part_.now = now_;
    part_.begin = i;
    family.set_owner(this);
    judge_at(0, i, nullptr);
    family.set_owner(nullptr);
    const bool was_known = !strayed_way_.has_tuple || strayed_way_.shard == 0;
    if (const std::optional<wire::Reassembled> whole = family.strayed()) {
        if (story) story->resize(story_bytes);
        if (log) log->resize(log_bytes);
        judge_at(find_owner(strayed_way_, now_[i]), i, &*whole);
    } else if (!was_known && is_in_family(strayed_way_.tuple)) {
        const bool is_listed =
            std::find(strangers_.begin(), strangers_.end(), strayed_way_.tuple) != strangers_.end();
        if (!is_listed) strangers_.push_back(strayed_way_.tuple);
    }
}

bool ShardedEngine::Parts::is_here(const wire::Packet& packet) {
    strayed_way_ = shards[0]->steering().way_of(packet);
    return find_owner(strayed_way_, now_[part_.begin]) == 0;
}

void ShardedEngine::Parts::judge_at(std::uint32_t shard, std::uint32_t i,
                                    const wire::Reassembled* reassembled) {
    shards[shard]->parts().decide(part_.frames[i], now_[i], part_.decisions[i],
                                  part_.stories ? &part_.stories[i] : nullptr,
                                  part_.logs ? &part_.logs[i] : nullptr, nullptr, reassembled);
}

/// What is over ends in all shards before the packet is looked at.
void ShardedEngine::Parts::pass_time(std::uint32_t i) {
    const bool is_tick = next_tick_ < ticks_.size() && ticks_[next_tick_] == i;
    if (is_tick) ++next_tick_;
    if (!is_tick && !trackers_[0]->has_expectation_ending(now_[i])) return;
    const std::size_t first = ledger.events.size();
    for (ct::Tracker* tracker : trackers_) tracker->collect(now_[i]);
    if (ledger.events.size() - first > 1) ct::sort_by_number(ledger.events, first);
}

void ShardedEngine::Parts::take_turns(bool in_turn) {
    if (in_turn == in_turn_) return;
    in_turn_ = in_turn;
    for (const auto& shard : shards) {
        shard->tracker().write_to(in_turn ? &ledger : &shard->ledger());
        shard->tracker().set_fellows(in_turn ? std::span<ct::Tracker* const>(trackers_)
                                             : std::span<ct::Tracker* const>());
    }
}

ct::Way ShardedEngine::Parts::way_of(std::uint32_t i) {
    const Frame& frame = part_.frames[i];
    return shards[0]->steering().way_of(static_cast<wire::LinkType>(frame.link), frame.bytes);
}

bool ShardedEngine::Parts::is_in_family(const Tuple& tuple) const {
    return std::as_const(*trackers_[0]).entries().find(tuple, {0, 0}) != nullptr;
}

/// The shard that has the packet's flow, or is to have it. While trackers work in turn.
std::uint32_t ShardedEngine::Parts::find_owner(const ct::Way& way, Time now) {
    if (!has_helpers_ || !way.has_tuple || way.shard == 0) return way.shard;
    if (is_in_family(way.tuple)) return 0;
    const bool is_wanted =
        way.kind == ct::Way::Kind::suspect || trackers_[0]->is_expected(way.tuple);
    if (!is_wanted) return way.shard;
    const ct::Tracker& home = *trackers_[way.shard];
    return home.find_entry(way.tuple, 0, now) ? way.shard : 0;
}

void ShardedEngine::Parts::forget_strangers() {
    std::erase_if(strangers_, [this](const Tuple& tuple) { return !is_in_family(tuple); });
}

}  // namespace keepstate
