// An IRC client and its server: DCC announcements of every kind, chatter, and announcements that are not quite right.
//
// What decides is drawn apart: the command, what stands before " :", the kind, the name, the address, the blanks, the
// port and the end. The server now and then says what only a client may say.
#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

Bytes bytes_of(const std::string& words) { return {words.begin(), words.end()}; }

/// "10.0.1.1" as DCC has it: 167772417.
std::string number_of(const std::string& address) {
    const KernelAddress bytes = make_address(address);
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number = number << 8U | bytes.bytes[i];
    return std::to_string(number);
}

std::string draw_address(Dice& dice, const TalkPlace& place) {
    if (!dice.one_in(6)) return number_of(place.addresses[0]);
    switch (dice.below(8)) {
        case 0: return number_of(place.addresses[1]);
        case 1: return number_of(place.others[0]);
        case 2: return number_of(place.others[1]);
        case 3: return std::to_string(std::stoull(number_of(place.addresses[0])) + 4294967296ULL);
        case 4: return "0" + number_of(place.addresses[0]);
        case 5: return "";
        case 6: return place.addresses[0];
        default: return number_of(place.addresses[0]) + "x";
    }
}

std::string draw_port(Dice& dice) {
    if (!dice.one_in(6)) return std::to_string(5000 + dice.below(12));
    return dice.pick<const char*>(
        {"0", "1", "65535", "65536", "70536", "", "x", "-5000", "+5000", "005000", "5000x"});
}

std::string draw_name(Dice& dice) {
    if (!dice.one_in(5)) return std::string(2 + dice.below(10), 'f');
    return dice.pick<const char*>(
        {"", "f", "a b", "\"a b\"", "SEND", "CHAT chat", "f\n", "DCC SEND f", " ", "chat"});
}

std::string draw_dcc(Dice& dice, const TalkPlace& place) {
    std::string words = dice.one_in(12)
                            ? dice.pick<const char*>({"\1dcc ", "DCC ", "\1DCC", "\1\1DCC "})
                            : "\1DCC ";
    words += dice.one_in(12)
                 ? dice.pick<const char*>({"GET ", "send ", "SEND", "RESUME ", "ACCEPT "})
                 : dice.pick<const char*>({"SEND ", "CHAT ", "MOVE ", "TSEND ", "SCHAT "});
    words += draw_name(dice);
    words += dice.one_in(20) ? "  " : " ";
    words += draw_address(dice, place);
    words +=
        dice.one_in(8) ? dice.pick<const char*>({"", "  ", "        ", "\t", "\n", " \n"}) : " ";
    words += draw_port(dice);
    if (dice.one_in(3)) words += " 12345";
    words += dice.one_in(12) ? dice.pick<const char*>({"", "\1", "\r", "\1\r", "\n\n"})
                             : dice.pick<const char*>({"\1\r\n", "\1\n", "\n"});
    return words;
}

std::string draw_command(Dice& dice) {
    std::string words;
    if (dice.one_in(8)) words = dice.pick<const char*>({" ", "\r\n", "  \n", "\t", ":a!b@c "});
    words += dice.one_in(10)
                 ? dice.pick<const char*>({"NOTICE ", "privmsg ", "PrivMsg ", "PRIVMSG", "MSG "})
                 : "PRIVMSG ";
    words += dice.one_in(12) ? dice.pick<const char*>({"", "#a,#b", "a :b", "a  "}) : "nick";
    // Now and then so long that the end of what Linux reads falls into the announcement.
    if (dice.one_in(40)) words += std::string(4020 + dice.below(60), 'n');
    return words + (dice.one_in(15) ? ":" : " :");
}

std::string draw_chatter(Dice& dice) {
    return dice.pick<const char*>({"PING :irc\r\n", "PRIVMSG nick :hello\r\n", "JOIN #a\r\n",
                                   "PRIVMSG nick :a long way of saying nothing at all, really\r\n",
                                   "USER a b c :d\r\nNICK a\r\n", ""});
}

Said say_irc(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory&) {
    Said said;
    std::string words;
    const std::size_t messages = dice.one_in(6) ? 1 + dice.below(3) : 1;
    for (std::size_t i = 0; i < messages; ++i) {
        const bool announces = side == 0 ? !dice.one_in(5) : dice.one_in(5);
        words += announces ? draw_command(dice) + draw_dcc(dice, place) : draw_chatter(dice);
    }
    said.payload = bytes_of(words);
    for (unsigned i = 0; i < 2; ++i) {
        const auto port = static_cast<std::uint16_t>(5000 + dice.below(12));
        said.announced.push_back({IPPROTO_TCP, 1, place.addresses[0], port, 0});
    }
    return said;
}

}  // namespace

extern const TalkKind k_talk_irc;
const TalkKind k_talk_irc{"irc", IPPROTO_TCP, 6667, false, say_irc};

}  // namespace keepstate::kernel
