// The named exceptions of the SCTP machine. See exceptions.hpp for how they are asked.
//
// Tags are what SCTP has instead of sequence numbers: who does not know the association's tag cannot touch it.
// Each kind of chunk that may come when the tag is not known, or is the wrong side's, has its own rule here.
// HEARTBEATs are the generous ones: on a path that nobody saw being opened they teach the tags, and after a
// restart of one side (new tags, same ports) a foreign HEARTBEAT is let by, and its answer changes the tags.
//
// source: RFC 9260 8.4, 8.5.1, 5.2; kernel:net/netfilter/nf_conntrack_proto_sctp.c nf_conntrack_sctp_packet.
// tested by: ct/sctp/judge_test.cpp, tests/kernel/sctp_cells_test.cpp, tests/kernel/differ.
#include "ct/sctp/exceptions.hpp"

#include <array>

namespace keepstate::ct {

namespace {

using enum SctpAnswerKind;

constexpr SctpAnswer kWrongTag{invalid, Reason::sctp_vtag};

bool is_heartbeat(const SctpCase& c) {
    return c.chunk.kind == ChunkKind::heartbeat || c.chunk.kind == ChunkKind::heartbeat_ack;
}

/// Who opens does not know the other's tag yet.
SctpAnswer init_carries_no_tag(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::init || c.packet.vtag == 0) return {};
    return kWrongTag;
}

/// With the T bit the sender had no association and sends back the tag it was sent.
SctpAnswer end_carries_tag_by_t_bit(const SctpCase& c) {
    const bool is_end =
        c.chunk.kind == ChunkKind::abort || c.chunk.kind == ChunkKind::shutdown_complete;
    if (!is_end) return {};
    if (c.packet.vtag == (c.chunk.has_t_bit ? c.other_tag() : c.own_tag())) return {};
    return kWrongTag;
}

SctpAnswer cookie_echo_carries_tag(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::cookie_echo || c.packet.vtag == c.own_tag()) return {};
    return kWrongTag;
}

/// Whoever opened, and even if both did: the opening is over.
SctpAnswer cookie_ack_ends_opening(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::cookie_ack) return {};
    return {go_on, Reason::none, SctpNote::forget_inits};
}

/// A path that nobody saw being opened.
SctpAnswer heartbeat_teaches_tag(const SctpCase& c) {
    if (!is_heartbeat(c) || c.own_tag() != 0) return {};
    return {go_on, Reason::none, SctpNote::adopt_tag};
}

SctpAnswer heartbeat_with_right_tag(const SctpCase& c) {
    if (!is_heartbeat(c) || c.packet.vtag != c.own_tag()) return {};
    return {go_on, Reason::none, SctpNote::end_suspicion};
}

/// From here on the HEARTBEAT's tag is a foreign one. Data may not come with it, nor another HEARTBEAT.
SctpAnswer foreign_heartbeat_in_bundle(const SctpCase& c) {
    if (!is_heartbeat(c)) return {};
    if (!c.packet.has(ChunkKind::data) && !c.is_let_by) return {};
    return kWrongTag;
}

/// Its sender may have begun anew. We do not know; the answer will tell.
SctpAnswer foreign_heartbeat_let_by(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::heartbeat) return {};
    return {skip_chunk, Reason::none, SctpNote::suspect_restart};
}

SctpAnswer foreign_heartbeat_answered(const SctpCase& c) {
    const bool is_answer = c.chunk.kind == ChunkKind::heartbeat_ack &&
                           c.memory.is_restart_suspected && c.memory.suspect != c.direction;
    if (!is_answer) return {};
    return {go_on, Reason::none, SctpNote::adopt_restarted_tag};
}

SctpAnswer foreign_heartbeat_ack(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::heartbeat_ack) return {};
    return kWrongTag;
}

SctpAnswer init_without_body(const SctpCase& c) {
    const bool names_tag = c.chunk.kind == ChunkKind::init || c.chunk.kind == ChunkKind::init_ack;
    if (!names_tag || c.chunk.init_tag) return {};
    return {invalid, Reason::sctp_chunks};
}

SctpAnswerKind kind_for_init(const SctpCase& c) {
    return c.memory.state == SctpState::closed ? go_on_quiet : go_on;
}

