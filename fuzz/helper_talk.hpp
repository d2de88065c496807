// What the fuzzers of helpers share: a conversation of any bytes, its memory kept from packet to packet.
//
//     | family 1 | { flags 1 | length 2 | bytes } ... |
//     flags: 1 the server says it; 2 the flow is new, 4 related, else established; 8 the next wish is not granted;
//            16 the bytes are transport header and payload; 32 the packet is the host's own and goes to everybody;
//            64 the flow that a helper ends is there
//
// The limits of the table are not there, so the number of wishes is the helper's alone: a packet may wish for one
// thing without saying a word (netbios-ns), and for more only by saying more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "ct/helper/test_conversation.hpp"

namespace keepstate::ct::test {

inline wire::Bytes any_packet(const Tuple& from, base::ByteView bytes) {
    wire::IpFields ip;
    ip.source = from.source;
    ip.destination = from.destination;
    return wire::build_ip(ip, from.protocol, bytes.span());
}

/// `least_announcement`: bytes for each wish beyond the first; "DATA 1" has six.
inline void say_any(Conversation& conversation, std::uint8_t flags, base::ByteView bytes,
                    std::size_t least_announcement) {
    constexpr std::size_t kMostCallsAtOnce = 16;  // a PPTP call that is taken back
    const auto direction = static_cast<CtDirection>(flags & 1);
    const CtState state = (flags & 2) != 0   ? CtState::new_
                          : (flags & 4) != 0 ? CtState::related
                                             : CtState::established;
    TestWishes& wishes = conversation.wishes;
    wishes.answers.clear();
    if ((flags & 8) != 0) wishes.answers = {Grant::granted, Grant::clash};
    wishes.has_flow = (flags & 64) != 0;
    conversation.is_from_host = (flags & 32) != 0;
    conversation.broadcast_bits.reset();
    if (conversation.is_from_host) conversation.broadcast_bits = flags;
    const std::size_t calls = wishes.calls;
    const std::size_t expected = wishes.granted.size();
    if ((flags & 16) != 0) {
        const Tuple& from = conversation.tuples[flags & 1];
        conversation.hear(direction, any_packet(from, bytes), state);
    } else {
        const void* words = bytes.data();
        conversation.say(direction, {static_cast<const char*>(words), bytes.size()}, state);
    }
    KS_ASSERT(wishes.granted.size() <= expected + 1 + bytes.size() / least_announcement);
    // What was expected may be taken back at once: it is looked for, and taken, one by one.
    KS_ASSERT(wishes.calls - calls <= kMostCallsAtOnce + bytes.size() + 2 * expected);
    wishes.notes.clear();
}

inline int fuzz_helper(AddHelpers add, bool has_ipv6, const std::uint8_t* data, std::size_t size,
                       std::size_t least_announcement = 6) {
    if (size == 0) return 0;
    const bool is_v6 = has_ipv6 && (data[0] & 1) != 0;
    Conversation conversation(add, is_v6 ? Family::ipv6 : Family::ipv4);
    base::ByteView input = base::ByteView{data, size}.sub(1);
    while (input.has(0, 3)) {
        const std::size_t bytes = std::min<std::size_t>(input.be16(1), 20'000);
        const base::ByteView said = input.sub(3, bytes);
        say_any(conversation, input.u8(0), said, least_announcement);
        input = input.sub(3 + said.size());
    }
    conversation.end();
    return 0;
}

}  // namespace keepstate::ct::test
