#include "ct/helper/sip_words.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keepstate::ct::sip {
namespace {

Message message_of(std::string_view text, Family family = Family::ipv4) {
    return {text, text.size(), family};
}

struct HeaderRow {
    std::string text;
    Header header;
    std::string value;  ///< empty: `look` says what is found instead
    Look look = Look::found;
};

TEST(SipWords, headers_are_found_as_linux_finds_them) {
    const HeaderRow rows[] = {
        {"x\r\nCSeq: 12 INVITE\r\n", Header::cseq, "12"},
        {"x\nCSeq: 12 INVITE\n", Header::cseq, "12"},
        {"x\rcSEQ:12", Header::cseq, "12"},
        {"x\r\nCSeq \t : \t 12 INVITE\r\n", Header::cseq, "12"},
        {"x\r\nCSeq\r\n :\r\n\t12 INVITE\r\n", Header::cseq, "12"},
        {"x\r\nExpires: 5\r\nCSeq: 12\r\n\r\nCSeq: 13\r\n", Header::cseq, "12"},
        {"x\r\n\r\nCSeq: 12\r\n", Header::cseq, "12"},
        {"x\r\nTo: y\r\n CSeq: 1\r\nCSeq: 2\r\n", Header::cseq, "2"},
        {"x\r\nl: 9\r\n", Header::content_length, "9"},
        {"x\r\nL\t: 9\r\n", Header::content_length, "9"},
        {"x\r\nContent-Length: 9", Header::content_length, "9"},
        {"x\r\nm: <sip:a@10.0.0.1:5062>\r\n", Header::contact, "10.0.0.1:5062"},
        {"x\r\nContact: <SIP:10.0.0.1>\r\n", Header::contact, "10.0.0.1"},
        {"x\r\nContact: \"A\"\r\n <sip:a@10.0.0.1>\r\n", Header::contact, "10.0.0.1"},
        {"x\r\nFrom: <sip:a@10.0.0.1>\r\n", Header::from, "10.0.0.1"},
        {"x\r\nf: <sip:a@10.0.0.1>\r\n", Header::from, "10.0.0.1"},
        {"x\r\nt: <sip:a@10.0.0.1>\r\n", Header::to, "10.0.0.1"},
        {"x\r\nVia: SIP/2.0/UDP 10.0.0.1:5062;rport\r\n", Header::via_udp, "10.0.0.1:5062"},
        {"x\r\nv: SIP/2.0/TCP 10.0.0.1\r\n", Header::via_tcp, "10.0.0.1"},
        {"x\r\nVia: SIP/2.0/UDP 10.0.0.1\r\n", Header::via_tcp, "", Look::bad},
        // the first line is no header, and an empty line with LF alone hides the next
        {"CSeq: 12\r\n", Header::cseq, "", Look::absent},
        {"x\n\nCSeq: 12\n", Header::cseq, "", Look::absent},
        {"x\r\n CSeq: 12\r\n", Header::cseq, "", Look::absent},
        {"x\r\nlx: 9\r\n", Header::content_length, "", Look::absent},
        {"x\r\nl\xe9: 9\r\n", Header::content_length, "", Look::absent},
        // what is not as it should be ends the search
        {"x\r\nCSeqs: 1\r\nCSeq: 2\r\n", Header::cseq, "", Look::absent},
        {"x\r\nCSeq\r\nCSeq: 2\r\n", Header::cseq, "", Look::absent},
        {"x\r\nCSeq:", Header::cseq, "", Look::absent},
        {"x\r\nCSeq:\r\n1\r\n", Header::cseq, "", Look::absent},
        {"x\r\nCSeq: ", Header::cseq, "", Look::bad},
        {"x\r\nCSeq: a\r\n", Header::cseq, "", Look::bad},
        {"x\r\nCSeq:  \r\n  \r\n  1\r\n", Header::cseq, "", Look::bad},
        {"x\r\nContact: *\r\n", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@host>\r\n", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@10.0.0.1", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@10.0.0.1:5062", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@10.0.0.1:>\r\n", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@10.0.0.1:1023>\r\n", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@10.0.0.1:65536>\r\n", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@10.0.0.1:005062>\r\n", Header::contact, "", Look::bad},
        {"x\r\nContact: <sip:a@10.0.0.1a>\r\n", Header::contact, "", Look::bad},
        // a line that goes on: its first letter is not seen
        {"x\r\nContact: a\r\n sip:a@10.0.0.1>\r\n", Header::contact, "", Look::bad},
    };
    for (const HeaderRow& row : rows) {
        SCOPED_TRACE(row.text);
        const Spot spot = find_header(message_of(row.text), row.header);
        ASSERT_EQ(spot.look, row.value.empty() ? row.look : Look::found);
        if (row.value.empty()) continue;
        EXPECT_EQ(row.text.substr(spot.offset, spot.bytes), row.value);
    }
}

TEST(SipWords, ipv6_addresses_stand_in_brackets) {
    const HeaderRow rows[] = {
        {"x\r\nm: <sip:a@[fd00::1]:5062>\r\n", Header::contact, "[fd00::1]:5062"},
        {"x\r\nm: <sip:[fd00::1]>\r\n", Header::contact, "[fd00::1]"},
        {"x\r\nm: <sip:a@fd00::1>\r\n", Header::contact, "", Look::bad},
        {"x\r\nm: <sip:a@[fd00::1>\r\n", Header::contact, "", Look::bad},
        {"x\r\nm: <sip:a@[10.0.0.1]>\r\n", Header::contact, "", Look::bad},
        {"x\r\nm: <sip:a@[fd00::1]", Header::contact, "", Look::bad},
    };
    for (const HeaderRow& row : rows) {
        SCOPED_TRACE(row.text);
        const Spot spot = find_header(message_of(row.text, Family::ipv6), row.header);
        ASSERT_EQ(spot.look, row.value.empty() ? row.look : Look::found);
        if (row.value.empty()) continue;
        EXPECT_EQ(row.text.substr(spot.offset, spot.bytes), row.value);
    }
}

std::string contacts_of(std::string_view text) {
    const Message message = message_of(text);
    AddressWalk walk{message, Header::contact};
    std::string all;
    while (const auto step = walk.next()) {
        all += keepstate::text(step->address) + ":" + std::to_string(step->port) + " ";
    }
    return all;
}

TEST(SipWords, a_walk_meets_every_address_once) {
    EXPECT_EQ(contacts_of("x\r\nContact: <sip:a@10.0.0.1>, <sip:b@10.0.0.2:1024>,<sip:10.0.0.3>\r\n"
                          "To: <sip:10.0.0.9>\r\nm: <sip:10.0.0.4:65535>\r\n"),
              "10.0.0.1:5060 10.0.0.2:1024 10.0.0.3:5060 10.0.0.4:65535 ");
    EXPECT_EQ(
        contacts_of("x\r\nm: <sip:10.0.0.1>, <sip:host>, <sip:10.0.0.2>,\r\n <sip:10.0.0.3>\r\n"),
        "10.0.0.1:5060 10.0.0.2:5060 10.0.0.3:5060 ");
}

TEST(SipWords, a_list_that_begins_with_a_host_name_is_passed_over) {
    EXPECT_EQ(contacts_of("x\r\nm: <sip:host>, <sip:10.0.0.1>\r\nm: <sip:10.0.0.2>\r\n"),
              "10.0.0.2:5060 ");
    EXPECT_EQ(contacts_of("x\r\nm: *\r\n"), "");
}

TEST(SipWords, numbers_have_eleven_digits_at_most) {
    struct Row {
        std::string_view text;
        std::uint32_t value;
        std::size_t bytes;
    };
    const Row rows[] = {
        {"0", 0, 1},
        {"42x", 42, 2},
        {"4294967295", 4294967295U, 10},
        {"00000000007", 7, 11},
        {"4294967296", 0, 0},
        {"000000000007", 0, 0},
        {"x", 0, 0},
        {"-1", 0, 0},
        {"", 0, 0},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.text);
        EXPECT_EQ(read_number(row.text).value, row.value);
        EXPECT_EQ(read_number(row.text).bytes, row.bytes);
    }
}

TEST(SipWords, a_parameter_belongs_to_its_address) {
    struct Row {
        std::string_view text;
        Look look;
        std::uint32_t value = 0;
    };
    const Row rows[] = {
        {">;expires=60\r\n", Look::found, 60},
        {">;q=1;EXPIRES=60;x\r\n", Look::found, 60},
        {">\r\n ;expires=60\r\n", Look::found, 60},
        {">, <sip:b>;expires=60\r\n", Look::absent},
        {">\r\nexpires=60\r\n", Look::absent},
        {">;expires=", Look::absent},
        {">;expires=\r\n", Look::bad},
        {">;expires=,\r\n", Look::absent},
        {">;expires=x\r\n", Look::bad},
        {">;expires=4294967296\r\n", Look::bad},
        {">;expires=0x10\r\n", Look::found, 0},
        {">;expires=010\r\n", Look::found, 10},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.text);
        const Parameter parameter = read_parameter(message_of(row.text), 0, "expires=");
        EXPECT_EQ(parameter.look, row.look);
        EXPECT_EQ(parameter.value, row.value);
    }
}

