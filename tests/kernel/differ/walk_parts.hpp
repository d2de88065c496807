// What all walks are made of: the dice, the addresses of the ground they walk on, and the small surgery that
// turns a sound packet into another one.
//
//     10.0.1.0/24  2001:db8:1::/64   eth0  side 0
//     10.0.2.0/24  2001:db8:2::/64   eth1  side 1
//     10.0.1.254, 10.0.2.254, 2001:db8:1::fe, 2001:db8:2::fe        the firewall itself, if it takes part
//     everything else                eth0
//
// Numbers are drawn by SplitMix64, so that a seed means the same on every machine.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "packets.hpp"

namespace keepstate::kernel {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    std::uint32_t word() { return static_cast<std::uint32_t>(next()); }
    std::uint32_t below(std::size_t bound) { return static_cast<std::uint32_t>(next() % bound); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(next()); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    bool percent(std::uint32_t chance) { return below(100) < chance; }
    template <typename T>
    T pick(std::initializer_list<T> choices) {
        return choices.begin()[below(choices.size())];
    }
    /// From 1 to most, small numbers as often as all the others.
    std::uint32_t small(std::uint32_t most) { return 1 + below(one_in(2) ? 4 : most); }

  private:
    std::uint64_t state_;
};

/// The side that is the firewall itself, if one is.
enum class HostSide : std::uint8_t { none, near, far };

/// Where a walk takes place: its dice, its addresses, and the packets that later ones may quote or spoil.
class WalkGround {
  public:
    WalkGround(Dice& of, bool of_ipv6, HostSide host_side, bool with_rules)
        : dice(of), is_v6(of_ipv6), host(host_side), has_rules(with_rules) {}

    Dice& dice;
    const bool is_v6;
    const HostSide host;
    /// Rules count, and REJECT answers: so what Linux answers and keepstate does not (docs/differences.md), such as
    /// wrong IPv6 options, and what Linux cannot answer here, such as link-local sources, is left out.
    const bool has_rules;

    std::string address(unsigned side, unsigned number) const;
    /// One that the ground itself gives: no multicast address, no loopback, not of the other family.
    bool is_plain(const std::string& address) const {
        return address.starts_with(is_v6 ? "2001:db8:" : "10.0.");
    }
    /// From the side to the other one; one address in two on the near side, one on the far side.
    IpEnds draw_ends(unsigned side);
    std::size_t header_bytes() const { return is_v6 ? 40 : 20; }

    /// A packet that errors may quote and fragments may be cut from.
    Bytes keep(Bytes bytes);
    bool has_kept() const { return !kept_.empty(); }
    const Bytes& draw_kept() { return kept_[dice.below(kept_.size())]; }

  private:
    static constexpr std::size_t kMostKept = 64;
    std::vector<Bytes> kept_;
};

/// The family of a packet is in its first four bits.
inline bool is_ipv6(const Bytes& bytes) { return !bytes.empty() && bytes[0] >> 4U == 6; }

/// Writes the length field (and IPv4's header checksum) that the bytes have.
void repair_length(Bytes& bytes);
/// IPv4's header checksum alone; nothing for IPv6 or what is shorter than its header says.
void repair_checksum(Bytes& bytes);
void set_protocol(Bytes& bytes, std::uint8_t protocol);
/// Transport header and payload of a packet without options or extension headers.
Bytes payload_of(const Bytes& bytes);
std::uint8_t protocol_of(const Bytes& bytes);
/// "10.0.1.1" or "2001:db8:1::1".
IpEnds ends_of(const Bytes& bytes);
/// Cuts the packet short and says so in its length field.
void cut(Bytes& bytes, std::size_t size);

}  // namespace keepstate::kernel
