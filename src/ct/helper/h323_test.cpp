// The messages are written by hand from the standards; what is expected is what Linux was seen to expect of them.
#include <gtest/gtest.h>

#include <random>

#include "ct/helper/h323.hpp"
#include "ct/helper/test_h323.hpp"
#include "ct/helper/test_wishes.hpp"
#include "wire/build.hpp"
#include "wire/parse.hpp"

namespace keepstate::ct {

namespace {

using test::H323Draw;
using test::make_q931;
using test::make_tpkt;
using test::PerWriter;
using test::TestWishes;
using wire::Bytes;

struct At {
    std::string address;
    std::uint16_t port;
};
using Maybe = std::optional<At>;

constexpr const char* kClient = "10.0.1.1";
constexpr const char* kServer = "10.0.2.1";

Bytes octets(const std::string& words) {
    const Address address = *parse_address(words);
    return {address.bytes.begin(), address.bytes.begin() + address.size()};
}
bool is_v6(const At& at) { return at.address.find(':') != std::string::npos; }

/// H.225.0 TransportAddress.
void put(PerWriter& w, const At& at) {
    w.bits(0, 1).bits(is_v6(at) ? 3 : 0, 3);
    if (is_v6(at)) w.bits(0, 1);
    w.bytes(octets(at.address)).word(at.port);
}
/// H.245 TransportAddress.
void put_h245(PerWriter& w, const At& at) {
    w.bits(0, 2).bits(0, 1).bits(is_v6(at) ? 2 : 0, 3).bits(0, 1);
    w.bytes(octets(at.address)).word(at.port);
}
void put_identifier(PerWriter& w) { w.byte(6).bytes({0, 8, 0x91, 0x4a, 0, 4}); }
void put_endpoint_type(PerWriter& w) { w.bits(0, 9); }
void put_id(PerWriter& w) { w.bytes(Bytes(16)); }

PerWriter h2250(const Maybe& media, const Maybe& control) {
    PerWriter w;
    w.bits(0, 1).bits(0, 2).bits(media.has_value(), 1).bits(0, 1).bits(control.has_value(), 1);
    w.bits(0, 5).byte(1);
    if (media) put_h245(w, *media);
    if (control) put_h245(w, *control);
    return w;
}

struct Channel {
    Maybe media = {}, control = {};            ///< of the forward direction
    Maybe back_media = {}, back_control = {};  ///< of the reverse one
    Maybe stack = {};
    bool is_t120 = false;
};

PerWriter open_channel(const Channel& channel) {
    PerWriter w;
    const bool is_back = channel.back_media || channel.back_control;
    const bool is_forward = channel.media || channel.control;
    w.bits(channel.stack.has_value(), 1).bits(is_back, 1).word(0);
    w.bits(0, 2);
    if (channel.is_t120) {
        w.bits(0, 1).bits(4, 3).bits(0, 1);  // data
        w.bits(0, 1).bits(1, 4).bits(1, 1).bits(3, 7).open(PerWriter{}.byte(0));
        w.bits(0, 2).byte(1);  // maxBitRate
    } else {
        w.bits(0, 1).bits(3, 3).bits(0, 1).bits(3, 4).byte(19);  // audioData, g711Ulaw64k
    }
    w.bits(1, 1).bits(is_forward ? 0 : 1, 7);
    w.open(is_forward ? h2250(channel.media, channel.control) : PerWriter{}.byte(0));
    if (is_back) {
        w.bits(0, 1).bits(1, 1).bits(0, 1).bits(1, 3);  // nullData
        w.bits(1, 1).bits(0, 7).open(h2250(channel.back_media, channel.back_control));
    }
    if (channel.stack) {
        w.bits(0, 7).bits(1, 1).align();
        PerWriter stack;
        stack.bits(0, 3).bits(0, 1).bits(2, 2);
        put_h245(stack, *channel.stack);
        w.open(stack.bits(0, 1));
    }
    return w;
}

PerWriter request(const Channel& channel) {
    PerWriter w;
    return w.bits(0, 3).bits(0, 1).bits(3, 4).append(open_channel(channel));
}

PerWriter acknowledge(const Maybe& media, const Maybe& control, const Maybe& stack = {}) {
    PerWriter w;
    w.bits(0, 1).bits(1, 2).bits(0, 1).bits(5, 5).bits(1, 1).bits(0, 1).word(0);
    w.bits(1, 7).bits(stack.has_value(), 1).bits(1, 1).align();
    if (stack) {
        PerWriter inner;
        inner.bits(0, 3).bits(0, 1).bits(2, 2);
        put_h245(inner, *stack);
        w.open(inner.bits(0, 1));
    }
    PerWriter inner;
    inner.bits(0, 2).bits(0, 2).bits(media.has_value(), 1).bits(control.has_value(), 1).bits(0, 1);
    if (media) put_h245(inner, *media);
    if (control) put_h245(inner, *control);
    return w.open(inner);
}

enum Body : unsigned { kSetup, kProceeding, kConnect, kAlerting, kFacility = 6, kProgress };

struct Call {
    Body body = kSetup;
    Maybe h245 = {};
    std::vector<Channel> fast = {};
    Maybe alternative = {};
    unsigned reason = 1;
    std::vector<PerWriter> tunnelled = {};
};

PerWriter fast_start(const Call& call) {
    PerWriter w;
    w.length(call.fast.size());
    for (const Channel& channel : call.fast) w.open(open_channel(channel));
    return w;
}

void put_setup(PerWriter& w, const Call& call) {
    w.bits(!call.fast.empty(), 1).bits(call.h245.has_value(), 1).bits(0, 6);
    put_identifier(w);
    if (call.h245) put(w, *call.h245);
    put_endpoint_type(w);
    w.bits(0, 1);
    put_id(w);
    w.bits(0, 6);
    if (call.fast.empty()) return;
    w.bits(6, 7).bits(0, 6).bits(1, 1).align().open(fast_start(call));
}

void put_answer(PerWriter& w, const Call& call) {
    w.bits(!call.fast.empty(), 1).bits(call.h245.has_value(), 1);
    put_identifier(w);
    if (call.body != kConnect) put_endpoint_type(w);
    if (call.h245) put(w, *call.h245);
    if (call.body == kConnect) {
        put_endpoint_type(w);
        put_id(w);
    }
    if (!call.fast.empty()) w.bits(4, 7).bits(1, 5).align().open(fast_start(call));
}

void put_facility(PerWriter& w, const Call& call) {
    const bool is_extended = call.h245 || !call.fast.empty();
    w.bits(is_extended, 1).bits(call.alternative.has_value(), 1).bits(0, 2);
    put_identifier(w);
    if (call.alternative) put(w, *call.alternative);
    if (call.reason < 4) {
        w.bits(0, 1).bits(call.reason, 2);
    } else {
        w.bits(1, 1).bits(call.reason - 4, 7).length(0);
    }
    if (!is_extended) return;
    w.bits(7, 7).bits(0, 6).bits(call.h245.has_value(), 1).bits(!call.fast.empty(), 1).align();
    if (call.h245) {
        PerWriter inner;
        put(inner, *call.h245);
        w.open(inner);
    }
    if (!call.fast.empty()) w.open(fast_start(call));
}

void put_progress(PerWriter& w, const Call& call) {
    w.bits(0, 1).bits(call.h245.has_value(), 1).bits(0, 3).bits(!call.fast.empty(), 1);
    put_identifier(w);
    put_endpoint_type(w);
    if (call.h245) put(w, *call.h245);
    w.bits(0, 1);
    put_id(w);
    if (!call.fast.empty()) w.align().append(fast_start(call));
}

Bytes information(const Call& call) {
    PerWriter w;
    w.bits(0, 2).bits(!call.tunnelled.empty(), 1).bits(0, 1);
    if (call.body == kProgress) {
        PerWriter inner;
        put_progress(inner, call);
        w.bits(1, 1).bits(0, 7).open(inner);
    } else {
        w.bits(0, 1).bits(call.body, 3);
        if (call.body == kSetup) {
            put_setup(w, call);
        } else if (call.body == kFacility) {
            put_facility(w, call);
        } else {
            put_answer(w, call);
        }
    }
    if (!call.tunnelled.empty()) {
        w.bits(2, 7).bits(0, 1).bits(1, 1).bits(1, 1).align().open(PerWriter{}.byte(0x80));
        PerWriter list;
        list.length(call.tunnelled.size());
        for (const PerWriter& message : call.tunnelled) list.open(message);
        w.open(list);
    }
    return w.out();
}

Bytes call(const Call& what) { return make_tpkt(make_q931(information(what))); }

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::string words_of(const Expectation& e) {
    std::string words = e.tuple.protocol == protocol::kTcp ? "tcp " : "udp ";
    words += e.mask.address_bits != 0 ? text(e.tuple.source) : "any";
    words += " > " + text(e.tuple.destination) + ' ' + std::to_string(e.tuple.destination_key);
    if (e.helper) words += ' ' + e.helper->name;
    if ((e.flags & expectation_flag::kPermanent) != 0) words += " permanent";
    return words;
}

/// A flow from the client to the server with one of the helpers.
class Flow {
  public:
    explicit Flow(std::string_view helper, std::string client = kClient,
                  std::string server = kServer)
        : helpers_(helpers()), helper_(h323::find_helper(helpers_, helper)) {
        const bool is_udp = helper_->name == "RAS";
        Tuple& original = tuples_[0];
        original.source = *parse_address(client);
        original.destination = *parse_address(server);
        original.protocol = is_udp ? protocol::kUdp : protocol::kTcp;
        original.source_key = 40000;
        original.destination_key = is_udp ? 1719 : 1720;
        tuples_[1] = original;
        std::swap(tuples_[1].source, tuples_[1].destination);
        std::swap(tuples_[1].source_key, tuples_[1].destination_key);
    }

