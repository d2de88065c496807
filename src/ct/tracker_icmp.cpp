// ICMP and ICMPv6 before any look-up: refusals, what is never tracked, and errors.
//
// An ICMP error begins no flow: it is RELATED to the flow of the packet it quotes, if that flow is known
// and the error goes to the one who sent the quoted packet. Neighbour discovery and multicast listener
// messages are UNTRACKED: they would fill the table with what nobody answers.
//
// source: kernel:net/netfilter/nf_conntrack_proto_icmp.c nf_conntrack_icmpv4_error, nf_conntrack_inet_error;
// nf_conntrack_proto_icmpv6.c.   tested by: tests/scenarios/icmp, tests/kernel.
#include "ct/tracker.hpp"
#include "ct/tuple.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::ct {

namespace {

constexpr std::size_t kHeader = 8;

bool is_icmp_error(std::uint8_t type) {
    constexpr std::uint8_t kUnreachable = 3, kQuench = 4, kRedirect = 5, kTimeExceeded = 11,
                           kParameterProblem = 12;
    return type == kUnreachable || type == kQuench || type == kRedirect || type == kTimeExceeded ||
           type == kParameterProblem;
}

/// Multicast listener query, report, done (130-132), router and neighbour discovery (133-136), MLDv2 (143),
/// multicast router advertisement and solicitation (151, 152).
bool is_never_tracked(std::uint8_t icmpv6_type) {
    return (icmpv6_type >= 130 && icmpv6_type <= 136) || icmpv6_type == 143 || icmpv6_type == 151 ||
           icmpv6_type == 152;
}

constexpr std::uint8_t kIcmpv6Redirect = 137;
constexpr std::uint8_t kFirstInformational = 128;

/// Where a redirect quotes the packet it is about; 0 if it is to be looked up as any other message.
std::size_t redirect_quote_offset(const wire::Packet& packet, Reason& reason) {
    constexpr std::size_t kRedirectBytes = 40;
    constexpr std::uint8_t kRedirectedHeader = 4;
    const std::size_t at = packet.transport_offset;
    if (!packet.ip.has(at, kRedirectBytes)) {
        reason = Reason::icmpv6_redirect_truncated;
        return 0;
    }
    if (packet.ip.u8(at + 1) != 0) return 0;
    const Address source = packet.source();
    const bool is_link_local = source.bytes[0] == 0xfe && (source.bytes[1] & 0xc0) == 0x80;
    if (packet.ttl != 255 || !is_link_local) {
        reason = Reason::icmpv6_redirect_source;
        return 0;
    }
    const std::size_t option = at + kRedirectBytes;
    if (!packet.ip.has(option, 2) || packet.ip.u8(option + 1) == 0) {
        reason = Reason::icmpv6_redirect_no_options;
        return 0;
    }
    return packet.ip.u8(option) == kRedirectedHeader ? option + kHeader : 0;
}

}  // namespace

TrackResult Tracker::track_icmp(const wire::Packet& packet, const TrackOrder& order, Time now,
                                Observer* observer, bool& is_done) {
    is_done = true;
    const bool is_v4 = packet.family == Family::ipv4;
    const auto refuse_error = [this, observer](Reason reason) {
        ++statistics_.error;
        return refuse(reason, observer);
    };
    const std::size_t at = packet.transport_offset;
    if (!packet.ip.has(at, kHeader)) {
        return refuse_error(is_v4 ? Reason::icmp_header_truncated
                                  : Reason::icmpv6_header_truncated);
    }
    if (settings_.checksum != 0 && order.at_prerouting &&
        !wire::has_right_checksum(packet, is_v4 ? protocol::kIcmp : protocol::kIcmpv6)) {
        return refuse_error(is_v4 ? Reason::icmp_checksum : Reason::icmpv6_checksum);
    }
    const std::uint8_t type = packet.ip.u8(at);
    std::size_t quote = at + kHeader;
    if (is_v4) {
        constexpr std::uint8_t kHighestKnown = 18;
        if (type > kHighestKnown) return refuse_error(Reason::icmp_type);
        is_done = is_icmp_error(type);
    } else if (is_never_tracked(type)) {
        TrackResult result;
        result.flow.state = CtState::untracked;
        if (observer)
            observer->untracked("neighbour discovery and multicast listener messages never are");
        return result;
    } else if (type == kIcmpv6Redirect) {
        Reason reason = Reason::none;
        quote = redirect_quote_offset(packet, reason);
        if (reason != Reason::none) return refuse_error(reason);
        is_done = quote != 0;
    } else {
        is_done = type < kFirstInformational;
    }
    if (!is_done) return {};
    return track_error(packet, quote, order, now, observer);
}

TrackResult Tracker::track_error(const wire::Packet& packet, std::size_t quote_offset,
                                 const TrackOrder& order, Time now, Observer* observer) {
    const auto refuse_error = [this, observer](Reason reason) {
        ++statistics_.error;
        return refuse(reason, observer);
    };
    wire::Quoted quoted;
    if (!wire::find_quoted_transport(packet, quote_offset, packet.family, quoted)) {
        return refuse_error(Reason::icmp_error_quote);
    }
    TupleResult read = read_tuple(packet.ip, quoted.transport_offset, quoted.source,
                                  quoted.destination, quoted.protocol);
    read_call_key(read);
    if (read.reason != Reason::none) return refuse_error(Reason::icmp_error_quote);
    const std::optional<Tuple> inverse = inverse_of(read.tuple);
    if (!inverse) return refuse_error(Reason::icmp_error_quote);
    // The flow is found from the answer's side: the error travels where an answer would.
    const Found found = find_living(*inverse, order.zones, now);
    if (observer) observer->looked_up(*inverse, found.entry, found.direction);
    if (!found.entry) return refuse_error(Reason::icmp_error_unknown_flow);
    if (packet.destination() != found.entry->tuple(found.direction).destination) {
        return refuse_error(Reason::icmp_error_wrong_destination);
    }
    TrackResult result;
    result.flow = {found.entry, CtState::related, found.direction};
    in_flight_ = found.entry;
    if (observer) {
        observer->error_quotes(read.tuple, *found.entry, found.direction);
        observer->tracked(result.flow, now);
    }
    return result;
}

}  // namespace keepstate::ct
