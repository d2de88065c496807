// The list of protocols that are tracked by themselves. DCCP is generic since Linux 6.17.
// source: kernel:net/netfilter/nf_conntrack_core.c nf_conntrack_handle_packet.
#include <array>

#include "ct/proto/protocol.hpp"

namespace keepstate::ct {

namespace {

constexpr std::array kProtocols{
    Protocol{protocol::kTcp, judge_tcp_packet},
    Protocol{protocol::kUdp, judge_udp_packet},
    Protocol{protocol::kUdpLite, judge_udplite_packet},
    Protocol{protocol::kIcmp, judge_icmp_packet},
    Protocol{protocol::kIcmpv6, judge_icmpv6_packet},
    Protocol{protocol::kSctp, judge_sctp_packet},
    Protocol{protocol::kGre, judge_gre_packet},
};
constexpr Protocol kGeneric{0, judge_generic_packet};

}  // namespace

const Protocol& find_protocol(std::uint8_t number) {
    for (const Protocol& candidate : kProtocols) {
        if (candidate.number == number) return candidate;
    }
    return kGeneric;
}

}  // namespace keepstate::ct
