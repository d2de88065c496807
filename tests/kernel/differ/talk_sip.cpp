// SIP: calls, registrations and their answers, with SDP, and such that nearly are. See talk.hpp.
//
// Numbers of requests are few, so that answers meet their requests; ports are few, so that wishes clash.
#include <fmt/format.h>

#include <algorithm>

#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

/// What a conversation remembers.
enum Remembered : std::uint8_t { kRegister, kInvite };

/// What one message is made with.
struct Draft {
    Dice& dice;
    const TalkPlace& place;
    unsigned side;
    bool is_tcp;
    TalkMemory& memory;
    std::string line_end;
    std::vector<Announced> announced;

    const std::string& own() const { return place.addresses[side]; }
};

std::string spell(Dice& dice, std::string words) {
    if (dice.one_in(16)) {
        for (char& c : words) {
            const bool is_small = c >= 'a' && c <= 'z';
            if (is_small && dice.one_in(2)) c = static_cast<char>(c - 'a' + 'A');
        }
    }
    return words;
}

/// A header's name and what stands between it and the value.
std::string draw_header(Draft& d, const std::string& name, const std::string& short_name) {
    std::string words = spell(d.dice, !short_name.empty() && d.dice.one_in(4) ? short_name : name);
    if (d.dice.one_in(40)) words += d.dice.pick<std::string>({"s", "-X", "\xe9", "\t", " "});
    if (d.dice.one_in(24)) words += d.dice.pick<std::string>({" ", "\t ", d.line_end + " "});
    words += d.dice.one_in(100) ? ";" : ":";
    words += d.dice.one_in(5)
                 ? d.dice.pick<std::string>({"", "  ", "\t", d.line_end + " ",
                                             d.line_end + " " + d.line_end + " ", d.line_end})
                 : " ";
    return words;
}

std::string draw_number(Dice& dice, std::uint32_t usual) {
    if (!dice.one_in(20)) return std::to_string(usual);
    return dice.pick<std::string>({"0", "00000000007", "000000000007", "4294967295", "4294967296",
                                   "x", "-1", "99999999999", "0x10", ""});
}

std::string draw_port(Dice& dice, std::uint16_t usual) {
    if (!dice.one_in(16)) return std::to_string(usual);
    return dice.pick<std::string>(
        {"0", "80", "1023", "1024", "65535", "65536", "04000", "004000", "000000004000", "x", ""});
}

/// IPv6 in the ways in which people write it, right and wrong.
std::string draw_spelling(Dice& dice, const std::string& address, bool is_v6) {
    if (!dice.one_in(16)) return address;
    if (is_v6) {
        return dice.pick<std::string>(
            {"::", "::1", "::10.0.0.1", address + ":", "0000" + address, address + ".",
             "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7::", address + "%eth0", "10.0.1.1", "host.example"});
    }
    return dice.pick<std::string>({"0.0.0.0", "10.0.1", address + "a", address + ".",
                                   "00" + address, "10.0.1.256", "2001:db8:1::1", "host.example",
                                   address + "/24", address + " "});
}

std::string draw_address(Draft& d) {
    const std::string& address = d.dice.one_in(12)   ? d.place.others[d.side]
                                 : d.dice.one_in(24) ? d.place.addresses[1 - d.side]
                                                     : d.own();
    return draw_spelling(d.dice, address, d.place.is_v6);
}

/// "sip:ann@10.0.0.1:5062"; `port`: what is put there, 0: none.
std::string draw_uri(Draft& d, const std::string& address, const std::string& port) {
    std::string uri = spell(d.dice, d.dice.one_in(30) ? "sips:" : "sip:");
    if (!d.dice.one_in(4)) uri += "ann@";
    const bool has_brackets = d.place.is_v6 != d.dice.one_in(30);
    uri += has_brackets ? "[" + address + "]" : address;
    if (!port.empty() || d.dice.one_in(30)) uri += ":" + port;
    return uri;
}

