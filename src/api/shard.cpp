// See shard.hpp.
#include "api/shard.hpp"

#include <utility>

#include "base/prefetch.hpp"

namespace keepstate {

Shard::Shard(std::uint32_t number, std::unique_ptr<EngineParts> parts, const ct::Steering& steering)
    : number_(number), parts_(std::move(parts)), steering_(steering) {
    ledger_.next_number = kProvisional;
    ledger_.notes_slots = true;
}

void Shard::run(const Stretch& stretch) {
    ct::Tracker& tracker = *parts_->tracker;
    std::size_t tick = 0;
    sighted_ = judged_ = 0;
    for (std::uint32_t i = stretch.begin; i < stretch.end; ++i) {
        const bool is_tick = tick < stretch.ticks.size() && stretch.ticks[tick] == i;
        if (is_tick) ++tick;
        const bool is_own = stretch.owners[i] == number_;
        if (!is_own && !is_tick && !tracker.has_expectation_ending(stretch.now[i])) continue;
        const std::size_t events = ledger_.events.size();
        const std::size_t expectation_events = ledger_.expectation_events.size();
        tracker.collect(stretch.now[i]);
        const std::size_t swept = ledger_.events.size();
        if (is_own) judge(stretch, i);
        if (ledger_.events.size() == events &&
            ledger_.expectation_events.size() == expectation_events) {
            continue;
        }
        marks_.push_back({i, static_cast<std::uint32_t>(swept),
                          static_cast<std::uint32_t>(ledger_.events.size()),
                          static_cast<std::uint32_t>(ledger_.expectation_events.size())});
    }
}

/// Asks memory for what its own next packets need, from this one on. Of the decisions' lines, the caller or another shard
/// has had many in its cache last.
void Shard::look_ahead(const Stretch& stretch, std::uint32_t packet) {
    sighted_ = judged_ = 0;
    for (std::uint32_t i = packet; i < stretch.end && sighted_ < EngineParts::kSightedAtOnce; ++i) {
        if (stretch.owners[i] != number_) continue;
        const char* const decision = reinterpret_cast<const char*>(&stretch.decisions[i]);
        for (std::size_t at = 0; at < sizeof(Decision); at += 64) {
            base::prefetch_to_write(decision + at);
        }
        ct::Sighting& sighting = parts_->sightings[sighted_++];
        parts_->path->glance({&stretch.frames[i], 1}, {&sighting, 1});
    }
    const auto sighted = std::span(parts_->sightings).first(sighted_);
    parts_->path->approach_further(sighted, parts_->path->approach(sighted));
}

void Shard::judge(const Stretch& stretch, std::uint32_t i) {
    Decision& decision = stretch.decisions[i];
    if (judged_ == sighted_) look_ahead(stretch, i);
    const ct::Sighting& sighting = parts_->sightings[judged_++];
    std::string* const story = stretch.stories ? &stretch.stories[i] : nullptr;
    std::string* const log = stretch.logs ? &stretch.logs[i] : nullptr;
    parts_->decide(stretch.frames[i], stretch.now[i], decision, story, log, &sighting);
    while (made_by_.size() < ledger_.slots.size()) made_by_.push_back(i);
    if (decision.entry && decision.entry->number >= kProvisional) unsettled_.push_back(i);
}

std::span<std::uint64_t> Shard::numbers() {
    numbers_.resize(made_by_.size());
    return numbers_;
}

void Shard::settle(std::span<Decision> decisions) {
    if (made_by_.empty()) return;
    const auto settled = [this](std::uint64_t number) {
        return number >= kProvisional ? numbers_[number - kProvisional] : number;
    };
    for (std::size_t i = 0; i < ledger_.slots.size(); ++i) {
        parts_->tracker->renumber(ledger_.slots[i], kProvisional + i, numbers_[i]);
    }
    for (const std::uint32_t i : unsettled_) {
        decisions[i].entry->number = settled(decisions[i].entry->number);
    }
    for (Event& event : ledger_.events) {
        event.entry.number = settled(event.entry.number);
        event.entry.id = static_cast<std::uint32_t>(event.entry.number);
    }
    ledger_.next_number = kProvisional;
    ledger_.slots.clear();
    made_by_.clear();
    unsettled_.clear();
}

void Shard::forget_records() {
    ledger_.events.clear();
    ledger_.expectation_events.clear();
    marks_.clear();
}

}  // namespace keepstate
