// IPv6 extension headers in front of what other walks send: hop-by-hop and destination options, routing,
// fragment, AH, ESP, mobility, HIP, shim6, no-next-header; in any order, repeated, with lengths that lie, cut short.
#pragma once

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

class Ext6Walk {
  public:
    explicit Ext6Walk(WalkGround& ground) : ground_(ground), dice_(ground.dice) {}

    /// Puts headers in front of the packet's transport header.
    Bytes dress(const Bytes& packet);

  private:
    Bytes make_header(std::uint8_t number, std::uint8_t next);
    Bytes options(bool is_hop_by_hop);
    Bytes draw_option(bool is_hop_by_hop, std::size_t at);
    Bytes routing();

    WalkGround& ground_;
    Dice& dice_;
};

}  // namespace keepstate::kernel
