// How what shards have said of a stretch becomes what one engine would have said; see sharded_parts.hpp.
#include <algorithm>
#include <iterator>

#include "api/sharded_parts.hpp"

namespace keepstate {

/// Entries are numbered in the order of the packets that made them.
void ShardedEngine::Parts::give_numbers() {
    std::fill(next_made_.begin(), next_made_.end(), 0U);
    std::size_t made = 0;
    for (const auto& shard : shards) made += shard->numbers().size();
    if (made == 0) return;
    for (std::size_t left = made; left != 0; --left) {
        std::size_t first = shards.size();
        for (std::size_t s = 0; s < shards.size(); ++s) {
            const auto made_by = shards[s]->made_by();
            if (next_made_[s] == made_by.size()) continue;
            const bool is_first =
                first == shards.size() ||
                made_by[next_made_[s]] < shards[first]->made_by()[next_made_[first]];
            if (is_first) first = s;
        }
        shards[first]->numbers()[next_made_[first]++] = ledger.next_number++;
    }
    if (made < kFewestTogether) {
        for (const auto& shard : shards) shard->settle(part_.decisions);
    } else {
        crew_->run(kSettle);
    }
}

void ShardedEngine::Parts::end_packet() {
    if (!listens_) return;
    event_ends.push_back(static_cast<std::uint32_t>(ledger.events.size()));
    expectation_event_ends.push_back(static_cast<std::uint32_t>(ledger.expectation_events.size()));
}

/// Events come in the order of their packets.
void ShardedEngine::Parts::merge_records(std::uint32_t begin, std::uint32_t end) {
    std::fill(next_mark_.begin(), next_mark_.end(), 0U);
    std::fill(next_event_.begin(), next_event_.end(), 0U);
    const bool has_marks = std::any_of(shards.begin(), shards.end(),
                                       [](const auto& shard) { return !shard->marks().empty(); });
    if (!has_marks && !listens_) return;
    for (std::uint32_t i = begin; i < end; ++i) {
        if (has_marks) merge_packet(i);
        end_packet();
    }
    if (!has_marks) return;
    for (const auto& shard : shards) shard->forget_records();
}

/// First what ended when the packet came, in all shards, then what the packet itself brought about.
void ShardedEngine::Parts::merge_packet(std::uint32_t packet) {
    const auto append = [this](std::size_t s, std::size_t end) {
        std::vector<Event>& from = shards[s]->ledger().events;
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(next_event_[s]);
        const auto last = from.begin() + static_cast<std::ptrdiff_t>(end);
        ledger.events.insert(ledger.events.end(), std::make_move_iterator(first),
                             std::make_move_iterator(last));
        next_event_[s] = end;
    };
    const auto mark_of = [&](std::size_t s) -> const Mark* {
        const auto marks = shards[s]->marks();
        const bool is_its = next_mark_[s] < marks.size() && marks[next_mark_[s]].packet == packet;
        return is_its ? &marks[next_mark_[s]] : nullptr;
    };
    const std::size_t before = ledger.events.size();
    for (std::size_t s = 0; s < shards.size(); ++s) {
        if (const Mark* mark = mark_of(s)) append(s, mark->swept);
    }
    if (ledger.events.size() - before > 1) ct::sort_by_number(ledger.events, before);
    for (std::size_t s = 0; s < shards.size(); ++s) {
        const Mark* mark = mark_of(s);
        if (!mark) continue;
        append(s, mark->events);
        std::vector<ExpectationEvent>& told = shards[s]->ledger().expectation_events;
        const std::size_t first =
            next_mark_[s] == 0 ? 0 : shards[s]->marks()[next_mark_[s] - 1].expectation_events;
        ledger.expectation_events.insert(
            ledger.expectation_events.end(),
            std::make_move_iterator(told.begin() + static_cast<std::ptrdiff_t>(first)),
            std::make_move_iterator(told.begin() +
                                    static_cast<std::ptrdiff_t>(mark->expectation_events)));
        ++next_mark_[s];
    }
}

}  // namespace keepstate
