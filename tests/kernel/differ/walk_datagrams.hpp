// Walks of what has no connections of its own: UDP, UDP-Lite and DCCP; GRE, ESP, AH, tunnels and protocols that
// nobody knows. Few ports and keys, so that answers meet questions; lengths, coverages and checksums are
// right, wrong or missing.
#pragma once

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

class DatagramWalk {
  public:
    explicit DatagramWalk(WalkGround& ground) : ground_(ground), dice_(ground.dice) {}

    Bytes udp();    ///< UDP, UDP-Lite or DCCP
    Bytes other();  ///< GRE, ESP, AH, IP in IP, anything

  private:
    Bytes plain_udp(unsigned side);
    Bytes udplite(unsigned side);
    Bytes dccp(unsigned side);
    Bytes gre();
    void put_ports(Bytes& bytes, unsigned side);
    std::size_t draw_size();
    Bytes keep(Bytes bytes);

    WalkGround& ground_;
    Dice& dice_;
};

}  // namespace keepstate::kernel