TEST(SipWords, transport_is_udp_or_tcp) {
    constexpr std::uint8_t kUsual = 17;
    EXPECT_EQ(read_transport(message_of(">\r\n"), 0, kUsual), kUsual);
    EXPECT_EQ(read_transport(message_of(";transport=tcp>\r\n"), 0, kUsual), 6);
    EXPECT_EQ(read_transport(message_of(";Transport=UDPlite>\r\n"), 0, kUsual), 17);
    EXPECT_EQ(read_transport(message_of(";transport=tls>\r\n"), 0, kUsual), std::nullopt);
    EXPECT_EQ(read_transport(message_of(";transport=t"), 0, kUsual), std::nullopt);
    EXPECT_EQ(read_transport(message_of(", <sip:b;transport=tcp>\r\n"), 0, kUsual), kUsual);
    // the message ends in the middle of the word, the packet does not
    EXPECT_EQ(read_transport({";transport=tcp", 13, Family::ipv4}, 0, kUsual), 6);
}

struct SdpRow {
    std::string text;
    SdpLine line;
    bool stops_at_media = false;
    std::string value;
    Look look = Look::found;
};

TEST(SipWords, sdp_lines_are_found_as_linux_finds_them) {
    const SdpRow rows[] = {
        {"x\r\n\r\nv=0\r\n", SdpLine::version, false, "0"},
        {"x\r\nV=0", SdpLine::version, false, "0"},
        {"x\n\nv=0\n", SdpLine::version, false, "", Look::absent},
        {"x\r\nv=a\r\n", SdpLine::version, false, "", Look::bad},
        {"x\r\nm=audio 4000 RTP/AVP 0\r\n", SdpLine::media, false, "audio 4000"},
        {"x\r\nm=audio \r\n", SdpLine::media, false, "audio "},
        {"x\r\nm=audio4 4000\r\n", SdpLine::media, false, "", Look::bad},
        {"x\r\nm=audio", SdpLine::media, false, "", Look::bad},
        {"x\r\nc=IN IP4 10.0.0.1\r\n", SdpLine::connection, true, "10.0.0.1"},
        {"x\r\nc=IN IP4 10.0.0.1/127\r\n", SdpLine::connection, true, "10.0.0.1"},
        {"x\r\nc=ZIN IP4 10.0.0.1", SdpLine::connection, true, "10.0.0.1"},
        {"x\r\nc=in ip4 10.0.0.1\r\n", SdpLine::connection, true, "", Look::bad},
        {"x\r\nc=IN IP4 host\r\n", SdpLine::connection, true, "", Look::bad},
        {"x\r\nc=IN IP6 fd00::1\r\n", SdpLine::connection, true, "", Look::bad},
        {"x\r\nm=audio 1\r\nc=IN IP4 10.0.0.1\r\n", SdpLine::connection, true, "", Look::absent},
        {"x\r\nm=audio 1\r\nc=IN IP4 10.0.0.1\r\n", SdpLine::connection, false, "10.0.0.1"},
    };
    for (const SdpRow& row : rows) {
        SCOPED_TRACE(row.text);
        const Spot spot = find_sdp(message_of(row.text), row.line, 0, row.stops_at_media);
        ASSERT_EQ(spot.look, row.value.empty() ? row.look : Look::found);
        if (row.value.empty()) continue;
        EXPECT_EQ(row.text.substr(spot.offset, spot.bytes), row.value);
    }
}

TEST(SipWords, the_connection_of_ipv6_has_no_brackets) {
    const auto find = [](std::string_view text) {
        return find_connection(message_of(text, Family::ipv6), 0);
    };
    EXPECT_EQ(find("x\r\nc=IN IP6 fd00::1\r\n"), parse_address("fd00::1"));
    EXPECT_EQ(find("x\r\nc=IN IP6 [fd00::1]\r\n"), std::nullopt);
    EXPECT_EQ(find("x\r\nc=IN IP4 10.0.0.1\r\n"), std::nullopt);
}

}  // namespace
}  // namespace keepstate::ct::sip
