// See walk_fragments.hpp.
#include "differ/walk_fragments.hpp"

#include <algorithm>
#include <utility>

namespace keepstate::kernel {

namespace {

constexpr std::uint16_t kDoNotFragment = 0x4000, kMoreFragments = 0x2000;
constexpr std::size_t kIpv6Header = 40;

}  // namespace

/// Mostly clean cuts; now and then one that is no multiple of eight.
std::vector<FragmentWalk::Piece> FragmentWalk::slice(const Bytes& payload) {
    std::vector<Piece> pieces;
    const std::uint32_t step = 8U * (1 + dice_.below(dice_.one_in(2) ? 3 : 60));
    const bool is_atomic = dice_.one_in(12);
    for (std::size_t at = 0; at < payload.size() || pieces.empty();) {
        std::size_t size = std::min<std::size_t>(step, payload.size() - at);
        if (is_atomic || pieces.size() == 12) size = payload.size() - at;
        const auto from = payload.begin() + static_cast<std::ptrdiff_t>(at);
        pieces.push_back({static_cast<std::uint32_t>(at),
                          {from, from + static_cast<std::ptrdiff_t>(size)},
                          at + size < payload.size()});
        at += size;
        if (size == 0) break;
    }
    return pieces;
}

void FragmentWalk::spoil(std::vector<Piece>& pieces) {
    const std::size_t at = dice_.below(pieces.size());
    Piece& piece = pieces[at];
    switch (dice_.below(13)) {
        case 0: pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 1: pieces.push_back(Piece(piece)); break;
        case 2: piece.offset += 8; break;
        case 3: piece.offset -= std::min(piece.offset, 8U); break;
        case 4:
            piece.payload.resize(piece.payload.size() + dice_.pick<std::size_t>({1, 7, 8, 16}));
            break;
        case 5:
            piece.payload.resize(piece.payload.size() - dice_.below(piece.payload.size() + 1));
            break;
        case 6: piece.payload.clear(); break;
        case 7: piece.has_more = !piece.has_more; break;
        case 8: piece.offset = dice_.pick<std::uint32_t>({65528, 65520, 65512, 65464}); break;
        case 9: piece.offset = 8 * dice_.below(20); break;
        case 10: {  // the same bytes again, cut elsewhere
            Piece again = piece;
            const std::size_t less = 8 * dice_.below(again.payload.size() / 8 + 1);
            again.payload.erase(again.payload.begin(),
                                again.payload.begin() + static_cast<std::ptrdiff_t>(less));
            again.offset += static_cast<std::uint32_t>(less);
            pieces.push_back(std::move(again));
            break;
        }
        case 11: std::reverse(pieces.begin(), pieces.end()); break;
        default: {  // a second end
            Piece again = piece;
            again.has_more = false;
            pieces.push_back(std::move(again));
        }
    }
}

Bytes FragmentWalk::wrap(const Bytes& header, std::uint8_t protocol, std::uint32_t id,
                         const Piece& piece) {
    Bytes bytes = header;
    if (!is_ipv6(header)) {
        unsigned bits = (piece.offset / 8 & 0x1fffU) | (piece.has_more ? kMoreFragments : 0U);
        if (dice_.one_in(10)) bits |= kDoNotFragment;
        set16(bytes, 4, id & 0xffffU);
        set16(bytes, 6, bits);
        bytes[9] = protocol;
        if (dice_.one_in(30)) bytes[1] = static_cast<std::uint8_t>(dice_.below(4));  // ECN
    } else {
        Bytes before;  // headers that stand in front of the fragment header
        if (dice_.one_in(10)) {
            bytes[6] = IPPROTO_DSTOPTS;
            before = {IPPROTO_FRAGMENT, 0, 1, 4, 0, 0, 0, 0};
        } else {
            bytes[6] = IPPROTO_FRAGMENT;
        }
        if (dice_.one_in(30)) bytes[1] = static_cast<std::uint8_t>(dice_.below(4) << 4U);
        bytes.insert(bytes.end(), before.begin(), before.end());
        bytes.insert(bytes.end(), {protocol, 0});
        put16(bytes, (piece.offset & 0xfff8U) | (piece.has_more ? 1U : 0U) |
                         (dice_.one_in(40) ? 6U : 0U));  // the two reserved bits
        put32(bytes, id);
    }
    bytes.insert(bytes.end(), piece.payload.begin(), piece.payload.end());
    if (bytes.size() > 65535) bytes.resize(65535);
    repair_length(bytes);
    if (dice_.one_in(60)) cut(bytes, kIpv6Header + dice_.below(12));
    return bytes;
}

void FragmentWalk::take(const Bytes& datagram) {
    if (datagram.size() < ground_.header_bytes() || is_ipv6(datagram) != ground_.is_v6) return;
    const Bytes header(datagram.begin(),
                       datagram.begin() + static_cast<std::ptrdiff_t>(ground_.header_bytes()));
    std::vector<Piece> pieces = slice(payload_of(datagram));
    const unsigned faults = dice_.one_in(2) ? 0 : 1 + dice_.below(3);
    for (unsigned i = 0; i < faults && !pieces.empty(); ++i) spoil(pieces);
    const bool is_shuffled = dice_.one_in(2);
    const std::uint32_t id = dice_.one_in(3) ? dice_.below(4) : dice_.word() | 1U;
    for (const Piece& piece : pieces) {
        Bytes bytes = wrap(header, protocol_of(datagram), id, piece);
        const std::size_t at =
            is_shuffled && !waiting_.empty() ? dice_.below(waiting_.size() + 1) : waiting_.size();
        waiting_.insert(waiting_.begin() + static_cast<std::ptrdiff_t>(at), std::move(bytes));
    }
}

Bytes FragmentWalk::next() {
    const std::size_t at = dice_.one_in(4) ? dice_.below(waiting_.size()) : 0;
    Bytes bytes = std::move(waiting_[at]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
    return dice_.one_in(10) ? ground_.keep(std::move(bytes)) : bytes;
}

}  // namespace keepstate::kernel
