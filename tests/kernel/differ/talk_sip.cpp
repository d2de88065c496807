// SIP: calls, registrations and their answers, with SDP, and such that nearly are. See talk.hpp.
//
// Numbers of requests are few, so that answers meet their requests; ports are few, so that wishes clash.
#include <fmt/format.h>

#include <algorithm>

#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

/// What a conversation remembers.
enum Remembered : std::uint8_t {
    kRegister,  ///< the number of the last request
    kInvite,    ///< likewise
    kAsker,     ///< 1 + the side that waits for an answer to its REGISTER; 0: none
    kPort,      ///< that the last contact named
};

/// What one message is made with.
struct Draft {
    Dice& dice;
    const TalkPlace& place;
    unsigned side;
    bool is_tcp;
    TalkMemory& memory;
    std::string line_end;
    bool is_plain = true;  ///< nothing odd in this message
    std::vector<Announced> announced;

    /// Once in n times, but not in a plain message.
    bool odd(std::uint32_t n) const { return !is_plain && dice.one_in(n); }
    const std::string& own() const { return place.addresses[side]; }
};

std::string spell(Draft& d, std::string words) {
    if (d.odd(16)) {
        for (char& c : words) {
            const bool is_small = c >= 'a' && c <= 'z';
            if (is_small && d.dice.one_in(2)) c = static_cast<char>(c - 'a' + 'A');
        }
    }
    return words;
}

/// A header's name and what stands between it and the value.
std::string draw_header(Draft& d, const std::string& name, const std::string& short_name) {
    std::string words = spell(d, !short_name.empty() && d.odd(4) ? short_name : name);
    if (d.odd(40)) words += d.dice.pick<std::string>({"s", "-X", "\xe9", "\t", " "});
    if (d.odd(24)) words += d.dice.pick<std::string>({" ", "\t ", d.line_end + " "});
    words += d.odd(100) ? ";" : ":";
    if (d.odd(80)) {  // nothing that goes on
        return words + d.dice.pick<std::string>(
                           {d.line_end, d.line_end + " " + d.line_end + " ", d.line_end + "x"});
    }
    words += d.odd(5) ? d.dice.pick<std::string>({"", "  ", "\t", d.line_end + " "}) : " ";
    return words;
}

std::string draw_number(Draft& d, std::uint32_t usual) {
    if (!d.odd(20)) return std::to_string(usual);
    return d.dice.pick<std::string>({"0", "00000000007", "000000000007", "4294967295", "4294967296",
                                     "x", "-1", "99999999999", "0x10", ""});
}

std::string draw_port(Draft& d, std::uint16_t usual) {
    if (!d.odd(16)) return std::to_string(usual);
    return d.dice.pick<std::string>(
        {"0", "80", "1023", "1024", "65535", "65536", "04000", "004000", "000000004000", "x", ""});
}

/// IPv6 in the ways in which people write it, right and wrong.
std::string draw_spelling(Draft& d, const std::string& address) {
    if (!d.odd(16)) return address;
    if (d.place.is_v6) {
        return d.dice.pick<std::string>(
            {"::", "::1", "::10.0.0.1", address + ":", "0000" + address, address + ".",
             "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7::", address + "%eth0", "10.0.1.1", "host.example"});
    }
    return d.dice.pick<std::string>({"0.0.0.0", "10.0.1", address + "a", address + ".",
                                     "00" + address, "10.0.1.256", "2001:db8:1::1", "host.example",
                                     address + "/24", address + " "});
}

std::string draw_address(Draft& d) {
    const std::string& address = d.odd(12)   ? d.place.others[d.side]
                                 : d.odd(24) ? d.place.addresses[1 - d.side]
                                             : d.own();
    return draw_spelling(d, address);
}

/// "sip:ann@10.0.0.1:5062"; `port`: what is put there, 0: none.
std::string draw_uri(Draft& d, const std::string& address, const std::string& port) {
    std::string uri = spell(d, d.odd(30) ? "sips:" : "sip:");
    if (!d.odd(4)) uri += "ann@";
    const bool has_brackets = d.place.is_v6 != d.odd(30);
    uri += has_brackets ? "[" + address + "]" : address;
    if (!port.empty() || d.odd(30)) uri += ":" + port;
    return uri;
}

std::string draw_parameters(Draft& d) {
    std::string words;
    if (d.odd(6)) {
        words += spell(d, ";transport=");
        words += d.odd(5) ? d.dice.pick<std::string>({"ws", "tls", "tcpx", "udplite", ""})
                          : std::string(d.is_tcp != d.odd(5) ? "tcp" : "UDP");
    }
    if (d.odd(8)) words += ";q=0.5";
    words += ">";
    if (d.dice.one_in(3)) {
        const std::uint32_t expires_s = d.odd(8) ? 0 : 2 + d.dice.below(600);
        words +=
            (d.odd(10) ? d.line_end + " " : "") + spell(d, ";expires=") + draw_number(d, expires_s);
    }
    return words;
}

