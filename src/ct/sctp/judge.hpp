// judge_sctp: one packet against the memory of its association. Pure: returns the new memory and a timeout.
//
//     the packet's tag -> for each chunk: tag rules -> cell of the transitions table -> opening rules -> state
//                      -> timeout of the last chunk's state
//
// A packet is judged chunk by chunk, and a refused chunk makes it INVALID; but what the chunks before it have
// changed stays changed, as in the kernel.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "ct/sctp/exceptions.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

enum class SctpOutcome : std::uint8_t {
    accepted,  ///< it counts: new memory, new timeout
    let_by,    ///< it passes as a packet of the association, but no timeout is renewed
    invalid,
};

/// What was said of one chunk: a fact for explanations.
struct SctpStep {
    Chunk chunk;
    SctpState before = SctpState::none;
    SctpRuling ruling = SctpRuling::bad;
    std::string_view exception;  ///< the name of the last one that answered; empty if none
};

struct SctpJudgement {
    /// As many chunks of a packet are explained; the last place is that of the last chunk judged.
    static constexpr std::size_t kSteps = 4;

    SctpOutcome outcome = SctpOutcome::invalid;
    Reason reason = Reason::none;            ///< why invalid
    SctpMemory memory;                       ///< to be kept, whatever the outcome
    std::optional<std::uint32_t> timeout_s;  ///< from now; absent: not renewed
    bool becomes_assured = false;
    bool state_changed = false;
    std::array<SctpStep, kSteps> steps;
    std::size_t step_count = 0;  ///< chunks judged; 0: the packet's tag was refused before any
};

/// The first packet of a flow nobody knows: its memory, or why it cannot begin one.
struct SctpBeginning {
    Reason reason = Reason::none;
    SctpMemory memory;
};
SctpBeginning begin_sctp(const SctpPacket& packet);

/// `status` are the entry's bits before this packet. Cost: linear in the chunks, no allocation.
SctpJudgement judge_sctp(const SctpMemory& memory, const SctpPacket& packet, CtDirection direction,
                         std::uint32_t status, const Settings& settings);

}  // namespace keepstate::ct
