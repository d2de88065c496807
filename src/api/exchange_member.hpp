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
    std::span<const Decision* const> collect();
    std::span<const Decision* const> wait();

    std::unique_ptr<EngineParts> engine;
    ct::Ledger ledger;
    std::uint32_t in_flight = 0;

  private:
    static constexpr std::size_t kGroup = EngineParts::kSightedAtOnce;
    struct Item {
        const Frame* frame = nullptr;
        const std::uint8_t* ip = nullptr;  ///< the packet's header
        const wire::Reassembled* whole = nullptr;
        Answers* answers = nullptr;
        std::uint32_t number = 0;  ///< of the answer
        Request::Kind kind = Request::Kind::glanced;
    };
    struct Batch {
        std::uint32_t first = 0;  ///< in decisions_
        std::uint32_t count = 0;
    };
    /// A fragment of a batch, whose answer may be that it is to be asked elsewhere.
    struct Piece {
        std::uint64_t batch = 0;
        std::uint32_t at = 0;  ///< in decisions_
        Answers* answers = nullptr;
        std::uint32_t number = 0;
        Frame frame;
    };
    bool is_here(const wire::Packet& packet) override;
    std::uint32_t find_owner(const Frame& frame, const wire::Glance& glance, bool& is_fragment);
    void place_frames(std::span<const Frame> frames, std::uint32_t first);
    void place_own(const Frame& frame, const wire::Glance& glance, std::uint32_t at);
    static void place_there(const Frame& frame, const wire::Glance& glance, HandOver& there);
    void place_piece(const Frame& frame, std::uint32_t owner, const wire::Reassembled* whole,
                     std::uint32_t at);
    void take_request(HandOver& other);
    std::size_t take_requests(std::size_t most);
    void judge_group();
    void judge(const Item& item, const ct::Sighting& sighting);
    void publish();
    void release();
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
    bool is_steered_by_glance_;
    std::uint32_t most_in_flight_;

    std::array<Item, kGroup> group_;
    std::array<Frame, kGroup> frames_;  ///< of those that were handed over
    std::size_t grouped_ = 0;
    bool has_pieces_ = false;                  ///< the group has
    std::array<wire::Glance, kGroup> looked_;  ///< at frames that are placed next
    /// Which of them are whose: places in `looked_`, by member.
    struct Share {
        std::uint32_t count = 0;
        std::array<std::uint8_t, kGroup> which{};
    };
    std::vector<Share> shares_;
    Answers own_;
    std::uint32_t own_added_ = 0;
    std::uint32_t next_from_ = 0;  ///< whose requests are taken first
    std::uint32_t stray_owner_ = 0;

    std::vector<const Decision*> decisions_;
    std::vector<Batch> batches_;
    std::vector<std::uint32_t> wanted_;  ///< sized when members know each other
    std::uint64_t begun_ = 0;            ///< batches submitted
    std::uint64_t given_ = 0;            ///< and of them, given by collect()
    std::uint64_t released_ = 0;
    std::vector<Piece> pieces_;  ///< in the order of their batches
};

}  // namespace keepstate
