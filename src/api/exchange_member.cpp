// See exchange_member.hpp.
#include "api/exchange_member.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "api/crew.hpp"

namespace keepstate {

namespace {

void fill(Request& request, const Frame& frame, Request::Kind kind) {
    request.bytes = frame.bytes.data();
    request.time = frame.time;
    request.size = static_cast<std::uint32_t>(frame.bytes.size()) & 0x3fffffffU;
    request.kind = kind;
    request.link = frame.link;
    request.device = frame.device;
}

}  // namespace

/// Twice as many: a fragment may take a second one.
std::uint32_t ExchangeMember::places_for(std::uint32_t most_in_flight) {
    return std::bit_ceil(most_in_flight * 2);
}

ExchangeMember::ExchangeMember(std::uint32_t number, std::unique_ptr<EngineParts> parts,
                               const ct::Steering& steering, std::uint32_t most_in_flight)
    : engine(std::move(parts)),
      number_(number),
      steering_(steering),
      is_steered_by_glance_(steering.reach().is_empty()),
      most_in_flight_(most_in_flight),
      own_(places_for(most_in_flight)),
      decisions_(std::size_t{most_in_flight} * 2),
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
}

// --- a batch is submitted ------------------------------------------------------------------------

bool ExchangeMember::submit(std::span<const Frame> batch) {
    const auto count = static_cast<std::uint32_t>(batch.size());
    KS_ASSERT(count <= most_in_flight_);
    if (in_flight + count > most_in_flight_) return false;
    if (count == 0) return true;
    // Behind the batch before it, or at the beginning if its decisions would not stand in a row.
    const Batch& last = batch_at(begun_ + batches_.size() - 1);
    const std::uint32_t behind = last.first + last.count;
    const std::uint32_t first = behind + count > decisions_.size() ? 0 : behind;
    batch_at(begun_) = {first, count};
    in_flight += count;
    constexpr auto kSome = static_cast<std::uint32_t>(kGroup);
    const auto members = static_cast<std::uint32_t>(to_.size());
    for (const HandOver* other : to_) {
        if (other) other->prepare(std::min(count / members + 2, kSome));
    }
    for (HandOver* other : from_) {
        if (other) other->prepare_to_take(kSome / 2);
    }
    for (std::uint32_t i = 0; i < count; i += kSome) {
        place_frames(batch.subspan(i, std::min(kSome, count - i)), first + i);
    }
    publish();
    std::uint32_t* const wanted = wanted_at(begun_);
    for (std::size_t other = 0; other < to_.size(); ++other) {
        if (to_[other]) wanted[other] = to_[other]->next();
    }
    ++begun_;
    take_requests(kGroup);
    judge_group();
    return true;
}

/// All are looked at before the first is placed: what was just written in small pieces is slow to read in large ones. And
/// they are sorted by owner without asking whose each is, which no processor can foresee.
void ExchangeMember::place_frames(std::span<const Frame> frames, std::uint32_t first) {
    for (Share& share : shares_) share.count = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        hooks::Path::look(frames[i], looked_[i]);
        bool is_fragment = false;
        const std::uint32_t owner = find_owner(frames[i], looked_[i], is_fragment);
        const auto at = static_cast<std::uint32_t>(first + i);
        if (is_fragment) {
            Answers& answers = owner == number_ ? own_ : to_[owner]->answers();
            const std::uint32_t number = owner == number_ ? own_added_ : to_[owner]->next();
            pieces_.push_back({begun_, at, &answers, number, frames[i]});
            place_piece(frames[i], owner, nullptr, at);
            continue;
        }
        Share& share = shares_[owner];
        share.which[share.count++] = static_cast<std::uint8_t>(i);
    }
    for (std::size_t owner = 0; owner < shares_.size(); ++owner) {
        const Share& share = shares_[owner];
        HandOver* const there = to_[owner];
        for (std::uint32_t n = 0; n < share.count; ++n) {
            const std::uint32_t i = share.which[n];
            if (there == nullptr) {
                place_own(frames[i], looked_[i], first + i);
            } else {
                decisions_[first + i] = &there->answers().decision(there->next());
                place_there(frames[i], looked_[i], *there);
            }
        }
    }
}