    HelperAnswer say(unsigned side, const Bytes& payload) {
        const Tuple& tuple = tuples_[side];
        wire::IpFields ip;
        ip.source = tuple.source;
        ip.destination = tuple.destination;
        wire::TcpFields tcp;
        tcp.source_port = tuple.source_key;
        tcp.destination_port = tuple.destination_key;
        const Bytes bytes =
            tuple.protocol == protocol::kUdp
                ? wire::build_udp(ip, tuple.source_key, tuple.destination_key, payload)
                : wire::build_tcp(ip, tcp, payload);
        wire::Packet packet;
        EXPECT_EQ(wire::parse_ip(tuple.source.family, {bytes.data(), bytes.size()}, true, packet),
                  Reason::none);
        const HelperCase c{packet,      tuples_,  CtDirection{static_cast<std::uint8_t>(side)},
                           state,       *helper_, helpers_,
                           settings,    false,    is_expected,
                           std::nullopt};
        return helper_->help(c, memory, wishes);
    }
    /// What is expected after it.
    std::vector<std::string> hears(unsigned side, const Bytes& payload) {
        const HelperAnswer answer = say(side, payload);
        std::vector<std::string> words;
        for (const Expectation& e : wishes.granted) words.push_back(words_of(e));
        if (answer.drops) words.push_back("drop: " + std::string{answer.words});
        return words;
    }

