// TCP walks: chaos and sessions.
//
// Chaos: each flow knows roughly where its two sides are, and most segments are close to that: in window, exactly
// at an edge, one beyond it, old, or nonsense; flags are any. It reaches the opening and closing states
// and what is INVALID.
//
// Sessions: two hosts that do what TCP does (handshake, also of both at once; data, ACKs, SACK blocks,
// retransmissions, keepalives, a window that closes and opens; FINs and RSTs in all orders; the same ports
// again) over a network that loses, doubles and reorders segments, and now and then spoils one. It reaches
// what only long flows have: assured entries, unacknowledged data, windows that have moved and wrapped.
//
// Many flows share few ports, so that tuples collide.
#pragma once

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

inline constexpr std::uint8_t kUrg = 0x20, kEce = 0x40, kCwr = 0x80;

/// One side of a flow, as its own host sees it.
struct TcpHost {
    std::uint32_t next = 0;    ///< next sequence number it would send
    std::uint32_t heard = 0;   ///< next sequence number it expects of the other
    std::uint32_t window = 0;  ///< what it offers, unscaled
    std::uint8_t scale = 0;
    bool offers_scale = false;
    bool offers_sack = false;
    bool has_opened = false;  ///< sent its SYN
    bool has_heard = false;   ///< saw the other's SYN
    bool has_closed = false;  ///< sent its FIN
    TcpSegment last{};        ///< the segment before, for retransmissions
};

struct TcpFlow {
    std::uint16_t ports[2] = {0, 0};
    unsigned client = 0, server = 0;  ///< which addresses
    bool is_session = false;
    TcpHost hosts[2];
};

class TcpWalk {
  public:
    explicit TcpWalk(WalkGround& ground);

    Bytes next();

  private:
    void restart(TcpFlow& flow);
    void restart_host(TcpHost& host);
    Bytes wrap(const TcpFlow& flow, unsigned side, TcpSegment segment);
    void spoil(Bytes& bytes);

    // chaos
    TcpSegment make_chaos(TcpFlow& flow, unsigned side);
    std::uint8_t draw_flags();
    std::uint32_t nudge(const TcpHost& of, const TcpHost& other);

    // sessions
    TcpSegment make_session(TcpFlow& flow, unsigned side);
    TcpSegment open(TcpHost& host, const TcpHost& other);
    TcpSegment talk(TcpHost& host, const TcpHost& other);
    TcpSegment reset(const TcpHost& host, const TcpHost& other);
    void listen(TcpHost& host, const TcpSegment& segment);
    void reopen(TcpFlow& flow);

    // options
    void add_options(TcpSegment& segment, const TcpHost& host, const TcpHost& other);
    void add_sack(TcpSegment& segment, std::uint32_t from, std::uint32_t to);
    void add_nonsense(TcpSegment& segment);

    WalkGround& ground_;
    Dice& dice_;
    std::vector<TcpFlow> flows_;
    std::vector<Bytes> delayed_;
};

}  // namespace keepstate::kernel
