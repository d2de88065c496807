// The SCTP machine by itself: an association's life, tags, restarts, collisions, and what chunks may stand
// together. That all of it is what the kernel does is shown by tests/kernel/sctp_cells_test.cpp and
// tests/kernel/differ.
#include "ct/sctp/judge.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keepstate::ct {

namespace {

constexpr CtDirection kOriginal = CtDirection::original;
constexpr CtDirection kReply = CtDirection::reply;
constexpr std::uint32_t kClientTag = 0xc11e0000;  // named by the client: replies carry it
constexpr std::uint32_t kServerTag =
    0x5e50e000;  // named by the server: the client's packets carry it

struct Piece {
    ChunkKind kind;
    std::uint32_t init_tag = 0;
    bool t_bit = false;
};

void put32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

std::vector<std::uint8_t> bytes_of(std::uint32_t vtag, const std::vector<Piece>& pieces) {
    std::vector<std::uint8_t> bytes(4, 0);
    put32(bytes, vtag);
    put32(bytes, 0);
    for (const Piece& piece : pieces) {
        const bool has_body = piece.kind == ChunkKind::init || piece.kind == ChunkKind::init_ack;
        put32(bytes, std::uint32_t{type_of(piece.kind)} << 24 | (piece.t_bit ? 1U << 16 : 0U) |
                         (has_body ? 20U : 4U));
        if (!has_body) continue;
        put32(bytes, piece.init_tag);
        for (int word = 0; word < 3; ++word) put32(bytes, 1);
    }
    return bytes;
}

/// An association that packets are sent through, as the tracker would.
class Association {
  public:
    SctpJudgement send(CtDirection direction, std::uint32_t vtag,
                       const std::vector<Piece>& pieces) {
        const std::vector<std::uint8_t> bytes = bytes_of(vtag, pieces);
        SctpPacket packet;
        SctpJudgement judgement;
        judgement.reason = parse_sctp_chunks({bytes.data(), bytes.size()}, packet);
        if (judgement.reason != Reason::none) return judgement;
        SctpMemory before = memory;
        if (!is_known) {
            const SctpBeginning beginning = begin_sctp(packet);
            judgement.reason = beginning.reason;
            if (judgement.reason != Reason::none) return judgement;
            before = beginning.memory;
        }
        judgement = judge_sctp(before, packet, direction, status, Settings{});
        if (is_known || judgement.outcome != SctpOutcome::invalid) {
            is_known = true;
            memory = judgement.memory;
        }
        if (judgement.becomes_assured) status |= status::kAssured;
        return judgement;
    }
    void establish() {
        send(kOriginal, 0, {{ChunkKind::init, kClientTag}});
        send(kReply, kClientTag, {{ChunkKind::init_ack, kServerTag}});
        send(kOriginal, kServerTag, {{ChunkKind::cookie_echo}});
        send(kReply, kClientTag, {{ChunkKind::cookie_ack}});
    }

