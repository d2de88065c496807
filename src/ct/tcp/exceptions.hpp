// What no cell of the transitions table can say: named exceptions, asked in order, the first answer wins.
//
// Each looks at the case (memory, segment, ruling of the cell) and either has no opinion or answers. Its name
// is what an explanation prints and what a reader searches for.
#pragma once

#include <span>
#include <string_view>

#include "ct/tcp/segment.hpp"
#include "ct/tcp/transitions.hpp"
#include "keepstate/conntrack.hpp"
#include "keepstate/reason.hpp"

namespace keepstate::ct {

/// All that an exception may look at.
struct TcpCase {
    const TcpMemory& memory;
    const Segment& segment;
    CtDirection direction;
    std::uint32_t status;  ///< the entry's status:: bits before this packet
    Ruling ruling;
    const Settings& settings;

    const TcpSide& sender() const { return memory.seen[static_cast<std::size_t>(direction)]; }
    const TcpSide& receiver() const {
        return memory.seen[static_cast<std::size_t>(opposite(direction))];
    }
    bool is_established() const {
        return memory.state == TcpState::established && (status & status::kAssured) != 0;
    }
};

enum class TcpAnswerKind : std::uint8_t {
    no_opinion,
    go_on,        ///< the window judges, the new state is `state`
    skip_window,  ///< accepted without the window, the new state is `state`
    let_by,       ///< accepted, nothing changes but what `note` writes down
    invalid,      ///< INVALID for `reason`
    reopen,       ///< the entry goes, the segment is looked up again
};

/// How the memory is changed before going on.
enum class TcpNote : std::uint8_t {
    nothing,
    remember_let_by,   ///< the numbers of a segment that was let by
    adopt_let_by_syn,  ///< the SYN that was let by becomes the flow's beginning
    forget_challenge,  ///< the awaited challenge ACK came
    mark_simultaneous_open,
};

struct TcpAnswer {
    TcpAnswerKind kind = TcpAnswerKind::no_opinion;
    TcpState state = TcpState::none;
    Reason reason = Reason::none;
    TcpNote note = TcpNote::nothing;
};

struct TcpException {
    std::string_view name;
    TcpAnswer (*ask)(const TcpCase&);
};

/// In the order they are asked.
std::span<const TcpException> tcp_exceptions();

}  // namespace keepstate::ct