/// `of`: the side that has registered.
std::string draw_contact(Draft& d, unsigned of, bool is_first) {
    if (d.odd(30)) return "*";
    std::uint32_t& last = d.memory.numbers[kPort];
    if (of == d.side && is_first) {
        last = d.odd(3) ? 5070 + d.dice.below(2) : d.place.ports[of];
    }
    const auto usual = static_cast<std::uint16_t>(last == 0 || d.odd(5) ? 5070 : last);
    const std::string port = d.odd(8) ? "" : draw_port(d, usual);
    const std::string address =
        d.odd(8) ? draw_address(d) : draw_spelling(d, d.place.addresses[of]);
    const auto to = static_cast<std::uint16_t>(port.empty() ? 5060 : usual);
    d.announced.push_back({static_cast<std::uint8_t>(d.is_tcp ? IPPROTO_TCP : IPPROTO_UDP),
                           1 - of,
                           d.place.addresses[of],
                           to,
                           0,
                           {},
                           true});
    std::string words = d.odd(6) ? "\"Ann, of here\" <" : "<";
    if (d.odd(10)) words += d.line_end + " ";
    // A URI may stand without brackets; where a line goes on, its first letter is not seen.
    if (d.odd(8)) words = d.odd(2) ? "" : "Ann" + d.line_end + " ";
    return words + draw_uri(d, address, port) + draw_parameters(d);
}

std::string draw_contacts(Draft& d, unsigned of) {
    std::string words;
    const unsigned lines = d.odd(4) ? d.dice.below(3) : 1;
    for (unsigned line = 0; line < lines; ++line) {
        words += draw_header(d, "Contact", "m") + draw_contact(d, of, line == 0);
        while (d.odd(3)) {
            words += (d.odd(3) ? "," + d.line_end + " " : ", ") + draw_contact(d, of, false);
        }
        words += d.line_end;
    }
    return words;
}

std::string draw_connection(Draft& d) {
    const bool is_v6 = d.place.is_v6 != d.odd(30);
    return fmt::format("c={}IN IP{} {}", d.odd(30) ? "x " : "", is_v6 ? 6 : 4, draw_address(d)) +
           (d.odd(30) ? "/127" : "") + d.line_end;
}

std::string draw_media(Draft& d) {
    const auto port = static_cast<std::uint16_t>(4000 + d.dice.below(8));
    const char* const type = d.odd(12) ? d.dice.pick({"text", "Audio", "4", "audio4", "audi"})
                                       : d.dice.pick({"audio", "video", "image"});
    for (const unsigned more : {0U, 1U}) {
        d.announced.push_back(
            {IPPROTO_UDP, 1 - d.side, d.own(), static_cast<std::uint16_t>((port & ~1U) + more), 0});
    }
    std::string words = fmt::format("m={} {} RTP/AVP 0", type, draw_port(d, port));
    if (d.odd(30)) words = fmt::format("m={}", type);
    words += d.line_end;
    if (d.odd(4)) words += draw_connection(d);
    return words;
}

std::string draw_sdp(Draft& d) {
    std::string words;
    if (!d.odd(30)) words += "v=0" + d.line_end;
    words += fmt::format("o=ann 1 1 IN IP{} {}", d.place.is_v6 ? 6 : 4, d.own()) + d.line_end;
    if (!d.odd(8)) words += draw_connection(d);
    words += "t=0 0" + d.line_end;
    const unsigned media = d.odd(4) ? d.dice.below(6) : 1;
    for (unsigned i = 0; i < media; ++i) words += draw_media(d);
    return words;
}

/// The headers that all messages have.
std::string draw_usual(Draft& d, const std::string& cseq, const std::string& method) {
    std::string words;
    if (!d.odd(6)) {
        words += draw_header(d, "Via", "v") + fmt::format("SIP/2.0/{} ", d.is_tcp ? "TCP" : "UDP") +
                 (d.place.is_v6 ? "[" + d.own() + "]" : d.own()) + ":5062;branch=z9hG4bK1" +
                 d.line_end;
    }
    words += draw_header(d, "From", "f") + "<sip:ann@here>;tag=1" + d.line_end;
    if (d.odd(4)) words += draw_header(d, "To", "t") + "<sip:bob@there>" + d.line_end;
    if (!d.odd(60)) {
        words += draw_header(d, "CSeq", "") + cseq + (d.odd(40) ? "" : " ") + spell(d, method) +
                 d.line_end;
    }
    return words;
}

