// The usual segment: an ACK inside the window of an established flow, nine in ten of all that a firewall sees.
//
// judge_tcp() answers for every segment. This answers for one kind only, on the line where the entry keeps its memory,
// and says so if it cannot: then nothing was changed, and judge_tcp() is asked. What it answers is what judge_tcp() would:
// no exception speaks of it (ruling `es`, kind ACK), all four bounds hold, nothing is picked up or restarted.
//
// Cost: a few nanoseconds; in the header, for it is called in one place, once a packet.  Tested by: ct/tcp/established_test.cpp, which holds it against judge_tcp on random memories.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/inline.hpp"
#include "ct/tcp/line.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

/// A segment with ACK, without SYN, FIN and RST, and with no option but an aligned timestamp. Numbers in host order.
struct UsualSegment {
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint16_t window = 0;
    std::uint16_t payload_bytes = 0;
};

namespace detail {

constexpr bool is_negative(std::uint32_t number) { return static_cast<std::int32_t>(number) < 0; }
constexpr bool is_before(std::uint32_t a, std::uint32_t b) { return is_negative(a - b); }

/// `then` or `otherwise` without a branch: which one a stranger's next packet needs cannot be foreseen.
constexpr std::uint32_t choose(bool is_first, std::uint32_t then, std::uint32_t otherwise) {
    return otherwise ^ ((then ^ otherwise) & (0U - static_cast<std::uint32_t>(is_first)));
}

/// As tcp_timeout_s(), for the established state and an ACK.
KS_INLINE std::uint32_t established_timeout_s(const TcpLine& line, const Settings& settings) {
    const std::uint32_t plain = settings.tcp_timeout_established;
    const std::uint32_t unacknowledged = settings.tcp_timeout_unacknowledged;
    const std::uint32_t retransmitted = settings.tcp_timeout_max_retrans;
    if (line.retransmissions >= settings.tcp_max_retrans && plain > retransmitted) {
        return retransmitted;
    }
    const bool is_unacknowledged =
        ((line.flags[0] | line.flags[1]) & side_flag::kDataUnacknowledged) != 0;
    const std::uint32_t otherwise = line.last_window == 0 ? std::min(plain, retransmitted) : plain;
    return choose(is_unacknowledged && plain > unacknowledged, unacknowledged, otherwise);
}

/// Numbers of a segment with ACK, without SYN and RST, and without SACK, in host order.
struct Numbers {
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint32_t end = 0;
    std::uint32_t window = 0;  ///< as in the header
};

/// Between two sides that are both known. False: a bound does not hold, or one is not known, and nothing was changed. True: what the
/// segment teaches of windows is noted. The names of the bounds are those of window.hpp.
KS_INLINE bool learn_inside(TcpLine& line, const Numbers& n, std::size_t direction) {
    constexpr std::uint32_t kLeastAckWindow = 66000;
    TcpLine::Side& sender = line.seen[direction];
    TcpLine::Side& receiver = line.seen[1 - direction];
    const bool is_known = sender.max_window != 0 && receiver.max_window != 0;
    const std::uint32_t ack_window = std::max(sender.max_window, kLeastAckWindow);
    // All four bounds hold if all four differences are negative.
    const bool is_inside = is_negative(
        (n.seq - (sender.max_end + 1)) & (n.ack - (receiver.end + 1)) &
        (sender.end - receiver.max_window - 1 - n.end) & (receiver.end - ack_window - 1 - n.ack));
    if (!is_known || !is_inside) return false;

    const std::uint32_t window = n.window << line.scale(direction);
    const std::uint32_t acknowledged = n.ack + window;
    sender.max_window = std::max(sender.max_window, window);
    unsigned flags = line.flags[direction];
    const bool grows = is_before(sender.end, n.end);
    sender.end = choose(grows, n.end, sender.end);
    flags |= static_cast<unsigned>(grows) * side_flag::kDataUnacknowledged;
    const bool acknowledges_more =
        ((flags & side_flag::kMaxAckSet) == 0) | is_before(sender.max_ack, n.ack);
    sender.max_ack = choose(acknowledges_more, n.ack, sender.max_ack);
    line.flags[direction] = static_cast<std::uint8_t>(flags | side_flag::kMaxAckSet);
    if (is_before(sender.max_end, n.end)) receiver.max_window += n.end - sender.max_end;
    receiver.max_end =
        choose(is_before(receiver.max_end - 1, acknowledged),
               acknowledged + static_cast<std::uint32_t>(window == 0), receiver.max_end);
    const unsigned done =
        static_cast<unsigned>(n.ack == receiver.end) * side_flag::kDataUnacknowledged;
    line.flags[1 - direction] = static_cast<std::uint8_t>(line.flags[1 - direction] & ~done);
    return true;
}

KS_INLINE void count_retransmission(TcpLine& line, const Numbers& n, std::size_t direction) {
    const std::uint32_t differences = (line.last_seq ^ n.seq) | (line.last_ack ^ n.ack) |
                                      (line.last_end ^ n.end) | (line.last_window ^ n.window) |
                                      static_cast<std::uint32_t>((line.what >> 7) ^ direction);
    line.retransmissions = static_cast<std::uint8_t>(
        choose(differences == 0, std::uint32_t{line.retransmissions} + 1, 0));
    line.last_seq = n.seq;
    line.last_ack = n.ack;
    line.last_end = n.end;
    line.last_window = static_cast<std::uint16_t>(n.window);
}

}  // namespace detail

/// `direction` as an index. The flow is ASSURED and has seen a reply. True: the line is brought up to date and `timeout_s`
/// is what the entry gets.
KS_INLINE bool judge_established(TcpLine& line, const UsualSegment& segment, std::size_t direction,
                                 const Settings& settings, std::uint32_t& timeout_s) {
    const detail::Numbers n{segment.seq, segment.ack, segment.seq + segment.payload_bytes,
                            segment.window};
    if (line.state() != TcpState::established || !detail::learn_inside(line, n, direction)) {
        return false;
    }
    detail::count_retransmission(line, n, direction);
    line.set_what(TcpState::established, SegmentKind::ack, static_cast<CtDirection>(direction));
    timeout_s = detail::established_timeout_s(line, settings);
    return true;
}

}  // namespace keepstate::ct
