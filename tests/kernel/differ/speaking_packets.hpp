// Packets that walks do not make, for rules that read more than tracking does: payloads that speak, MSS options,
// chunks, extension headers, other TOS and TTL.
#pragma once

#include <cstdint>

#include "differ/draw.hpp"
#include "packets.hpp"

namespace keepstate::kernel {

/// The firewall's own: packets to it and from it take INPUT and OUTPUT.
inline constexpr const char* kOwnAddress4 = "10.0.9.1";
inline constexpr const char* kOwnAddress6 = "2001:db8:9::1";

class SpeakingPackets {
  public:
    SpeakingPackets(Draw& draw, bool is_v6) : draw_(draw), is_v6_(is_v6) {}

    Bytes next();
    /// Another TOS and TTL, as on a path with routers that mark.
    Bytes dress(Bytes packet);

  private:
    Bytes payload();
    Bytes draft(const IpEnds& ends, std::uint16_t from, std::uint16_t to);
    Bytes sctp(std::uint16_t from, std::uint16_t to);
    Bytes dccp(std::uint16_t from, std::uint16_t to);
    /// UDP, or nothing, behind one to three extension headers.
    Bytes extended(const IpEnds& ends);
    Bytes extension(std::uint8_t kind, std::uint8_t next);

    Draw& draw_;
    bool is_v6_;
};

}  // namespace keepstate::kernel
