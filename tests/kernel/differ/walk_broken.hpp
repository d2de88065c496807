// IP headers that are wrong or odd, on what other walks send: lengths, version, checksum, options of all kinds, a
// TTL that runs out, addresses that nobody should send from or to.
#pragma once

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

class BrokenWalk {
  public:
    explicit BrokenWalk(WalkGround& ground) : ground_(ground), dice_(ground.dice) {}

    Bytes spoil(Bytes packet);

  private:
    void spoil_ipv4(Bytes& bytes);
    void spoil_ipv6(Bytes& bytes);
    void add_options(Bytes& bytes);
    Bytes draw_options();
    Bytes wrong_option();
    void odd_address(Bytes& bytes);
    void odd_ttl(Bytes& bytes);

    WalkGround& ground_;
    Dice& dice_;
};

}  // namespace keepstate::kernel
