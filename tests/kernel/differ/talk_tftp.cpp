// TFTP: requests, and the packets of a transfer where nobody expects them. See talk.hpp.
#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

Said say_tftp(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory&) {
    Said said;
    const std::uint16_t opcode = dice.one_in(4) ? static_cast<std::uint16_t>(dice.below(8))
                                                : static_cast<std::uint16_t>(1 + dice.below(2));
    put16(said.payload, opcode);
    for (const char c : std::string_view{"file\0octet\0", 11}) {
        said.payload.push_back(static_cast<std::uint8_t>(c));
    }
    if (dice.one_in(10)) said.payload.resize(dice.below(4));
    // The server answers from anywhere to the client's port, whoever spoke.
    said.announced.push_back({IPPROTO_UDP, 1, place.addresses[0], place.ports[0], 0});
    if (side == 1) said.announced.push_back({IPPROTO_UDP, 0, place.addresses[1], 69, 0});
    return said;
}

}  // namespace

extern const TalkKind k_talk_tftp;
const TalkKind k_talk_tftp{"tftp", IPPROTO_UDP, 69, true, say_tftp};

}  // namespace keepstate::kernel
