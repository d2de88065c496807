// What the user states of the host's sockets, for rules that ask for them: -m owner, -m socket and -m cgroup.
//
//     # protocol, own end, far end of a connected one, whose it is
//     tcp 0.0.0.0:22 uid 0 gid 0
//     tcp 10.0.0.254:22 10.0.0.7:40000 uid 1000 gid 1000 groups 4,27
//     udp [::]:53 uid 101 gid 101 cgroup /system.slice/named.service
//     tcp 0.0.0.0:3129 uid 13 transparent mark 0x1 class 0x100001
//
// Threads: values.  Tested by: rules/host_sockets_test.cpp, tests/scenarios/rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/address.hpp"
#include "keepstate/result.hpp"

namespace keepstate {

struct HostSocket {
    std::uint8_t protocol = 0;      ///< IPPROTO_ number
    Address local;                  ///< unspecified: bound to no address of its own
    std::uint16_t local_port = 0;   ///< 0: any, as for protocols without ports
    std::optional<Address> remote;  ///< absent: it is not connected
    std::uint16_t remote_port = 0;
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::vector<std::uint32_t> other_groups;
    std::string cgroup;  ///< path of its version 2 control group: "/system.slice"; empty: the root
    std::uint32_t class_id = 0;   ///< net_cls
    std::uint32_t mark = 0;       ///< SO_MARK
    bool is_transparent = false;  ///< IP_TRANSPARENT
};

/// Reads one socket a line, `#` begins a comment. Errors: every line that is none, with its place (kind input).
Result<std::vector<HostSocket>> parse_host_sockets(std::string_view text, const std::string& file);

}  // namespace keepstate
