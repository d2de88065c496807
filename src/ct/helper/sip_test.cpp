// The SIP helper, message by message. What stands here was first asked of the kernel.
#include <gtest/gtest.h>

#include <string>

#include "ct/helper/helper.hpp"
#include "ct/helper/test_wishes.hpp"
#include "wire/build.hpp"
#include "wire/parse.hpp"

namespace keepstate::ct {
namespace {

using test::TestWishes;
using wire::Bytes;

constexpr CtDirection kAsk = CtDirection::original;
constexpr CtDirection kAnswer = CtDirection::reply;

/// One flow with its helper.
class SipFlow {
  public:
    explicit SipFlow(std::uint8_t protocol = protocol::kUdp, Family family = Family::ipv4)
        : SipFlow(HelperSettings{}, protocol, family) {}
    explicit SipFlow(const HelperSettings& of, std::uint8_t protocol = protocol::kUdp,
                     Family family = Family::ipv4)
        : settings(of) {
        add_sip_helpers(settings, helpers);
        for (const Helper& helper : helpers) {
            if (helper.family == family && helper.protocol == protocol) own = &helper;
        }
        const bool is_v4 = family == Family::ipv4;
        const Address client = *parse_address(is_v4 ? "10.0.0.1" : "fd00::1");
        const Address server = *parse_address(is_v4 ? "10.0.1.1" : "fd01::1");
        tuples[0] = {client, server, protocol, 5062, 5060};
        tuples[1] = {server, client, protocol, 5060, 5062};
        wishes.own_helper = own;
    }

    HelperAnswer say(CtDirection direction, std::string_view text,
                     CtState state = CtState::established) {
        const Tuple& tuple = tuples[static_cast<std::size_t>(direction)];
        wire::IpFields ip;
        ip.source = tuple.source;
        ip.destination = tuple.destination;
        const std::span payload{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
        wire::TcpFields tcp;
        tcp.source_port = tuple.source_key;
        tcp.destination_port = tuple.destination_key;
        tcp.options = {1, 1, 1, 1};
        const Bytes bytes =
            tuple.protocol == protocol::kTcp
                ? wire::build_tcp(ip, tcp, payload)
                : wire::build_udp(ip, tuple.source_key, tuple.destination_key, payload);
        wire::Packet packet;
        EXPECT_EQ(wire::parse_ip(tuple.source.family, {bytes.data(), bytes.size()}, true, packet),
                  Reason::none);
        const HelperCase of{packet,   tuples, direction,   state, *own, helpers,
                            settings, false,  is_expected, {},    ways, 1};
        return own->help(of, memory, wishes);
    }
    /// What is expected now: "audio 10.0.1.1->10.0.0.1:4000 ".
    std::string expected() const {
        std::string all;
        for (const Expectation& e : wishes.granted) {
            all += std::string(own->policies[e.class_number].name) + " ";
            if (e.tuple.protocol == protocol::kTcp) all += "tcp ";
            if (e.mask.address_bits != 0) all += text(e.tuple.source) + "->";
            all += text(e.tuple.destination) + ":" + std::to_string(e.tuple.destination_key);
            if ((e.flags & expectation_flag::kPermanent) != 0) all += " permanent";
            if ((e.flags & expectation_flag::kInactive) != 0) all += " inactive";
            all += "; ";
        }
        return all;
    }

    HelperSettings settings;
    std::vector<Helper> helpers;
    const Helper* own = nullptr;
    std::array<Tuple, 2> tuples;
    HelperMemory memory;
    TestWishes wishes;
    bool is_expected = false;
    const Ways* ways = nullptr;
};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const std::size_t place = text.find(what);
    EXPECT_NE(place, std::string::npos) << what;
    return text.replace(place, what.size(), with);
}

const std::string kSdp =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0\r\n";
const std::string kInvite = "INVITE sip:b@10.0.1.1 SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n" + kSdp;
const std::string kRegister =
    "REGISTER sip:10.0.1.1 SIP/2.0\r\nCSeq: 7 REGISTER\r\n"
    "Contact: <sip:a@10.0.0.1:5062>\r\nExpires: 60\r\n\r\n";
const std::string kRegistered =
    "SIP/2.0 200 OK\r\nCSeq: 7 REGISTER\r\n"
    "Contact: <sip:a@10.0.0.1:5062>\r\nExpires: 60\r\n\r\n";
constexpr std::string_view kAudio =
    "audio 10.0.1.1->10.0.0.1:4000; audio 10.0.1.1->10.0.0.1:4001; ";
constexpr std::string_view kInactive = "signalling 10.0.1.1->10.0.0.1:5062 permanent inactive; ";
constexpr std::string_view kActive = "signalling 10.0.1.1->10.0.0.1:5062 permanent; ";

TEST(Sip, helpers_are_registered_for_both_families_and_protocols) {
    HelperSettings settings;
    settings.sip_ports.numbers = {5070, 5060, 5080};
    settings.sip_ports.count = 3;
    std::vector<Helper> helpers;
    add_sip_helpers(settings, helpers);
    ASSERT_EQ(helpers.size(), 12U);
    EXPECT_EQ(helpers[0].name, "sip-0");
    EXPECT_EQ(helpers[4].name, "sip");
    EXPECT_EQ(helpers[8].name, "sip-2");
    EXPECT_EQ(helpers[8].port, 5080);
    EXPECT_EQ(helpers[0].protocol, protocol::kUdp);
    EXPECT_EQ(helpers[1].protocol, protocol::kTcp);
    EXPECT_EQ(helpers[1].family, Family::ipv4);
    EXPECT_EQ(helpers[2].family, Family::ipv6);
    EXPECT_EQ(helpers[0].classes, 4);
    EXPECT_EQ(helpers[0].policies[0].name, "signalling");
    EXPECT_EQ(helpers[0].policies[0].most, 1U);
    EXPECT_EQ(helpers[0].policies[3].name, "image");
    EXPECT_EQ(helpers[0].policies[3].most, 2U);
    EXPECT_EQ(helpers[0].policies[3].timeout_s, 180U);
}

struct Row {
    std::string_view about;
    std::string text;
    std::string_view expected;
    std::string_view words = {};  ///< the packet is dropped with these
};

void check(const std::vector<Row>& rows, Family family = Family::ipv4) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.about);
        SipFlow flow{protocol::kUdp, family};
        const HelperAnswer answer = flow.say(kAsk, row.text);
        EXPECT_EQ(flow.expected(), row.expected);
        EXPECT_EQ(answer.drops, !row.words.empty());
        EXPECT_EQ(answer.words, row.words);
    }
}

