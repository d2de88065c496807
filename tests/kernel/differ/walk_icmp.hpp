// ICMP and ICMPv6 walks: messages of all types and codes, and errors about everything that was seen.
//
// A quoted packet is whole, cut at any byte, spoilt, turned round, a fragment, itself an error, of another protocol
// or behind extension headers; the error goes to the quoted packet's sender or to somebody else, from a
// router or from the other end; its checksum is right or wrong.
#pragma once

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

class IcmpWalk {
  public:
    explicit IcmpWalk(WalkGround& ground) : ground_(ground), dice_(ground.dice) {}

    Bytes next() { return dice_.one_in(2) && ground_.has_kept() ? error() : message(); }
    Bytes message();
    Bytes error();

  private:
    Bytes draw_quote();
    Bytes redirect(const Bytes& quote);

    WalkGround& ground_;
    Dice& dice_;
};

}  // namespace keepstate::kernel
