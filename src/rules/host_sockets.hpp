// The host's sockets as the user states them, found by the packets that they send and receive.
//
// Which socket a packet belongs to: one that is connected to its far end before one that is not, one that is bound to
// its address before one that is bound to none, and of equals the one that was stated first.
//
// Cost: a look-up goes through the sockets of the packet's protocol and port alone. Nothing is allocated in one.
// Threads: one owner.  source: kernel:net/ipv4/inet_hashtables.c, net/ipv4/udp.c, net/netfilter/xt_owner.c.
// Tested by: rules/host_sockets_test.cpp.
#pragma once

#include <unordered_map>
#include <vector>

#include "keepstate/host_socket.hpp"
#include "rules/objects.hpp"
#include "wire/packet.hpp"

namespace keepstate::rules {

class HostSockets final : public SharedObject {
  public:
    /// Under which kind and name Objects keeps it.
    static constexpr std::string_view kKind = "sockets";
    static constexpr std::string_view kName = "host";

    explicit HostSockets(std::vector<HostSocket> sockets);

    /// The one that sent a packet of this host; null: none.
    const HostSocket* find_sender(const wire::Packet& packet) const;
    /// The one that a packet is for, or that sent the packet which an ICMP error quotes; TCP and UDP only.
    const HostSocket* find_receiver(const wire::Packet& packet) const;
    /// As find_receiver, but only if it is connected: what Linux knows when a packet arrives.
    const HostSocket* find_connected_receiver(const wire::Packet& packet) const;

  private:
    struct Ends {
        std::uint8_t protocol = 0;
        Address own, far;
        std::uint16_t own_port = 0, far_port = 0;
    };
    const HostSocket* find(const Ends& ends) const;

    std::vector<HostSocket> sockets_;
    /// By protocol and own port, in the order in which they were stated.
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_port_;
};

}  // namespace keepstate::rules