    static std::vector<Helper> helpers() {
        std::vector<Helper> list;
        add_h323_helpers({}, list);
        return list;
    }

    CtState state = CtState::established;
    bool is_expected = false;
    HelperSettings settings;
    HelperMemory memory;
    TestWishes wishes;

  private:
    std::vector<Helper> helpers_;
    const Helper* helper_;
    std::array<Tuple, 2> tuples_;
};

using List = std::vector<std::string>;

const At kOwn{kClient, 5555};
const std::string kMedia6000 = "udp 10.0.2.1 > 10.0.1.1 6000";
const std::string kMedia6001 = "udp 10.0.2.1 > 10.0.1.1 6001";

List heard_call(const Call& what, unsigned side = 0) {
    return Flow{"Q.931"}.hears(side, call(what));
}

}  // namespace

TEST(H323Helpers, are_registered_as_linux_does) {
    std::string words;
    for (const Helper& h : Flow::helpers()) {
        words += h.name + ' ' + std::string{h.family ? text(*h.family) : "both"} + ' ' +
                 std::to_string(h.protocol) + ' ' + std::to_string(h.port) + ' ' +
                 std::to_string(h.policies[0].most) + ' ' +
                 std::to_string(h.policies[0].timeout_s) + '\n';
    }
    EXPECT_EQ(words,
              "H.245 both 17 0 18 240\nQ.931 ipv4 6 1720 20 240\nQ.931 ipv6 6 1720 20 240\n"
              "RAS ipv4 17 1719 32 240\nRAS ipv6 17 1719 32 240\n");
}

TEST(H323Calls, announce_h245_in_every_message_that_may) {
    const List wanted{"tcp 10.0.2.1 > 10.0.1.1 5555 H.245"};
    for (const Body body : {kSetup, kProceeding, kConnect, kAlerting, kProgress}) {
        EXPECT_EQ(heard_call({body, kOwn, {}, {}}), wanted) << body;
    }
    EXPECT_EQ(heard_call({kFacility, kOwn, {}, {}, 5}), wanted);
    EXPECT_EQ(heard_call({kConnect, At{kServer, 5555}, {}, {}}, 1),
              List{"tcp 10.0.1.1 > 10.0.2.1 5555 H.245"});
}

TEST(H323Calls, announce_media_in_every_fast_start) {
    const List wanted{kMedia6000, kMedia6001};
    const Channel channel{.media = At{kClient, 6000}};
    for (const Body body : {kSetup, kProceeding, kConnect, kAlerting, kProgress}) {
        EXPECT_EQ(heard_call({body, {}, {channel}, {}}), wanted) << body;
    }
    EXPECT_EQ(heard_call({kFacility, {}, {channel}, {}, 5}), wanted);
}

TEST(H323Calls, count_own_addresses_with_a_port_alone) {
    for (const At& wrong :
         {At{kServer, 5555}, At{"10.0.1.2", 5555}, At{kClient, 0}, At{"2001:db8::1", 5555}}) {
        EXPECT_EQ(heard_call({kSetup, wrong, {}, {}}), List{}) << wrong.address;
        EXPECT_EQ(heard_call({kSetup, {}, {{.media = wrong}}, {}}), List{}) << wrong.address;
    }
}

TEST(H323Calls, take_the_even_port_for_rtp_and_the_odd_one_for_rtcp) {
    EXPECT_EQ(heard_call({kSetup, {}, {{.control = At{kClient, 6001}}}, {}}),
              (List{kMedia6000, kMedia6001}));
    EXPECT_EQ(heard_call({kSetup, {}, {{.back_media = At{kClient, 6001}}}, {}}),
              (List{kMedia6000, kMedia6001}));
}

TEST(H323Calls, hear_each_channel_with_both_directions) {
    const Channel both{.media = At{kClient, 6000}, .back_media = At{kClient, 7000}};
    const Channel second{.media = At{kClient, 8000}};
    EXPECT_EQ(heard_call({kSetup, {}, {both, second}, {}}),
              (List{kMedia6000, kMedia6001, "udp 10.0.2.1 > 10.0.1.1 7000",
                    "udp 10.0.2.1 > 10.0.1.1 7001", "udp 10.0.2.1 > 10.0.1.1 8000",
                    "udp 10.0.2.1 > 10.0.1.1 8001"}));
}

TEST(H323Calls, hear_thirty_channels_of_a_fast_start_and_no_more) {
    std::vector<Channel> channels;
    for (std::uint16_t i = 0; i < 40; ++i) {
        channels.push_back({.media = At{kClient, static_cast<std::uint16_t>(6000 + 2 * i)}});
    }
    EXPECT_EQ(heard_call({kSetup, {}, channels, {}}).size(), 60U);
}

TEST(H323Calls, hear_tunnelled_h245_and_four_messages_of_it_at_most) {
    Call tunnels{kConnect, {}, {}, {}};
    tunnels.tunnelled = {acknowledge(At{kClient, 6000}, At{kClient, 6001}),
                         request({.media = At{kClient, 7000}})};
    EXPECT_EQ(heard_call(tunnels).size(), 6U);
    tunnels.tunnelled.clear();
    for (std::uint16_t i = 0; i < 6; ++i) {
        tunnels.tunnelled.push_back(
            request({.media = At{kClient, static_cast<std::uint16_t>(6000 + 2 * i)}}));
    }
    EXPECT_EQ(heard_call(tunnels).size(), 8U);
}

TEST(H323Calls, forwarded_are_expected_from_the_caller_to_the_other_place) {
    const Call forwards{kFacility, {}, {}, At{"10.0.2.9", 1720}};
    EXPECT_EQ(heard_call(forwards, 1), List{"tcp 10.0.1.1 > 10.0.2.9 1720 Q.931"});
    const Call to_caller{kFacility, {}, {}, At{kClient, 1720}};
    EXPECT_EQ(heard_call(to_caller, 1), List{});
    Flow unfiltered{"Q.931"};
    unfiltered.settings.h323_callforward_filter = 0;
    EXPECT_EQ(unfiltered.hears(1, call(to_caller)), List{"tcp 10.0.1.1 > 10.0.1.1 1720 Q.931"});
    EXPECT_EQ(heard_call({kFacility, {}, {}, At{"10.0.2.9", 0}}, 1), List{});
    EXPECT_EQ(heard_call({kFacility, {}, {}, At{"10.0.2.9", 1720}, 3}, 1), List{});
}

TEST(H323Calls, say_nothing_else_in_a_facility_that_forwards_but_what_is_tunnelled) {
    Call what{kFacility, kOwn, {{.media = At{kClient, 6000}}}, {}, 1};
    EXPECT_EQ(heard_call(what), List{});
    what = {kFacility, {}, {}, At{"10.0.2.9", 1720}, 1};
    what.tunnelled = {request({.media = At{kClient, 6000}})};
    EXPECT_EQ(heard_call(what),
              (List{"tcp 10.0.2.1 > 10.0.2.9 1720 Q.931", kMedia6000, kMedia6001}));
}

TEST(H323Calls, in_ipv6_get_the_ipv4_helper_of_the_same_name) {
    Flow flow{"Q.931", "2001:db8:1::1", "2001:db8:2::1"};
    EXPECT_EQ(
        flow.hears(
            0,
            call({kSetup, At{"2001:db8:1::1", 5555}, {{.media = At{"2001:db8:1::1", 6000}}}, {}})),
        (List{"tcp 2001:db8:2::1 > 2001:db8:1::1 5555 H.245",
              "udp 2001:db8:2::1 > 2001:db8:1::1 6000", "udp 2001:db8:2::1 > 2001:db8:1::1 6001"}));
}

TEST(H323Calls, are_dropped_when_an_announcement_is_refused_and_rtp_is_taken_back) {
    const Call what{kSetup, kOwn, {{.media = At{kClient, 6000}}}, {}};
    const std::string drop = "drop: cannot process Q.931 message";
    struct Row {
        std::vector<Grant> answers;
        List wanted;
    };
    const std::string h245 = "tcp 10.0.2.1 > 10.0.1.1 5555 H.245";
    for (const Row& row : std::vector<Row>{
             {{Grant::full}, {drop}},
             {{Grant::granted, Grant::clash}, {h245, drop}},
             {{Grant::granted, Grant::granted, Grant::already}, {h245, drop}},
         }) {
        Flow flow{"Q.931"};
        flow.wishes.answers = row.answers;
        EXPECT_EQ(flow.hears(0, call(what)), row.wanted);
    }
}

TEST(H323Calls, are_not_heard_before_both_sides_have_spoken) {
    for (const CtState state : {CtState::new_, CtState::related, CtState::invalid}) {
        Flow flow{"Q.931"};
        flow.state = state;
        EXPECT_EQ(flow.hears(0, call({kSetup, kOwn, {}, {}})), List{});
    }
}

TEST(H323Elements, are_skipped_up_to_the_user_user_one) {
    const Bytes uuie = information({kSetup, kOwn, {}, {}});
    const List wanted{"tcp 10.0.2.1 > 10.0.1.1 5555 H.245"};
    struct Row {
        const char* sentence;
        Bytes message;
        bool is_heard;
    };
    Bytes other_protocol = make_q931(uuie), long_reference = make_q931(uuie),
          no_length = make_q931(uuie), too_long = make_q931(uuie);
    other_protocol[0] = 9;
    long_reference[1] = 3;
    no_length[6] = no_length[7] = 0;
    ++too_long[7];
    Bytes none{8, 2, 1, 2, 5};
    const std::vector<Row> rows{
        {"the plain message", make_q931(uuie), true},
        {"elements with a length", make_q931(uuie, {0x04, 2, 1, 2, 0x28, 0}), true},
        {"sending complete right behind the type", make_q931(uuie, {0xa1}), true},
        {"one that has no length takes the next byte for it", make_q931(uuie, {0x04, 0, 0xa1}),
         false},
        {"another protocol", other_protocol, false},
        {"a call reference of another length", long_reference, false},
        {"an element of no length", no_length, false},
        {"an element that passes the end", too_long, false},
        {"no elements", none, false},
        {"nothing", {}, false},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(Flow{"Q.931"}.hears(0, make_tpkt(row.message)), row.is_heard ? wanted : List{})
            << row.sentence;
    }
}

TEST(H323Messages, cut_anywhere_are_not_heard_at_all) {
    const Bytes whole = information({kSetup, kOwn, {{.media = At{kClient, 6000}}}, {}});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
        EXPECT_EQ(Flow{"Q.931"}.hears(0, make_tpkt(make_q931(cut))), List{}) << size;
    }
    EXPECT_EQ(Flow{"Q.931"}.hears(0, make_tpkt(make_q931(whole))).size(), 3U);
}