TEST(Sip, sdp_announces_media) {
    const auto with = [](std::string_view what, std::string_view by) {
        return replaced(kInvite, what, by);
    };
    check({
        {"a call", kInvite, kAudio},
        {"lines that end in LF, the empty one in CRLF",
         "INVITE sip:b SIP/2.0\nCSeq: 1 INVITE\r\n\r\nv=0\nc=IN IP4 10.0.0.1\nm=audio 4000 x\n",
         kAudio},
        {"lines that end in LF alone: v= is not seen",
         "INVITE sip:b SIP/2.0\nCSeq: 1 INVITE\n\nv=0\nc=IN IP4 10.0.0.1\nm=audio 4000 x\n", ""},
        {"small letters", "invite sip:b SIP/2.0\r\ncseq: 1 invite\r\n\r\n" + kSdp, kAudio},
        {"an odd port counts as the even one below", with("4000", "4001"), kAudio},
        {"port zero: nothing is wanted", with("4000", "0"), ""},
        {"no port", with("4000", "x"), ""},
        {"a port beyond 32 bits is none", with("4000", "4294967296"), ""},
        {"a port too low", with("4000", "1023"), "", "wrong port"},
        {"a port too high", with("4000", "65536"), "", "wrong port"},
        {"the highest port", with("4000", "65535"),
         "audio 10.0.1.1->10.0.0.1:65534; audio 10.0.1.1->10.0.0.1:65535; "},
        {"a medium that nobody knows", with("audio", "text"), ""},
        {"an unknown medium before a known one", with("m=audio", "m=text 9 x\r\nm=audio"), kAudio},
        {"capital letters name no medium", with("audio", "Audio"), ""},
        {"a malformed medium ends the reading", with("m=audio", "m=4 9 x\r\nm=audio"), ""},
        {"video", with("audio", "video"),
         "video 10.0.1.1->10.0.0.1:4000; video 10.0.1.1->10.0.0.1:4001; "},
        {"image", with("audio", "image"),
         "image 10.0.1.1->10.0.0.1:4000; image 10.0.1.1->10.0.0.1:4001; "},
        {"the medium's own address goes first",
         replaced(kInvite, "c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.9") + "c=IN IP4 10.0.0.1\r\n",
         kAudio},
        {"the next medium's address is not this one's",
         replaced(kInvite, "c=IN IP4 10.0.0.1\r\n", "") + "m=video 5000 x\r\nc=IN IP4 10.0.0.1\r\n",
         "", "cannot parse SDP message"},
        {"no address at all", replaced(kInvite, "c=IN IP4 10.0.0.1\r\n", ""), "",
         "cannot parse SDP message"},
        {"no address and no port", replaced(with("4000", "0"), "c=IN IP4 10.0.0.1\r\n", ""), ""},
        {"another host's address", with("c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.9"), ""},
        {"no v=", with("v=0\r\n", ""), ""},
        {"v= without a number", with("v=0\r\n", "v=x\r\n"), ""},
        {"c= before v= is not read", replaced(with("v=0\r\n", ""), "t=0 0\r\n", "v=0\r\n"), "",
         "cannot parse SDP message"},
    });
}