/// Puts headers and body together. Over TCP their length has to stand there.
std::string close(Draft& d, std::string head, const std::string& body) {
    if (d.is_tcp ? !d.odd(30) : d.odd(3)) {
        std::string length = std::to_string(body.size());
        if (d.odd(20)) {
            length = d.dice.pick<std::string>({std::to_string(body.size() + 1), "0", "70000",
                                               "4294967290", "4294967296", "x", "",
                                               "0000000000" + length});
        }
        head += draw_header(d, "Content-Length", "l") + length + d.line_end;
    }
    return head + d.line_end + body;
}

std::string draw_cseq(Draft& d, Remembered which, bool is_new) {
    std::uint32_t& last = d.memory.numbers[which];
    if (is_new && !d.odd(4)) last = (last + 1) % 4;
    return draw_number(d, d.odd(12) ? last + 1 : last);
}

std::string draw_expires(Draft& d) {
    if (d.odd(4)) return {};
    const std::uint32_t expires_s = d.odd(8) ? 0 : 2 + d.dice.below(600);
    return draw_header(d, "Expires", "") + draw_number(d, expires_s) + d.line_end;
}

std::string draw_request(Draft& d) {
    const std::string method =
        d.dice.pick<std::string>({"INVITE", "INVITE", "INVITE", "UPDATE", "ACK", "PRACK", "BYE",
                                  "REGISTER", "REGISTER", "REGISTER", "OPTIONS"});
    const bool registers = method == "REGISTER";
    std::string head = spell(d, method) + (d.odd(40) ? "  " : " ") +
                       d.dice.pick<std::string>({"sip:bob@there", "sips:bob", "tel:1", "1"}) +
                       " SIP/2.0" + d.line_end;
    head += draw_usual(
        d, draw_cseq(d, registers ? kRegister : kInvite, registers || method == "INVITE"), method);
    if (registers) {
        d.memory.numbers[kAsker] = 1 + d.side;
        return close(d, head + draw_contacts(d, d.side) + draw_expires(d), "");
    }
    if (d.odd(3)) head += draw_contacts(d, d.side);
    const bool has_sdp = method == "INVITE" ? !d.odd(10) : d.odd(3);
    return close(d, head, has_sdp ? draw_sdp(d) : "");
}

std::string draw_answer(Draft& d) {
    const bool registers = d.memory.numbers[kAsker] == 2 - d.side || d.odd(8);
    const std::string method =
        registers
            ? "REGISTER"
            : d.dice.pick<std::string>({"INVITE", "INVITE", "UPDATE", "PRACK", "BYE", "INVIT"});
    if (registers && !d.odd(4)) d.memory.numbers[kAsker] = 0;
    std::string head = "SIP/2.0 ";
    head += d.odd(20) ? d.dice.pick<std::string>({"0", "x", "99", "4294967296", "2000", ""})
                      : d.dice.pick<std::string>({"200", "200", "200", "200", "200", "200", "202",
                                                  "100", "180", "183", "302", "404", "486", "500"});
    head += " Words" + d.line_end;
    head += draw_usual(d, draw_cseq(d, registers ? kRegister : kInvite, false), method);
    if (registers) return close(d, head + draw_contacts(d, 1 - d.side) + draw_expires(d), "");
    return close(d, head, d.dice.one_in(2) ? draw_sdp(d) : "");
}

Said say_sip(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory& memory, bool is_tcp) {
    Draft d{dice, place, side, is_tcp, memory, "\r\n", true, {}};
    std::string text;
    do {
        d.is_plain = dice.one_in(2);
        d.line_end = d.odd(20) ? dice.pick<std::string>({"\n", "\r", "\r\n\r\n"}) : "\r\n";
        if (dice.one_in(60)) text += dice.pick<std::string>({"\r\n\r\n", "hello", " "});
        const bool owes = memory.numbers[kAsker] == 2 - side && dice.one_in(2);
        text += owes || dice.one_in(3) ? draw_answer(d) : draw_request(d);
    } while (dice.one_in(is_tcp ? 3 : 20));
    Said said;
    said.payload.assign(text.begin(), text.end());
    said.announced = std::move(d.announced);
    return said;
}

Said say_sip_udp(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory& memory) {
    return say_sip(dice, place, side, memory, false);
}

Said say_sip_tcp(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory& memory) {
    return say_sip(dice, place, side, memory, true);
}

}  // namespace

extern const TalkKind k_talk_sip_udp;
const TalkKind k_talk_sip_udp{"sip", IPPROTO_UDP, 5060, true, say_sip_udp};
extern const TalkKind k_talk_sip_tcp;
const TalkKind k_talk_sip_tcp{"sip", IPPROTO_TCP, 5060, true, say_sip_tcp};

}  // namespace keepstate::kernel