TEST(H323Packets, of_one_segment_are_heard_one_after_the_other) {
    const Bytes first = call({kSetup, kOwn, {}, {}});
    const Bytes second = call({kSetup, At{kClient, 5556}, {}, {}});
    struct Row {
        const char* sentence;
        Bytes payload;
        std::size_t heard;
    };
    Bytes long_one = second, other_version = second, short_one = second;
    ++long_one[3];
    other_version[0] = 4;
    short_one[3] = 3;
    for (const Row& row : std::vector<Row>{
             {"both", first + second, 2},
             {"the second cut", first + Bytes{second.begin(), second.end() - 1}, 1},
             {"the second with a header only", first + Bytes{3, 0, 0, 80}, 1},
             {"the second longer than it is", first + long_one, 1},
             {"the second of another version", first + other_version, 1},
             {"the first of another version", other_version + first, 0},
             {"the first shorter than its header", short_one + first, 0},
             {"the first not understood", make_tpkt({1, 2, 3}) + second, 0},
             {"no payload", {}, 0},
         }) {
        EXPECT_EQ(Flow{"Q.931"}.hears(0, row.payload).size(), row.heard) << row.sentence;
    }
}

TEST(H323Packets, may_have_their_header_in_the_segment_before) {
    const Bytes whole = call({kSetup, kOwn, {}, {}});
    const Bytes header{whole.begin(), whole.begin() + 4};
    const Bytes message{whole.begin() + 4, whole.end()};
    Flow flow{"Q.931"};
    EXPECT_EQ(flow.hears(0, header).size(), 0U);
    EXPECT_EQ(flow.hears(1, message).size(), 0U) << "the other side has announced nothing";
    EXPECT_EQ(flow.hears(0, message + whole).size(), 2U);
    EXPECT_EQ(flow.hears(0, message).size(), 2U) << "the header holds once";

    Flow cut{"Q.931"};
    EXPECT_EQ(cut.hears(0, header).size(), 0U);
    EXPECT_EQ(cut.hears(0, Bytes{8, 2, 1, 2}).size(), 0U);
    EXPECT_EQ(cut.hears(0, message).size(), 0U) << "a part of the message ends it";
}