std::uint32_t ExchangeMember::find_owner(const Frame& frame, const wire::Glance& glance,
                                         bool& is_fragment) {
    if (is_steered_by_glance_ && glance.has_ports) return steering_.shard_of(glance);
    const auto link = static_cast<wire::LinkType>(frame.link);
    const ct::Way way = steering_.way_of(link, frame.bytes);
    is_fragment = way.kind == ct::Way::Kind::fragment && to_.size() > 1;
    return is_fragment ? steering_.shard_of_fragment(link, frame.bytes) : way.shard;
}

void ExchangeMember::place_own(const Frame& frame, const wire::Glance& glance, std::uint32_t at) {
    decisions_[at] = &own_.decision(own_added_);
    engine->sightings[grouped_].glance = glance;
    engine->path->aim(engine->sightings[grouped_]);
    group_[grouped_++] = {&frame, glance.ip, nullptr, &own_, own_added_++, Request::Kind::glanced};
    if (grouped_ == kGroup) judge_group();
}

void ExchangeMember::place_there(const Frame& frame, const wire::Glance& glance, HandOver& there) {
    Request& request = there.add();
    fill(request, frame, Request::Kind::glanced);
    request.glance = glance;
    if (!glance.has_ports || !glance.is_v4) return;
    std::memcpy(request.addresses.data(), glance.ip + Request::kAddressesAt,
                request.addresses.size());
}

/// A fragment, or what fragments have become: `whole`.
void ExchangeMember::place_piece(const Frame& frame, std::uint32_t owner,
                                 const wire::Reassembled* whole, std::uint32_t at) {
    const Request::Kind kind = whole ? Request::Kind::whole : Request::Kind::fragment;
    if (owner == number_) {
        decisions_[at] = &own_.decision(own_added_);
        engine->sightings[grouped_].glance = {};
        group_[grouped_++] = {&frame, nullptr, whole, &own_, own_added_++, kind};
        has_pieces_ = true;
        if (grouped_ == kGroup) judge_group();
        return;
    }
    HandOver& there = *to_[owner];
    decisions_[at] = &there.answers().decision(there.next());
    fill(there.add(), frame, kind);
    if (whole) there.set_whole(*whole);
}

void ExchangeMember::publish() {
    for (HandOver* other : to_) {
        if (other) other->publish();
    }
}

// --- packets are judged --------------------------------------------------------------------------

void ExchangeMember::take_request(HandOver& other) {
    const Request& request = other.take();
    const std::uint32_t number = other.taken() - 1;
    wire::Glance& glance = engine->sightings[grouped_].glance;
    const bool is_glanced = request.kind == Request::Kind::glanced;
    glance = is_glanced ? request.glance : wire::Glance{};
    frames_[grouped_] = request.frame();
    Item& item = group_[grouped_];
    item = {&frames_[grouped_], glance.ip, nullptr, &other.answers(), number, request.kind};
    if (request.kind == Request::Kind::whole) item.whole = other.whole_of(number);
    // The packet itself is on its way from the asker's cache; its addresses came with the request.
    if (glance.has_ports && glance.is_v4) glance.ip = request.header_of_addresses();
    engine->path->aim(engine->sightings[grouped_]);
    glance.ip = item.ip;
    has_pieces_ = has_pieces_ || !is_glanced;
    ++grouped_;
}

/// Takes some of what others ask into the group. How many.
std::size_t ExchangeMember::take_requests(std::size_t most) {
    most = std::min(most, kGroup - grouped_);
    std::size_t left = most;
    const auto members = static_cast<std::uint32_t>(from_.size());
    for (std::uint32_t i = 0; i < members && left != 0; ++i) {
        HandOver* const other = from_[next_from_];
        std::size_t some = other ? std::min<std::size_t>(other->waiting(), left) : 0;
        for (; some != 0; --some, --left) take_request(*other);
        if (left != 0) next_from_ = next_from_ + 1 == members ? 0 : next_from_ + 1;
    }
    return most - left;
}

