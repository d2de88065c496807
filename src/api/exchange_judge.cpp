// How a member of an exchange judges packets; see exchange_member.hpp.
//
//     put    | 24..31 |        a group of eight is looked for: its places in the index
//            | 16..23 |        its entries
//            |  8..15 |        what the first look did not find
//            |  0..7  |        decided, one after the other
//
// Whenever a group is full, each group before it goes a stage further. What is in the stages when a call ends stays there, and goes on
// when the next packets come, so that memory is at work between batches too; who has nothing more to put in lets them run empty.
#include <algorithm>

#include "api/exchange_member.hpp"

namespace keepstate {

/// A fragment, or what fragments have become, into the stages. It has no sighting.
void ExchangeMember::put_piece(std::uint32_t asker, std::uint32_t number, const Frame& frame,
                               Request::Kind kind, const wire::Reassembled* whole) {
    const std::size_t place = filled_ % kPlaces;
    put(place, asker, answers_to(asker), number, kind);
    wholes_[place] = whole;
    frames_[place] = frame;
    sightings_[place].glance = {};
    pieces_end_ = ++filled_;
    go_on();
}

/// As many of `most` as are glanced ones and have places in a row.
std::uint32_t ExchangeMember::take_glanced(std::uint32_t asker, std::uint32_t most) {
    HandOver& there = *from_[asker];
    Answers& answers = there.answers();
    const std::uint32_t first = there.taken();
    const std::size_t begin = filled_ % kPlaces;
    const std::size_t end = begin + std::min<std::size_t>(most, kPlaces - begin);
    std::size_t place = begin;
    for (std::uint32_t number = first; place != end; ++place, ++number) {
        const Request& request = there.at(number);
        if (request.kind() != Request::Kind::glanced) break;
        put(place, asker, answers, number, Request::Kind::glanced);
        // Part by part: what was just written in pieces is slow to read as a whole.
        request.get(frames_[place]);
        request.get(sightings_[place]);
    }
    const auto taken = static_cast<std::uint32_t>(place - begin);
    there.take(taken);
    filled_ += taken;
    return taken;
}

std::uint32_t ExchangeMember::take_piece(std::uint32_t asker) {
    HandOver& there = *from_[asker];
    const std::uint32_t number = there.taken();
    const Request& request = there.at(number);
    there.take(1);
    Frame frame;
    request.get(frame);
    const bool is_whole = request.kind() == Request::Kind::whole;
    put_piece(asker, number, frame, request.kind(), is_whole ? there.whole_of(number) : nullptr);
    return 1;
}

/// Takes some of what others ask and the last look has seen. How many.
std::size_t ExchangeMember::take_requests() {
    auto left = static_cast<std::uint32_t>(kSome);
    for (std::uint32_t i = 0; i < members_ && left != 0; ++i) {
        const std::uint32_t asker = next_from_;
        std::uint32_t some = from_[asker] ? std::min(from_[asker]->ready(), left) : 0;
        left -= some;
        while (some != 0) {
            const bool is_glanced =
                from_[asker]->at(from_[asker]->taken()).kind() == Request::Kind::glanced;
            some -= is_glanced ? take_glanced(asker, some) : take_piece(asker);
        }
        if (left != 0) next_from_ = next_from_ + 1 == members_ ? 0 : next_from_ + 1;
    }
    go_on();
    return kSome - left;
}

/// How many wait.
std::uint32_t ExchangeMember::look_for_requests() {
    std::uint32_t waiting = 0;
    for (HandOver* const other : std::span(from_).first(members_)) {
        if (!other) continue;
        waiting += other->look();
        other->prepare_to_take(kSome);
    }
    return waiting;
}

/// 0: there is no such group in the stages.
std::size_t ExchangeMember::size_of_group(std::size_t group) const {
    const std::size_t first = group * kGroup;
    return first < filled_ ? std::min(kGroup, filled_ - first) : 0;
}

/// The group enters the stages, unless there is none; those before it go on.
void ExchangeMember::step(std::size_t group) {
    hooks::Path& path = *engine->path;
    const auto sightings_of = [this](std::size_t which) {
        return std::span(sightings_).subspan(which * kGroup % kPlaces, size_of_group(which));
    };
    const auto further_of = [this](std::size_t which) -> std::uint32_t& {
        return engine->further[which % kStages];
    };
    if (size_of_group(group) != 0) path.aim(sightings_of(group));
    if (group >= 1 && size_of_group(group - 1) != 0) {
        further_of(group - 1) = path.approach(sightings_of(group - 1));
    }
    if (group >= 2 && size_of_group(group - 2) != 0) {
        path.approach_further(sightings_of(group - 2), further_of(group - 2));
    }
    if (group >= 3 && size_of_group(group - 3) != 0) judge_group(group - 3);
}

/// Everything in the stages is decided.
void ExchangeMember::drain() {
    if (filled_ == 0) return;
    const std::size_t last = (filled_ - 1) / kGroup;
    while (entered_ < last + kStages) step(entered_++);
    filled_ = entered_ = pieces_end_ = 0;
    publish_answers();
}

void ExchangeMember::judge_group(std::size_t group) {
    engine->begin_batch();
    const std::size_t first = group * kGroup % kPlaces;
    const std::size_t count = size_of_group(group);
    const std::span<const Frame> frames = std::span(frames_).subspan(first, count);
    const std::span<const ct::Sighting> sightings = std::span(sightings_).subspan(first, count);
    const std::span<hooks::Told> told = std::span(told_).subspan(first, count);
    for (std::size_t i = 0; i < count; ++i) {
        i += engine->decide_usual(frames.subspan(i), sightings.subspan(i), told.subspan(i));
        if (i < count) judge(first + i);
    }
    // Only what was rewritten, answered or put together has bytes of its own.
    if (pieces_end_ > group * kGroup || !engine->arena.is_empty()) keep_bytes(first, count);
    std::uint32_t* const decided = decided_.data();
    for (std::size_t i = first; i < first + count; ++i) {
        const Item& item = items_[i];
        item.word() = Word(told_[i]);
        decided[item.asker()] = item.number() + 1;
    }
}

void ExchangeMember::keep_bytes(std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
        const Item& item = items_[i];
        if (told_[i].shared != nullptr) continue;
        answers_to(item.asker()).keep_bytes(item.number(), frames_[i].bytes);
    }
}

