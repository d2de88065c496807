// The usual segment: an ACK inside the window of an established flow, nine in ten of all that a firewall sees.
//
// judge_tcp() answers for every segment. This answers for one kind only, on the line where the entry keeps its memory,
// and says so if it cannot: then nothing was changed, and judge_tcp() is asked. What it answers is what judge_tcp() would:
// no exception speaks of it (ruling `es`, kind ACK), all four bounds hold, nothing is picked up or restarted.
//
// Cost: a few nanoseconds; in the header, for it is called in one place, once a packet. With SSE2 a side's four numbers are one
// register, and so is what is kept of the last segment; it answers the same in half as many instructions.  Tested by:
// ct/tcp/established_test.cpp, which holds both forms against judge_tcp on random memories.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/inline.hpp"
#include "ct/tcp/established_timeouts.hpp"
#include "ct/tcp/line.hpp"
#include "wire/usual_segment.hpp"

namespace keepstate::ct {

using UsualSegment = wire::UsualSegment;

namespace detail {

constexpr bool is_negative(std::uint32_t number) { return static_cast<std::int32_t>(number) < 0; }
constexpr bool is_before(std::uint32_t a, std::uint32_t b) { return is_negative(a - b); }

/// An ACK may lag behind by this much even if the sender never offered such a window.
inline constexpr std::uint32_t kLeastAckWindow = 66000;

/// `then` or `otherwise` without a branch: which one a stranger's next packet needs cannot be foreseen.
constexpr std::uint32_t choose(bool is_first, std::uint32_t then, std::uint32_t otherwise) {
    return otherwise ^ ((then ^ otherwise) & (0U - static_cast<std::uint32_t>(is_first)));
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

/// As judge_established(), for any processor.
KS_INLINE bool judge_established_anywhere(TcpLine& line, const UsualSegment& segment,
                                          std::size_t direction,
                                          const EstablishedTimeouts& timeouts,
                                          std::int64_t& timeout_ns) {
    const Numbers n{segment.seq, segment.ack, segment.seq + segment.payload_bytes, segment.window};
    if (line.state() != TcpState::established || !learn_inside(line, n, direction)) {
        return false;
    }
    count_retransmission(line, n, direction);
    line.set_what(TcpState::established, SegmentKind::ack, static_cast<CtDirection>(direction));
    const bool is_unacknowledged =
        ((line.flags[0] | line.flags[1]) & side_flag::kDataUnacknowledged) != 0;
    timeout_ns = timeouts.of(line.retransmissions, is_unacknowledged, segment.window == 0);
    return true;
}

#if defined(__SSE2__)
KS_INLINE __m128i load_four(const void* at) {
    return _mm_loadu_si128(static_cast<const __m128i*>(at));
}
KS_INLINE void store_four(void* at, __m128i value) {
    _mm_storeu_si128(static_cast<__m128i*>(at), value);
}
KS_INLINE __m128i one_of_four(std::uint32_t number) {
    return _mm_cvtsi32_si128(static_cast<int>(number));
}

/// Raises what the segment raises of its sender's numbers. Bit i: number i was behind what the segment has, and max_end is
/// compared with its end, but stays. `window`: scaled. No window has its highest bit.
KS_INLINE unsigned raise(TcpLine::Side& sender, __m128i end, std::uint32_t window, __m128i ack) {
    static_assert(sizeof sender == 16 && offsetof(TcpLine::Side, max_end) == 4 &&
                  offsetof(TcpLine::Side, max_window) == 8 &&
                  offsetof(TcpLine::Side, max_ack) == 12);
    const __m128i shown = _mm_unpacklo_epi64(_mm_unpacklo_epi32(end, end),
                                             _mm_unpacklo_epi32(one_of_four(window), ack));
    const __m128i known = load_four(&sender);
    const __m128i behind = _mm_sub_epi32(known, shown);
    const __m128i taken = _mm_and_si128(_mm_srai_epi32(behind, 31), _mm_setr_epi32(-1, 0, -1, -1));
    store_four(&sender, _mm_or_si128(_mm_and_si128(taken, shown), _mm_andnot_si128(taken, known)));
    return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(behind)));
}

/// Puts an ACK of an established flow in the place of the last segment. How often it has come again: 8 bits, which go round.
KS_INLINE unsigned replace_last(TcpLine& line, const UsualSegment& segment, __m128i end,
                                __m128i ack, std::size_t direction) {
    static_assert(offsetof(TcpLine, last_ack) == offsetof(TcpLine, last_seq) + 4 &&
                  offsetof(TcpLine, last_end) == offsetof(TcpLine, last_seq) + 8 &&
                  offsetof(TcpLine, last_window) == offsetof(TcpLine, last_seq) + 12 &&
                  offsetof(TcpLine, retransmissions) == offsetof(TcpLine, last_seq) + 14 &&
                  offsetof(TcpLine, what) == offsetof(TcpLine, last_seq) + 15);
    constexpr std::uint32_t kWhat = static_cast<std::uint32_t>(TcpState::established) |
                                    static_cast<std::uint32_t>(SegmentKind::ack) << 4;
    const auto what = static_cast<std::uint32_t>(kWhat << 24 | direction << 31);
    const __m128i last = load_four(&line.last_seq);
    const __m128i fresh =
        _mm_unpacklo_epi64(_mm_unpacklo_epi32(one_of_four(segment.seq), ack),
                           _mm_unpacklo_epi32(end, one_of_four(what | segment.window)));
    // Retransmissions, kind and state are not compared.
    const __m128i differing = _mm_and_si128(
        _mm_xor_si128(last, fresh), _mm_setr_epi32(-1, -1, -1, static_cast<int>(0x8000ffffU)));
    const auto same = static_cast<unsigned>(
        _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(differing, _mm_setzero_si128()))));
    const unsigned is_again = (same + 1) >> 4;  // all four are
    const unsigned retransmissions = (line.retransmissions + 1U) & 0xffU & (0U - is_again);
    store_four(&line.last_seq, fresh);
    line.retransmissions = static_cast<std::uint8_t>(retransmissions);
    return retransmissions;
}

