// See exchange_member.hpp.
#include "api/exchange_member.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "api/crew.hpp"

namespace keepstate {

/// Twice as many: a fragment may take a second one.
std::uint32_t ExchangeMember::places_for(std::uint32_t most_in_flight) {
    return std::bit_ceil(most_in_flight * 2);
}

ExchangeMember::ExchangeMember(std::uint32_t number, std::unique_ptr<EngineParts> parts,
                               const ct::Steering& steering, std::uint32_t most_in_flight)
    : engine(std::move(parts)),
      number_(number),
      steering_(steering),
      is_steered_by_key_(steering.reach().is_empty()),
      most_in_flight_(most_in_flight),
      own_(places_for(most_in_flight)),
      answers_(std::size_t{most_in_flight} * 2),
      words_(answers_.size()),
      batches_(std::size_t{most_in_flight} + 1) {
    ledger.next_number = number * kNumbers + 1;
    engine->tracker->write_to(&ledger);
}

void ExchangeMember::meet(std::span<const std::unique_ptr<HandOver>> all, std::uint32_t members) {
    for (std::uint32_t other = 0; other < members; ++other) {
        to_.push_back(all[number_ * members + other].get());
        from_.push_back(all[other * members + number_].get());
    }
    wanted_.resize(batches_.size() * members);
    shares_.resize(members);
    decided_.resize(members);
}

// --- a batch is submitted ------------------------------------------------------------------------

bool ExchangeMember::submit(std::span<const Frame> batch) {
    const auto count = static_cast<std::uint32_t>(batch.size());
    KS_ASSERT(count <= most_in_flight_);
    if (in_flight + count > most_in_flight_) return false;
    if (count == 0) return true;
    // Behind the batch before it, or at the beginning if its answers would not stand in a row.
    const Batch& last = batch_at(begun_ + batches_.size() - 1);
    const std::uint32_t behind = last.first + last.count;
    const std::uint32_t first = behind + count > answers_.size() ? 0 : behind;
    batch_at(begun_) = {first, count};
    in_flight += count;
    constexpr auto kSome = static_cast<std::uint32_t>(kPlaces);
    for (std::uint32_t i = 0; i < count; i += kSome) {
        place_frames(batch.subspan(i, std::min(kSome, count - i)), first + i);
    }
    std::uint32_t* const wanted = wanted_at(begun_);
    for (std::size_t other = 0; other < to_.size(); ++other) {
        wanted[other] = to_[other] ? to_[other]->next() : own_added_;
    }
    ++begun_;
    take_requests(kPlaces);
    publish_answers();
    // Those that are seen now are taken the next time: the counter is on its way from the other core meanwhile.
    look_for_requests();
    return true;
}

/// All are looked at before the first is placed: what was just written in small pieces is slow to read in large ones. And
/// they are sorted by owner without asking whose each is, which no processor can foresee.
void ExchangeMember::sort_frames(std::span<const Frame> frames, std::uint32_t first) {
    for (Share& share : shares_) share.count = 0;
    engine->path->look(frames, looked_);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const ct::Sighting& looked = looked_[i];
        bool is_fragment = false;
        const std::uint32_t owner = is_steered_by_key_ && looked.glance.has_ports
                                        ? steering_.shard_of(looked.key)
                                        : find_owner(frames[i], is_fragment);
        if (is_fragment) {
            Answers& answers = owner == number_ ? own_ : to_[owner]->answers();
            const std::uint32_t number = owner == number_ ? own_added_ : to_[owner]->next();
            const auto at = static_cast<std::uint32_t>(first + i);
            pieces_.push_back({begun_, at, &answers, number, frames[i]});
            place_piece(frames[i], owner, nullptr, at);
            continue;
        }
        Share& share = shares_[owner];
        share.which[share.count++] = static_cast<std::uint8_t>(i);
    }
}

/// Others' first, so that they are on their way while own ones are decided.
void ExchangeMember::place_frames(std::span<const Frame> frames, std::uint32_t first) {
    sort_frames(frames, first);
    for (std::size_t owner = 0; owner < shares_.size(); ++owner) {
        HandOver* const there = to_[owner];
        if (there == nullptr) continue;
        const Share& share = shares_[owner];
        for (std::uint32_t n = 0; n < share.count; ++n) {
            const std::uint32_t i = share.which[n];
            place_there(frames[i], looked_[i], first + i, *there);
        }
        there->publish();
    }
    const Share& own = shares_[number_];
    for (std::uint32_t n = 0; n < own.count; ++n) {
        const std::uint32_t i = own.which[n];
        place_own(frames[i], looked_[i], first + i);
    }
}

