// What the probe's chains and the kernel itself report about packets, read as it happens.
//
// NFLOG with a queue threshold of 1 sends each message within the softirq that carries the packet, so
// by the time the write or send that injected a packet returns, all its messages wait in our socket:
// nothing is polled, and messages and packets are matched by plain order. One socket holds all groups,
// so the order between the places is the true one.
//
// The logger of the namespace for IPv4 and IPv6 is set to nfnetlink_log, so that
// nf_conntrack_log_invalid's words arrive here (group 0) instead of in the kernel's log. The words of LOG
// rules cannot be had: LOG insists on the kernel's log, which is closed to all namespaces but the first.
//
// Source: linux/netfilter/nfnetlink_log.h.  Tested by: kernel_run_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ctnetlink.hpp"

namespace keepstate::kernel {

/// What `-m conntrack --ctstate` would match.
enum class KernelState : std::uint8_t { is_new, established, related, invalid, untracked };
const char* state_name(KernelState state);  ///< NEW, ESTABLISHED, ...

/// Hook numbers as the kernel has them.
enum class KernelHook : std::uint8_t { prerouting, input, forward, output, postrouting };
const char* hook_name(KernelHook hook);  ///< PREROUTING, ...

/// One look at a packet on its way.
struct KernelSight {
    enum class Place : std::uint8_t { state, routed, end, words };
    Place place = Place::state;
    KernelHook hook = KernelHook::prerouting;
    std::string words;                      ///< the log prefix
    std::optional<KernelState> state;       ///< place state
    std::optional<Direction> direction;     ///< place state, tracked packets
    std::optional<std::uint32_t> entry_id;  ///< place state, tracked packets: ctnetlink's id
    std::uint32_t mark = 0;                 ///< the packet's; not known where entry_id is
    unsigned in_index = 0;                  ///< interface numbers, 0 none
    unsigned out_index = 0;
    std::vector<std::uint8_t> bytes;  ///< place end: the IP packet
};

class PacketLog {
  public:
    /// Binds all groups in the calling thread's namespace.
    static Result<PacketLog> open();

    /// Appends what has been reported since the last call. Never blocks.
    void read_waiting(std::vector<KernelSight>& sights);

    std::uint64_t lost() const { return socket_.lost(); }

  private:
    explicit PacketLog(NetlinkSocket socket) : socket_(std::move(socket)) {}
    NetlinkSocket socket_;
};

}  // namespace keepstate::kernel