/// One that is no usual packet.
void ExchangeMember::judge(std::size_t place) {
    const Item& item = items_[place];
    const Frame& frame = frames_[place];
    Decision& decision = *told_[place].own;
    engine->latest = std::max(engine->latest, frame.time);
    if (item.kind() == Request::Kind::glanced) {
        engine->decide_unusual(frame, sightings_[place], engine->latest, decision);
        return;
    }
    const wire::Reassembled* const made =
        item.kind() == Request::Kind::whole ? wholes_[place] : nullptr;
    Answers& answers = answers_to(item.asker());
    const bool is_piece = item.kind() == Request::Kind::fragment;
    if (is_piece) {
        answers.clear_stray(item.number());
        engine->path->set_owner(this);
    }
    engine->decide(frame, engine->latest, decision, nullptr, nullptr, nullptr, made);
    engine->path->set_owner(nullptr);
    if (!is_piece) return;
    if (const auto& whole = engine->path->strayed()) {
        decision.out_bytes = decision.reply_bytes = {};
        answers.set_stray(item.number(), stray_owner_, *whole);
    }
}

/// What reassembly makes of a fragment: whose flow it is.
bool ExchangeMember::is_here(const wire::Packet& packet) {
    stray_owner_ = steering_.way_of(packet).shard;
    return stray_owner_ == number_;
}

void ExchangeMember::publish_answers() {
    for (std::size_t asker = 0; asker < members_; ++asker) {
        if (from_[asker]) from_[asker]->finish(decided_[asker]);
    }
}

/// As serve(), for a member that waits for others. They will soon ask more: what has come goes on through the stages in company.
void ExchangeMember::look_around() {
    constexpr std::uint32_t kIdleLooks = 4;
    look_for_requests();
    idle_looks_ = take_requests() != 0 ? 0 : idle_looks_ + 1;
    if (idle_looks_ % kIdleLooks == kIdleLooks - 1) drain();
    publish_answers();
}

std::size_t ExchangeMember::serve() {
    look_for_requests();
    const std::size_t taken = take_requests();
    if (look_for_requests() == 0) drain();
    publish_answers();
    return taken;
}

}  // namespace keepstate
