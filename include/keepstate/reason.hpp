// Why a packet was refused or is INVALID: the one list of reasons.
//
// Each row: the enumerator (it is the stable word that JSON prints), the layer that states it, one sentence
// for people, and the words that Linux logs for the same thing (nf_conntrack_log_invalid or the IP
// counters), empty where it says nothing. New reasons are added here and nowhere else.
//
// Kinds: `frame`    the bytes are no valid IP packet; the kernel's receive path drops them before any hook
//        `invalid`  tracking looked at it and says INVALID
//        `limit`    a limit of the settings was reached
//        `route`    the router's own duties
#pragma once

#include <cstdint>
#include <string_view>

namespace keepstate {

enum class ReasonKind : std::uint8_t { none, frame, invalid, limit, route };

// clang-format off
#define KS_REASONS(X)                                                                                                                                       \
    X(none,                          none,    "nothing to object to", "")                                                                                   \
    /* the frame around the packet */                                                                                                                       \
    X(frame_no_ip,                   frame,   "the frame carries no IP packet (ARP, LLC, ...)", "")                                                         \
    X(frame_truncated,               frame,   "the frame ends inside its link-layer header", "")                                                            \
    /* the IPv4 header */                                                                                                                                   \
    X(ipv4_header_truncated,         frame,   "fewer bytes than an IPv4 header has", "InHdrErrors")                                                         \
    X(ipv4_version,                  frame,   "the version field of the IPv4 header is not 4", "InHdrErrors")                                               \
    X(ipv4_header_length,            frame,   "the IPv4 header length field is below 20 bytes or beyond the packet", "InHdrErrors")                         \
    X(ipv4_checksum,                 frame,   "the IPv4 header checksum is wrong", "InCsumErrors")                                                          \
    X(ipv4_total_length_beyond,      frame,   "the IPv4 total length says more than the frame holds", "InTruncatedPkts")                                    \
    X(ipv4_total_length_short,       frame,   "the IPv4 total length is smaller than the header", "InHdrErrors")                                            \
    X(ipv4_options,                  frame,   "the IPv4 options are malformed or not allowed", "InHdrErrors")                                               \
    /* the IPv6 header */                                                                                                                                   \
    X(ipv6_header_truncated,         frame,   "fewer bytes than an IPv6 header has", "InHdrErrors")                                                         \
    X(ipv6_version,                  frame,   "the version field of the IPv6 header is not 6", "InHdrErrors")                                               \
    X(ipv6_payload_beyond,           frame,   "the IPv6 payload length says more than the frame holds", "InTruncatedPkts")                                  \
    X(ipv6_hop_by_hop,               frame,   "the IPv6 hop-by-hop options header is malformed", "InHdrErrors")                                             \
    X(ipv6_source_multicast,         frame,   "the IPv6 source is a multicast address", "InAddrErrors")                                                     \
    X(ipv6_loopback_from_outside,    frame,   "an IPv6 loopback address on a packet from a network", "InHdrErrors")                                         \
    X(ipv6_multicast_scope,          frame,   "an IPv6 multicast address of scope 0 or of interface-local scope on a packet from a network", "InHdrErrors") \
    /* fragments */                                                                                                                                         \
    X(fragment_held,                 frame,   "a fragment that waits for the others", "")                                                                   \
    X(fragment_overlap,              frame,   "fragments overlap: all that was held of the datagram is dropped", "ReasmOverlaps")                            \
    X(fragment_duplicate,            frame,   "a fragment whose bytes were held already", "")                                                               \
    X(fragment_end_conflict,         frame,   "the last fragment contradicts the length seen before", "ReasmFails")                                         \
    X(fragment_length,               frame,   "a fragment that is not the last has a length that is no multiple of 8", "")                                  \
    X(fragment_too_large,            frame,   "the fragments add up to more than 65535 bytes", "")                                                          \
    X(fragment_ecn,                  frame,   "the fragments' congestion marks contradict each other", "ReasmFails")                                        \
    X(fragment_malformed,            frame,   "the fragment is malformed", "")                                                                              \
    X(fragment_limit,                limit,   "the memory limit for held fragments is reached", "ReasmFails")                                               \
    X(fragment_timeout,              frame,   "the other fragments did not come in time", "ReasmTimeout")                                                   \
    /* below the transport header */                                                                                                                        \
    X(transport_not_found,           invalid, "a later fragment, or an extension header chain without a transport header at its end", "")                   \
    X(tuple_truncated,               invalid, "the packet ends before the ports, type or key that would identify its flow", "")                             \
    X(not_invertible,                invalid, "a message that no reply can answer, so no flow can begin with it", "")                                       \
    /* TCP */                                                                                                                                               \
    X(tcp_header_truncated,          invalid, "fewer bytes than a TCP header has", "")                                                                      \
    X(tcp_data_offset,               invalid, "the TCP data offset is below 20 bytes or beyond the packet", "truncated packet")                             \
    X(tcp_checksum,                  invalid, "the TCP checksum is wrong", "bad checksum")                                                                  \
    X(tcp_flags,                     invalid, "a combination of TCP flags that nobody may send", "invalid tcp flag combination")                            \
    X(tcp_not_an_opening,            invalid, "no flow is known and this segment cannot open one", "invalid new")                                           \
    X(tcp_loose_off,                 invalid, "no flow is known and nf_conntrack_tcp_loose=0 forbids to pick one up in the middle", "")                     \
    X(tcp_state,                     invalid, "this kind of segment is not possible in this state from this side", "packet (index %d) in dir %d invalid, state %s") \
    X(tcp_invalid_rst,               invalid, "an RST before data that was acknowledged already", "invalid rst")                                            \
    X(tcp_seq_over_window,           invalid, "the sequence number is beyond what the receiver allowed (bound I)", "SEQ is over upper bound %u (over the window of the receiver)") \
    X(tcp_end_under_window,          invalid, "the segment ends below what the sender may still send again (bound II)", "SEQ is under lower bound %u (already ACKed data retransmitted)") \
    X(tcp_ack_beyond_end,            invalid, "the ACK acknowledges data that was never sent (bound III)", "ACK is over upper bound %u (ACKed data not seen yet)") \
    X(tcp_ack_too_old,               invalid, "the ACK is too old (bound IV)", "ignored ACK under lower bound %u (possible overly delayed)")               \
    X(tcp_kill_raced,                invalid, "a closed flow is being opened again while its entry goes away", "")                                          \
    /* UDP and UDP-Lite */                                                                                                                                  \
    X(udp_header_truncated,          invalid, "fewer bytes than a UDP header has", "short packet")                                                          \
    X(udp_length,                    invalid, "the UDP length field is below 8 bytes or beyond the packet", "truncated/malformed packet")                   \
    X(udp_checksum,                  invalid, "the UDP checksum is wrong", "bad checksum")                                                                  \
    X(udplite_coverage,              invalid, "the UDP-Lite checksum coverage is below 8 bytes or beyond the packet", "invalid checksum coverage")          \
    X(udplite_no_checksum,           invalid, "the UDP-Lite checksum is missing", "checksum missing")                                                       \
    X(udplite_checksum,              invalid, "the UDP-Lite checksum is wrong", "bad checksum")                                                             \
    /* ICMP and ICMPv6 */                                                                                                                                   \
    X(icmp_header_truncated,         invalid, "fewer bytes than an ICMP header has", "short packet")                                                        \
    X(icmp_checksum,                 invalid, "the ICMP checksum is wrong", "bad hw icmp checksum")                                                         \
    X(icmp_type,                     invalid, "an ICMP type above 18: nobody knows it", "invalid icmp type")                                                \
    X(icmp_not_a_query,              invalid, "an ICMP reply to a query that nobody sent", "")                                                              \
    X(icmp_wrong_family,             invalid, "ICMP inside IPv6, or ICMPv6 inside IPv4", "")                                                                \
    X(icmp_error_quote,              invalid, "the ICMP error quotes nothing that identifies a flow", "")                                                   \
    X(icmp_error_unknown_flow,       invalid, "the ICMP error quotes a packet of no known flow", "")                                                        \
    X(icmp_error_wrong_destination,  invalid, "the ICMP error goes to somebody else than the sender of the packet it quotes", "outer daddr %pI4 != inner %pI4") \
    X(icmpv6_header_truncated,       invalid, "fewer bytes than an ICMPv6 header has", "short packet")                                                      \
    X(icmpv6_checksum,               invalid, "the ICMPv6 checksum is wrong", "ICMPv6 checksum failed")                                                     \
    X(icmpv6_redirect_truncated,     invalid, "fewer bytes than an ICMPv6 redirect has", "short redirect")                                                  \
    X(icmpv6_redirect_source,        invalid, "an ICMPv6 redirect that does not come from a neighbour", "invalid saddr or hoplimit for redirect")            \
    X(icmpv6_redirect_no_options,    invalid, "an ICMPv6 redirect that quotes nothing", "redirect without options")                                         \
    /* SCTP */                                                                                                                                              \
    X(sctp_header_truncated,         invalid, "fewer bytes than an SCTP header has", "nf_ct_sctp: short packet")                                            \
    X(sctp_checksum,                 invalid, "the SCTP checksum is wrong", "nf_ct_sctp: bad CRC")                                                          \
    X(sctp_chunks,                   invalid, "the SCTP chunks are malformed or may not stand together", "do_basic_checks failed. chunk num %d, type %d, len %d flag %d") \
    X(sctp_not_an_opening,           invalid, "no association is known and this packet cannot open one", "")                                                \
    X(sctp_vtag,                     invalid, "the SCTP verification tag is not the association's", "verification tag check failed %x vs %x for dir %d")                        \
    X(sctp_state,                    invalid, "this SCTP chunk is not possible in this state from this side", "Invalid, old_state %d, dir %d, type %d")    \
    /* GRE */                                                                                                                                               \
    X(gre_key,                       invalid, "an enhanced GRE packet that does not carry PPP", "")                                                         \
    /* the entry map and its limits */                                                                                                                      \
    X(table_full,                    limit,   "nf_conntrack_max entries are in use and none could be dropped early", "nf_conntrack: table full, dropping packet") \
    X(clash,                         limit,   "another packet confirmed the same flow first", "")                                                           \
    X(helper_dropped,                invalid, "the flow's helper dropped the packet", "")                                                                   \
    /* the router itself */                                                                                                                                 \
    X(ttl_exceeded,                  route,   "the time to live ran out here", "InHdrErrors")                                                               \
    X(not_forwardable,               route,   "an address that a router does not forward", "InAddrErrors")                                                  \
    X(source_route_refused,          route,   "a source route that cannot be followed", "InHdrErrors")
// clang-format on

enum class Reason : std::uint8_t {
#define KS_REASON_ENUMERATOR(name, kind, sentence, kernel_words) name,
    KS_REASONS(KS_REASON_ENUMERATOR)
#undef KS_REASON_ENUMERATOR
};

/// How many reasons there are, `none` included.
inline constexpr std::size_t kReasons = 0
#define KS_REASON_COUNT(name, kind, sentence, kernel_words) +1
    KS_REASONS(KS_REASON_COUNT)
#undef KS_REASON_COUNT
    ;

/// The stable word: "tcp_ack_beyond_end".
std::string_view text(Reason reason);
/// One sentence, without a full stop.
std::string_view sentence(Reason reason);
/// What Linux logs or counts for it; empty if nothing.
std::string_view kernel_words(Reason reason);
ReasonKind kind(Reason reason);

}  // namespace keepstate
