// Random walks: seeded streams of packets that stay near what real flows do, and near their edges.
//
//     kind     what                                                             made by
//     tcp      segments near the window's edges, and whole sessions             walk_tcp
//     sctp     associations, chunk by chunk                                     walk_sctp
//     udp      UDP, UDP-Lite, DCCP                                              walk_datagrams
//     other    GRE, ESP, AH, tunnels, unknown protocols                         walk_datagrams
//     icmp     messages of all types, errors about everything                   walk_icmp
//     frag     fragments of all those                                           walk_fragments
//     ext6     IPv6 extension headers in front of all those (IPv6 only)         walk_ext6
//     broken   wrong and odd IP headers on all those                            walk_broken
//     host     all those to, from and through the firewall itself
//     rules    all those under a random ruleset                                 walk_rules
//     talk     conversations that conntrack helpers read, and what they announce  walk_talk
//     time     all those with short timeouts and real waits
//     mixed    everything, both families in one stream
//
// The same seed gives the same packets, on every machine. Settings vary with the seed too: liberal, loose,
// retransmissions, and in one walk of three every timeout has a length of its own, so that a wrong one shows.
//
// Waits: in a `time` walk all timeouts are whole seconds and packets come in bursts 1.4 s apart, so
// no timeout ends within 0.2 s of a burst: 1.4, 2.8, 4.2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_run.hpp"

namespace keepstate::kernel {

/// What a walk is made of.
enum class WalkKind : std::uint8_t {
    tcp,
    sctp,
    udp,
    other,
    icmp,
    frag,
    ext6,
    broken,
    host,
    rules,
    time,
    mixed,
    talk
};
inline constexpr std::array kWalkKinds{
    WalkKind::tcp,  WalkKind::sctp,  WalkKind::udp,    WalkKind::other, WalkKind::icmp,
    WalkKind::frag, WalkKind::ext6,  WalkKind::broken, WalkKind::host,  WalkKind::rules,
    WalkKind::time, WalkKind::mixed, WalkKind::talk};

struct Walk {
    KernelSetup setup;
    std::vector<KernelPacket> packets;
};

/// `is_v6`: the same walk over IPv6 (ext6 is always, mixed is both).
Walk make_walk(WalkKind kind, bool is_v6, std::uint64_t seed, std::size_t packets);

/// "tcp", ...
std::string text(WalkKind kind);
/// Nothing if no kind has this name.
std::optional<WalkKind> find_walk_kind(std::string_view name);

}  // namespace keepstate::kernel