TEST(Sip, only_the_first_three_media_with_a_port_count) {
    SipFlow flow;
    flow.say(kAsk,
             kInvite + "m=audio 0 x\r\nm=video 4002 x\r\nm=image 4004 x\r\nm=audio 4006 x\r\n");
    EXPECT_EQ(flow.wishes.granted.size(), 6U);
    EXPECT_EQ(flow.wishes.granted.back().tuple.destination_key, 4005);
}

TEST(Sip, what_a_message_asks_for_follows_from_its_method) {
    const auto request = [](std::string_view method) {
        return std::string(method) + " sip:b SIP/2.0\r\nCSeq: 1 x\r\n\r\n" + kSdp;
    };
    const auto answer = [](std::string_view code, std::string_view method) {
        return "SIP/2.0 " + std::string(code) + " x\r\nCSeq: 1 " + std::string(method) +
               "\r\n\r\n" + kSdp;
    };
    check({
        {"UPDATE", request("UPDATE"), kAudio},
        {"ACK", request("ACK"), kAudio},
        {"PRACK", request("PRACK"), kAudio},
        {"BYE", request("BYE"), ""},
        {"OPTIONS", request("OPTIONS"), ""},
        {"a longer word", request("INVITED"), ""},
        {"two blanks", request("INVITE "), ""},
        {"no letter behind the blank", "INVITE 1\r\nCSeq: 1 INVITE\r\n\r\n" + kSdp, ""},
        {"Latin-1 has letters too", "INVITE \xe4\r\nCSeq: 1 INVITE\r\n\r\n" + kSdp, kAudio},
        {"an empty line goes before", "\r\n" + kInvite, ""},
        {"no CSeq", "INVITE sip:b SIP/2.0\r\n\r\n" + kSdp, "", "cannot parse cseq"},
        {"a CSeq too large", replaced(kInvite, "CSeq: 1", "CSeq: 4294967296"), "",
         "cannot get cseq"},
        {"an OPTIONS needs no CSeq", "OPTIONS sip:b SIP/2.0\r\n\r\n" + kSdp, ""},
        {"180 to INVITE", answer("180", "INVITE"), kAudio},
        {"200 to INVITE", answer("200", "INVITE"), kAudio},
        {"200 to update", answer("200", "update"), kAudio},
        {"200 to PRACK", answer("200", "PRACK"), kAudio},
        {"200 to ACK says nothing", answer("200", "ACK"), ""},
        {"200 to BYE says nothing", answer("200", "BYE"), ""},
        {"200 to two blanks and INVITE", answer("200", " INVITE"), ""},
        {"300 to INVITE", answer("300", "INVITE"), ""},
        {"no code", answer("x", "INVITE"), "", "cannot get code"},
        {"code 0", answer("000", "INVITE"), "", "cannot get code"},
        {"an answer without CSeq", "SIP/2.0 200 OK\r\n\r\n", "", "cannot parse cseq"},
        {"an answer that ends behind CSeq", "SIP/2.0 200 OK\r\nCSeq: 1", ""},
        {"another version is a request that nobody knows", "SIP/3.0 200 OK\r\nCSeq: 1 INVITE\r\n",
         ""},
        {"ten bytes", "SIP/2.0 x\r", ""},
        {"eleven bytes", "SIP/2.0 x\r\n", "", "cannot get code"},
    });
}