/// The same, called for the registers' sake: who calls it has none to spare. It leaves a few more to judge_tcp(): who has
/// acknowledged nothing yet, or has a window that is no number of TCP.
KS_NOINLINE inline bool judge_established_by_sides(TcpLine& line, const UsualSegment& segment,
                                                   std::size_t direction,
                                                   const EstablishedTimeouts& timeouts,
                                                   std::int64_t& timeout_ns) {
    TcpLine::Side& sender = line.seen[direction];
    TcpLine::Side& receiver = line.seen[direction ^ 1];
    // The sender's in the lower half.
    const auto half = static_cast<int>(direction * 8);
    const unsigned flags = std::rotr(std::bit_cast<std::uint16_t>(line.flags), half);
    const std::uint32_t end = segment.seq + segment.payload_bytes;
    const std::uint32_t left = receiver.end - segment.ack;  // that it does not acknowledge
    const std::uint32_t ack_window = std::max(sender.max_window, kLeastAckWindow);
    // The four bounds hold if none of four differences is negative, and both sides are known if none of the others is.
    const std::uint32_t outside = (sender.max_end - segment.seq) | left |
                                  (end - sender.end + receiver.max_window) | (ack_window - left) |
                                  sender.max_window | (sender.max_window - 1) |
                                  (receiver.max_window - 1);
    if (is_negative(outside)) return false;
    if ((flags & side_flag::kMaxAckSet) == 0) return false;
    if (line.state() != TcpState::established) return false;

    const std::uint32_t window = std::uint32_t{segment.window} << line.scale(direction);
    const std::uint32_t acknowledged = segment.ack + window;
    const __m128i end_lane = one_of_four(end);
    const __m128i ack_lane = one_of_four(segment.ack);
    const unsigned raised = raise(sender, end_lane, window, ack_lane);
    if ((raised & 2U) != 0) receiver.max_window += end - sender.max_end;
    receiver.max_end =
        choose(is_before(receiver.max_end - 1, acknowledged),
               acknowledged + static_cast<std::uint32_t>(window == 0), receiver.max_end);

    constexpr unsigned kUnacknowledged = side_flag::kDataUnacknowledged;
    const unsigned all_acknowledged = static_cast<unsigned>(left == 0) * (kUnacknowledged << 8);
    const unsigned flags_now = (flags | (raised & 1U) * kUnacknowledged) & ~all_acknowledged;
    line.flags = std::bit_cast<std::array<std::uint8_t, 2>>(
        std::rotl(static_cast<std::uint16_t>(flags_now), half));
    const unsigned retransmissions = replace_last(line, segment, end_lane, ack_lane, direction);
    const bool is_unacknowledged = (flags_now & (kUnacknowledged | kUnacknowledged << 8)) != 0;
    timeout_ns = timeouts.of(retransmissions, is_unacknowledged, segment.window == 0);
    return true;
}
#endif

}  // namespace detail

/// `direction` as an index. The flow is ASSURED and has seen a reply. True: the line is brought up to date and `timeout_ns`
/// is what the entry gets.
KS_INLINE bool judge_established(TcpLine& line, const UsualSegment& segment, std::size_t direction,
                                 const EstablishedTimeouts& timeouts, std::int64_t& timeout_ns) {
#if defined(__SSE2__)
    return detail::judge_established_by_sides(line, segment, direction, timeouts, timeout_ns);
#else
    return detail::judge_established_anywhere(line, segment, direction, timeouts, timeout_ns);
#endif
}

}  // namespace keepstate::ct