std::string draw_parameters(Draft& d) {
    std::string words;
    if (d.dice.one_in(6)) {
        words += spell(d.dice, ";transport=");
        words += d.dice.one_in(5) ? d.dice.pick<std::string>({"ws", "tls", "tcpx", "udplite", ""})
                                  : std::string(d.is_tcp != d.dice.one_in(5) ? "tcp" : "UDP");
    }
    if (d.dice.one_in(8)) words += ";q=0.5";
    words += ">";
    if (d.dice.one_in(3)) {
        const std::uint32_t expires_s = d.dice.one_in(8) ? 0 : 2 + d.dice.below(600);
        words += (d.dice.one_in(10) ? d.line_end + " " : "") + spell(d.dice, ";expires=") +
                 draw_number(d.dice, expires_s);
    }
    return words;
}

/// `of`: the side that has registered.
std::string draw_contact(Draft& d, unsigned of) {
    if (d.dice.one_in(30)) return "*";
    const std::uint16_t usual =
        d.dice.one_in(3) ? static_cast<std::uint16_t>(5070 + d.dice.below(2)) : d.place.ports[of];
    const std::string port = d.dice.one_in(8) ? "" : draw_port(d.dice, usual);
    const std::string address = d.dice.one_in(8)
                                    ? draw_address(d)
                                    : draw_spelling(d.dice, d.place.addresses[of], d.place.is_v6);
    const auto to = static_cast<std::uint16_t>(port.empty() ? 5060 : usual);
    d.announced.push_back({static_cast<std::uint8_t>(d.is_tcp ? IPPROTO_TCP : IPPROTO_UDP), 1 - of,
                           d.place.addresses[of], to, 0});
    std::string words = d.dice.one_in(6) ? "\"Ann, of here\" <" : "<";
    if (d.dice.one_in(30)) words.insert(0, d.line_end + " ");
    return words + draw_uri(d, address, port) + draw_parameters(d);
}

std::string draw_contacts(Draft& d, unsigned of) {
    std::string words;
    const unsigned lines = d.dice.one_in(6) ? d.dice.below(3) : 1;
    for (unsigned line = 0; line < lines; ++line) {
        words += draw_header(d, "Contact", "m") + draw_contact(d, of);
        while (d.dice.one_in(5)) {
            words += (d.dice.one_in(3) ? "," + d.line_end + " " : ", ") + draw_contact(d, of);
        }
        words += d.line_end;
    }
    return words;
}

std::string draw_connection(Draft& d) {
    const bool is_v6 = d.place.is_v6 != d.dice.one_in(30);
    return fmt::format("c={}IN IP{} {}", d.dice.one_in(30) ? "x " : "", is_v6 ? 6 : 4,
                       draw_address(d)) +
           (d.dice.one_in(30) ? "/127" : "") + d.line_end;
}

std::string draw_media(Draft& d) {
    const auto port = static_cast<std::uint16_t>(4000 + d.dice.below(8));
    const char* const type = d.dice.one_in(12)
                                 ? d.dice.pick({"text", "Audio", "4", "audio4", "audi"})
                                 : d.dice.pick({"audio", "video", "image"});
    for (const unsigned more : {0U, 1U}) {
        d.announced.push_back(
            {IPPROTO_UDP, 1 - d.side, d.own(), static_cast<std::uint16_t>((port & ~1U) + more), 0});
    }
    std::string words = fmt::format("m={} {} RTP/AVP 0", type, draw_port(d.dice, port));
    if (d.dice.one_in(30)) words = fmt::format("m={}", type);
    words += d.line_end;
    if (d.dice.one_in(4)) words += draw_connection(d);
    return words;
}

std::string draw_sdp(Draft& d) {
    std::string words;
    if (!d.dice.one_in(30)) words += "v=0" + d.line_end;
    words += fmt::format("o=ann 1 1 IN IP{} {}", d.place.is_v6 ? 6 : 4, d.own()) + d.line_end;
    if (!d.dice.one_in(8)) words += draw_connection(d);
    words += "t=0 0" + d.line_end;
    const unsigned media = d.dice.one_in(4) ? d.dice.below(6) : 1;
    for (unsigned i = 0; i < media; ++i) words += draw_media(d);
    return words;
}