TEST(H323Control, hears_channels_acknowledgements_and_t120) {
    const At t120{kClient, 1503};
    struct Row {
        const char* sentence;
        PerWriter message;
        List wanted;
    };
    const std::string t120_words = "tcp 10.0.2.1 > 10.0.1.1 1503 permanent";
    for (const Row& row : std::vector<Row>{
             {"a channel", request({.media = At{kClient, 6000}}), {kMedia6000, kMedia6001}},
             {"an acknowledgement", acknowledge({}, At{kClient, 6001}), {kMedia6000, kMedia6001}},
             {"T.120", request({.stack = t120, .is_t120 = true}), {t120_words}},
             {"a stack of something else", request({.stack = t120}), {}},
             {"a stack that is acknowledged", acknowledge({}, {}, t120), {t120_words}},
             {"T.120 behind the media of an acknowledgement",
              acknowledge(At{kClient, 6000}, {}, t120),
              {kMedia6000, kMedia6001, t120_words}},
             {"another request", PerWriter{}.bits(0, 4).bits(2, 4).byte(0), {}},
             {"a command", PerWriter{}.bits(2, 3).byte(0), {}},
         }) {
        EXPECT_EQ(Flow{"H.245"}.hears(0, make_tpkt(row.message.out())), row.wanted) << row.sentence;
    }
}

