// An Amanda server that asks (it opens the flow) and the host that answers with the ports of the backup's streams.
#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

constexpr unsigned kPorts = 8;
constexpr unsigned kFirstPort = 11'000;

std::string draw_port(Dice& dice) {
    if (!dice.one_in(8)) return std::to_string(kFirstPort + dice.below(kPorts));
    return dice.pick<const char*>({"0", "65535", "65536", "70536", "99999", "110001", "011000",
                                   "000011", "", "x", " 11000", "-1", "11000x"});
}

std::string draw_connect(Dice& dice) {
    std::string words;
    if (dice.one_in(3))
        words = dice.pick<const char*>({"Amanda 2.5 REP HANDLE 1 SEQ 2\n", "\n", "CONNEC", "x"});
    words += dice.one_in(10) ? dice.pick<const char*>({"CONNECT", "connect ", "CONNECT  ",
                                                       "CONNECT\n", "CONNECT CONNECT "})
                             : "CONNECT ";
    const std::uint32_t streams = dice.small(6);
    for (std::uint32_t i = 0; i < streams; ++i) {
        words +=
            dice.one_in(10)
                ? dice.pick<const char*>({"data ", "DATA", "DAT ", "STATES ", "\nDATA ", "MEDATA "})
                : dice.pick<const char*>({"DATA ", "MESG ", "INDEX ", "STATE "});
        words += draw_port(dice);
        words += dice.one_in(10) ? dice.pick<const char*>({"", "\n", "  ", "\t"}) : " ";
    }
    if (!dice.one_in(8)) words += "\n";
    if (dice.one_in(3)) words += "OPTIONS features=x;\n";
    return words;
}

Said say_amanda(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory&) {
    Said said;
    std::string words;
    if (side == 1 ? !dice.one_in(5) : dice.one_in(4)) {
        words = draw_connect(dice);
    } else {
        words = dice.pick<const char*>({"", "x", "SERVICE sendbackup\nDUMP /home 0\n", "ACK\n"});
    }
    said.payload = {words.begin(), words.end()};
    for (unsigned i = 0; i < 2; ++i) {
        const auto port = static_cast<std::uint16_t>(kFirstPort + dice.below(kPorts));
        said.announced.push_back({IPPROTO_TCP, 0, place.addresses[1], port, 0});
    }
    return said;
}

}  // namespace

extern const TalkKind k_talk_amanda;
const TalkKind k_talk_amanda{"amanda", IPPROTO_UDP, 10'080, true, say_amanda};

}  // namespace keepstate::kernel
