// See tcp_cells.hpp.
#include "tcp_cells.hpp"

#include <algorithm>

#include "packets.hpp"

namespace keepstate::kernel {

namespace {

constexpr const char* kClient = "192.168.1.1";
constexpr const char* kServer = "192.168.3.1";
constexpr std::uint16_t kServerPort = 80;
constexpr std::uint16_t kFirstPort = 10000;
constexpr std::array<const char*, kSegmentKinds> kKindNames = {"syn", "synack", "fin",
                                                               "ack", "rst",    "none"};
constexpr std::array<std::uint8_t, kSegmentKinds> kKindFlags = {kSyn, kSyn | kAck, kFin | kAck,
                                                                kAck, kRst,        0};
constexpr std::size_t kColumnWidth = 21;

/// One flow of the walk: the next sequence number of each side.
struct Flow {
    std::uint16_t port = 0;
    std::array<std::uint32_t, 2> next = {1000, 5000};
};

KernelPacket make_segment(const Flow& flow, Direction side, SegmentKind kind) {
    const bool is_client = side == Direction::original;
    const std::uint8_t flags = kKindFlags[static_cast<std::size_t>(kind)];
    TcpSegment segment;
    segment.source_port = is_client ? flow.port : kServerPort;
    segment.destination_port = is_client ? kServerPort : flow.port;
    segment.seq = flow.next[is_client ? 0 : 1];
    segment.ack = (flags & kAck) != 0 ? flow.next[is_client ? 1 : 0] : 0;
    segment.flags = flags;
    const IpEnds ends = is_client ? IpEnds{kClient, kServer} : IpEnds{kServer, kClient};
    return {make_tcp(ends, segment), is_client ? "eth0" : "eth1"};
}

KernelTuple make_tuple(std::uint16_t port, Direction side) {
    KernelTuple tuple{make_address(kClient), make_address(kServer), IPPROTO_TCP, port, kServerPort};
    if (side == Direction::reply) {
        std::swap(tuple.source, tuple.destination);
        std::swap(tuple.source_port, tuple.destination_port);
    }
    return tuple;
}

struct Step {
    Direction side;
    SegmentKind kind;
};
constexpr Step kSynOriginal{Direction::original, SegmentKind::syn};
constexpr Step kSynReply{Direction::reply, SegmentKind::syn};
constexpr Step kSynAck{Direction::reply, SegmentKind::syn_ack};
constexpr Step kAckOriginal{Direction::original, SegmentKind::ack};
constexpr Step kAckReply{Direction::reply, SegmentKind::ack};
constexpr Step kFinOriginal{Direction::original, SegmentKind::fin};
constexpr Step kFinReply{Direction::reply, SegmentKind::fin};
constexpr Step kRstOriginal{Direction::original, SegmentKind::rst};

std::vector<Step> way_to(KernelTcpState state) {
    std::vector<Step> way = {kSynOriginal};
    if (state == KernelTcpState::syn_sent) return way;
    if (state == KernelTcpState::syn_sent2) return {kSynOriginal, kSynReply};
    way.push_back(kSynAck);
    if (state == KernelTcpState::syn_recv) return way;
    way.push_back(kAckOriginal);
    if (state == KernelTcpState::established) return way;
    way.push_back(state == KernelTcpState::close ? kRstOriginal : kFinOriginal);
    if (state == KernelTcpState::close || state == KernelTcpState::fin_wait) return way;
    way.push_back(kAckReply);
    if (state == KernelTcpState::close_wait) return way;
    way.push_back(kFinReply);
    if (state == KernelTcpState::last_ack) return way;
    way.push_back(kAckOriginal);
    return way;
}

std::uint32_t usual_status(KernelTcpState state) {
    switch (state) {
        case KernelTcpState::none:
        case KernelTcpState::syn_sent: return 0;
        case KernelTcpState::syn_recv:
        case KernelTcpState::syn_sent2: return kStatusSeenReply;
        default: return kStatusSeenReply | kStatusAssured;
    }
}

Result<void> make_state(KernelRun& run, const Flow& flow, KernelTcpState state) {
    KernelEntry entry;
    entry.tuples = {make_tuple(flow.port, Direction::original),
                    make_tuple(flow.port, Direction::reply)};
    entry.timeout_s = kMadeTimeout;
    entry.status = usual_status(state);
    entry.tcp = KernelTcp{state, {}, {}};
    return run.control().create(entry);
}

Result<void> walk_to_state(KernelRun& run, Flow& flow, KernelTcpState state) {
    for (const Step& step : way_to(state)) {
        run.inject(make_segment(flow, step.side, step.kind));
        const std::uint8_t flags = kKindFlags[static_cast<std::size_t>(step.kind)];
        if ((flags & (kSyn | kFin)) != 0) ++flow.next[step.side == Direction::original ? 0 : 1];
    }
    return {};
}

std::uint32_t to_ten_seconds(std::uint32_t seconds) { return (seconds + 9) / 10 * 10; }

/// The segment, and what it left behind.
Result<TcpCell> probe_segment(KernelRun& run, const Flow& flow, Direction side, SegmentKind kind,
                              const KernelEntry& before) {
    const KernelVerdict verdict = run.inject(make_segment(flow, side, kind));
    TcpCell cell;
    cell.is_reached = true;
    cell.ctstate = verdict.state;
    cell.direction = verdict.direction;
    for (const auto& words : verdict.words) cell.words += words;
    auto after = run.control().find(before.tuples[0]);
    if (!after) return Unexpected(after.error());
    if (!*after || !(*after)->tcp) return cell;
    cell.tcp_state = (*after)->tcp->state;
    cell.timeout_s = to_ten_seconds((*after)->timeout_s);
    cell.status = (*after)->status;
    // Not by the id: a new entry in the old one's memory, with the same tuple, has the same id again.
    cell.is_other_entry =
        std::any_of(verdict.events.begin(), verdict.events.end(),
                    [](const KernelEvent& event) { return event.kind == EventKind::new_entry; });
    cell.is_reversed = (*after)->tuples[0] == before.tuples[1];
    return cell;
}

using IntoState = Result<void> (*)(KernelRun&, Flow&, KernelTcpState);

Result<TcpCells> probe_cells(const std::vector<std::pair<std::string, std::string>>& sysctls,
                             IntoState into_state) {
    KernelSetup setup;
    setup.devices = {{"eth0", {"192.168.1.0/24"}}, {"eth1", {"192.168.3.0/24"}}};
    setup.sysctls = sysctls;
    setup.reads_entries = false;
    auto run = KernelRun::make(setup);
    if (!run) return Unexpected(run.error());
    TcpCells cells;
    std::uint16_t port = kFirstPort;
    for (std::size_t side = 0; side < 2; ++side) {
        for (std::size_t kind = 0; kind < kSegmentKinds; ++kind) {
            for (std::size_t state = 0; state < kTcpStates; ++state) {
                Flow flow;
                flow.port = port++;
                const auto wanted = static_cast<KernelTcpState>(state);
                if (auto done = into_state(**run, flow, wanted); !done) {
                    return Unexpected(done.error());
                }
                auto before = (*run)->control().find(make_tuple(flow.port, Direction::original));
                if (!before) return Unexpected(before.error());
                if (!*before || !(*before)->tcp || (*before)->tcp->state != wanted) continue;
                auto cell = probe_segment(**run, flow, static_cast<Direction>(side),
                                          static_cast<SegmentKind>(kind), **before);
                if (!cell) return Unexpected(cell.error());
                cells[side][kind][state] = std::move(*cell);
            }
        }
    }
    return cells;
}

std::string print_cell(const TcpCell& cell) {
    if (!cell.is_reached) return "-";
    std::string text = cell.ctstate ? std::string(1, *state_name(*cell.ctstate)) : "drop";
    if (cell.direction) text += *cell.direction == Direction::original ? ">" : "<";
    if (!cell.tcp_state) return text + " gone";
    text += ' ';
    text += tcp_state_name(*cell.tcp_state);
    text += ' ';
    text += cell.timeout_s == kMadeTimeout ? "kept" : std::to_string(cell.timeout_s);
    if (cell.is_other_entry) text += cell.is_reversed ? " rev" : " new";
    return text;
}

std::string padded(std::string text) {
    text.resize(std::max(text.size() + 1, kColumnWidth), ' ');
    return text;
}

}  // namespace

const char* segment_kind_name(SegmentKind kind) {
    return kKindNames[static_cast<std::size_t>(kind)];
}

Result<TcpCells> probe_made_cells(const std::vector<std::pair<std::string, std::string>>& sysctls) {
    return probe_cells(sysctls, [](KernelRun& run, Flow& flow, KernelTcpState state) {
        return make_state(run, flow, state);
    });
}

Result<TcpCells> probe_walked_cells(
    const std::vector<std::pair<std::string, std::string>>& sysctls) {
    return probe_cells(sysctls, [](KernelRun& run, Flow& flow, KernelTcpState state) {
        return walk_to_state(run, flow, state);
    });
}

std::string print_cells(const TcpCells& cells) {
    std::string text = padded("");
    for (std::size_t state = 0; state < kTcpStates; ++state) {
        text += padded(tcp_state_name(static_cast<KernelTcpState>(state)));
    }
    text += "\n";
    for (std::size_t side = 0; side < 2; ++side) {
        for (std::size_t kind = 0; kind < kSegmentKinds; ++kind) {
            text += padded(std::string(side == 0 ? "original " : "reply ") + kKindNames[kind]);
            for (const TcpCell& cell : cells[side][kind]) text += padded(print_cell(cell));
            text.erase(text.find_last_not_of(' ') + 1);
            text += "\n";
        }
    }
    return text;
}

}  // namespace keepstate::kernel
