// An SCTP packet as the judge sees it: its tag and its chunks, one after the other.
//
//     | ports 4 | vtag 4 | checksum 4 | chunk | chunk | ...      chunk: | type 1 | flags 1 | length 2 | ...
//
// The walk is the kernel's, and so more generous than RFC 9260: a length may reach past the packet's end (the
// chunk is the last one then), a length below 4 counts as 4, and one to three bytes left over at the end are
// no chunk at all. Only a length of zero is refused.
//
// Threads: plain values; they point into the packet.  source: kernel:net/netfilter/nf_conntrack_proto_sctp.c
// do_basic_checks, for_each_sctp_chunk; RFC 9260 3.   Tested by: ct/sctp/judge_test.cpp, tests/kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "keepstate/reason.hpp"

namespace keepstate::ct {

/// Kinds of chunk: the rows of the transitions table, in the order of an association's life.
enum class ChunkKind : std::uint8_t {
    init,
    init_ack,
    cookie_echo,
    cookie_ack,
    data,
    heartbeat,
    heartbeat_ack,
    error,
    abort,
    shutdown,
    shutdown_ack,
    shutdown_complete,
    other,  ///< SACK, ECN, AUTH, ... and what nobody knows
};
inline constexpr std::size_t kChunkKinds = 13;

/// "INIT", "INIT_ACK", ...
std::string_view text(ChunkKind kind);

ChunkKind kind_of_chunk(std::uint8_t type);
/// The type number on the wire; of `other` that of SACK.
std::uint8_t type_of(ChunkKind kind);

struct Chunk {
    ChunkKind kind = ChunkKind::other;
    std::uint8_t type = 0;  ///< as on the wire
    bool has_t_bit =
        false;  ///< ABORT and SHUTDOWN_COMPLETE: the tag is the receiver's own, sent back
    std::optional<std::uint32_t>
        init_tag;  ///< INIT and INIT_ACK, if 16 bytes follow the chunk header
};

/// A packet whose chunks may stand together (see parse_sctp_chunks).
struct SctpPacket {
    base::ByteView bytes;  ///< from the common header on, 12 bytes at least
    std::uint32_t vtag = 0;
    std::uint16_t kinds = 0;  ///< which kinds are there, a bit each

    bool has(ChunkKind kind) const { return (kinds >> static_cast<unsigned>(kind) & 1U) != 0; }
};

/// Chunk after chunk.
class ChunkWalk {
  public:
    explicit ChunkWalk(const SctpPacket& packet) : bytes_(packet.bytes) {}
    bool next(Chunk& chunk);
    /// The length field of the chunk that next() gave.
    std::uint16_t length() const { return length_; }

  private:
    base::ByteView bytes_;
    std::size_t offset_ = 12;
    std::uint16_t length_ = 0;
};

/// Reason::none and `packet` filled, or sctp_chunks: no chunk, a length of zero, INIT, INIT_ACK or
/// SHUTDOWN_COMPLETE not alone, COOKIE_ECHO or COOKIE_ACK not first. `bytes` are 12 at least.
Reason parse_sctp_chunks(base::ByteView bytes, SctpPacket& packet);

}  // namespace keepstate::ct
