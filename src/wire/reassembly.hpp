// Reassembly before connection tracking: fragments in, whole packets out.
//
//     take(fragment) -> pass      no fragment, or one that Linux lets by as it is
//                       held      kept; the packet that completes the datagram will carry it
//                       dropped   this fragment, and with some reasons all that was held of its datagram
//                       whole     the datagram: bytes in the reassembler's own memory until the next call
//
// IPv4 and IPv6 follow the same idea and differ in the details, which are Linux's and stand as rows in
// wire/reassembly_test.cpp, each of them seen on a live kernel: what ends a datagram's queue and what only loses a
// fragment, what a wrong length does, which header survives, how congestion marks combine.
//
// Time is passed in and should not go back. Nothing is allocated after construction; the memory is about the sum of
// the two limits. Threads: one owner.
// source: kernel:net/ipv4/ip_fragment.c, kernel:net/ipv6/netfilter/nf_conntrack_reasm.c, RFC 791, RFC 8200 4.5,
// RFC 5722, RFC 3168 5.3.   Tested by: wire/reassembly_test.cpp, fuzz/reassembly.cpp.
#pragma once

#include "wire/fragment_store.hpp"
#include "wire/packet.hpp"

namespace keepstate::wire {

/// The kernel's settings with its defaults.
struct ReassemblySettings {
    std::int64_t ipv4_timeout_ns = 30 * kNsPerSecond;  ///< net.ipv4.ipfrag_time
    std::int64_t ipv6_timeout_ns = 60 * kNsPerSecond;  ///< net.netfilter.nf_conntrack_frag6_timeout
    std::uint32_t ipv4_high_bytes = 4U << 20;          ///< net.ipv4.ipfrag_high_thresh
    std::uint32_t ipv6_high_bytes = 4U << 20;  ///< net.netfilter.nf_conntrack_frag6_high_thresh
    std::uint32_t ipv4_max_distance = 64;      ///< net.ipv4.ipfrag_max_dist; 0: no limit
    std::uint64_t seed = 0;                    ///< of the queues' keyed hash
};

enum class FragmentFate : std::uint8_t { pass, held, dropped, whole };

struct Reassembled {
    FragmentFate fate = FragmentFate::pass;
    Reason reason = Reason::none;
    /// The whole packet, to be parsed anew; valid until the next take(). Where headers before the fragment header are
    /// longer than 255 bytes Linux writes the next-header byte to a wrong place, and so does this: the packet may
    /// then be refused by parse_ip.
    base::ByteView whole;
    /// IP packet size of the largest fragment: what a router cuts the whole to again on its way out.
    std::uint32_t largest_fragment_bytes = 0;
};

struct ReassemblyCounters {
    std::uint64_t requests = 0;
    std::uint64_t whole = 0;
    std::uint64_t failed = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t overlaps = 0;
};

class Reassembler {
  public:
    explicit Reassembler(const ReassemblySettings& settings);

    /// `packet` has passed parse_ip. `user` parts what must not be mixed (hook, zone); `device` is the arrival device,
    /// it counts for IPv6 link-local and multicast destinations.
    /// cost: one copy of the fragment's bytes; a second one for the packet that completes.
    Reassembled take(const Packet& packet, std::uint32_t user, std::uint32_t device, Time now);

    /// Forgets datagrams whose time is over; take() does it too. Returns how many.
    std::uint32_t expire(Time now);

    const ReassemblyCounters& counters() const { return counters_; }
    std::uint32_t datagrams_held() const { return ipv4_.queues() + ipv6_.queues(); }

  private:
    Reassembled take_ipv4(const Packet& packet, std::uint32_t user, std::uint32_t device, Time now);
    Reassembled take_ipv6(const Packet& packet, std::uint32_t user, std::uint32_t device, Time now);
    Reassembled finish_ipv4(std::uint32_t queue);
    Reassembled finish_ipv6(std::uint32_t queue);
    Reassembled refuse(Reason reason);
    Reassembled refuse_all(FragmentStore& store, std::uint32_t queue, Reason reason);

    ReassemblySettings settings_;
    FragmentStore ipv4_;
    FragmentStore ipv6_;
    std::vector<std::uint8_t> whole_;
    ReassemblyCounters counters_;
};

}  // namespace keepstate::wire