TEST(Sip, media_go_when_the_call_ends_or_begins_anew) {
    const std::string refused = "SIP/2.0 486 Busy\r\nCSeq: 1 INVITE\r\n\r\n";
    struct End {
        std::string_view about;
        CtDirection direction;
        std::string text;
        bool goes;
    };
    const End ends[] = {
        {"BYE of the other side", kAnswer, "BYE sip:a SIP/2.0\r\nCSeq: 9 BYE\r\n\r\n", true},
        {"an answer that refuses", kAnswer, refused, true},
        {"it refuses another one", kAnswer, replaced(refused, "CSeq: 1", "CSeq: 2"), false},
        {"it refuses an UPDATE with the same number", kAnswer,
         replaced(refused, "INVITE", "UPDATE"), true},
        {"it refuses an OPTIONS", kAnswer, replaced(refused, "INVITE", "OPTIONS"), false},
        {"an INVITE without SDP", kAsk, "INVITE sip:b SIP/2.0\r\nCSeq: 2 INVITE\r\n\r\n", true},
        {"an UPDATE without SDP", kAsk, "UPDATE sip:b SIP/2.0\r\nCSeq: 2 UPDATE\r\n\r\n", false},
    };
    for (const End& end : ends) {
        SCOPED_TRACE(end.about);
        SipFlow flow;
        flow.say(kAsk, kRegister);
        flow.say(kAsk, kInvite);
        flow.say(end.direction, end.text);
        EXPECT_EQ(flow.expected(), std::string(kInactive) + std::string(end.goes ? "" : kAudio));
    }
}

TEST(Sip, an_invite_that_is_dropped_is_not_remembered) {
    SipFlow flow;
    flow.say(kAsk, kInvite);
    flow.say(kAsk, replaced(replaced(kInvite, "CSeq: 1", "CSeq: 2"), "4000", "80"));
    flow.say(kAsk, "UPDATE sip:b SIP/2.0\r\nCSeq: 3 UPDATE\r\n\r\n" + kSdp);
    flow.say(kAnswer, "SIP/2.0 486 Busy\r\nCSeq: 2 INVITE\r\n\r\n");
    EXPECT_EQ(flow.expected(), kAudio);
    flow.say(kAnswer, "SIP/2.0 486 Busy\r\nCSeq: 1 INVITE\r\n\r\n");
    EXPECT_EQ(flow.expected(), "");
}

TEST(Sip, a_registration_is_expected_but_not_yet_active) {
    const auto with = [](std::string_view what, std::string_view by) {
        return replaced(kRegister, what, by);
    };
    check({
        {"a registration", kRegister, kInactive},
        {"Expires does not name the time to wait", with("60", "4294967295"), kInactive},
        {"Expires 0", with("60", "0"), ""},
        {"no Expires", with("Expires: 60\r\n", ""), ""},
        {"the contact's own expires goes first", with("5062>", "5062>;expires=0"), ""},
        {"the contact's own expires alone", replaced(with("5062>", "5062>;expires=9"), "60", "0"),
         kInactive},
        {"expires of the list's next address", with("5062>", "5062>, <sip:b>;expires=0"),
         kInactive},
        {"expires without a number", with("5062>", "5062>;expires=x"), "", "cannot parse expires"},
        {"no contact", with("Contact", "Kontact"), ""},
        {"all contacts", with("<sip:a@10.0.0.1:5062>", "*"), ""},
        {"a host's name", with("10.0.0.1:5062", "host"), ""},
        {"a contact elsewhere", with("10.0.0.1:5062", "10.0.0.9:5062"), ""},
        {"only the first contact counts", with("Contact", "Contact: <sip:10.0.0.9>\r\nContact"),
         ""},
        {"the first that is an address", with("Contact", "Contact: <sip:host>\r\nContact"),
         kInactive},
        {"a port too low", with("10.0.0.1:5062", "10.0.0.1:1023"), ""},
        {"no port", with("10.0.0.1:5062", "10.0.0.1"),
         "signalling 10.0.1.1->10.0.0.1:5060 permanent inactive; "},
        {"the flow's own transport", with("5062>", "5062;transport=udp>"), kInactive},
        {"another transport", with("5062>", "5062;transport=tcp>"), ""},
        {"an unknown transport", with("5062>", "5062;transport=ws>"), ""},
    });
}