TEST(H323Control, is_dropped_with_its_own_words) {
    Flow flow{"H.245"};
    flow.wishes.answers = {Grant::clash};
    EXPECT_EQ(flow.hears(0, make_tpkt(request({.media = At{kClient, 6000}}).out())),
              List{"drop: cannot process H.245 message"});
}

namespace {

PerWriter ras(unsigned message) {
    PerWriter w;
    return w.bits(0, 1).bits(message, 5);
}
void put_list(PerWriter& w, const std::vector<At>& places) {
    w.length(places.size());
    for (const At& place : places) put(w, place);
}
/// Behind the roots: one extension that is not there, timeToLive, and one more behind it.
void put_time(PerWriter& w, std::uint32_t seconds, bool is_last) {
    w.bits(is_last ? 1 : 2, 7).bits(0, 1).bits(1, 1);
    if (!is_last) w.bits(1, 1);
    PerWriter time;
    w.align().open(time.bits(3, 2).align().bits(seconds - 1, 32));
    if (!is_last) w.open(PerWriter{}.bytes(Bytes(8)));
}

Bytes registration(const std::vector<At>& calls, std::optional<std::uint32_t> time = {},
                   bool is_last = false) {
    PerWriter w = ras(3);
    w.bits(time.has_value(), 1).bits(0, 3).word(1);
    put_identifier(w);
    w.bits(0, 1);
    put_list(w, calls);
    put_list(w, {{kClient, 1719}});
    put_endpoint_type(w);
    w.bits(0, 4).byte(0).byte(0).word(0);
    if (time) put_time(w, *time, is_last);
    return w.out();
}

Bytes confirmation(std::optional<std::uint32_t> time = {}) {
    PerWriter w = ras(4);
    w.bits(time.has_value(), 1).bits(0, 3).word(1);
    put_identifier(w);
    put_list(w, {{kServer, 1720}});
    w.bits(0, 7).align().word('a');
    if (time) put_time(w, *time, false);
    return w.out();
}

Bytes discovery(const At& place) {
    PerWriter w = ras(1);
    w.bits(0, 3).word(1);
    put_identifier(w);
    put(w, place);
    return w.out();
}
Bytes admission(const At& place) {
    PerWriter w = ras(10);
    w.bits(0, 3).word(1).bits(0, 2).byte(1).bits(0, 1).bits(1, 1);
    put(w, place);
    return w.out();
}
Bytes location(const At& place) {
    PerWriter w = ras(19);
    w.bits(0, 2).word(1);
    put(w, place);
    put(w, place);
    return w.out();
}
Bytes unregistration() {
    PerWriter w = ras(6);
    w.bits(0, 4).word(1);
    put_list(w, {{kClient, 1720}});
    return w.out();
}

const List kCalls{"tcp 10.0.2.1 > 10.0.1.1 1720 Q.931 permanent"};

}  // namespace

