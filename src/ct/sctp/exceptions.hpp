// What no cell of the SCTP transitions can say: named exceptions, asked in order, the first answer wins.
//
// They are asked for each chunk, twice: the tag rules before its cell is looked up, the opening rules after it
// (they concern INIT and INIT_ACK, which name tags for the packets to come). A name is what an explanation
// prints and what a reader searches for. What a tag rule notes stays noted even if the cell then says `bad`,
// and what earlier chunks of the packet did stays done even if a later one is refused: so does the kernel.
#pragma once

#include <span>
#include <string_view>

#include "ct/sctp/memory.hpp"
#include "ct/sctp/transitions.hpp"
#include "keepstate/reason.hpp"

namespace keepstate::ct {

/// All that an exception may look at.
struct SctpCase {
    const SctpMemory& memory;  ///< as the chunks before this one left it
    const SctpPacket& packet;
    const Chunk& chunk;
    CtDirection direction;
    bool is_let_by;  ///< an earlier chunk has made the packet one that renews nothing

    std::uint32_t own_tag() const { return memory.vtag[static_cast<std::size_t>(direction)]; }
    std::uint32_t other_tag() const {
        return memory.vtag[static_cast<std::size_t>(opposite(direction))];
    }
    bool has_sent_init() const { return memory.init[static_cast<std::size_t>(direction)]; }
    bool has_other_sent_init() const {
        return memory.init[static_cast<std::size_t>(opposite(direction))];
    }
};

enum class SctpAnswerKind : std::uint8_t {
    no_opinion,
    go_on,        ///< the cell is right
    go_on_quiet,  ///< the cell is right, but the packet renews no timeout
    skip_chunk,  ///< the chunk changes nothing but what `note` says, and the packet renews no timeout
    invalid,     ///< INVALID for `reason`
};

/// How the memory is changed before going on.
enum class SctpNote : std::uint8_t {
    nothing,
    forget_inits,     ///< the opening is over
    adopt_tag,        ///< the packet's tag is this direction's from now on
    suspect_restart,  ///< remember who sent the foreign HEARTBEAT
    end_suspicion,
    adopt_restarted_tag,  ///< adopt_tag, end_suspicion, and the other direction's tag is not known
    remember_init,        ///< the tag inside is the other direction's; an INIT came from here
    remember_init_ack,    ///< the tag inside is the other direction's
};

struct SctpAnswer {
    SctpAnswerKind kind = SctpAnswerKind::no_opinion;
    Reason reason = Reason::none;
    SctpNote note = SctpNote::nothing;
};

struct SctpException {
    std::string_view name;
    SctpAnswer (*ask)(const SctpCase&);
};

/// In the order they are asked, before the cell.
std::span<const SctpException> sctp_tag_rules();
/// In the order they are asked, after the cell.
std::span<const SctpException> sctp_opening_rules();

/// Whether the packet holds no chunk that has a tag rule of its own: then its tag must be its direction's.
bool is_plainly_tagged(const SctpPacket& packet);

}  // namespace keepstate::ct
