// Fragments of what other walks send, in both families.
//
// A datagram is cut at places that are mostly multiples of eight. Then its fragments are left out, doubled,
// moved, lengthened, emptied, marked as last or not, and sent in any order, several datagrams at
// once and often with equal ids. IPv6 fragment headers may stand behind other extension headers, and
// may be "atomic": the whole datagram in one fragment.
#pragma once

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

class FragmentWalk {
  public:
    explicit FragmentWalk(WalkGround& ground) : ground_(ground), dice_(ground.dice) {}

    /// True if a fragment waits to be sent: feed datagrams in while there are few.
    bool has_waiting() const { return !waiting_.empty(); }
    std::size_t waiting() const { return waiting_.size(); }
    /// Cuts the datagram and puts its fragments among those that wait.
    void take(const Bytes& datagram);
    Bytes next();

  private:
    struct Piece {
        std::uint32_t offset = 0;  ///< in bytes; its last three bits are lost
        Bytes payload;
        bool has_more = false;
    };
    std::vector<Piece> slice(const Bytes& payload);
    void spoil(std::vector<Piece>& pieces);
    Bytes wrap(const Bytes& header, std::uint8_t protocol, std::uint32_t id, const Piece& piece);

    WalkGround& ground_;
    Dice& dice_;
    std::vector<Bytes> waiting_;
};

}  // namespace keepstate::kernel
