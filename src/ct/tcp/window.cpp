// The four bounds and what is learnt from a segment that lies within them; see window.hpp for the drawing.
#include "ct/tcp/window.hpp"

#include <algorithm>

namespace keepstate::ct {

namespace {

using wire::SeqNumber;

/// An ACK may lag behind by this much even if the sender never offered such a window.
constexpr std::uint32_t kLeastAckWindow = 66000;

SeqNumber data_lower_edge(const TcpSide& sender, const TcpSide& receiver) {
    return sender.end - receiver.max_window - 1;
}

SeqNumber ack_lower_edge(const TcpSide& sender, const TcpSide& receiver) {
    return receiver.end - std::max(sender.max_window, kLeastAckWindow) - 1;
}

/// Numbers of the segment after the corrections that real stacks need.
struct Numbers {
    SeqNumber seq, end, ack, sack;
};

/// The middle of a flow whose beginning was not seen: the segment itself says where the sender is.
void pick_up_side(TcpSide& sender, TcpSide& receiver, const Segment& segment, SeqNumber sack) {
    const std::uint32_t window = std::uint32_t{segment.window} << sender.scale;
    sender.end = segment.end;
    sender.max_window = window == 0 ? 1 : window;
    sender.max_end = segment.end + sender.max_window;
    if (receiver.max_window == 0) {
        receiver.end = receiver.max_end =
            sack;  // nothing seen of it yet: believe what is acknowledged
    } else if (sack == receiver.end + 1) {
        receiver.end = receiver.end + 1;  // the answer to a keepalive
    }
}

/// Learn from a side's first or restarted segment. True: nothing more to judge (simultaneous open).
bool learn_beginning(TcpMemory& memory, const Segment& segment, CtDirection direction,
                     SeqNumber sack) {
    TcpSide& sender = memory.seen[static_cast<std::size_t>(direction)];
    TcpSide& receiver = memory.seen[static_cast<std::size_t>(opposite(direction))];
    const bool is_syn = segment.has(wire::tcp_flag::kSyn);
    const bool has_ack = segment.has(wire::tcp_flag::kAck);
    if (sender.max_window == 0) {
        if (!is_syn) {
            pick_up_side(sender, receiver, segment, sack);
            return false;
        }
        begin_side(memory, segment, direction);
        return !has_ack;
    }
    const bool is_opening =
        memory.state == TcpState::syn_sent || memory.state == TcpState::syn_recv;
    if (is_syn && is_opening && after(segment.end, sender.end)) {
        begin_side(memory, segment, direction);
        return direction == CtDirection::reply && !has_ack;
    }
    return false;
}

Numbers correct_numbers(const TcpMemory& memory, const Segment& segment, const TcpSide& sender,
                        const TcpSide& receiver, SeqNumber sack) {
    Numbers n{segment.seq, segment.end, segment.ack, sack};
    const bool has_ack = segment.has(wire::tcp_flag::kAck);
    const bool is_rst = segment.has(wire::tcp_flag::kRst);
    // No ACK: pretend one that is right. Some stacks send RST with ACK set and the number left zero.
    if (!has_ack || (is_rst && n.ack == SeqNumber{0})) n.ack = n.sack = receiver.end;
    // An RST that answers a SYN has sequence number 0.
    if (is_rst && n.seq == SeqNumber{0} && memory.state == TcpState::syn_sent) {
        n.seq = n.end = sender.end;
    }
    return n;
}

void learn_windows(TcpSide& sender, TcpSide& receiver, const Segment& segment, const Numbers& n) {
    const bool is_syn = segment.has(wire::tcp_flag::kSyn);
    const std::uint32_t window =
        is_syn ? segment.window : std::uint32_t{segment.window} << sender.scale;
    sender.max_window = std::max(sender.max_window, window + (n.sack - n.ack));
    if (after(n.end, sender.end)) {
        sender.end = n.end;
        sender.flags |= side_flag::kDataUnacknowledged;
    }
    if (segment.has(wire::tcp_flag::kAck)) {
        if ((sender.flags & side_flag::kMaxAckSet) == 0 || after(n.ack, sender.max_ack)) {
            sender.max_ack = n.ack;
        }
        sender.flags |= side_flag::kMaxAckSet;
    }
    if (receiver.max_window != 0 && after(n.end, sender.max_end)) {
        receiver.max_window += n.end - sender.max_end;
    }
    if (after(n.sack + window, receiver.max_end - 1)) {
        receiver.max_end = n.sack + window + (window == 0 ? 1U : 0U);
    }
    if (n.ack == receiver.end) {
        receiver.flags &= static_cast<std::uint8_t>(~side_flag::kDataUnacknowledged);
    }
}

void count_retransmission(TcpMemory& memory, const Segment& segment, CtDirection direction,
                          const Numbers& n) {
    if (segment.kind != SegmentKind::ack) return;
    const bool again = memory.last_direction == direction && memory.last_seq == n.seq &&
                       memory.last_ack == n.ack && memory.last_end == n.end &&
                       memory.last_window == segment.window;
    if (again) {
        ++memory.retransmissions;
        return;
    }
    memory.last_direction = direction;
    memory.last_seq = n.seq;
    memory.last_ack = n.ack;
    memory.last_end = n.end;
    memory.last_window = segment.window;
    memory.retransmissions = 0;
}

/// Which edge was passed, and what that means. `sender` changes only for a segment that went a bit
/// beyond edge I.
void compare(WindowCheck& check, const Numbers& n, TcpSide& sender, const TcpSide& receiver,
             bool is_liberal) {
    check.made = true;
    check.seq = n.seq, check.end = n.end, check.ack = n.ack, check.sack = n.sack;
    check.data_upper = sender.max_end + 1;
    check.data_lower = data_lower_edge(sender, receiver);
    check.ack_upper = receiver.end + 1;
    check.ack_lower = ack_lower_edge(sender, receiver);
    const auto say = [&check](WindowRuling ruling, Reason reason) {
        check.ruling = ruling;
        check.reason = reason;
    };
    if (!is_below_data_upper(n.seq, sender)) {
        check.bytes_over = (n.end - sender.max_end) + 1;
        const bool only_this_edge =
            receiver.max_window != 0 && check.bytes_over <= receiver.max_window &&
            is_above_data_lower(n.end, sender, receiver) && is_below_ack_upper(n.sack, receiver) &&
            is_above_ack_lower(n.sack, sender, receiver);
        if (only_this_edge) {
            sender.end = n.end;
            sender.flags |= side_flag::kDataUnacknowledged;
        }
        say(only_this_edge ? WindowRuling::let_by : WindowRuling::outside,
            Reason::tcp_seq_over_window);
    } else if (!is_below_ack_upper(n.sack, receiver)) {
        say(WindowRuling::outside, Reason::tcp_ack_beyond_end);
    } else if (!is_above_data_lower(n.end, sender, receiver)) {
        say(WindowRuling::let_by, Reason::tcp_end_under_window);
    } else if (!is_above_ack_lower(n.sack, sender, receiver)) {
        say(WindowRuling::let_by, Reason::tcp_ack_too_old);
    }
    check.liberal = is_liberal && check.ruling != WindowRuling::inside;
}

}  // namespace

bool is_below_data_upper(SeqNumber seq, const TcpSide& sender) {
    return before(seq, sender.max_end + 1);
}

bool is_above_data_lower(SeqNumber end, const TcpSide& sender, const TcpSide& receiver) {
    return receiver.max_window == 0 || after(end, data_lower_edge(sender, receiver));
}

bool is_below_ack_upper(SeqNumber sack, const TcpSide& receiver) {
    return before(sack, receiver.end + 1);
}

bool is_above_ack_lower(SeqNumber sack, const TcpSide& sender, const TcpSide& receiver) {
    return after(sack, ack_lower_edge(sender, receiver));
}

void begin_side(TcpMemory& memory, const Segment& segment, CtDirection direction) {
    TcpSide& sender = memory.seen[static_cast<std::size_t>(direction)];
    TcpSide& receiver = memory.seen[static_cast<std::size_t>(opposite(direction))];
    sender.end = sender.max_end = segment.end;
    sender.max_window = segment.window == 0 ? 1 : segment.window;
    read_syn_options(segment.options, sender);
    // RFC 7323: scaling holds only if both offered it.
    const bool both = (sender.flags & receiver.flags & side_flag::kWindowScale) != 0;
    if (direction == CtDirection::reply && !both) sender.scale = receiver.scale = 0;
}

WindowCheck judge_window(TcpMemory& memory, const Segment& segment, CtDirection direction,
                         bool liberal_setting) {
    WindowCheck check;
    judge_window(check, memory, segment, direction, liberal_setting);
    return check;
}

void judge_window(WindowCheck& check, TcpMemory& memory, const Segment& segment,
                  CtDirection direction, bool liberal_setting) {
    TcpSide& sender = memory.seen[static_cast<std::size_t>(direction)];
    TcpSide& receiver = memory.seen[static_cast<std::size_t>(opposite(direction))];
    SeqNumber sack = segment.ack;
    if (receiver.flags & side_flag::kSackPermitted) sack = highest_sack(segment.options, sack);

    if (learn_beginning(memory, segment, direction, sack)) return;
    const Numbers n = correct_numbers(memory, segment, sender, receiver, sack);
    const bool is_liberal = liberal_setting || (sender.flags & side_flag::kBeLiberal) != 0;
    compare(check, n, sender, receiver, is_liberal);
    if (check.ruling != WindowRuling::inside) {
        if (check.liberal) check.ruling = WindowRuling::inside;
        return;  // liberal: accepted, but its numbers teach nothing
    }
    learn_windows(sender, receiver, segment, n);
    count_retransmission(memory, segment, direction, n);
}

}  // namespace keepstate::ct
