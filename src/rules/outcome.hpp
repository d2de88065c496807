// What a rule, and what a whole table, decides about a packet.
#pragma once

#include <cstdint>
#include <string_view>

#include "keepstate/verdict.hpp"

namespace keepstate::rules {

/// --reject-with: the packet that goes back. Numbers are keepstate's own.
enum class RejectType : std::uint8_t {
    none,
    icmp_net_unreachable,
    icmp_host_unreachable,
    icmp_port_unreachable,
    icmp_proto_unreachable,
    icmp_net_prohibited,
    icmp_host_prohibited,
    icmp_admin_prohibited,
    tcp_reset,
    icmp6_no_route,
    icmp6_adm_prohibited,
    icmp6_addr_unreachable,
    icmp6_port_unreachable,
    icmp6_policy_fail,
    icmp6_reject_route,
};
/// "icmp-port-unreachable", as --reject-with spells it.
std::string_view text(RejectType type);

/// One target's answer.
struct Ruling {
    enum class Kind : std::uint8_t {
        go_on,  ///< to the next rule
        accept,
        drop,
        reject,  ///< drop, and answer with `reject`
        queue,   ///< to userspace queue number `queue`
        stolen,
        translate,  ///< the nat table asks for a translation: accept, once nat has done it
    };
    Kind kind = Kind::go_on;
    RejectType reject = RejectType::none;
    std::uint16_t queue = 0;
    bool queue_bypass = false;  ///< accept if nobody listens on the queue
};

/// What a table's chains decided at one hook.
struct Outcome {
    Ruling::Kind kind = Ruling::Kind::accept;  ///< never go_on
    RejectType reject = RejectType::none;
    std::uint16_t queue = 0;
    bool queue_bypass = false;
    bool hotdrop = false;     ///< a match found the packet too broken to go on; `rule` is its rule
    std::uint32_t chain = 0;  ///< Program's index of the chain that decided
    std::uint32_t rule = 0;   ///< number in its chain from 1; 0: the policy

    bool has_rule() const { return rule != 0; }
    Verdict verdict() const;  ///< translate is accept
};

}  // namespace keepstate::rules
