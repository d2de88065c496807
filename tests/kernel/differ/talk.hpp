// Conversations whose payload a conntrack helper reads, for the `talk` walks.
//
// One file a protocol, talk_<name>.cpp: it says what one side might say next, often right, often slightly wrong. The
// walk does the rest: it opens flows, puts what is said into TCP segments or UDP datagrams, splits, repeats, spoils
// and reorders them, lets the announced flows begin (at the right place and beside it), and lets time pass.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "differ/walk_parts.hpp"

namespace keepstate::kernel {

/// Where a conversation takes place. Side 0 opened it, side 1 is the server.
struct TalkPlace {
    bool is_v6 = false;
    std::array<std::string, 2> addresses;
    std::array<std::uint16_t, 2> ports{};
    std::array<std::string, 2> others;  ///< another address of each side's network
};

/// A flow that was announced: its first packet goes from side `from` to `to`:`port`.
struct Announced {
    std::uint8_t protocol = 0;  ///< IPPROTO_
    unsigned from = 0;          ///< side
    std::string to;
    std::uint16_t port = 0;         ///< or the GRE call id
    std::uint16_t source_port = 0;  ///< 0: any
    Bytes words = {};    ///< TCP: what side `from` says first, if a helper reads that flow too
    bool talks = false;  ///< it speaks as the flow that announced it, side `from` first
};

struct Said {
    Bytes payload;
    std::vector<Announced> announced;
};

/// What a conversation remembers from one call to the next; the protocol's own meaning.
struct TalkMemory {
    std::array<std::uint32_t, 8> numbers{};
};

struct TalkKind {
    std::string_view helper;    ///< -j CT --helper
    std::uint8_t protocol = 0;  ///< IPPROTO_TCP or IPPROTO_UDP
    std::uint16_t port = 0;     ///< of the server
    bool has_ipv6 = true;
    Said (*say)(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory& memory) = nullptr;
};

}  // namespace keepstate::kernel