TEST(Sip, an_expected_flow_does_not_register_again) {
    SipFlow flow;
    flow.is_expected = true;
    flow.say(kAsk, kRegister);
    EXPECT_EQ(flow.expected(), "");
    flow.say(kAsk, kInvite);
    EXPECT_EQ(flow.expected(), kAudio);
}

TEST(Sip, the_registrar_makes_a_registration_active_or_ends_it) {
    struct Answer {
        std::string_view about;
        std::string text;
        std::string_view expected;
        std::string_view note = {};
        std::string_view words = {};
    };
    const auto with = [](std::string_view what, std::string_view by) {
        return replaced(kRegistered, what, by);
    };
    const Answer answers[] = {
        {"200", kRegistered, kActive, "renew 60"},
        {"202", with("200", "202"), kActive, "renew 60"},
        {"its own time", with("5062>", "5062>;expires=30"), kActive, "renew 30"},
        {"the second of a list", with("<sip:a", "<sip:x@10.0.0.1:1024>;expires=0x, <sip:a"), "",
         ""},
        {"the second of a list with time", with("<sip:a", "<sip:x@10.0.0.1:1024>, <sip:a"), kActive,
         "renew 60"},
        {"32 bits of ticks", with("60", "17179871"), kActive, "renew 1"},
        {"the greatest number", with("60", "4294967295"), kActive, "renew 17179868"},
        {"100", with("200", "100"), kInactive},
        {"404", with("200", "404"), ""},
        {"404 to an older one", replaced(with("200", "404"), "CSeq: 7", "CSeq: 6"), kInactive},
        {"200 to an older one", with("CSeq: 7", "CSeq: 6"), kInactive},
        {"no time", with("60", "0"), ""},
        {"no Expires", with("Expires: 60\r\n", ""), ""},
        {"another contact alone", with("10.0.0.1", "10.0.0.9"), ""},
        {"another port alone", with("5062", "5063"), ""},
        {"another transport alone", with("5062>", "5062;transport=tcp>"), ""},
        {"no contact", with("Contact", "Kontact"), ""},
        {"expires without a number", with("5062>", "5062>;expires=x"), kInactive, "",
         "cannot parse expires"},
    };
    for (const Answer& answer : answers) {
        SCOPED_TRACE(answer.about);
        SipFlow flow;
        flow.say(kAsk, kInvite);
        flow.say(kAsk, kRegister);
        flow.wishes.notes.clear();
        const HelperAnswer said = flow.say(kAnswer, answer.text);
        EXPECT_EQ(flow.expected(), std::string(kAudio) + std::string(answer.expected));
        EXPECT_EQ(said.words, answer.words);
        EXPECT_EQ(said.drops, !answer.words.empty());
        ASSERT_EQ(flow.wishes.notes.front(), "refresh 3600");
        EXPECT_EQ(flow.wishes.notes.size() == 1 ? "" : flow.wishes.notes[1], answer.note);
    }
}

TEST(Sip, a_wish_that_is_refused_drops_the_packet) {
    struct Refused {
        std::string_view about;
        std::string text;
        std::vector<Grant> answers;
        std::string_view expected;
        std::string_view words = {};
    };
    constexpr std::string_view kVoice = "cannot add expectation for voice";
    const Refused rows[] = {
        {"RTP clashes", kInvite, {Grant::clash}, "", kVoice},
        {"RTCP clashes: RTP goes too", kInvite, {Grant::granted, Grant::clash}, "", kVoice},
        {"RTCP clashes, RTP was there", kInvite, {Grant::already, Grant::full}, "", kVoice},
        {"RTP is there", kInvite, {Grant::already}, "audio 10.0.1.1->10.0.0.1:4001; "},
        {"both are there", kInvite, {Grant::already, Grant::already}, ""},
        {"a registration clashes", kRegister, {Grant::clash}, "", "cannot add expectation"},
        {"a registration is there", kRegister, {Grant::already}, "", "cannot add expectation"},
    };
    for (const Refused& row : rows) {
        SCOPED_TRACE(row.about);
        SipFlow flow;
        flow.wishes.answers = row.answers;
        const HelperAnswer answer = flow.say(kAsk, row.text);
        EXPECT_EQ(flow.expected(), row.expected);
        EXPECT_EQ(answer.words, row.words);
        EXPECT_EQ(answer.drops, !row.words.empty());
    }
}

