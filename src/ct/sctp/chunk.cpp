// The walk over the chunks of a packet, and which may stand together; see chunk.hpp.
#include "ct/sctp/chunk.hpp"

#include <array>

namespace keepstate::ct {

namespace {

struct KnownChunk {
    ChunkKind kind;
    std::uint8_t type;
    std::string_view name;
};

// source: RFC 9260 3.2, table 1.
constexpr std::array<KnownChunk, kChunkKinds> kKnown{{
    {ChunkKind::init, 1, "INIT"},
    {ChunkKind::init_ack, 2, "INIT_ACK"},
    {ChunkKind::cookie_echo, 10, "COOKIE_ECHO"},
    {ChunkKind::cookie_ack, 11, "COOKIE_ACK"},
    {ChunkKind::data, 0, "DATA"},
    {ChunkKind::heartbeat, 4, "HEARTBEAT"},
    {ChunkKind::heartbeat_ack, 5, "HEARTBEAT_ACK"},
    {ChunkKind::error, 9, "ERROR"},
    {ChunkKind::abort, 6, "ABORT"},
    {ChunkKind::shutdown, 7, "SHUTDOWN"},
    {ChunkKind::shutdown_ack, 8, "SHUTDOWN_ACK"},
    {ChunkKind::shutdown_complete, 14, "SHUTDOWN_COMPLETE"},
    {ChunkKind::other, 3, "another chunk"},
}};

constexpr std::size_t kChunkHeader = 4;
/// Initiate tag, credit, streams out and in, first TSN. source: RFC 9260 3.3.2.
constexpr std::size_t kInitBody = 16;

bool stands_alone(ChunkKind kind) {
    return kind == ChunkKind::init || kind == ChunkKind::init_ack ||
           kind == ChunkKind::shutdown_complete;
}

bool stands_first(ChunkKind kind) {
    return kind == ChunkKind::cookie_echo || kind == ChunkKind::cookie_ack;
}

}  // namespace

std::string_view text(ChunkKind kind) { return kKnown[static_cast<std::size_t>(kind)].name; }

std::uint8_t type_of(ChunkKind kind) { return kKnown[static_cast<std::size_t>(kind)].type; }

ChunkKind kind_of_chunk(std::uint8_t type) {
    for (const KnownChunk& known : kKnown) {
        if (known.type == type) return known.kind;
    }
    return ChunkKind::other;
}

bool ChunkWalk::next(Chunk& chunk) {
    if (!bytes_.has(offset_, kChunkHeader)) return false;
    chunk = Chunk{};
    chunk.type = bytes_.u8(offset_);
    chunk.kind = kind_of_chunk(chunk.type);
    chunk.has_t_bit = (bytes_.u8(offset_ + 1) & 1U) != 0;
    length_ = bytes_.be16(offset_ + 2);
    const bool may_have_tag = chunk.kind == ChunkKind::init || chunk.kind == ChunkKind::init_ack;
    if (may_have_tag && bytes_.has(offset_ + kChunkHeader, kInitBody)) {
        chunk.init_tag = bytes_.be32(offset_ + kChunkHeader);
    }
    offset_ += (std::size_t{length_} + 3) & ~std::size_t{3};
    return true;
}

Reason parse_sctp_chunks(base::ByteView bytes, SctpPacket& packet) {
    packet = SctpPacket{bytes, bytes.be32(4), 0};
    ChunkWalk walk(packet);
    Chunk chunk;
    bool is_first = true;
    bool is_alone = false;
    while (walk.next(chunk)) {
        is_alone = is_alone || stands_alone(chunk.kind);
        if (!is_first && (is_alone || stands_first(chunk.kind))) return Reason::sctp_chunks;
        if (walk.length() == 0) return Reason::sctp_chunks;  // the walk would never end
        packet.kinds |= static_cast<std::uint16_t>(1U << static_cast<unsigned>(chunk.kind));
        is_first = false;
    }
    return is_first ? Reason::sctp_chunks : Reason::none;
}

}  // namespace keepstate::ct
