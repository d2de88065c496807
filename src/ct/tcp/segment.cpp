// TCP header and options -> Segment.
//
// The option walks are total: each stops at the end of the option bytes, at an end-of-list option, or
// at an option whose length is nonsense; what was read before counts.
// source: RFC 9293 3.2, RFC 7323 2.2, RFC 2018; kernel:net/netfilter/nf_conntrack_proto_tcp.c
// tested by: ct/tcp/segment_test.cpp, fuzz/packet.cpp.
#include "ct/tcp/segment.hpp"

#include "base/inline.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint8_t kEndOfList = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kSack = 5;
constexpr std::uint8_t kTimestampAligned[4] = {1, 1, 8, 10};

/// One option at `offset`, moved past it. `kind` is kEndOfList when the walk is over.
struct Option {
    std::uint8_t kind = kEndOfList;
    base::ByteView value;
};

/// `offset` never passes the end.
KS_INLINE Option next_option(base::ByteView options, std::size_t& offset) {
    const std::uint8_t* const at = options.data();
    const std::size_t end = options.size();
    while (offset < end && at[offset] == kNoOperation) ++offset;
    if (end - offset < 2) return {};
    const std::uint8_t kind = at[offset];
    const std::size_t size = at[offset + 1];
    if (kind == kEndOfList || size < 2 || size > end - offset) return {};
    const base::ByteView value(at + offset + 2, size - 2);
    offset += size;
    return {kind, value};
}

bool is_timestamp_only(base::ByteView options) {
    return options.size() == 12 && std::memcmp(options.data(), kTimestampAligned, 4) == 0;
}

}  // namespace

std::string_view text(SegmentKind kind) {
    switch (kind) {
        case SegmentKind::syn: return "SYN";
        case SegmentKind::synack: return "SYN/ACK";
        case SegmentKind::fin: return "FIN";
        case SegmentKind::ack: return "ACK";
        case SegmentKind::rst: return "RST";
        case SegmentKind::none: return "no flags";
    }
    return "?";
}

Segment make_segment(const wire::TcpHeader& header) {
    using namespace wire::tcp_flag;
    Segment segment;
    segment.kind = kind_of(header.flags);
    segment.flags = header.flags;
    segment.seq = wire::SeqNumber{header.seq};
    segment.ack = wire::SeqNumber{header.ack};
    const std::uint32_t controls =
        (header.flags & kSyn ? 1U : 0U) + (header.flags & kFin ? 1U : 0U);
    segment.end = segment.seq + header.payload_bytes + controls;
    segment.window = header.window;
    segment.options = header.options;
    return segment;
}

void read_syn_options(base::ByteView options, TcpSide& side) {
    if (options.size() == 0) return;
    const SynOptions read = scan_syn_options(options);
    side.scale = read.scale;
    side.flags = static_cast<std::uint8_t>((side.flags & side_flag::kBeLiberal) | read.flags);
}

wire::SeqNumber highest_sack(base::ByteView options, wire::SeqNumber ack) {
    if (options.size() == 0 || is_timestamp_only(options)) return ack;
    constexpr std::size_t kBlock = 8;
    std::size_t offset = 0;
    for (Option option = next_option(options, offset); option.kind != kEndOfList;
         option = next_option(options, offset)) {
        const std::size_t size = option.value.size();
        if (option.kind != kSack || size < kBlock || size % kBlock != 0) continue;
        wire::SeqNumber highest = ack;
        for (std::size_t at = 0; at < size; at += kBlock) {
            const wire::SeqNumber right{option.value.be32(at + 4)};
            if (after(right, highest)) highest = right;
        }
        return highest;
    }
    return ack;
}

}  // namespace keepstate::ct
