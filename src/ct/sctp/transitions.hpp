// The SCTP transitions: direction x chunk kind x state -> ruling. One look shows the whole machine.
//
// A ruling is a next state, or `bad`: not possible, INVALID. The states are the association's as seen from the
// wire, not an end point's:
//     CLOSED             an INIT was seen, or it is over
//     COOKIE_WAIT        an INIT_ACK answered
//     COOKIE_ECHOED      the cookie went back
//     ESTABLISHED        COOKIE_ACK; or, on a second path, a HEARTBEAT was answered
//     SHUTDOWN_SENT      a SHUTDOWN from the original side; SHUTDOWN_RECD: from the reply side
//     SHUTDOWN_ACK_SENT  it was answered
//     HEARTBEAT_SENT     a HEARTBEAT began this flow: a second path of a multi-homed association
// What no cell can say (tags, mostly) stands in exceptions.cpp. `none` is the state of a flow that has no
// entry yet; an entry made through ctnetlink without protocol memory has it too.
//
// source: kernel:net/netfilter/nf_conntrack_proto_sctp.c (table of the same meaning), seen:tests/kernel/sctp_cells.
// tested by: tests/kernel/sctp_cells_test.cpp (each cell against the live kernel).
#pragma once

#include <array>

#include "ct/sctp/chunk.hpp"
#include "keepstate/state.hpp"

namespace keepstate::ct {

/// The first nine are SctpState's numbers.
enum class SctpRuling : std::uint8_t { no, cl, cw, ce, es, ss, sr, sa, hs, bad };

using SctpRulingRow = std::array<SctpRuling, kSctpStates>;

/// [direction][chunk kind][state]
// clang-format off
inline constexpr std::array<std::array<SctpRulingRow, kChunkKinds>, 2> kSctpTransitions = [] {
    using enum SctpRuling;
    return std::array<std::array<SctpRulingRow, kChunkKinds>, 2>{{
    {{ // from the original direction:
        //                    NONE CLOSED C_WAIT C_ECHO ESTAB SH_SENT SH_RECD SH_ACK HB_SENT
        /*init             */ {{cl,  cl,    cw,    ce,    es,   cl,     cl,     sa,    cw }},
        /*init_ack         */ {{cl,  cl,    cw,    ce,    es,   ss,     sr,     sa,    cl }},
        /*cookie_echo      */ {{cl,  cl,    ce,    ce,    es,   ss,     sr,     sa,    cl }},
        /*cookie_ack       */ {{cl,  cl,    cw,    es,    es,   ss,     sr,     sa,    cl }},
        /*data             */ {{no,  cl,    cw,    ce,    es,   ss,     sr,     sa,    hs }},
        /*heartbeat        */ {{hs,  cl,    cw,    ce,    es,   ss,     sr,     sa,    hs }},
        /*heartbeat_ack    */ {{cl,  cl,    cw,    ce,    es,   ss,     sr,     sa,    hs }},
        /*error            */ {{cl,  cl,    cw,    ce,    es,   ss,     sr,     sa,    cl }},
        /*abort            */ {{cl,  cl,    cl,    cl,    cl,   cl,     cl,     cl,    cl }},
        /*shutdown         */ {{cl,  cl,    cw,    ce,    ss,   ss,     sr,     sa,    cl }},
        /*shutdown_ack     */ {{sa,  cl,    cw,    ce,    es,   sa,     sa,     sa,    sa }},
        /*shutdown_complete*/ {{cl,  cl,    cw,    ce,    es,   ss,     sr,     cl,    cl }},
        /*other            */ {{no,  cl,    cw,    ce,    es,   ss,     sr,     sa,    hs }},
    }},
    {{ // from the reply direction:
        //                    NONE CLOSED C_WAIT C_ECHO ESTAB SH_SENT SH_RECD SH_ACK HB_SENT
        /*init             */ {{bad, cl,    cw,    ce,    es,   ss,     sr,     sa,    bad}},
        /*init_ack         */ {{bad, cw,    cw,    ce,    es,   ss,     sr,     sa,    bad}},
        /*cookie_echo      */ {{bad, cl,    ce,    ce,    es,   ss,     sr,     sa,    bad}},
        /*cookie_ack       */ {{bad, cl,    cw,    es,    es,   ss,     sr,     sa,    bad}},
        /*data             */ {{no,  cl,    cw,    ce,    es,   ss,     sr,     sa,    hs }},
        /*heartbeat        */ {{bad, cl,    cw,    ce,    es,   ss,     sr,     sa,    hs }},
        /*heartbeat_ack    */ {{bad, cl,    cw,    ce,    es,   ss,     sr,     sa,    es }},
        /*error            */ {{bad, cl,    cw,    cl,    es,   ss,     sr,     sa,    bad}},
        /*abort            */ {{bad, cl,    cl,    cl,    cl,   cl,     cl,     cl,    bad}},
        /*shutdown         */ {{bad, cl,    cw,    ce,    sr,   ss,     sr,     sa,    bad}},
        /*shutdown_ack     */ {{bad, cl,    cw,    ce,    es,   sa,     sa,     sa,    bad}},
        /*shutdown_complete*/ {{bad, cl,    cw,    ce,    es,   ss,     sr,     cl,    bad}},
        /*other            */ {{no,  cl,    cw,    ce,    es,   ss,     sr,     sa,    hs }},
    }},
    }};
}();
// clang-format on

constexpr SctpRuling sctp_ruling_of(CtDirection direction, ChunkKind kind, SctpState state) {
    return kSctpTransitions[static_cast<std::size_t>(direction)][static_cast<std::size_t>(kind)]
                           [static_cast<std::size_t>(state)];
}

/// The state that a ruling names; only for rulings that are states.
constexpr SctpState state_of(SctpRuling ruling) { return static_cast<SctpState>(ruling); }

}  // namespace keepstate::ct