TEST(Sip, a_registration_that_is_refused_is_not_remembered) {
    SipFlow flow;
    flow.say(kAsk, kRegister);
    flow.wishes.answers = {Grant::full};
    flow.say(kAsk, replaced(kRegister, "CSeq: 7", "CSeq: 8"));
    flow.say(kAnswer, kRegistered);
    EXPECT_EQ(flow.expected(), kActive);
}

TEST(Sip, media_that_another_flow_with_the_helper_expects_are_not_expected_twice) {
    const auto count = [](std::uint8_t class_number, bool same_helper) {
        SipFlow flow;
        Expectation other;
        other.tuple = {flow.tuples[1].source, flow.tuples[0].source, protocol::kUdp, 0, 4000};
        other.class_number = class_number;
        flow.wishes.foreign = {other};
        flow.wishes.foreign_helper = same_helper ? flow.own : nullptr;
        flow.say(kAsk, kInvite);
        return flow.wishes.granted.size();
    };
    EXPECT_EQ(count(1, true), 0U);
    EXPECT_EQ(count(2, true), 2U);
    EXPECT_EQ(count(1, false), 2U);
}

TEST(Sip, settings_say_from_where_calls_and_media_come) {
    HelperSettings settings;
    settings.sip_sip_direct_signalling = 0;
    settings.sip_sip_direct_media = 0;
    settings.sip_sip_timeout = 5;
    SipFlow flow{settings};
    flow.say(kAsk, kRegister);
    flow.say(kAsk, replaced(kInvite, "c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.9"));
    EXPECT_EQ(
        flow.expected(),
        "signalling 10.0.0.1:5062 permanent inactive; audio 10.0.0.9:4000; audio 10.0.0.9:4001; ");
    EXPECT_EQ(flow.wishes.notes.front(), "refresh 5");
}

TEST(Sip, external_media_are_not_expected_where_the_packet_goes_too) {
    struct TwoWays final : Ways {
        std::uint32_t way_to(const Address& address) const override {
            return address.bytes[2] == 1 ? 1 : 0;
        }
    };
    HelperSettings settings;
    settings.sip_sip_direct_media = 0;
    settings.sip_sip_external_media = 1;
    const TwoWays ways;
    for (const std::string_view host : {"10.0.0.9", "10.0.1.9"}) {
        SCOPED_TRACE(host);
        SipFlow flow{settings};
        const std::string text =
            replaced(kInvite, "c=IN IP4 10.0.0.1", "c=IN IP4 " + std::string(host));
        flow.ways = &ways;
        flow.say(kAsk, text);
        EXPECT_EQ(flow.wishes.granted.size(), host == "10.0.0.9" ? 2U : 0U);
        flow.ways = nullptr;
        flow.say(kAsk, text);
        EXPECT_EQ(flow.wishes.granted.size(), 2U);
    }
}

TEST(Sip, ipv6_is_read_likewise) {
    check(
        {
            {"a call",
             "INVITE sip:b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nc=IN IP6 fd00::1\r\nm=audio "
             "4000 x\r\n",
             "audio fd01::1->fd00::1:4000; audio fd01::1->fd00::1:4001; "},
            {"an address of IPv4",
             "INVITE sip:b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nc=IN IP4 10.0.0.1\r\nm=audio "
             "4000 x\r\n",
             "", "cannot parse SDP message"},
            {"a registration",
             "REGISTER sip:b SIP/2.0\r\nCSeq: 1 REGISTER\r\nm: "
             "<sip:a@[fd00::1]:5070>;expires=9\r\n\r\n",
             "signalling fd01::1->fd00::1:5070 permanent inactive; "},
        },
        Family::ipv6);
}

