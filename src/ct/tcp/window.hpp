// The window: may this segment be where its numbers say it is?
//
// keepstate stands between the two hosts and guesses the sender's state from what went by. Four edges
// bound what may come, drawn for data going from sender to receiver:
//
//      II lower data edge                 sender.end        I upper data edge
//      sender.end - receiver.max_window   (sent so far)     sender.max_end (receiver's window)
//   ---------|--------------------------------|-------------------|------------------->  seq
//            '---------- segment must touch this stretch ---------'
//
//      IV lower ack edge                              III upper ack edge
//      receiver.end - max(66000, sender.max_window)   receiver.end (what receiver has sent so far)
//   ---------|---------------------------------------------|---------------------------->  ack
//            '--------- the (s)ack must lie in here --------'
//
// Past edge I or III the segment is INVALID; below edge II or IV it is let by and nothing is learnt from
// it: it is old. A segment just over edge I by no more than the receiver's window is let by too, and its
// end is noted, for there are senders that ignore the window and receivers that take it.
//
// source: van Rooij, "Real Stateful TCP Packet Filtering in IP Filter"; kernel:net/netfilter/
// nf_conntrack_proto_tcp.c tcp_in_window.   tested by: ct/tcp/window_test.cpp, tests/kernel.
#pragma once

#include <cstdint>

#include "ct/tcp/segment.hpp"
#include "keepstate/reason.hpp"

namespace keepstate::ct {

enum class WindowRuling : std::uint8_t { inside, let_by, outside };

/// What was compared with what: the numbers an explanation shows.
struct WindowCheck {
    bool made = false;
    WindowRuling ruling = WindowRuling::inside;
    Reason reason = Reason::none;  ///< which edge was passed; none if inside
    bool liberal = false;          ///< outside, but let in: be_liberal
    wire::SeqNumber seq, end, ack, sack;
    wire::SeqNumber data_upper, data_lower, ack_upper, ack_lower;
    std::uint32_t bytes_over = 0;  ///< beyond edge I
};

/// I: the first byte is not beyond what the receiver's window allows.
bool is_below_data_upper(wire::SeqNumber seq, const TcpSide& sender);
/// II: the end is not before what the sender may still send again.
bool is_above_data_lower(wire::SeqNumber end, const TcpSide& sender, const TcpSide& receiver);
/// III: nothing is acknowledged that was never sent.
bool is_below_ack_upper(wire::SeqNumber sack, const TcpSide& receiver);
/// IV: the ack is not overly old.
bool is_above_ack_lower(wire::SeqNumber sack, const TcpSide& sender, const TcpSide& receiver);

/// Judges the segment against the memory and brings the memory up to date. `liberal_setting` is
/// nf_conntrack_tcp_be_liberal. Pure but for `memory`.
WindowCheck judge_window(TcpMemory& memory, const Segment& segment, CtDirection direction,
                         bool liberal_setting);
/// The same into a fresh `check`.
void judge_window(WindowCheck& check, TcpMemory& memory, const Segment& segment,
                  CtDirection direction, bool liberal_setting);

/// A side begins (again) with this SYN or SYN/ACK.
void begin_side(TcpMemory& memory, const Segment& segment, CtDirection direction);

}  // namespace keepstate::ct
