// A SANE client and a scanner: NET_START and its answer, other calls, and both of a wrong size.
#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

constexpr unsigned kPorts = 6;
constexpr unsigned kFirstPort = 12'000;

Bytes draw_request(Dice& dice) {
    Bytes bytes;
    put32(bytes, dice.one_in(4) ? dice.below(10) : 7);
    put32(bytes, dice.below(3));
    if (dice.one_in(6)) bytes.resize(dice.below(13));
    return bytes;
}

Bytes draw_reply(Dice& dice) {
    Bytes bytes;
    put32(bytes, dice.one_in(6) ? dice.pick({1U, 0x01000000U, 12U}) : 0);
    put16(bytes, dice.one_in(10) ? 1 + dice.below(2) * 255 : 0);
    put16(bytes, dice.one_in(10) ? dice.pick({0U, 65535U, 1U}) : kFirstPort + dice.below(kPorts));
    if (dice.one_in(3)) bytes.resize(bytes.size() + 4 + dice.below(12));  // byte order, resource
    if (dice.one_in(8)) bytes.resize(dice.below(8));
    return bytes;
}

Said say_sane(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory&) {
    Said said;
    said.payload = (side == 0) != dice.one_in(12) ? draw_request(dice) : draw_reply(dice);
    const auto port = static_cast<std::uint16_t>(kFirstPort + dice.below(kPorts));
    said.announced.push_back({IPPROTO_TCP, 0, place.addresses[1], port, 0});
    return said;
}

}  // namespace

extern const TalkKind k_talk_sane;
const TalkKind k_talk_sane{"sane", IPPROTO_TCP, 6566, true, say_sane};

}  // namespace keepstate::kernel
