// A PPTP control connection: sessions begin and end, calls go out and come in, are answered, refused, repeated, hung
// up, with few call ids, so that they meet again; and messages that come at the wrong time or are not whole.
//
// TalkMemory: 0 what is due (Due), 1 the client's call id, 2 the server's.
#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

enum Due : std::uint32_t {
    start_request,
    start_reply,
    call,
    out_reply,
    in_reply,
    in_connected,
    talking,
    stop_reply,
};

/// Result 1: all is well.
std::uint8_t draw_result(Dice& dice) { return dice.one_in(16) ? dice.byte() & 7U : 1; }
std::uint16_t draw_id(Dice& dice) {
    return static_cast<std::uint16_t>(dice.one_in(8) ? 0 : 1 + dice.below(5));
}

Bytes control(unsigned message, Bytes body, std::size_t bytes) {
    body.resize(bytes);
    Bytes words;
    put16(words, static_cast<unsigned>(12 + bytes));
    put16(words, 1);
    put32(words, 0x1a2b3c4d);
    put16(words, message);
    put16(words, 0);
    words.insert(words.end(), body.begin(), body.end());
    return words;
}

Bytes ids(std::uint32_t first, std::uint32_t second, std::uint8_t result) {
    Bytes body;
    put16(body, first);
    put16(body, second);
    body.push_back(result);
    return body;
}

/// A message of this number, right as far as its body goes; ids as the conversation has them, mostly.
Bytes make_message(Dice& dice, unsigned message, const TalkMemory& memory) {
    constexpr std::array<std::size_t, 16> kBytes{0,  144, 144, 4,  4, 4,   8,  156,
                                                 20, 208, 12,  16, 4, 136, 28, 12};
    const std::uint32_t pns = dice.one_in(10) ? draw_id(dice) : memory.numbers[1];
    const std::uint32_t pac = dice.one_in(10) ? draw_id(dice) : memory.numbers[2];
    const std::uint8_t result = draw_result(dice);
    const std::size_t bytes = message < kBytes.size() ? kBytes[message] : dice.below(300);
    switch (message) {
        case 2: return control(message, {1, 0, result}, bytes);
        case 4: return control(message, {result}, bytes);
        case 7: return control(message, ids(pns, 1, 0), bytes);
        case 8: return control(message, ids(pac, pns, result), bytes);
        case 9: return control(message, ids(pac, 1, 0), bytes);
        case 10: return control(message, ids(pns, pac, result), bytes);
        case 11: return control(message, ids(pns, 0, 0), bytes);
        case 12:
        case 13: return control(message, ids(pac, 0, 0), bytes);
        default: return control(message, {}, bytes);
    }
}

/// What the client says when all goes as it should; 0: it is not its turn.
unsigned next_of_client(Dice& dice, TalkMemory& memory) {
    std::uint32_t& due = memory.numbers[0];
    switch (due) {
        case start_request: due = start_reply; return 1;
        case talking:
            if (dice.one_in(4)) return dice.pick({5U, 12U, 15U, 10U});
            if (dice.one_in(8)) {
                due = stop_reply;
                return 3;
            }
            [[fallthrough]];
        case call:
            if (dice.one_in(4)) {  // again, for a message that was spoiled or lost
                due = start_reply;
                return 1;
            }
            due = out_reply;
            if (!dice.one_in(3)) memory.numbers[1] = draw_id(dice);
            return 7;
        case in_reply:
            due = in_connected;
            if (!dice.one_in(3)) memory.numbers[1] = draw_id(dice);
            return 10;
        default: return 0;
    }
}

unsigned next_of_server(Dice& dice, TalkMemory& memory) {
    std::uint32_t& due = memory.numbers[0];
    switch (due) {
        case start_reply: due = call; return 2;
        case talking:
            if (dice.one_in(3)) return dice.pick({8U, 11U, 6U, 14U});
            if (dice.one_in(3)) {
                due = call;
                return 13;
            }
            [[fallthrough]];
        case call:
            if (!dice.one_in(3)) memory.numbers[2] = draw_id(dice);
            due = in_reply;
            return 9;
        case out_reply:
            due = talking;
            if (!dice.one_in(3)) memory.numbers[2] = draw_id(dice);
            return 8;
        case in_connected: due = talking; return 11;
        case stop_reply: due = start_request; return 4;
        default: return 0;
    }
}

void spoil(Dice& dice, Bytes& message) {
    switch (dice.below(6)) {
        case 0: message.resize(dice.below(message.size() + 1)); return;
        case 1: message.pop_back(); return;
        case 2: message[3] = 2; return;
        case 3: message[4] = dice.byte(); return;
        case 4: message.resize(message.size() + 1 + dice.below(20)); return;
        default: message[1] = dice.byte(); return;
    }
}

Said say_pptp(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory& memory) {
    unsigned message = side == 0 ? next_of_client(dice, memory) : next_of_server(dice, memory);
    if (message == 0) message = side == 0 ? dice.pick({5U, 15U}) : dice.pick({6U, 14U});
    if (dice.one_in(16)) message = dice.below(17);
    Said said;
    said.payload = make_message(dice, message, memory);
    if (dice.one_in(15)) spoil(dice, said.payload);
    if (dice.one_in(20)) {
        const Bytes more = make_message(dice, dice.below(17), memory);
        said.payload.insert(said.payload.end(), more.begin(), more.end());
    }
    const auto pns = static_cast<std::uint16_t>(memory.numbers[1]);
    const auto pac = static_cast<std::uint16_t>(memory.numbers[2]);
    said.announced.push_back({IPPROTO_GRE, 0, place.addresses[1], pac, pns});
    said.announced.push_back({IPPROTO_GRE, 1, place.addresses[0], pns, pac});
    return said;
}

}  // namespace

extern const TalkKind k_talk_pptp;
const TalkKind k_talk_pptp{"pptp", IPPROTO_TCP, 1723, false, say_pptp};

}  // namespace keepstate::kernel