/// Of a packet whose key does not tell.
std::uint32_t ExchangeMember::find_owner(const Frame& frame, bool& is_fragment) {
    const auto link = static_cast<wire::LinkType>(frame.link);
    const ct::Way way = steering_.way_of(link, frame.bytes);
    is_fragment = way.kind == ct::Way::Kind::fragment && to_.size() > 1;
    return is_fragment ? steering_.shard_of_fragment(link, frame.bytes) : way.shard;
}

void ExchangeMember::place_own(const Frame& frame, const ct::Sighting& looked, std::uint32_t at) {
    words_[at] = &own_.word(own_added_);
    answers_[at].out_bytes = {looked.glance.ip, looked.glance.ip_bytes};
    const std::size_t place = put(number_, own_, own_added_++, Request::Kind::glanced);
    frames_[place] = frame;
    ct::Sighting& sighting = engine->sightings[place];
    sighting.glance = looked.glance;
    sighting.key = looked.key;
    enter();
}

void ExchangeMember::place_there(const Frame& frame, const ct::Sighting& looked, std::uint32_t at,
                                 HandOver& there) {
    words_[at] = &there.answers().word(there.next());
    answers_[at].out_bytes = {looked.glance.ip, looked.glance.ip_bytes};
    there.add().set(frame, looked);
}

/// A fragment, or what fragments have become: `whole`.
void ExchangeMember::place_piece(const Frame& frame, std::uint32_t owner,
                                 const wire::Reassembled* whole, std::uint32_t at) {
    const Request::Kind kind = whole ? Request::Kind::whole : Request::Kind::fragment;
    if (owner == number_) {
        words_[at] = &own_.word(own_added_);
        put_piece(number_, own_added_++, frame, kind, whole);
        return;
    }
    HandOver& there = *to_[owner];
    words_[at] = &there.answers().word(there.next());
    there.add().set(frame, kind);
    if (whole) there.set_whole(*whole);
}

// --- answers are collected -----------------------------------------------------------------------

void ExchangeMember::release() {
    if (released_ == given_) return;
    in_flight -= batch_at(released_).count;
    ++released_;
}

std::span<const Exchange::Answer> ExchangeMember::collect() {
    release();
    if (given_ == begun_) {
        serve();
        return {};
    }
    if (!is_complete(given_)) {
        look_around();
        if (!is_complete(given_)) return {};
    }
    const Batch& batch = batch_at(given_++);
    read_answers(batch);
    return std::span(answers_).subspan(batch.first, batch.count);
}

void ExchangeMember::read_answers(const Batch& batch) {
    for (std::uint32_t at = batch.first; at != batch.first + batch.count; ++at) {
        const Word word = *words_[at];
        Exchange::Answer& answer = answers_[at];
        answer.decision = word.decision();
        if (!word.is_shared()) {
            answer.out_bytes = answer.decision->out_bytes;
        } else if (answer.decision->verdict != Verdict::accept) {
            answer.out_bytes = {};
        }
    }
}

bool ExchangeMember::is_complete(std::uint64_t batch) {
    const std::uint32_t* const wanted = wanted_at(batch);
    for (std::size_t other = 0; other < to_.size(); ++other) {
        const bool is_there = to_[other] ? to_[other]->is_answered(wanted[other])
                                         : has_come(decided_[other], wanted[other]);
        if (!is_there) return false;
    }
    return pieces_.empty() || follow_pieces(batch);
}

/// Hands datagrams that were put together over to those whose they are. True: none is left.
bool ExchangeMember::follow_pieces(std::uint64_t batch) {
    const auto end = std::find_if(pieces_.begin(), pieces_.end(),
                                  [batch](const Piece& piece) { return piece.batch != batch; });
    std::uint32_t* const wanted = wanted_at(batch);
    bool is_asked = false;
    for (auto piece = pieces_.begin(); piece != end; ++piece) {
        const Answers::Stray& stray = piece->answers->stray(piece->number);
        if (!stray.is_set) continue;
        place_piece(piece->frame, stray.owner, &stray.whole, piece->at);
        if (!to_[stray.owner]) continue;
        to_[stray.owner]->publish();
        wanted[stray.owner] = to_[stray.owner]->next();
        is_asked = true;
    }
    drain();
    pieces_.erase(pieces_.begin(), end);
    return !is_asked;
}

std::span<const Exchange::Answer> ExchangeMember::wait() {
    constexpr std::uint32_t kLooks = 500, kPauses = 8;
    std::uint32_t looks = 0;
    for (;;) {
        const std::span<const Exchange::Answer> answers = collect();
        if (!answers.empty() || given_ == begun_) return answers;
        if (idle_looks_ == 0) looks = 0;
        if (looks++ >= kLooks) {
            let_others_run();
            continue;
        }
        // Whoever looks at a counter takes its line from the one who is to write it.
        for (std::uint32_t i = 0; i < kPauses; ++i) base::pause_briefly();
    }
}

}  // namespace keepstate
