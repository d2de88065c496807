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
    members_ = members;
    for (std::uint32_t other = 0; other < members; ++other) {
        to_[other] = all[number_ * members + other].get();
        from_[other] = all[other * members + number_].get();
    }
    wanted_.resize(batches_.size() * members);
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
    for (std::uint32_t i = 0; i < count; i += kSome) {
        place_frames(batch.subspan(i, std::min<std::size_t>(kSome, count - i)), first + i);
        take_requests();
        publish_answers();
    }
    std::uint32_t* const wanted = wanted_at(begun_);
    for (std::size_t other = 0; other < members_; ++other) {
        wanted[other] = to_[other] ? to_[other]->next() : own_added_;
    }
    ++begun_;
    return true;
}

/// All are looked at before the first is placed: what was just written in small pieces is slow to read in large ones. And
/// they are sorted by owner without asking whose each is, which no processor can foresee.
void ExchangeMember::sort_frames(std::span<const Frame> frames, std::uint32_t first) {
    engine->path->look(frames, looked_);
    std::size_t own = 0, there = 0;
    const auto count = static_cast<std::uint32_t>(frames.size());
    const std::uint32_t self = number_;
    Exchange::Answer* const answers = answers_.data() + first;
    for (std::uint32_t i = 0; i < count; ++i) {
        const ct::Sighting& looked = looked_[i];
        answers[i].out_bytes = {looked.glance.ip, looked.glance.ip_bytes};
        std::uint32_t owner = 0;
        if (is_steered_by_key_ && looked.glance.has_ports) {
            owner = steering_.shard_of(looked.key);
        } else {
            owner = find_odd_owner(frames[i], first + i);
            if (owner == kNobody) continue;
        }
        owners_[i] = owner;
        which_own_[own] = which_there_[there] = i;
        own += static_cast<std::size_t>(owner == self);
        there += static_cast<std::size_t>(owner != self);
    }
    own_count_ = own;
    there_count_ = there;
}

/// Of a packet whose key does not tell. kNobody: it was a fragment, and is placed.
std::uint32_t ExchangeMember::find_odd_owner(const Frame& frame, std::uint32_t at) {
    const auto link = static_cast<wire::LinkType>(frame.link);
    const ct::Way way = steering_.way_of(link, frame.bytes);
    if (way.kind != ct::Way::Kind::fragment || members_ == 1) return way.shard;
    const std::uint32_t owner = steering_.shard_of_fragment(link, frame.bytes);
    Answers& answers = owner == number_ ? own_ : to_[owner]->answers();
    const std::uint32_t number = owner == number_ ? own_added_ : to_[owner]->next();
    pieces_.push_back({begun_, at, &answers, number, frame});
    place_piece(frame, owner, nullptr, at);
    return kNobody;
}

/// Others' behind own ones: a store waits for those before it, and the lines of requests have to come from other cores first. What follows them
/// is deciding, which writes less than placing.
void ExchangeMember::place_frames(std::span<const Frame> frames, std::uint32_t first) {
    prepare(static_cast<std::uint32_t>(frames.size()));
    sort_frames(frames, first);
    // Every other time: one wait for the counters does for what two batches bring.
    if (placed_++ % 2 == 0) look_for_requests();
    place_own(frames, first);
    place_there(frames, first);
    go_on();
}

/// What other cores hold is asked for before some of so many frames go there.
void ExchangeMember::prepare(std::uint32_t frames) {
    constexpr std::uint32_t kMore = 4;  // they are not shared out evenly
    for (std::uint32_t other = 0; other < members_; ++other) {
        if (other == number_) continue;
        to_[other]->prepare_to_ask(std::min(frames, frames / members_ + kMore));
        from_[other]->prepare_to_look();
    }
}

void ExchangeMember::place_there(std::span<const Frame> frames, std::uint32_t first) {
    HandOver* const* const to = to_.data();
    const Word** const words = words_.data() + first;
    for (std::size_t n = 0; n < there_count_; ++n) {
        const std::uint32_t i = which_there_[n];
        HandOver& there = *to[owners_[i]];
        words[i] = &there.answers().word(there.next());
        there.add().set(frames[i], looked_[i]);
    }
    for (HandOver* const there : std::span(to_).first(members_)) {
        if (there != nullptr) there->publish();
    }
}

void ExchangeMember::place_own(std::span<const Frame> frames, std::uint32_t first) {
    const Word** const words = words_.data() + first;
    for (std::size_t n = 0; n < own_count_;) {
        const std::size_t begin = filled_ % kPlaces;
        const std::size_t end = begin + std::min(own_count_ - n, kPlaces - begin);
        std::uint32_t number = own_added_;
        for (std::size_t place = begin; place != end; ++place, ++n, ++number) {
            const std::uint32_t i = which_own_[n];
            words[i] = &own_.word(number);
            put(place, number_, own_, number, Request::Kind::glanced);
            frames_[place] = frames[i];
            sightings_[place].glance = looked_[i].glance;
            sightings_[place].key = looked_[i].key;
        }
        filled_ += end - begin;
        own_added_ = number;
    }
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

/// Answers to a batch that will be collected next, if they are there.
void ExchangeMember::prepare_to_read(std::uint64_t batch) {
    const std::uint32_t* const first = wanted_at(batch - 1);
    const std::uint32_t* const end = wanted_at(batch);
    for (std::size_t other = 0; other < members_; ++other) {
        if (to_[other]) to_[other]->prepare_to_read(first[other], end[other]);
    }
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
    if (given_ != begun_) prepare_to_read(given_);
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
    for (std::size_t other = 0; other < members_; ++other) {
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