TEST(H323Registration, announces_calls_from_the_gatekeeper_or_from_anyone) {
    EXPECT_EQ(Flow{"RAS"}.hears(0, registration({{kClient, 1720}})), kCalls);
    Flow open{"RAS"};
    open.settings.h323_gkrouted_only = 0;
    EXPECT_EQ(open.hears(0, registration({{kClient, 1720}})),
              List{"tcp any > 10.0.1.1 1720 Q.931 permanent"});
    EXPECT_EQ(
        Flow{"RAS"}.hears(
            0, registration({{kServer, 1720}, {kClient, 0}, {kClient, 1720}, {kClient, 1721}})),
        kCalls)
        << "the first own address with a port";
    EXPECT_EQ(Flow{"RAS"}.hears(0, registration({})), List{});
    std::vector<At> eleven(10, At{kServer, 1720});
    eleven.push_back({kClient, 1720});
    EXPECT_EQ(Flow{"RAS"}.hears(0, registration(eleven)), List{}) << "ten are noted";
}

TEST(H323Registration, lives_as_long_as_it_or_its_confirmation_says) {
    struct Row {
        const char* sentence;
        std::optional<std::uint32_t> asked;
        std::optional<std::uint32_t> confirmed;
        std::vector<std::string> notes;
    };
    for (const Row& row : std::vector<Row>{
             {"neither says", {}, {}, {"refresh 300", "renew 300"}},
             {"asked for", 60, {}, {"refresh 60", "renew 60"}},
             {"confirmed", 60, 120, {"refresh 120", "renew 120"}},
             {"more than an entry's ticks", 8589935, {}, {"refresh 0", "renew 8589935"}},
             {"more than 32 bits of ticks", 17179900, {}, {"refresh 30", "renew 30"}},
             {"2^32 seconds are none", 0, {}, {}},
         }) {
        Flow flow{"RAS"};
        flow.settings.h323_gkrouted_only = 0;
        flow.say(0, registration({{kClient, 1720}}, row.asked));
        flow.say(1, confirmation(row.confirmed));
        EXPECT_EQ(flow.wishes.notes, row.notes) << row.sentence;
    }
}

TEST(H323Registration, without_a_time_of_its_own_has_the_parameter) {
    Flow flow{"RAS"};
    flow.settings.h323_default_rrq_ttl = 0;
    flow.say(0, registration({{kClient, 1720}}));
    flow.say(1, confirmation());
    EXPECT_TRUE(flow.wishes.notes.empty());
}

