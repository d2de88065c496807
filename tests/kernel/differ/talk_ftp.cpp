// FTP: commands and answers that announce data connections, and such that nearly do. See talk.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

/// "10.0.0.1" with another character between.
std::string with(std::string address, char between) {
    std::replace(address.begin(), address.end(), '.', between);
    return address;
}

/// An IPv6 address in one of the ways in which people write it.
std::string draw_spelling(Dice& dice, std::string address) {
    switch (dice.below(12)) {
        case 0: return "::";
        case 1: return "::1";
        case 2: return "1:2:3:4:5:6:7:8";
        case 3: return "1:2:3:4:5:6:7::";
        case 4: return "2001:0db8:0001:0000:0000:0000:0000:0001";
        case 5: return "2001:db8:1::10.0.1.1";
        case 6: return "1:2:3:4:5:6:10.0.1.1";
        case 7: return "1::2::3";
        case 8: return "00002001:db8:1::1";
        case 9: return address + ":";
        default: return address;
    }
}

std::string port_words(Dice& dice, std::uint16_t port) {
    if (dice.one_in(20)) return std::to_string(65536 + port);
    if (dice.one_in(20)) return "0";
    if (dice.one_in(20)) return fmt::format("000{}", port);
    return std::to_string(port);
}

std::string draw_port(Dice& dice, const std::string& address, std::uint16_t port) {
    const unsigned high = dice.one_in(20) ? 256 + dice.below(700) : port >> 8U;
    return fmt::format("{},{},{}", with(address, ','), high, port & 0xffU);
}

std::string draw_extended(Dice& dice, const TalkPlace& place, const std::string& address,
                          std::uint16_t port) {
    const char delimiter = dice.one_in(8) ? dice.pick({'!', '1', 'a', ':', ' ', '~'}) : '|';
    const bool is_v6 = dice.one_in(12) ? !place.is_v6 : place.is_v6;
    const std::string shown =
        place.is_v6 && dice.one_in(3) ? draw_spelling(dice, address) : address;
    std::string words = fmt::format("{0}{1}{0}{2}{0}{3}{0}", delimiter, is_v6 ? 2 : 1, shown,
                                    port_words(dice, port));
    if (dice.one_in(12)) words.resize(dice.below(words.size()));
    return words;
}

std::string draw_passive_extended(Dice& dice, std::uint16_t port) {
    const char delimiter = dice.one_in(8) ? dice.pick({'!', '1', 'a', ')'}) : '|';
    std::string words = fmt::format("{0}{0}{0}{1}{0}", delimiter, port_words(dice, port));
    if (dice.one_in(12)) words.resize(dice.below(words.size()));
    return words;
}

std::string draw_end(Dice& dice) {
    return dice.one_in(10) ? dice.pick<std::string>({"\n", "", "\r", "\r\n\r\n", " \r\n", "x\r\n"})
                           : "\r\n";
}

Said say_ftp(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory&) {
    const auto port = static_cast<std::uint16_t>(1024 + dice.below(6));
    const bool is_foreign = dice.one_in(8);
    const std::string& own = is_foreign ? place.others[side] : place.addresses[side];
    std::string line;
    bool announces = true;
    switch (dice.below(8)) {
        case 0:
        case 1:
        case 2:
            line = side == 0
                       ? fmt::format("{} {}", dice.one_in(6) ? "port" : "PORT",
                                     draw_port(dice, own, port))
                       : fmt::format("227 Entering Passive Mode{}{}{}", dice.one_in(6) ? " " : " (",
                                     draw_port(dice, own, port), dice.one_in(6) ? "" : ").");
            break;
        case 3:
        case 4:
        case 5:
            line = side == 0 ? fmt::format("EPRT {}", draw_extended(dice, place, own, port))
                             : fmt::format("229 Entering Extended Passive Mode ({})",
                                           draw_passive_extended(dice, port));
            break;
        case 6:
            announces = false;
            line =
                dice.pick<std::string>({"P", "E", "PORT", "EPRT", "PORT ", "EPRT|", "227", "227 ",
                                        "229 (", "229 no", "2", "22", "PORTAL 1,2,3,4,5,6"});
            break;
        default:
            announces = false;
            line = dice.pick<std::string>(
                {"USER anonymous", "RETR file", "200 OK", "226 Done", "NOOP", ""});
            break;
    }
    line += draw_end(dice);
    Said said;
    said.payload.assign(line.begin(), line.end());
    if (announces) {
        said.announced.push_back({IPPROTO_TCP, 1 - side, own, port, 0});
        if (is_foreign) {
            said.announced.push_back({IPPROTO_TCP, 1 - side, place.addresses[side], port, 0});
        }
    }
    return said;
}

}  // namespace

extern const TalkKind k_talk_ftp;
const TalkKind k_talk_ftp{"ftp", IPPROTO_TCP, 21, true, say_ftp};

}  // namespace keepstate::kernel
