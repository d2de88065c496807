// Every cell of the SCTP transitions, asked of the live kernel.
//
// Through ctnetlink an association is put into each state, with known tags and with none; then each kind of
// chunk comes from each side, with the tag of its own side, of the other side, with none and with a foreign
// one, with and without the T bit. State, SCTP state, tags, status and timeout have to be what judge_sctp
// says. The same for packets that no entry knows. About 2600 packets.
#include <gtest/gtest.h>

#include "ct/sctp/judge.hpp"
#include "kernel_run.hpp"
#include "sctp_packets.hpp"

namespace keepstate::kernel {

namespace {

using ct::ChunkKind;

constexpr std::uint32_t kOriginalTag = 0x11111111;
constexpr std::uint32_t kReplyTag = 0x22222222;
constexpr std::uint32_t kForeignTag = 0x33333333;
constexpr std::uint32_t kLongTimeout = 5000;
constexpr std::uint16_t kClient = 40000;
constexpr std::uint16_t kServer = 5000;

struct Cell {
    std::optional<SctpState> state;  ///< none: no entry at all
    std::array<std::uint32_t, 2> vtags{};
    ChunkKind kind = ChunkKind::init;
    CtDirection direction = CtDirection::original;
    std::uint32_t vtag = 0;
    std::uint32_t init_tag = 0;  ///< inside INIT and INIT_ACK
    bool t_bit = false;
};

std::string print(const Cell& cell) {
    char tags[80];
    std::snprintf(tags, sizeof tags, " tag %x, known %x %x, inside %x", cell.vtag, cell.vtags[0],
                  cell.vtags[1], cell.init_tag);
    return std::string(cell.state ? text(*cell.state) : "no entry") + " + " +
           std::string(ct::text(cell.kind)) + (cell.t_bit ? " T" : "") + " from " +
           std::string(text(cell.direction)) + tags;
}

std::vector<Cell> all_cells() {
    std::vector<Cell> cells;
    const auto add_tags = [&cells](Cell cell) {
        const bool has_t =
            cell.kind == ChunkKind::abort || cell.kind == ChunkKind::shutdown_complete;
        const bool has_init = cell.kind == ChunkKind::init || cell.kind == ChunkKind::init_ack;
        for (const std::uint32_t vtag : {kOriginalTag, kReplyTag, kForeignTag, 0U}) {
            for (int variant = 0; variant < (has_t || has_init ? 2 : 1); ++variant) {
                cell.vtag = vtag;
                cell.t_bit = has_t && variant == 1;
                const auto other = static_cast<std::size_t>(opposite(cell.direction));
                cell.init_tag = !has_init ? 0 : variant == 0 ? kForeignTag : cell.vtags[other];
                cells.push_back(cell);
            }
        }
    };
    for (std::size_t kind = 0; kind < ct::kChunkKinds; ++kind) {
        Cell cell;
        cell.kind = static_cast<ChunkKind>(kind);
        add_tags(cell);
        for (std::size_t state = 0; state < kSctpStates; ++state) {
            for (const bool is_known : {true, false}) {
                for (const CtDirection direction : {CtDirection::original, CtDirection::reply}) {
                    cell.state = static_cast<SctpState>(state);
                    cell.direction = direction;
                    cell.vtags = {0, 0};
                    if (is_known) cell.vtags = {kOriginalTag, kReplyTag};
                    add_tags(cell);
                }
            }
        }
    }
    return cells;
}

KernelEntry entry_of(const Cell& cell) {
    KernelEntry entry;
    KernelTuple& tuple = entry.tuples[0];
    tuple.source = make_address("192.168.1.1");
    tuple.destination = make_address("192.168.3.1");
    tuple.protocol = IPPROTO_SCTP;
    tuple.source_port = kClient;
    tuple.destination_port = kServer;
    entry.tuples[1] = tuple;
    std::swap(entry.tuples[1].source, entry.tuples[1].destination);
    std::swap(entry.tuples[1].source_port, entry.tuples[1].destination_port);
    entry.timeout_s = kLongTimeout;
    if (cell.state) entry.sctp_state = static_cast<std::uint8_t>(*cell.state);
    entry.sctp_vtags = cell.vtags;
    return entry;
}

Bytes packet_of(const Cell& cell) {
    SctpSegment segment{kClient, kServer, cell.vtag, {}};
    SctpChunk chunk{ct::type_of(cell.kind), cell.t_bit ? std::uint8_t{1} : std::uint8_t{0}, {}};
    chunk.body = init_body(cell.init_tag);
    segment.chunks = {chunk};
    IpEnds ends{"192.168.1.1", "192.168.3.1"};
    if (cell.direction == CtDirection::reply) {
        std::swap(segment.source_port, segment.destination_port);
        std::swap(ends.source, ends.destination);
    }
    return make_sctp(ends, segment);
}

/// What there is to compare, as text.
std::string print(bool is_invalid, bool is_reply, bool has_entry, std::uint32_t state,
                  std::array<std::uint32_t, 2> vtags, std::uint32_t status,
                  std::uint32_t timeout_s) {
    if (!has_entry) return is_invalid ? "INVALID" : "no entry";
    char words[120];
    std::snprintf(words, sizeof words, "%s state %u tags %x %x status %x timeout %u",
                  is_invalid ? "INVALID"
                  : is_reply ? "ESTABLISHED"
                             : "NEW",
                  state, vtags[0], vtags[1], status, timeout_s);
    return words;
}

std::string expected(const Cell& cell, const Bytes& bytes) {
    constexpr std::size_t kIpHeader = 20;
    const bool is_reply = cell.direction == CtDirection::reply;
    ct::SctpPacket packet;
    const base::ByteView sctp(bytes.data() + kIpHeader, bytes.size() - kIpHeader);
    EXPECT_EQ(parse_sctp_chunks(sctp, packet), Reason::none);
    ct::SctpMemory memory;
    if (cell.state) {
        memory.state = *cell.state;
        memory.vtag = cell.vtags;
    } else {
        const ct::SctpBeginning beginning = ct::begin_sctp(packet);
        if (beginning.reason != Reason::none) return "INVALID";
        memory = beginning.memory;
    }
    const ct::SctpJudgement judgement =
        judge_sctp(memory, packet, cell.direction, status::kConfirmed, Settings{});
    const bool is_invalid = judgement.outcome == ct::SctpOutcome::invalid;
    if (is_invalid && !cell.state) return "INVALID";
    std::uint32_t status = kStatusConfirmed;
    if (judgement.becomes_assured) status |= kStatusAssured;
    if (is_reply && !is_invalid) status |= kStatusSeenReply;
    return print(is_invalid, is_reply, true, static_cast<std::uint32_t>(judgement.memory.state),
                 judgement.memory.vtag, status, judgement.timeout_s.value_or(kLongTimeout));
}

/// The kernel rounds down what is left: the next whole timeout is meant.
std::uint32_t rounded(std::uint32_t timeout_s) {
    for (const std::uint32_t whole : {3U, 10U, 30U, 210U, kLongTimeout}) {
        if (timeout_s + 1 == whole) return whole;
    }
    return timeout_s;
}

std::string observed(KernelRun& run, const Cell& cell, const Bytes& bytes) {
    const KernelVerdict verdict = run.inject({bytes, ""});
    if (!verdict.state) return "no state";
    const bool is_invalid = *verdict.state == KernelState::invalid;
    const auto found = run.control().find(entry_of(cell).tuples[0]);
    if (!found) return "no answer";
    if (!*found) return print(is_invalid, false, false, 0, {}, 0, 0);
    const KernelEntry& entry = **found;
    // Which bits of the status NAT sets depends on whether its hooks are registered.
    const std::uint32_t status =
        entry.status & (kStatusConfirmed | kStatusAssured | kStatusSeenReply);
    const bool is_reply = *verdict.state == KernelState::established;
    return print(is_invalid, is_reply, true, entry.sctp_state.value_or(99), entry.sctp_vtags,
                 status, rounded(entry.timeout_s));
}

KernelSetup two_networks() {
    KernelSetup setup;
    setup.devices = {{"eth0", {"192.168.1.0/24"}}, {"eth1", {"192.168.3.0/24"}}};
    setup.reads_entries = false;
    return setup;
}

TEST(SctpCells, each_cell_is_the_kernels) {
    if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    auto run = KernelRun::make(two_networks());
    ASSERT_TRUE(run) << run.error().faults.front().words;
    std::size_t count = 0;
    for (const Cell& cell : all_cells()) {
        if (cell.state) {
            ASSERT_TRUE((*run)->control().create(entry_of(cell))) << print(cell);
        }
        const Bytes bytes = packet_of(cell);
        EXPECT_EQ(observed(**run, cell, bytes), expected(cell, bytes)) << print(cell);
        static_cast<void>((*run)->control().remove(entry_of(cell).tuples[0]));
        ++count;
    }
    RecordProperty("cells", static_cast<int>(count));
}

}  // namespace

}  // namespace keepstate::kernel
