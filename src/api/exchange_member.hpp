// A member of an exchange: an engine's parts, what others hand over to it, and its own batches.
//
//     submit   ask for the lines of what others have asked, which come meanwhile
//              look at each frame of the batch: own         -> the group at hand
//                                               another's   -> a request, published when all were looked at
//              take some of what others have asked          -> the group
//              judge the group: ask memory for all, decide one by one
//     collect  are all answers of the oldest batch there?
//
// Own and others' packets share a group of EngineParts::kSightedAtOnce, so that memory is asked for many at a time however
// few of a batch are own.
//
// A fragment goes to the member that puts its datagram together. If the whole is another one's, the answer is that, and the asker hands
// the whole over to whose it is: so nobody waits within a call, and the batch is complete a little later.
//
// Threads: one at a time.  Tested by: tests/property/exchange_property.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "api/engine_parts.hpp"
#include "api/hand_over.hpp"
#include "base/inline.hpp"
#include "ct/steering.hpp"
#include "keepstate/exchange.hpp"

namespace keepstate {

class ExchangeMember final : hooks::Owner {
  public:
    /// Entries of member N are numbered from N * kNumbers on.
    static constexpr std::uint64_t kNumbers = std::uint64_t{1} << 40;

    ExchangeMember(std::uint32_t number, std::unique_ptr<EngineParts> parts,
                   const ct::Steering& steering, std::uint32_t most_in_flight);
    /// So many places has each HandOver.
    static std::uint32_t places_for(std::uint32_t most_in_flight);

    /// The hand-overs from each member to each, the asker's number first; null where they are one.
    void meet(std::span<const std::unique_ptr<HandOver>> all, std::uint32_t members);

    // as Exchange::Member's
    bool submit(std::span<const Frame> batch);
    std::size_t serve();
    std::span<const Exchange::Answer> collect();
    std::span<const Exchange::Answer> wait();

    std::unique_ptr<EngineParts> engine;
    ct::Ledger ledger;
    std::uint32_t in_flight = 0;

  private:
    static constexpr std::size_t kGroup = EngineParts::kGroup;
    static constexpr std::size_t kPlaces = EngineParts::kSightedAtOnce;
    /// Whose answer a packet in the stages is.
    struct Item {
        std::uint32_t asker = 0;   ///< the member
        std::uint32_t number = 0;  ///< of the answer
        Request::Kind kind = Request::Kind::glanced;
        Word* word = nullptr;
        const wire::Reassembled* whole = nullptr;
    };
    struct Batch {
        std::uint32_t first = 0;  ///< in answers_
        std::uint32_t count = 0;
    };
    /// A fragment of a batch, whose answer may be that it is to be asked elsewhere.
    struct Piece {
        std::uint64_t batch = 0;
        std::uint32_t at = 0;  ///< in answers_
        Answers* answers = nullptr;
        std::uint32_t number = 0;
        Frame frame;
    };
    bool is_here(const wire::Packet& packet) override;
    std::uint32_t find_owner(const Frame& frame, bool& is_fragment);
    void sort_frames(std::span<const Frame> frames, std::uint32_t first);
    void place_frames(std::span<const Frame> frames, std::uint32_t first);
    void place_own(const Frame& frame, const ct::Sighting& looked, std::uint32_t at);
    void place_there(const Frame& frame, const ct::Sighting& looked, std::uint32_t at,
                     HandOver& there);
    void place_piece(const Frame& frame, std::uint32_t owner, const wire::Reassembled* whole,
                     std::uint32_t at);
    std::size_t put(std::uint32_t asker, Answers& answers, std::uint32_t number,
                    Request::Kind kind);
    void enter();
    void put_piece(std::uint32_t asker, std::uint32_t number, const Frame& frame,
                   Request::Kind kind, const wire::Reassembled* whole);
    void take_request(std::uint32_t asker);
    std::size_t take_requests(std::size_t most);
    std::uint32_t look_for_requests();
    void look_around();
    std::size_t size_of_group(std::size_t group) const;
    void step(std::size_t group);
    void drain();
    void judge_group(std::size_t group);
    void judge(const Item& item, const Frame& frame, const ct::Sighting& sighting,
               Decision& decision);
    void keep_bytes(std::size_t first, std::size_t count);
    void publish_answers();
    Answers& answers_to(std::uint32_t asker) {
        return asker == number_ ? own_ : from_[asker]->answers();
    }
    void release();
    void read_answers(const Batch& batch);
    bool is_complete(std::uint64_t batch);
    bool follow_pieces(std::uint64_t batch);

    Batch& batch_at(std::uint64_t number) { return batches_[number % batches_.size()]; }
    /// What the batch waits for at each member.
    std::uint32_t* wanted_at(std::uint64_t number) {
        return &wanted_[number % batches_.size() * to_.size()];
    }

    /// By member; null for itself.
    std::vector<HandOver*> to_;
    std::vector<HandOver*> from_;
    std::uint32_t number_;
    ct::Steering steering_;
    bool is_steered_by_key_;
    std::uint32_t most_in_flight_;

    // Packets in the stages, packet i at i modulo their count, as are engine->sightings.
    std::array<Frame, kPlaces> frames_;
    std::array<Item, kPlaces> items_;
    std::array<hooks::Told, kPlaces> told_;
    std::size_t filled_ = 0;              ///< packets since the stages were empty
    std::size_t pieces_end_ = 0;          ///< behind the last of them that is no glanced one
    std::vector<std::uint32_t> decided_;  ///< by asker: before this number all have their answers
    std::array<ct::Sighting, kPlaces> looked_;  ///< at frames that are placed next
    /// Which of them are whose: places in `looked_`, by member.
    struct Share {
        std::uint32_t count = 0;
        std::array<std::uint8_t, kPlaces> which{};
    };
    std::vector<Share> shares_;
    Answers own_;
    std::uint32_t own_added_ = 0;
    std::uint32_t next_from_ = 0;  ///< whose requests are taken first
    std::uint32_t stray_owner_ = 0;
    std::uint32_t idle_looks_ = 0;  ///< since the last request that was seen while waiting

    std::vector<Exchange::Answer> answers_;
    std::vector<const Word*> words_;  ///< where what is said of each of them will be
    std::vector<Batch> batches_;
    /// Of each batch, by member: behind its last request there. Sized when members know each other.
    std::vector<std::uint32_t> wanted_;
    std::uint64_t begun_ = 0;  ///< batches submitted
    std::uint64_t given_ = 0;  ///< and of them, given by collect()
    std::uint64_t released_ = 0;
    std::vector<Piece> pieces_;  ///< in the order of their batches
};

/// Into the next place of the stages, whose number it gives. Frame and sighting are to be filled there before enter().
KS_INLINE std::size_t ExchangeMember::put(std::uint32_t asker, Answers& answers,
                                          std::uint32_t number, Request::Kind kind) {
    const std::size_t at = filled_ % kPlaces;
    told_[at] = {&answers.decision(number), nullptr};
    Item& item = items_[at];
    item.asker = asker;
    item.number = number;
    item.kind = kind;
    item.word = &answers.word(number);
    return at;
}

KS_INLINE void ExchangeMember::enter() {
    ++filled_;
    if (filled_ % kGroup == 0) step(filled_ / kGroup - 1);
}

}  // namespace keepstate
