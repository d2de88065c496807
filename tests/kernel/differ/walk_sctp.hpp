// SCTP walks: a few associations at a time, each for some dozens of packets, then another on the next port.
//
// Half of the packets are what could come next in the association's state, the other half are anything: all
// chunk types, bundles, both directions; tags right, of the other side, zero or foreign; lengths that lie,
// cut packets, wrong checksums. The walk knows the tags and guesses the state: it need not be right,
// only near.
#pragma once

#include "differ/walk_parts.hpp"
#include "sctp_packets.hpp"

namespace keepstate::kernel {

class SctpWalk {
  public:
    explicit SctpWalk(WalkGround& ground);

    Bytes next();

  private:
    /// How far the association has come, as far as the walk can tell.
    enum class Phase : std::uint8_t {
        none,
        cookie_wait,
        cookie_echoed,
        established,
        shutdown_sent,
        shutdown_ack_sent,
        over
    };
    struct Flow {
        IpEnds ends;
        std::uint16_t port = 0;
        unsigned packets_left = 0;
        Phase phase = Phase::none;
        std::uint32_t tags[2] = {0, 0};  ///< that packets of this direction carry
    };
    struct Plan {
        std::uint8_t type = 0;
        unsigned side = 0;
        Phase after = Phase::none;
    };

    void begin(Flow& flow);
    Plan draw_plan(const Flow& flow);
    SctpChunk make_chunk(const Flow& flow, std::uint8_t type, unsigned side);
    std::uint32_t draw_tag(const Flow& flow, const SctpChunk& first, unsigned side);
    std::uint32_t foreign_tag();
    void learn(Flow& flow, const Plan& plan, const SctpChunk& chunk);

    WalkGround& ground_;
    Dice& dice_;
    std::vector<Flow> flows_;
    std::uint16_t next_port_ = 1024;
};

}  // namespace keepstate::kernel