TEST(H323Registration, whose_time_is_the_last_of_the_message_is_not_understood) {
    EXPECT_EQ(Flow{"RAS"}.hears(0, registration({{kClient, 1720}}, 60, true)), List{});
}

TEST(H323Registration, finds_what_it_renews_at_the_registered_port) {
    Flow flow{"RAS"};
    flow.say(1, confirmation(60));
    EXPECT_EQ(flow.wishes.notes, std::vector<std::string>{"refresh 60"});
}

TEST(H323Registration, ends_with_all_that_is_expected) {
    Flow flow{"RAS"};
    flow.say(0, registration({{kClient, 1720}}));
    flow.say(1, admission({"10.0.2.7", 1720}));
    EXPECT_EQ(flow.wishes.granted.size(), 2U);
    EXPECT_EQ(flow.hears(0, unregistration()), List{});
    EXPECT_EQ(flow.wishes.notes, std::vector<std::string>{"refresh 30"});
}

TEST(H323Gatekeepers, announce_places) {
    const std::string call_words = "tcp 10.0.1.1 > 10.0.2.7 1720 Q.931 permanent";
    struct Row {
        const char* sentence;
        Bytes message;
        List wanted;
    };
    for (const Row& row : std::vector<Row>{
             {"another gatekeeper",
              discovery({"10.0.2.7", 1719}),
              {"udp 10.0.1.1 > 10.0.2.7 1719 RAS"}},
             {"itself at another port",
              discovery({kServer, 1800}),
              {"udp 10.0.1.1 > 10.0.2.1 1800 RAS"}},
             {"itself", discovery({kServer, 1719}), {}},
             {"one of the other family", discovery({"2001:db8::1", 1719}), {}},
             {"an admitted call", admission({"10.0.2.7", 1720}), {call_words}},
             {"an admitted call to the one who is told", admission({kClient, 1720}), {}},
             {"a found endpoint", location({"10.0.2.7", 1720}), {call_words}},
             {"a found endpoint that is told itself",
              location({kClient, 1720}),
              {"tcp 10.0.1.1 > 10.0.1.1 1720 Q.931 permanent"}},
         }) {
        EXPECT_EQ(Flow{"RAS"}.hears(1, row.message), row.wanted) << row.sentence;
    }
    Flow again{"RAS"};
    again.is_expected = true;
    EXPECT_EQ(again.hears(1, discovery({"10.0.2.7", 1719})), List{})
        << "a flow that was itself announced";
}

TEST(H323Gatekeepers, need_no_established_flow_and_are_dropped_with_their_own_words) {
    Flow flow{"RAS"};
    flow.state = CtState::new_;
    flow.wishes.answers = {Grant::full};
    EXPECT_EQ(flow.hears(1, location({"10.0.2.7", 1720})),
              List{"drop: cannot process RAS message"});
    EXPECT_EQ(flow.hears(1, {}), List{});
    EXPECT_EQ(flow.hears(1, {0}), List{});
}

// Drawn along the tables, a message holds each of its announcements where the reader finds it. Spoiled ones are read
// without passing the end, and ask for no more than their bytes can say.
TEST(H323Messages, drawn_at_random_are_heard) {
    std::mt19937 random{1};
    std::size_t noted = 0;
    std::size_t heard = 0;
    for (int i = 0; i < 3000; ++i) {
        H323Draw draw;
        draw.below = [&](std::uint32_t bound) {
            return static_cast<std::uint32_t>(random() % bound);
        };
        draw.place_of = [&](h323::Found) {
            ++noted;
            return H323Draw::Place{octets(kClient), 6000};
        };
        Bytes bytes = draw.make(h323::kRasMessage, h323::Found::message).out();
        h323::Notes notes;
        if (h323::decode_ras({bytes.data(), bytes.size()}, notes)) {
            for (const h323::Note& note : notes.all()) heard += note.address_bytes == 4;
        }
        bytes = draw.make(h323::kUserInformation, h323::Found::nothing).out();
        bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(random());
        Flow flow{"Q.931"};
        flow.say(0, make_tpkt(make_q931(bytes)));
        EXPECT_LE(flow.wishes.granted.size(), bytes.size());
    }
    EXPECT_GT(noted, 500U);
    EXPECT_GT(heard, 300U);
}

}  // namespace keepstate::ct