/// A stale or repeated INIT says nothing new. It must not count as an opening: the INIT_ACK that answers a stale
/// one would change the tags of a living association. (Late
/// stable updates of 6.18 do so; kernels before them count every INIT.)
SctpAnswer init_repeated(const SctpCase& c) {
    const bool is_repeated = c.chunk.kind == ChunkKind::init && c.memory.state != SctpState::none &&
                             c.other_tag() == c.chunk.init_tag;
    if (!is_repeated) return {};
    return {kind_for_init(c)};
}

/// A client that tries for ever, on a port that may be somebody else's by now, must not keep the entry.
SctpAnswer init_again_while_closed(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::init || c.memory.state != SctpState::closed) return {};
    return {kind_for_init(c), Reason::none, SctpNote::remember_init};
}

SctpAnswer init_names_tag(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::init) return {};
    return {go_on, Reason::none, SctpNote::remember_init};
}

/// Nobody asked for it, and it would change a tag that is known.
SctpAnswer init_ack_unasked(const SctpCase& c) {
    const bool is_unasked = c.chunk.kind == ChunkKind::init_ack && !c.has_other_sent_init() &&
                            c.other_tag() != 0 && c.other_tag() != c.chunk.init_tag;
    if (!is_unasked) return {};
    return kWrongTag;
}

/// Both sides sent an INIT. An INIT_ACK with another tag than its sender's INIT answers the lost one.
SctpAnswer init_ack_of_lost_collision(const SctpCase& c) {
    const bool is_lost = c.chunk.kind == ChunkKind::init_ack && c.has_sent_init() &&
                         c.has_other_sent_init() && c.other_tag() != c.chunk.init_tag;
    if (!is_lost) return {};
    return kWrongTag;
}

SctpAnswer init_ack_names_tag(const SctpCase& c) {
    if (c.chunk.kind != ChunkKind::init_ack) return {};
    return {go_on, Reason::none, SctpNote::remember_init_ack};
}

constexpr std::array kTagRules{
    SctpException{"INIT with a tag", init_carries_no_tag},
    SctpException{"ABORT or SHUTDOWN_COMPLETE with a tag that the T bit does not allow",
                  end_carries_tag_by_t_bit},
    SctpException{"COOKIE_ECHO with another tag than the INIT_ACK named", cookie_echo_carries_tag},
    SctpException{"COOKIE_ACK ends the opening", cookie_ack_ends_opening},
    SctpException{"HEARTBEAT teaches a tag", heartbeat_teaches_tag},
    SctpException{"HEARTBEAT with the right tag", heartbeat_with_right_tag},
    SctpException{"HEARTBEAT with a foreign tag in a bundle", foreign_heartbeat_in_bundle},
    SctpException{"HEARTBEAT with a foreign tag is let by", foreign_heartbeat_let_by},
    SctpException{"HEARTBEAT_ACK answers a HEARTBEAT with a foreign tag",
                  foreign_heartbeat_answered},
    SctpException{"HEARTBEAT_ACK with a foreign tag", foreign_heartbeat_ack},
};

constexpr std::array kOpeningRules{
    SctpException{"INIT without its body", init_without_body},
    SctpException{"INIT that names the known tag", init_repeated},
    SctpException{"INIT again while closed", init_again_while_closed},
    SctpException{"INIT names a tag", init_names_tag},
    SctpException{"INIT_ACK that nobody asked for changes a tag", init_ack_unasked},
    SctpException{"INIT_ACK of the lost side of a collision", init_ack_of_lost_collision},
    SctpException{"INIT_ACK names a tag", init_ack_names_tag},
};

}  // namespace

std::span<const SctpException> sctp_tag_rules() { return kTagRules; }
std::span<const SctpException> sctp_opening_rules() { return kOpeningRules; }

bool is_plainly_tagged(const SctpPacket& packet) {
    using enum ChunkKind;
    for (const ChunkKind kind :
         {init, shutdown_complete, cookie_echo, abort, shutdown_ack, heartbeat, heartbeat_ack}) {
        if (packet.has(kind)) return false;
    }
    return true;
}

}  // namespace keepstate::ct