/// The headers that all messages have.
std::string draw_usual(Draft& d, const std::string& cseq, const std::string& method) {
    std::string words;
    if (!d.dice.one_in(6)) {
        words += draw_header(d, "Via", "v") + fmt::format("SIP/2.0/{} ", d.is_tcp ? "TCP" : "UDP") +
                 (d.place.is_v6 ? "[" + d.own() + "]" : d.own()) + ":5062;branch=z9hG4bK1" +
                 d.line_end;
    }
    words += draw_header(d, "From", "f") + "<sip:ann@here>;tag=1" + d.line_end;
    if (d.dice.one_in(4)) words += draw_header(d, "To", "t") + "<sip:bob@there>" + d.line_end;
    if (!d.dice.one_in(60)) {
        words += draw_header(d, "CSeq", "") + cseq + (d.dice.one_in(40) ? "" : " ") +
                 spell(d.dice, method) + d.line_end;
    }
    return words;
}

/// Puts headers and body together. Over TCP their length has to stand there.
std::string close(Draft& d, std::string head, const std::string& body) {
    if (d.is_tcp ? !d.dice.one_in(30) : d.dice.one_in(3)) {
        std::string length = std::to_string(body.size());
        if (d.dice.one_in(20)) {
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
    if (is_new && !d.dice.one_in(4)) last = (last + 1) % 4;
    return draw_number(d.dice, d.dice.one_in(12) ? last + 1 : last);
}

std::string draw_expires(Draft& d) {
    if (d.dice.one_in(4)) return {};
    const std::uint32_t expires_s = d.dice.one_in(8) ? 0 : 2 + d.dice.below(600);
    return draw_header(d, "Expires", "") + draw_number(d.dice, expires_s) + d.line_end;
}

std::string draw_request(Draft& d) {
    const std::string method =
        d.dice.pick<std::string>({"INVITE", "INVITE", "INVITE", "UPDATE", "ACK", "PRACK", "BYE",
                                  "REGISTER", "REGISTER", "REGISTER", "OPTIONS"});
    const bool registers = method == "REGISTER";
    std::string head = spell(d.dice, method) + (d.dice.one_in(40) ? "  " : " ") +
                       d.dice.pick<std::string>({"sip:bob@there", "sips:bob", "tel:1", "1"}) +
                       " SIP/2.0" + d.line_end;
    head += draw_usual(
        d, draw_cseq(d, registers ? kRegister : kInvite, registers || method == "INVITE"), method);
    if (registers) return close(d, head + draw_contacts(d, d.side) + draw_expires(d), "");
    if (d.dice.one_in(3)) head += draw_contacts(d, d.side);
    const bool has_sdp = method == "INVITE" ? !d.dice.one_in(10) : d.dice.one_in(3);
    return close(d, head, has_sdp ? draw_sdp(d) : "");
}

std::string draw_answer(Draft& d) {
    const std::string method =
        d.dice.pick<std::string>({"INVITE", "INVITE", "UPDATE", "PRACK", "BYE", "REGISTER",
                                  "REGISTER", "REGISTER", "INVIT"});
    const bool registers = method == "REGISTER";
    std::string head = "SIP/2.0 ";
    head += d.dice.one_in(20)
                ? d.dice.pick<std::string>({"0", "x", "99", "4294967296", "2000", ""})
                : d.dice.pick<std::string>({"200", "200", "200", "200", "202", "100", "180", "183",
                                            "302", "404", "486", "500"});
    head += " Words" + d.line_end;
    head += draw_usual(d, draw_cseq(d, registers ? kRegister : kInvite, false), method);
    if (registers) return close(d, head + draw_contacts(d, 1 - d.side) + draw_expires(d), "");
    return close(d, head, d.dice.one_in(2) ? draw_sdp(d) : "");
}

Said say_sip(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory& memory, bool is_tcp) {
    Draft d{dice, place, side, is_tcp, memory, "\r\n", {}};
    if (dice.one_in(30)) d.line_end = dice.pick<std::string>({"\n", "\r", "\r\n\r\n"});
    std::string text;
    do {
        if (dice.one_in(60)) text += dice.pick<std::string>({"\r\n\r\n", "hello", " "});
        text += dice.one_in(3) ? draw_answer(d) : draw_request(d);
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
