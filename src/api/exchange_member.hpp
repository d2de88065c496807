// A member of an exchange: an engine's parts, what others hand over to it, and its own batches.
//
//     submit   ask for the lines of the cache that others have and that will be needed
//              look at each frame of the batch, and list which are own and which are others'
//              own                                   -> the stages
//              others'                               -> requests, published; the stages go on
//              some of what others have asked        -> the stages, which go on
//     collect  are all answers of the oldest batch there?
//
// Own and others' packets share the stages, so that memory is asked for many at a time however few of a batch are own. They
// come to them some at a time, each kind in a loop of its own that asks nothing of the single packet: whose the next one is, and
// whether it completes a group, no processor foresees.
//
// A line that another core has written takes 60 to 400 ns, as far as that is away, and stores behind one that waits for its line
// wait with it. So each of them is asked for while something else is done, about the looks at some frames before it is needed.
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
#include "keepstate/steering.hpp"

namespace keepstate {

class alignas(kApart) ExchangeMember final : hooks::Owner {
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

    /// Nothing is under way, and nobody reads a decision that was made here for this member's packets.
    bool is_idle() const { return in_flight == 0 && filled_ == 0; }
    const ct::HelperReach& reach() const { return steering_.reach(); }

    std::unique_ptr<EngineParts> engine;
    ct::Ledger ledger;
    std::uint32_t in_flight = 0;

  private:
    static constexpr std::size_t kGroup = EngineParts::kGroup;
    static constexpr std::size_t kStages = EngineParts::kStages;
    /// So many packets are looked at, or taken from others, before those in the stages go on.
    static constexpr std::size_t kSome = 32;
    /// Three whole groups and a part of one may be there, when some more come.
    static constexpr std::size_t kPlaces = kGroup * kStages + kSome;
    static constexpr std::uint32_t kNobody = ~std::uint32_t{0};  ///< no owner

    /// Whose answer a packet in the stages is. Two stores and no more, for it is written once a packet.
    class Item {
      public:
        Item() = default;
        Item(Word& word, std::uint32_t asker, std::uint32_t number, Request::Kind kind)
            : word_(&word),
              facts_(std::uint64_t{static_cast<std::uint16_t>(kind)} << 48 |
                     std::uint64_t{asker} << 32 | number) {}
        Word& word() const { return *word_; }
        std::uint32_t asker() const { return static_cast<std::uint16_t>(facts_ >> 32); }
        std::uint32_t number() const { return static_cast<std::uint32_t>(facts_); }
        Request::Kind kind() const { return static_cast<Request::Kind>(facts_ >> 48); }

      private:
        Word* word_ = nullptr;
        std::uint64_t facts_ = 0;  ///< kind, the member that asks, the answer's number
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
    std::uint32_t find_odd_owner(const Frame& frame, std::uint32_t at);
    void sort_frames(std::span<const Frame> frames, std::uint32_t first);
    void place_frames(std::span<const Frame> frames, std::uint32_t first);
    void prepare(std::uint32_t frames);
    void place_there(std::span<const Frame> frames, std::uint32_t first);
    void place_own(std::span<const Frame> frames, std::uint32_t first);
    void place_piece(const Frame& frame, std::uint32_t owner, const wire::Reassembled* whole,
                     std::uint32_t at);
    void put(std::size_t place, std::uint32_t asker, Answers& answers, std::uint32_t number,
             Request::Kind kind);
    void put_piece(std::uint32_t asker, std::uint32_t number, const Frame& frame,
                   Request::Kind kind, const wire::Reassembled* whole);
    void go_on();
    std::uint32_t take_glanced(std::uint32_t asker, std::uint32_t most);
    std::uint32_t take_piece(std::uint32_t asker);
    std::size_t take_requests();
    std::uint32_t look_for_requests();
    void look_around();
    std::size_t size_of_group(std::size_t group) const;
    void step(std::size_t group);
    void drain();
    void judge_group(std::size_t group);
    void judge(std::size_t place);
    void keep_bytes(std::size_t first, std::size_t count);
    void publish_answers();
    Answers& answers_to(std::uint32_t asker) {
        return asker == number_ ? own_ : from_[asker]->answers();
    }
    void release();
    void prepare_to_read(std::uint64_t batch);
    void read_answers(const Batch& batch);
    bool is_complete(std::uint64_t batch);
    bool follow_pieces(std::uint64_t batch);

    Batch& batch_at(std::uint64_t number) { return batches_[number % batches_.size()]; }
    /// What the batch waits for at each member.
    std::uint32_t* wanted_at(std::uint64_t number) {
        return &wanted_[number % batches_.size() * members_];
    }

    // By member, to_ and from_ null for itself. Here, and not in memory of their own, small pieces of which would lie beside what
    // other members' threads write.
    std::array<HandOver*, Steering::kMostShards> to_{};
    std::array<HandOver*, Steering::kMostShards> from_{};
    std::array<std::uint32_t, Steering::kMostShards>
        decided_{};  ///< before this number all of an asker's have their answers
    std::uint32_t members_ = 0;
    std::uint32_t placed_ = 0;  ///< times that frames were placed
    std::uint32_t number_;
    ct::Steering steering_;
    bool is_steered_by_key_;
    std::uint32_t most_in_flight_;

    // Packets in the stages, packet i at i modulo their count.
    std::array<Frame, kPlaces> frames_;
    std::array<ct::Sighting, kPlaces> sightings_;
    std::array<Item, kPlaces> items_;
    std::array<hooks::Told, kPlaces> told_;
    std::array<const wire::Reassembled*, kPlaces> wholes_{};  ///< with Request::Kind::whole
    std::size_t filled_ = 0;      ///< packets since the stages were empty
    std::size_t entered_ = 0;     ///< groups of them that have begun
    std::size_t pieces_end_ = 0;  ///< behind the last of them that is no glanced one
    // Frames that are placed next: what was seen of them, whose each is, and which are own and which are not, in order.
    std::array<ct::Sighting, kSome> looked_;
    std::array<std::uint32_t, kSome> owners_{};
    std::array<std::uint32_t, kSome> which_own_{};
    std::array<std::uint32_t, kSome> which_there_{};
    std::size_t own_count_ = 0;
    std::size_t there_count_ = 0;
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

/// What is known of a packet by its answer. Frame and sighting of the place are to be filled too.
KS_INLINE void ExchangeMember::put(std::size_t place, std::uint32_t asker, Answers& answers,
                                   std::uint32_t number, Request::Kind kind) {
    told_[place] = {&answers.decision(number), nullptr};
    items_[place] = Item(answers.word(number), asker, number, kind);
}

/// Whole groups enter the stages.
KS_INLINE void ExchangeMember::go_on() {
    while (entered_ < filled_ / kGroup) step(entered_++);
}

}  // namespace keepstate
