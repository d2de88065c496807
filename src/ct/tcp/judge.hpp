// judge_tcp: one segment against the memory of its flow. Pure: returns the new memory and a timeout.
//
//     cell of the transitions table -> exceptions -> window -> remember -> timeout
#pragma once

#include <optional>
#include <string_view>

#include "ct/tcp/exceptions.hpp"
#include "ct/tcp/window.hpp"

namespace keepstate::ct {

enum class TcpOutcome : std::uint8_t {
    accepted,  ///< it counts: new memory, new timeout
    let_by,    ///< it passes as a packet of the flow, but no timeout is renewed
    invalid,
    reopen,  ///< the entry goes, and the segment is looked up again as a new flow's first
    forget,  ///< it counts, and the entry goes at once (a lone RST)
};

struct TcpJudgement {
    TcpOutcome outcome = TcpOutcome::invalid;
    Reason reason = Reason::none;              ///< why invalid
    TcpMemory memory{};                        ///< to be kept, whatever the outcome
    std::optional<std::uint32_t> timeout_s{};  ///< from now; absent: not renewed
    bool shorten_only = false;                 ///< timeout_s holds only if is_shortened()
    bool becomes_assured = false;
    bool state_changed = false;
    // facts for explanations
    Ruling ruling = Ruling::bad;
    std::string_view exception{};  ///< the name of the one that answered; empty if none
    WindowCheck window{};
};

/// Whether a timeout that is shorten_only holds for an entry with so much left.
constexpr bool is_shortened(std::int64_t left_ns, std::int64_t timeout_ns) {
    constexpr std::int64_t kOnlyAboveNs = 120 * kNsPerSecond;
    return left_ns >= kOnlyAboveNs && left_ns > timeout_ns;
}

/// The first segment of a flow nobody knows: its memory, or why it cannot begin one.
struct TcpBeginning {
    Reason reason = Reason::none;
    TcpMemory memory;
};
TcpBeginning begin_tcp(const Segment& segment, const Settings& settings);
/// The same into a fresh `memory`; the reason.
Reason begin_tcp(TcpMemory& memory, const Segment& segment, const Settings& settings);

/// `status` are the entry's bits before this packet. Cost: constant, no allocation.
TcpJudgement judge_tcp(const TcpMemory& memory, const Segment& segment, CtDirection direction,
                       std::uint32_t status, const Settings& settings);
/// The same of the memory that stands in `judgement`, which is fresh otherwise.
void judge_tcp(TcpJudgement& judgement, const Segment& segment, CtDirection direction,
               std::uint32_t status, const Settings& settings);

}  // namespace keepstate::ct
