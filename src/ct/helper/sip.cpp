// SIP: calls announce where their sound and pictures will come in, registrations where calls will.
//
//     INVITE, UPDATE, PRACK, ACK and answers 1xx, 2xx    each m= of the SDP: two flows, RTP and RTCP
//     INVITE                                              and takes back what was announced before
//     BYE, answers that refuse                            take back all of the call's media
//     REGISTER                                            a signalling flow to the Contact, not active yet
//     200 OK to it                                        makes it active, for as long as the registrar says
//     other answers, 200 OK without that Contact          take it back
//
// A TCP segment may hold several messages; each has to be whole in it, and says by Content-Length how long it is.
// A datagram is one message.
//
// Limits: nothing is put together from several segments. Addresses are read as numbers, names are not resolved.
// source: kernel:net/netfilter/nf_conntrack_sip.c for flows that are not translated.
// Tested by: ct/helper/sip_test.cpp, fuzz/helper_sip.cpp, tests/kernel/differ (talk walks).
#include <array>

#include "ct/helper/helper.hpp"
#include "ct/helper/sip_words.hpp"
#include "ct/helper/text.hpp"

namespace keepstate::ct {

namespace {

using namespace sip;

enum SipClass : std::uint8_t { kSignalling, kAudio, kVideo, kImage };

/// Shorter packets are not read: "SIP/2.0 200".
constexpr std::size_t kLeastBytes = 11;
constexpr std::string_view kResponseBegin = "SIP/2.0 ";

/// One message and all that is known about it.
struct Case {
    const HelperCase& of;
    SipMemory& memory;
    Wishes& wishes;
    Message message;
    std::uint32_t cseq = 0;
    std::uint32_t code = 0;  ///< of a response
};

/// The kernel counts in ticks, four milliseconds each, and keeps 32 bits of their number.
std::uint32_t timeout_of(std::uint32_t expires_s) {
    constexpr std::uint32_t kTicksPerSecond = 250;
    return expires_s * kTicksPerSecond / kTicksPerSecond;
}

void take_back_all(Wishes& wishes, bool media) {
    const auto is_wanted = [media](const Expectation& e) {
        return (e.class_number != kSignalling) == media;
    };
    while (const Expectation* found = wishes.find_own(is_wanted)) wishes.take_back(*found);
}

/// Whether media to the address are nothing to expect here.
bool is_elsewhere(const HelperCase& of, const Address& address) {
    if (of.settings.sip_sip_direct_media != 0) return address != of.tuple().source;
    if (of.settings.sip_sip_external_media == 0 || !of.ways) return false;
    return of.ways->way_to(address) == of.way_out;
}

/// False: the packet is to be dropped.
bool expect_media(const Case& c, const Address& address, std::uint16_t port,
                  std::uint8_t class_number) {
    if (is_elsewhere(c.of, address)) return true;
    const Address* const source =
        c.of.settings.sip_sip_direct_media != 0 ? &c.of.other_tuple().source : nullptr;
    Tuple tuple;
    tuple.source = source ? *source : Address{address.family, {}};
    tuple.destination = address;
    tuple.protocol = protocol::kUdp;
    tuple.destination_key = port;
    // Several phones may hear of the same call by flows of their own.
    const Expectation* const known = c.wishes.find(tuple);
    if (known && !c.wishes.is_own(*known) && c.wishes.helper_of_master(*known) == &c.of.helper &&
        known->class_number == class_number) {
        return true;
    }
    const auto is_there = [](Grant grant) {
        return grant == Grant::granted || grant == Grant::already;
    };
    const auto wish = [&](std::uint16_t to) {
        return c.wishes.expect(
            make_expectation(class_number, protocol::kUdp, source, nullptr, address, to), true);
    };
    const auto rtp_port = static_cast<std::uint16_t>(port & ~1U);
    const Grant rtp = wish(rtp_port);
    if (!is_there(rtp)) return false;
    if (is_there(wish(static_cast<std::uint16_t>(rtp_port + 1)))) return true;
    if (rtp == Grant::granted) c.wishes.take_back_last();
    return false;
}

struct MediaType {
    std::string_view words;
    std::uint8_t class_number;
};
constexpr std::array<MediaType, 3> kMediaTypes{{
    {"audio ", kAudio},
    {"video ", kVideo},
    {"image ", kImage},
}};

const MediaType* find_media_type(std::string_view line) {
    for (const MediaType& type : kMediaTypes) {
        if (line.substr(0, type.words.size()) == type.words) return &type;
    }
    return nullptr;
}

/// Expects what the message's SDP announces: the first three media that have a port.
HelperAnswer read_sdp(Case& c) {
    constexpr std::uint32_t kLeastPort = 1024;
    constexpr std::uint32_t kMostPort = 65535;
    const Spot version = find_sdp(c.message, SdpLine::version, 0, false);
    if (version.look != Look::found) return HelperAnswer::accept();
    const std::optional<Address> of_session = find_connection(c.message, version.offset);
    const std::string_view text = c.message.text();
    std::size_t place = version.offset;
    for (std::size_t media = 0; media < kMediaTypes.size();) {
        const Spot line = find_sdp(c.message, SdpLine::media, place, false);
        if (line.look != Look::found) break;
        const MediaType* const type = find_media_type(text.substr(line.offset, line.bytes));
        if (!type) {
            place = line.offset + line.bytes;
            continue;
        }
        place = line.offset + type->words.size();
        const Number port = read_number(text.substr(place));
        if (port.value == 0) continue;  // no port, or a medium that is not wanted
        if (port.value < kLeastPort || port.value > kMostPort) {
            return HelperAnswer::drop("wrong port");
        }
        std::optional<Address> address = find_connection(c.message, place);
        if (!address) address = of_session;
        if (!address) return HelperAnswer::drop("cannot parse SDP message");
        if (!expect_media(c, *address, static_cast<std::uint16_t>(port.value),
                          type->class_number)) {
            return HelperAnswer::drop("cannot add expectation for voice");
        }
        ++media;
    }
    return HelperAnswer::accept();
}

bool is_provisional(std::uint32_t code) { return code >= 100 && code <= 199; }
bool is_success(std::uint32_t code) { return code >= 200 && code <= 299; }

/// An answer to INVITE, UPDATE or PRACK.
HelperAnswer read_call_answer(Case& c) {
    if (is_provisional(c.code) || is_success(c.code)) return read_sdp(c);
    if (c.memory.invite_cseq == c.cseq) take_back_all(c.wishes, true);
    return HelperAnswer::accept();
}

HelperAnswer read_invite(Case& c) {
    take_back_all(c.wishes, true);
    const HelperAnswer answer = read_sdp(c);
    if (!answer.drops) c.memory.invite_cseq = c.cseq;
    return answer;
}

HelperAnswer read_bye(Case& c) {
    take_back_all(c.wishes, true);
    return HelperAnswer::accept();
}

/// What the header Expires says; 0 if it says nothing.
std::uint32_t read_expires(const Message& message) {
    const Spot spot = find_header(message, Header::expires);
    if (spot.look != Look::found) return 0;
    return read_number(message.text().substr(spot.offset)).value;
}

HelperAnswer expect_signalling(Case& c, const AddressWalk::Step& contact) {
    const Address* const source =
        c.of.settings.sip_sip_direct_signalling != 0 ? &c.of.other_tuple().source : nullptr;
    Expectation wish = make_expectation(kSignalling, c.of.tuple().protocol, source, nullptr,
                                        contact.address, contact.port);
    wish.helper = &c.of.helper;
    wish.flags = expectation_flag::kPermanent | expectation_flag::kInactive;
    if (c.wishes.expect(wish) != Grant::granted) {
        return HelperAnswer::drop("cannot add expectation");
    }
    return HelperAnswer::accept();
}

HelperAnswer read_register(Case& c) {
    if (c.of.is_expected) return HelperAnswer::accept();
    std::uint32_t expires_s = read_expires(c.message);
    const std::optional<AddressWalk::Step> contact = AddressWalk{c.message, Header::contact}.next();
    // Nobody registers for others.
    if (!contact || contact->address != c.of.tuple().source) return HelperAnswer::accept();
    const std::uint8_t own_protocol = c.of.tuple().protocol;
    if (read_transport(c.message, contact->end, own_protocol) != own_protocol) {
        return HelperAnswer::accept();
    }
    const Parameter parameter = read_parameter(c.message, contact->end, "expires=");
    if (parameter.look == Look::bad) return HelperAnswer::drop("cannot parse expires");
    if (parameter.look == Look::found) expires_s = parameter.value;
    if (expires_s != 0) {
        const HelperAnswer answer = expect_signalling(c, *contact);
        if (answer.drops) return answer;
    }
    c.memory.register_cseq = c.cseq;
    return HelperAnswer::accept();
}

/// Whether there was such an expectation.
bool activate(const Case& c, const AddressWalk::Step& contact, std::uint32_t expires_s) {
    const Expectation* const found = c.wishes.find_own([&](const Expectation& e) {
        return e.class_number == kSignalling && e.tuple.destination == contact.address &&
               e.tuple.protocol == c.of.tuple().protocol && e.tuple.destination_key == contact.port;
    });
    if (!found) return false;
    c.wishes.renew(*found, timeout_of(expires_s), found->flags & ~expectation_flag::kInactive);
    return true;
}

HelperAnswer read_register_answer(Case& c) {
    if (c.memory.register_cseq != c.cseq || is_provisional(c.code)) return HelperAnswer::accept();
    if (is_success(c.code)) {
        const std::uint32_t usual_s = read_expires(c.message);
        const std::uint8_t own_protocol = c.of.tuple().protocol;
        AddressWalk contacts{c.message, Header::contact};
        while (const std::optional<AddressWalk::Step> contact = contacts.next()) {
            if (contact->address != c.of.tuple().destination) continue;
            if (read_transport(c.message, contact->end, own_protocol) != own_protocol) continue;
            const Parameter parameter = read_parameter(c.message, contact->end, "expires=");
            if (parameter.look == Look::bad) return HelperAnswer::drop("cannot parse expires");
            const std::uint32_t expires_s =
                parameter.look == Look::found ? parameter.value : usual_s;
            if (expires_s == 0) break;
            if (activate(c, *contact, expires_s)) return HelperAnswer::accept();
        }
    }
    take_back_all(c.wishes, false);
    return HelperAnswer::accept();
}

struct Method {
    std::string_view name;
    HelperAnswer (*request)(Case&);
    HelperAnswer (*response)(Case&);  ///< null: answers to it say nothing
};
constexpr std::array<Method, 6> kMethods{{
    {"INVITE", read_invite, read_call_answer},
    {"UPDATE", read_sdp, read_call_answer},
    {"ACK", read_sdp, nullptr},
    {"PRACK", read_sdp, read_call_answer},
    {"BYE", read_bye, nullptr},
    {"REGISTER", read_register, read_register_answer},
}};

/// Reads the message's number. Returns why the packet is to be dropped; empty: it is not. `behind`: what follows it.
std::string_view read_cseq(Case& c, std::size_t& behind) {
    const Spot spot = find_header(c.message, Header::cseq);
    if (spot.look != Look::found) return "cannot parse cseq";
    const Number number = read_number(c.message.text().substr(spot.offset));
    if (number.bytes == 0) return "cannot get cseq";
    c.cseq = number.value;
    behind = spot.offset + spot.bytes;
    return {};
}

HelperAnswer read_response(Case& c) {
    const std::string_view text = c.message.text();
    if (text.size() < kLeastBytes) return HelperAnswer::accept();
    c.code = read_number(text.substr(kResponseBegin.size())).value;
    if (c.code == 0) return HelperAnswer::drop("cannot get code");
    std::size_t behind = 0;
    const std::string_view fault = read_cseq(c, behind);
    if (!fault.empty()) return HelperAnswer::drop(fault);
    if (behind >= text.size()) return HelperAnswer::accept();
    const std::string_view asked = text.substr(behind + 1);
    for (const Method& method : kMethods) {
        if (method.response && begins_with(asked, method.name)) return method.response(c);
    }
    return HelperAnswer::accept();
}

HelperAnswer read_request(Case& c) {
    const std::string_view text = c.message.text();
    for (const Method& method : kMethods) {
        const std::size_t end = method.name.size();
        if (text.size() < end + 2 || !begins_with(text, method.name)) continue;
        if (text[end] != ' ' || !is_letter(text[end + 1])) continue;
        std::size_t behind = 0;
        const std::string_view fault = read_cseq(c, behind);
        if (!fault.empty()) return HelperAnswer::drop(fault);
        return method.request(c);
    }
    return HelperAnswer::accept();
}

HelperAnswer read_message(const HelperCase& of, SipMemory& memory, Wishes& wishes,
                          std::string_view packet, std::size_t bytes) {
    Case c{of, memory, wishes, {packet, bytes, of.tuple().source.family}};
    return begins_with(packet, kResponseBegin) ? read_response(c) : read_request(c);
}

SipMemory& memory_of(HelperMemory& memory) {
    if (!std::holds_alternative<SipMemory>(memory)) memory = SipMemory{};
    return std::get<SipMemory>(memory);
}

HelperAnswer help_udp(const HelperCase& of, HelperMemory& memory, Wishes& wishes) {
    constexpr std::size_t kUdpHeader = 8;
    const base::ByteView bytes = of.packet.transport().sub(kUdpHeader);
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (text.empty()) return HelperAnswer::accept();
    wishes.refresh_master(of.settings.sip_sip_timeout);
    if (text.size() < kLeastBytes) return HelperAnswer::accept();
    return read_message(of, memory_of(memory), wishes, text, text.size());
}

/// How long the message is that the text begins with; nothing if that cannot be known.
std::optional<std::size_t> measure_message(std::string_view text, Family family) {
    constexpr std::string_view kHeadersEnd = "\r\n\r\n";
    const Spot spot = find_header({text, text.size(), family}, Header::content_length);
    if (spot.look != Look::found) return std::nullopt;
    const Number length = read_number(text.substr(spot.offset));
    if (length.bytes == 0 || length.value > text.size()) return std::nullopt;
    const std::size_t end = text.find(kHeadersEnd, spot.offset + length.bytes);
    if (end == std::string_view::npos) return std::nullopt;
    const std::size_t bytes = end + kHeadersEnd.size() + length.value;
    return bytes <= text.size() ? std::optional<std::size_t>{bytes} : std::nullopt;
}

HelperAnswer help_tcp(const HelperCase& of, HelperMemory& memory, Wishes& wishes) {
    if (of.state != CtState::established) return HelperAnswer::accept();
    const std::optional<TcpPayload> tcp = find_tcp_payload(of.packet);
    if (!tcp || tcp->bytes.empty()) return HelperAnswer::accept();
    std::string_view text = tcp->bytes;
    wishes.refresh_master(of.settings.sip_sip_timeout);
    if (text.size() < kLeastBytes) return HelperAnswer::accept();
    while (const auto bytes = measure_message(text, of.tuple().source.family)) {
        const HelperAnswer answer = read_message(of, memory_of(memory), wishes, text, *bytes);
        if (answer.drops) return answer;
        text.remove_prefix(*bytes);
    }
    return HelperAnswer::accept();
}

}  // namespace

void add_sip_helpers(const HelperSettings& settings, std::vector<Helper>& helpers) {
    constexpr std::uint32_t kWait_s = 180;
    Helper helper;
    helper.policies = {{{"signalling", 1, kWait_s},
                        {"audio", 4, kWait_s},
                        {"video", 4, kWait_s},
                        {"image", 2, kWait_s}}};
    helper.classes = 4;
    std::size_t number = 0;
    for (const std::uint16_t port : settings.sip_ports.all()) {
        // Unlike the other modules this one names further ports by their place in the list.
        helper.name = port == kSipPort ? "sip" : "sip-" + std::to_string(number);
        helper.port = port;
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            helper.family = family;
            helper.protocol = protocol::kUdp;
            helper.help = help_udp;
            helpers.push_back(helper);
            helper.protocol = protocol::kTcp;
            helper.help = help_tcp;
            helpers.push_back(helper);
        }
        ++number;
    }
}

}  // namespace keepstate::ct