std::string with_length(std::string text) {
    const std::size_t end = text.find("\r\n\r\n");
    const std::size_t bytes = text.size() - end - 4;
    return text.insert(end, "\r\nl: " + std::to_string(bytes));
}

TEST(Sip, a_tcp_segment_may_hold_several_messages) {
    const std::string call = with_length(kInvite);
    const std::string registration = with_length(kRegister);
    constexpr std::string_view kTcpInactive =
        "signalling tcp 10.0.1.1->10.0.0.1:5062 permanent inactive; ";
    const std::string both = std::string(kTcpInactive) + std::string(kAudio);
    struct Segment {
        std::string_view about;
        std::string text;
        std::string_view expected;
        std::string_view words = {};
    };
    const Segment segments[] = {
        {"one", call, kAudio},
        {"two", registration + call, both},
        {"no length", kInvite, ""},
        {"the second without a length", registration + kInvite, kTcpInactive},
        {"the second cut short", registration + call.substr(0, call.size() - 1), kTcpInactive},
        {"the first cut short", call.substr(0, call.size() - 1), ""},
        {"nothing behind the headers", registration.substr(0, registration.size() - 2), ""},
        {"a length too great", replaced(registration, "l: 0", "l: 9") + call.substr(0, 8), ""},
        {"a length beyond the segment", replaced(registration, "l: 0", "l: 70000") + call, ""},
        {"a length of 32 bits", replaced(registration, "l: 0", "l: 4294967290") + call, ""},
        {"a length that is no number", replaced(registration, "l: 0", "l: x") + call, ""},
        {"a length one too great: the next one is not known",
         replaced(registration, "l: 0", "l: 1") + call, kTcpInactive},
        {"the first is dropped", replaced(registration, "CSeq", "Cseg") + call, "",
         "cannot parse cseq"},
        {"the second is dropped", registration + with_length(replaced(kInvite, "4000", "80")),
         kTcpInactive, "wrong port"},
        {"ten bytes", "\r\nl:0\r\n\r\n ", ""},
        {"very short messages", "\r\nl:0\r\n\r\n\r\nl:0\r\n\r\n" + call, kAudio},
    };
    for (const Segment& segment : segments) {
        SCOPED_TRACE(segment.about);
        SipFlow flow{protocol::kTcp};
        const HelperAnswer answer = flow.say(kAsk, segment.text);
        EXPECT_EQ(flow.expected(), segment.expected);
        EXPECT_EQ(answer.words, segment.words);
        EXPECT_EQ(answer.drops, !segment.words.empty());
        EXPECT_EQ(flow.wishes.notes.front(), "refresh 3600");
    }
}

TEST(Sip, an_entry_lives_on_with_each_packet_that_carries_something) {
    SipFlow udp;
    udp.say(kAsk, "", CtState::new_);
    EXPECT_TRUE(udp.wishes.notes.empty());
    udp.say(kAsk, "\r\n\r\n", CtState::new_);
    EXPECT_EQ(udp.wishes.notes.size(), 1U);
    udp.say(kAsk, kInvite, CtState::new_);
    EXPECT_EQ(udp.expected(), kAudio);

    SipFlow tcp{protocol::kTcp};
    tcp.say(kAsk, "");
    tcp.say(kAsk, with_length(kInvite), CtState::new_);
    EXPECT_TRUE(tcp.wishes.notes.empty());
    EXPECT_EQ(tcp.expected(), "");
    tcp.say(kAsk, "\r\n");
    EXPECT_EQ(tcp.wishes.notes.size(), 1U);
}

TEST(Sip, transport_is_compared_where_the_message_ends_but_the_packet_does_not) {
    const auto count = [](std::string_view behind) {
        SipFlow flow{protocol::kTcp};
        flow.say(kAsk,
                 "REGISTER a\r\nCSeq: 7 x\r\nExpires: 9\r\nl: 38\r\n\r\n"
                 "\r\nm: <sip:a@10.0.0.1:5062>;transport=t" +
                     std::string(behind));
        return flow.wishes.granted.size();
    };
    EXPECT_EQ(count("cp\r\n"), 1U);
    EXPECT_EQ(count("ls\r\n"), 0U);
    EXPECT_EQ(count(""), 0U);
}

}  // namespace
}  // namespace keepstate::ct
