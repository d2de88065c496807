// The TCP transitions: direction x segment kind x state -> ruling. One look shows the whole machine.
//
// A ruling is a next state, or one of two words that are no states:
//     pass   let by and judge nothing: the segment may be right or wrong, and the end points will sort it out
//            (its numbers are noted, so that their answer can be understood)
//     bad    not possible: INVALID
// What no cell can say stands in exceptions.cpp. `none` is the state of a flow that has no entry yet.
//
// source: kernel:net/netfilter/nf_conntrack_proto_tcp.c (table of the same meaning), seen:tests/kernel/tcp_cells.
// tested by: tests/kernel/tcp_cells_test.cpp (each reachable cell against the live kernel).
#pragma once

#include <array>

#include "ct/tcp/memory.hpp"

namespace keepstate::ct {

/// The first ten are TcpState's numbers.
enum class Ruling : std::uint8_t { no, ss, sr, es, fw, cw, la, tw, cl, s2, pass, bad };

using RulingRow = std::array<Ruling, kTcpStates>;

/// [direction][segment kind][state]
// clang-format off
inline constexpr std::array<std::array<RulingRow, kSegmentKinds>, 2> kTransitions = [] {
    using enum Ruling;
    return std::array<std::array<RulingRow, kSegmentKinds>, 2>{{
    {{ // from the original direction:
        //         NONE  SYN_SENT SYN_RECV ESTAB  FIN_W  CLOSE_W LAST_ACK TIME_W CLOSE  SYN_SENT2
        /*syn   */ {{ss,  ss,      pass,    pass,  pass,  pass,   pass,    ss,    ss,    s2  }},
        /*synack*/ {{bad, bad,     sr,      bad,   bad,   bad,    bad,     bad,   bad,   sr  }},
        /*fin   */ {{bad, bad,     fw,      fw,    la,    la,     la,      tw,    cl,    bad }},
        /*ack   */ {{es,  bad,     es,      es,    cw,    cw,     tw,      tw,    cl,    bad }},
        /*rst   */ {{bad, cl,      cl,      cl,    cl,    cl,     cl,      cl,    cl,    cl  }},
        /*none  */ {{bad, bad,     bad,     bad,   bad,   bad,    bad,     bad,   bad,   bad }},
    }},
    {{ // from the reply direction:
        //         NONE  SYN_SENT SYN_RECV ESTAB  FIN_W  CLOSE_W LAST_ACK TIME_W CLOSE  SYN_SENT2
        /*syn   */ {{bad, s2,      bad,     bad,   bad,   bad,    bad,     ss,    bad,   s2  }},
        /*synack*/ {{bad, sr,      pass,    pass,  pass,  pass,   pass,    pass,  pass,  sr  }},
        /*fin   */ {{bad, bad,     fw,      fw,    la,    la,     la,      tw,    cl,    bad }},
        /*ack   */ {{bad, pass,    sr,      es,    cw,    cw,     tw,      tw,    cl,    pass}},
        /*rst   */ {{bad, cl,      cl,      cl,    cl,    cl,     cl,      cl,    cl,    cl  }},
        /*none  */ {{bad, bad,     bad,     bad,   bad,   bad,    bad,     bad,   bad,   bad }},
    }},
    }};
}();
// clang-format on

constexpr Ruling ruling_of(CtDirection direction, SegmentKind kind, TcpState state) {
    return kTransitions[static_cast<std::size_t>(direction)][static_cast<std::size_t>(kind)]
                       [static_cast<std::size_t>(state)];
}

/// The state that a ruling names; only for rulings that are states.
constexpr TcpState state_of(Ruling ruling) { return static_cast<TcpState>(ruling); }

}  // namespace keepstate::ct