void ExchangeMember::judge_group() {
    if (grouped_ == 0) return;
    const std::size_t count = grouped_;
    grouped_ = 0;
    engine->begin_batch();
    const std::span<ct::Sighting> sightings = std::span(engine->sightings).first(count);
    // As EngineParts::look_ahead(), but what is looked at first has been looked at already.
    constexpr std::size_t kFew = EngineParts::kGroup;
    const auto few = [&](std::size_t at) {
        return sightings.subspan(at, std::min(kFew, count - at));
    };
    for (std::size_t at = 0; at < count + 2 * kFew; at += kFew) {
        if (at < count) engine->further[at / kFew] = engine->path->approach(few(at));
        if (at >= kFew && at - kFew < count) {
            engine->path->approach_further(few(at - kFew), engine->further[at / kFew - 1]);
        }
        if (at < 2 * kFew || at - 2 * kFew >= count) continue;
        for (std::size_t i = at - 2 * kFew; i < std::min(at - kFew, count); ++i) {
            judge(group_[i], sightings[i]);
        }
    }
    // Only what was rewritten, answered or put together has bytes of its own.
    if (has_pieces_ || !engine->arena.is_empty()) {
        for (std::size_t i = 0; i < count; ++i) {
            group_[i].answers->keep_bytes(group_[i].number, group_[i].frame->bytes);
        }
    }
    has_pieces_ = false;
    for (HandOver* other : from_) {
        if (other) other->finish();
    }
}

void ExchangeMember::judge(const Item& item, const ct::Sighting& sighting) {
    engine->latest = std::max(engine->latest, item.frame->time);
    Decision& decision = item.answers->decision(item.number);
    if (item.kind != Request::Kind::fragment) {
        engine->decide(*item.frame, engine->latest, decision, nullptr, nullptr,
                       item.whole ? nullptr : &sighting, item.whole);
        return;
    }
    item.answers->clear_stray(item.number);
    engine->path->set_owner(this);
    engine->decide(*item.frame, engine->latest, decision, nullptr, nullptr, nullptr, nullptr);
    engine->path->set_owner(nullptr);
    if (const auto& whole = engine->path->strayed()) {
        decision.out_bytes = decision.reply_bytes = {};
        item.answers->set_stray(item.number, stray_owner_, *whole);
    }
}

/// What reassembly makes of a fragment: whose flow it is.
bool ExchangeMember::is_here(const wire::Packet& packet) {
    stray_owner_ = steering_.way_of(packet).shard;
    return stray_owner_ == number_;
}

std::size_t ExchangeMember::serve() {
    const std::size_t taken = take_requests(kGroup);
    judge_group();
    return taken;
}

// --- decisions are collected ---------------------------------------------------------------------

void ExchangeMember::release() {
    if (released_ == given_) return;
    in_flight -= batch_at(released_).count;
    ++released_;
}

std::span<const Decision* const> ExchangeMember::collect() {
    release();
    if (given_ == begun_ || !is_complete(given_)) {
        serve();
        if (given_ == begun_ || !is_complete(given_)) return {};
    }
    const Batch& batch = batch_at(given_++);
    const std::span all(decisions_);
    const std::span<const Decision*> decisions = all.subspan(batch.first, batch.count);
    for (const Decision* decision : decisions) __builtin_prefetch(decision);
    return decisions;
}

bool ExchangeMember::is_complete(std::uint64_t batch) {
    const std::uint32_t* const wanted = wanted_at(batch);
    for (std::size_t other = 0; other < to_.size(); ++other) {
        if (to_[other] && !to_[other]->is_answered(wanted[other])) return false;
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
        wanted[stray.owner] = to_[stray.owner]->next();
        is_asked = true;
    }
    publish();
    judge_group();
    pieces_.erase(pieces_.begin(), end);
    return !is_asked;
}

std::span<const Decision* const> ExchangeMember::wait() {
    constexpr std::uint32_t kLooks = 2000;
    std::uint32_t looks = 0;
    for (;;) {
        const std::span<const Decision* const> decisions = collect();
        if (!decisions.empty() || given_ == begun_) return decisions;
        if (serve() != 0) {
            looks = 0;
        } else if (looks++ < kLooks) {
            base::pause_briefly();
        } else {
            let_others_run();
        }
    }
}

}  // namespace keepstate
