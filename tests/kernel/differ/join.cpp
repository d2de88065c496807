// See join.hpp.
#include "differ/join.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <optional>

#include "packets.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40, kFragmentHeader = 8;

struct Piece {
    std::size_t offset = 0;
    Bytes head;  ///< what stands in front of the fragmented part, as if it were not fragmented
    Bytes payload;
    bool has_more = false;
};

std::optional<Piece> read_ipv4(const Bytes& bytes) {
    const std::size_t header = (bytes[0] & 15U) * 4U;
    if (bytes.size() < kIpv4Header || header > bytes.size()) return std::nullopt;
    const unsigned bits = static_cast<unsigned>(bytes[6] << 8U | bytes[7]);
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(header);
    return Piece{
        (bits & 0x1fffU) * 8U, {bytes.begin(), end}, {end, bytes.end()}, (bits & 0x2000U) != 0};
}

std::optional<Piece> read_ipv6(const Bytes& bytes) {
    std::size_t named_at = 6, at = kIpv6Header;
    while (bytes.size() > named_at && bytes[named_at] != IPPROTO_FRAGMENT) {
        const std::uint8_t next = bytes[named_at];
        const bool is_header =
            next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS;
        if (!is_header || at + 8 > bytes.size()) return std::nullopt;
        named_at = at;
        at += (bytes[at + 1] + 1U) * 8U;
    }
    if (at + kFragmentHeader > bytes.size()) return std::nullopt;
    const unsigned bits = static_cast<unsigned>(bytes[at + 2] << 8U | bytes[at + 3]);
    Piece piece{bits & 0xfff8U, {}, {}, (bits & 1U) != 0};
    piece.head.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    piece.head[named_at] = bytes[at];
    piece.payload.assign(bytes.begin() + static_cast<std::ptrdiff_t>(at + kFragmentHeader),
                         bytes.end());
    return piece;
}

Bytes in_a_row(const std::vector<KernelOutput>& outputs) {
    Bytes all;
    for (const KernelOutput& output : outputs) {
        all.insert(all.end(), output.bytes.begin(), output.bytes.end());
    }
    return all;
}

}  // namespace

std::vector<std::uint8_t> join_fragments(const std::vector<KernelOutput>& outputs) {
    if (outputs.empty() || outputs.front().bytes.size() < kIpv4Header) return in_a_row(outputs);
    std::vector<Piece> pieces;
    for (const KernelOutput& output : outputs) {
        const bool is_v6 = output.bytes[0] >> 4U == 6;
        std::optional<Piece> piece = is_v6 ? read_ipv6(output.bytes) : read_ipv4(output.bytes);
        if (!piece) return in_a_row(outputs);
        pieces.push_back(std::move(*piece));
    }
    std::sort(pieces.begin(), pieces.end(),
              [](const Piece& a, const Piece& b) { return a.offset < b.offset; });
    Bytes whole = pieces.front().head;
    std::size_t end = 0;
    for (const Piece& piece : pieces) {
        if (piece.offset != end || piece.has_more == (&piece == &pieces.back())) {
            return in_a_row(outputs);
        }
        whole.insert(whole.end(), piece.payload.begin(), piece.payload.end());
        end += piece.payload.size();
    }
    if (whole[0] >> 4U == 6) {
        set16(whole, 4, static_cast<unsigned>(whole.size() - kIpv6Header));
        return whole;
    }
    set16(whole, 2, static_cast<unsigned>(whole.size()));
    set16(whole, 6, static_cast<unsigned>(whole[6] & 0xc0U) << 8U);
    return without_fragment_marks(whole);
}

std::vector<std::uint8_t> without_fragment_marks(std::span<const std::uint8_t> packet) {
    Bytes bytes(packet.begin(), packet.end());
    const std::size_t header = bytes.size() < kIpv4Header ? 0 : (bytes[0] & 15U) * 4U;
    if (header == 0 || bytes[0] >> 4U != 4 || header > bytes.size()) return bytes;
    bytes[6] &= 0xbf;
    set16(bytes, 10, 0);
    set16(bytes, 10, checksum({bytes.data(), header}));
    return bytes;
}

bool is_icmpv6_parameter_problem(std::span<const std::uint8_t> packet) {
    return packet.size() > kIpv6Header && packet[0] >> 4U == 6 && packet[6] == IPPROTO_ICMPV6 &&
           packet[kIpv6Header] == 4;
}

}  // namespace keepstate::kernel