    SctpMemory memory;
    std::uint32_t status = 0;
    bool is_known = false;
};

std::string_view last_exception(const SctpJudgement& judgement) {
    return judgement.steps[judgement.step_count - 1].exception;
}

TEST(SctpJudge, an_association_opens_lives_and_closes) {
    struct Row {
        CtDirection direction;
        Piece piece;
        SctpState state;
        std::uint32_t timeout_s;
    };
    const Row rows[] = {
        {kOriginal, {ChunkKind::init, kClientTag}, SctpState::closed, 10},
        {kReply, {ChunkKind::init_ack, kServerTag}, SctpState::cookie_wait, 3},
        {kOriginal, {ChunkKind::cookie_echo}, SctpState::cookie_echoed, 3},
        {kReply, {ChunkKind::cookie_ack}, SctpState::established, 210},
        {kOriginal, {ChunkKind::data}, SctpState::established, 210},
        {kReply, {ChunkKind::other}, SctpState::established, 210},
        {kOriginal, {ChunkKind::shutdown}, SctpState::shutdown_sent, 3},
        {kReply, {ChunkKind::shutdown_ack}, SctpState::shutdown_ack_sent, 3},
        {kOriginal, {ChunkKind::shutdown_complete}, SctpState::closed, 10},
    };
    Association association;
    for (const Row& row : rows) {
        const std::uint32_t vtag = row.direction == kReply             ? kClientTag
                                   : row.piece.kind == ChunkKind::init ? 0
                                                                       : kServerTag;
        const SctpJudgement judgement = association.send(row.direction, vtag, {row.piece});
        EXPECT_EQ(judgement.outcome, SctpOutcome::accepted) << text(row.piece.kind);
        EXPECT_EQ(association.memory.state, row.state) << text(row.piece.kind);
        EXPECT_EQ(judgement.timeout_s, row.timeout_s) << text(row.piece.kind);
        EXPECT_EQ(judgement.becomes_assured, row.piece.kind == ChunkKind::cookie_ack);
    }
}

TEST(SctpJudge, only_some_chunks_can_open_an_association) {
    struct Row {
        Piece piece;
        std::uint32_t vtag;
        Reason reason;
    };
    const Row rows[] = {
        {{ChunkKind::init, kClientTag}, 0, Reason::none},
        {{ChunkKind::init, kClientTag}, 5, Reason::sctp_vtag},
        {{ChunkKind::heartbeat}, 5, Reason::none},
        {{ChunkKind::heartbeat_ack}, 5, Reason::none},
        {{ChunkKind::shutdown_ack}, 5, Reason::none},
        {{ChunkKind::cookie_echo}, 5, Reason::sctp_vtag},
        {{ChunkKind::cookie_echo}, 0, Reason::none},
        {{ChunkKind::shutdown}, 5, Reason::sctp_vtag},
        {{ChunkKind::data}, 0, Reason::sctp_not_an_opening},
        {{ChunkKind::other}, 0, Reason::sctp_not_an_opening},
        {{ChunkKind::abort}, 0, Reason::sctp_not_an_opening},
        {{ChunkKind::shutdown_complete}, 0, Reason::sctp_not_an_opening},
        {{ChunkKind::cookie_ack}, 0, Reason::sctp_not_an_opening},
    };
    for (const Row& row : rows) {
        Association association;
        EXPECT_EQ(association.send(kOriginal, row.vtag, {row.piece}).reason, row.reason)
            << text(row.piece.kind) << " with tag " << row.vtag;
    }
}

TEST(SctpJudge, who_does_not_know_the_tag_cannot_touch_the_association) {
    const ChunkKind kinds[] = {
        ChunkKind::data,     ChunkKind::cookie_echo,       ChunkKind::cookie_ack, ChunkKind::abort,
        ChunkKind::shutdown, ChunkKind::shutdown_complete, ChunkKind::error,      ChunkKind::other};
    for (const ChunkKind kind : kinds) {
        Association association;
        association.establish();
        const SctpMemory before = association.memory;
        EXPECT_EQ(association.send(kOriginal, 7, {{kind}}).reason, Reason::sctp_vtag) << text(kind);
        EXPECT_EQ(association.memory, before) << text(kind);
    }
}

TEST(SctpJudge, an_abort_with_the_t_bit_carries_the_other_sides_tag) {
    Association association;
    association.establish();
    EXPECT_EQ(association.send(kReply, kServerTag, {{ChunkKind::abort}}).reason, Reason::sctp_vtag);
    EXPECT_EQ(association.send(kReply, kServerTag, {{ChunkKind::abort, 0, true}}).outcome,
              SctpOutcome::accepted);
    EXPECT_EQ(association.memory.state, SctpState::closed);
}

TEST(SctpJudge, an_init_that_is_repeated_while_closed_renews_nothing) {
    Association association;
    association.send(kOriginal, 0, {{ChunkKind::init, kClientTag}});
    const SctpJudgement same = association.send(kOriginal, 0, {{ChunkKind::init, kClientTag}});
    EXPECT_EQ(same.outcome, SctpOutcome::let_by);
    EXPECT_FALSE(same.timeout_s);
    const SctpJudgement other = association.send(kOriginal, 0, {{ChunkKind::init, 99}});
    EXPECT_EQ(other.outcome, SctpOutcome::let_by);
    EXPECT_EQ(association.memory.vtag[1], 99U);
}

TEST(SctpJudge, both_sides_open_at_once_and_only_one_init_ack_counts) {
    Association association;
    association.send(kOriginal, 0, {{ChunkKind::init, kClientTag}});
    association.send(kReply, 0, {{ChunkKind::init, kServerTag}});
    const SctpJudgement lost = association.send(kReply, kClientTag, {{ChunkKind::init_ack, 0xbad}});
    EXPECT_EQ(lost.reason, Reason::sctp_vtag);
    EXPECT_EQ(last_exception(lost), "INIT_ACK of the lost side of a collision");
    EXPECT_EQ(association.send(kReply, kClientTag, {{ChunkKind::init_ack, kServerTag}}).outcome,
              SctpOutcome::accepted);
    EXPECT_EQ(association.memory.state, SctpState::cookie_wait);
}

TEST(SctpJudge, a_stale_init_does_not_let_an_init_ack_change_the_tags) {
    Association association;
    association.establish();
    const SctpJudgement stale = association.send(kOriginal, 0, {{ChunkKind::init, kClientTag}});
    EXPECT_EQ(stale.outcome, SctpOutcome::accepted);
    EXPECT_EQ(last_exception(stale), "INIT that names the known tag");
    EXPECT_EQ(association.send(kReply, kClientTag, {{ChunkKind::init_ack, 0xbad}}).reason,
              Reason::sctp_vtag);
}

TEST(SctpJudge, a_second_path_is_established_by_heartbeats) {
    Association association;
    association.send(kOriginal, kServerTag, {{ChunkKind::heartbeat}});
    EXPECT_EQ(association.memory.state, SctpState::heartbeat_sent);
    const SctpJudgement answered =
        association.send(kReply, kClientTag, {{ChunkKind::heartbeat_ack}});
    EXPECT_EQ(association.memory.state, SctpState::established);
    EXPECT_TRUE(answered.becomes_assured);
    EXPECT_EQ(association.memory.vtag[1], kClientTag);
}

TEST(SctpJudge, a_foreign_heartbeat_changes_the_tags_only_if_it_is_answered) {
    Association association;
    association.establish();
    const SctpJudgement beat = association.send(kOriginal, 7, {{ChunkKind::heartbeat}});
    EXPECT_EQ(beat.outcome, SctpOutcome::let_by);
    EXPECT_EQ(association.memory.vtag[0], kServerTag);
    EXPECT_EQ(association.send(kOriginal, 8, {{ChunkKind::heartbeat_ack}}).reason,
              Reason::sctp_vtag);
    EXPECT_EQ(association.send(kReply, 8, {{ChunkKind::heartbeat_ack}}).outcome,
              SctpOutcome::accepted);
    EXPECT_EQ(association.memory.vtag[1], 8U);
    EXPECT_EQ(association.memory.vtag[0], 0U);
}

TEST(SctpJudge, a_foreign_heartbeat_does_not_come_with_data) {
    Association association;
    association.establish();
    const SctpJudgement judgement =
        association.send(kOriginal, 7, {{ChunkKind::data}, {ChunkKind::heartbeat}});
    EXPECT_EQ(judgement.reason, Reason::sctp_vtag);
    EXPECT_EQ(last_exception(judgement), "HEARTBEAT with a foreign tag in a bundle");
}

TEST(SctpJudge, what_came_before_a_refused_chunk_stays_done) {
    Association association;
    association.establish();
    const SctpJudgement judgement =
        association.send(kOriginal, 7, {{ChunkKind::shutdown}, {ChunkKind::abort}});
    EXPECT_EQ(judgement.outcome, SctpOutcome::invalid);
    EXPECT_TRUE(judgement.state_changed);
    EXPECT_EQ(association.memory.state, SctpState::shutdown_sent);
}

TEST(SctpJudge, chunks_may_stand_together_or_not) {
    struct Row {
        std::vector<Piece> pieces;
        Reason reason;
    };
    const Row rows[] = {
        {{}, Reason::sctp_chunks},
        {{{ChunkKind::data}, {ChunkKind::other}, {ChunkKind::heartbeat}}, Reason::none},
        {{{ChunkKind::cookie_echo}, {ChunkKind::data}}, Reason::none},
        {{{ChunkKind::data}, {ChunkKind::cookie_echo}}, Reason::sctp_chunks},
        {{{ChunkKind::data}, {ChunkKind::cookie_ack}}, Reason::sctp_chunks},
        {{{ChunkKind::init}, {ChunkKind::data}}, Reason::sctp_chunks},
        {{{ChunkKind::data}, {ChunkKind::init_ack}}, Reason::sctp_chunks},
        {{{ChunkKind::shutdown_complete}, {ChunkKind::data}}, Reason::sctp_chunks},
    };
    for (const Row& row : rows) {
        const std::vector<std::uint8_t> bytes = bytes_of(1, row.pieces);
        SctpPacket packet;
        EXPECT_EQ(parse_sctp_chunks({bytes.data(), bytes.size()}, packet), row.reason);
    }
}

TEST(SctpJudge, lengths_that_lie_end_the_walk_or_refuse_the_packet) {
    struct Row {
        std::uint16_t length;
        Reason reason;
        bool has_second;
    };
    const Row rows[] = {{0, Reason::sctp_chunks, false},
                        {1, Reason::none, true},
                        {4, Reason::none, true},
                        {5, Reason::none, false},
                        {0xffff, Reason::none, false}};
    for (const Row& row : rows) {
        std::vector<std::uint8_t> bytes = bytes_of(1, {{ChunkKind::data}, {ChunkKind::heartbeat}});
        bytes[14] = static_cast<std::uint8_t>(row.length >> 8);
        bytes[15] = static_cast<std::uint8_t>(row.length);
        SctpPacket packet;
        EXPECT_EQ(parse_sctp_chunks({bytes.data(), bytes.size()}, packet), row.reason)
            << row.length;
        EXPECT_EQ(packet.has(ChunkKind::heartbeat), row.has_second) << row.length;
    }
}

TEST(SctpJudge, an_init_without_its_body_names_no_tag) {
    std::vector<std::uint8_t> bytes = bytes_of(0, {{ChunkKind::init, kClientTag}});
    bytes.pop_back();
    SctpPacket packet;
    ASSERT_EQ(parse_sctp_chunks({bytes.data(), bytes.size()}, packet), Reason::none);
    EXPECT_EQ(begin_sctp(packet).reason, Reason::sctp_chunks);
}

}  // namespace

}  // namespace keepstate::ct
