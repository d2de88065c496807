// The forms of a listing, each line as a kernel 6.18 or conntrack 1.4.7 printed it.
#include <gtest/gtest.h>
#include <string>

#include "ct/listing.hpp"

namespace keepstate {
namespace {

Address address(std::string_view words) { return parse_address(words).value(); }

/// A flow whose reply is the original turned round.
EntryCopy flow(std::uint8_t protocol, std::string_view source, std::string_view destination,
               std::uint16_t source_key, std::uint16_t destination_key) {
    EntryCopy entry;
    entry.number = entry.id = 7;
    entry.original = {address(source), address(destination), protocol, source_key, destination_key};
    entry.reply = {address(destination), address(source), protocol, destination_key, source_key};
    entry.timeout_ns = 99 * kNsPerSecond + 900'000'000;
    entry.status = status::kConfirmed;
    return entry;
}

EntryCopy tcp_flow() {
    EntryCopy entry = flow(protocol::kTcp, "10.0.0.1", "10.0.0.2", 1000, 80);
    entry.tcp_state = TcpState::established;
    entry.status |= status::kSeenReply | status::kAssured;
    entry.timeout_ns = 431999 * kNsPerSecond;
    return entry;
}

EntryCopy ping(std::string_view source, std::string_view destination) {
    const bool is_v4 = source.find(':') == std::string_view::npos;
    EntryCopy entry = flow(is_v4 ? protocol::kIcmp : protocol::kIcmpv6, source, destination, 55, 0);
    entry.original.destination_key = is_v4 ? 0x0800 : 0x8000;
    entry.reply.destination_key = is_v4 ? 0x0000 : 0x8100;
    entry.reply.source_key = 55;
    return entry;
}

EntryCopy association() {
    EntryCopy entry = flow(protocol::kSctp, "10.0.0.1", "10.0.0.2", 1001, 53);
    entry.sctp_state = SctpState::established;
    entry.sctp_vtags = {7, 0x01020304};
    return entry;
}

EntryCopy tunnel() {
    EntryCopy entry = flow(protocol::kGre, "10.0.0.1", "10.0.0.2", 0x1234, 7);
    entry.gre_timeout_s = 30;
    entry.gre_stream_timeout_s = 180;
    return entry;
}

std::string print(const EntryCopy& entry, EntryFormat format, const ListingOptions& options = {}) {
    std::string out;
    print_entry(entry, format, out, options);
    return out;
}

std::string print(const Event& event, EntryFormat format = EntryFormat::conntrack,
                  const ListingOptions& options = {}) {
    std::string out;
    print_event(event, out, format, options);
    return out;
}

TEST(Listing, proc_shows_family_zone_and_one_user_more_than_conntrack) {
    EXPECT_EQ(print(tcp_flow(), EntryFormat::proc),
              "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 "
              "dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 zone=0 "
              "use=2\n");
    EXPECT_EQ(print(tcp_flow(), EntryFormat::conntrack),
              "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 "
              "src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=1\n");
    EXPECT_EQ(print(tcp_flow(), EntryFormat::extended),
              "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 "
              "dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=1\n");
}

TEST(Listing, old_proc_is_the_line_of_linux_2_4_with_its_last_space) {
    EntryCopy entry = tcp_flow();
    entry.mark = 5;
    entry.counted = true;
    EXPECT_EQ(print(entry, EntryFormat::old_proc),
              "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 "
              "src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] use=1 \n");
    EXPECT_EQ(print(flow(protocol::kUdp, "10.0.0.1", "10.0.0.2", 5, 53), EntryFormat::old_proc),
              "udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 [UNREPLIED] src=10.0.0.2 "
              "dst=10.0.0.1 sport=53 dport=5 use=1 \n");
}

TEST(Listing, ipv6_addresses_are_full_in_proc_and_short_in_conntrack) {
    const EntryCopy entry = ping("fe80::1", "2001:db8::2");
    EXPECT_EQ(print(entry, EntryFormat::proc),
              "ipv6     10 icmpv6   58 99 src=fe80:0000:0000:0000:0000:0000:0000:0001 "
              "dst=2001:0db8:0000:0000:0000:0000:0000:0002 type=128 code=0 id=55 [UNREPLIED] "
              "src=2001:0db8:0000:0000:0000:0000:0000:0002 "
              "dst=fe80:0000:0000:0000:0000:0000:0000:0001 type=129 code=0 id=55 mark=0 zone=0 "
              "use=2\n");
    EXPECT_EQ(print(entry, EntryFormat::extended),
              "ipv6     10 icmpv6   58 99 src=fe80::1 dst=2001:db8::2 type=128 code=0 id=55 "
              "[UNREPLIED] src=2001:db8::2 dst=fe80::1 type=129 code=0 id=55 mark=0 use=1\n");
}

struct ProtocolRow {
    EntryCopy entry;
    std::string_view proc, conntrack, save;
};

std::string_view front(std::string_view line) { return line.substr(0, line.find(" [UNREPLIED]")); }
std::string_view saved(std::string_view line) {
    line.remove_prefix(line.find(" -p ") + 1);
    return line.substr(0, line.size() - 1);
}

TEST(Listing, each_protocol_shows_its_own_keys) {
    EntryCopy dccp = flow(protocol::kDccp, "10.0.0.1", "10.0.0.2", 0, 0);
    const ProtocolRow rows[] = {
        {flow(protocol::kUdp, "10.0.0.1", "10.0.0.2", 5, 53),
         "ipv4     2 udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53",
         "udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53",
         "-p udp --sport 5 --dport 53 --reply-port-src 53 --reply-port-dst 5"},
        {flow(protocol::kUdpLite, "10.0.0.1", "10.0.0.2", 5, 53),
         "ipv4     2 udplite  136 99 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53",
         "udplite  136 99 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53",
         "-p udplite --sport 5 --dport 53 --reply-port-src 53 --reply-port-dst 5"},
        {ping("10.0.0.1", "10.0.0.2"),
         "ipv4     2 icmp     1 99 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=55",
         "icmp     1 99 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=55",
         "-p icmp --icmp-type 8 --icmp-code 0 --icmp-id 55"},
        {association(),
         "ipv4     2 sctp     132 99 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1001 dport=53",
         "sctp     132 99 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1001 dport=53",
         "-p sctp --sport 1001 --dport 53 --reply-port-src 53 --reply-port-dst 1001 --state "
         "ESTABLISHED --orig-vtag 117440512 --reply-vtag 67305985"},
        {tunnel(),
         "ipv4     2 gre      47 99 timeout=30, stream_timeout=180 src=10.0.0.1 dst=10.0.0.2 "
         "srckey=0x1234 dstkey=0x7",
         "gre      47 99 src=10.0.0.1 dst=10.0.0.2 srckey=0x1234 dstkey=0x7",
         "-p gre --srckey 4660 --dstkey 7 --reply-key-src 7 --reply-key-dst 4660"},
        {flow(protocol::kEsp, "10.0.0.1", "10.0.0.2", 0, 0),
         "ipv4     2 unknown  50 99 src=10.0.0.1 dst=10.0.0.2",
         "unknown  50 99 src=10.0.0.1 dst=10.0.0.2", "-p 50"},
        {dccp, "ipv4     2 unknown  33 99 src=10.0.0.1 dst=10.0.0.2",
         "dccp     33 99 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=0", "-p dccp"},
    };
    for (const ProtocolRow& row : rows) {
        EXPECT_EQ(front(print(row.entry, EntryFormat::proc)), row.proc);
        EXPECT_EQ(front(print(row.entry, EntryFormat::conntrack)), row.conntrack);
        EXPECT_EQ(saved(print(row.entry, EntryFormat::save)), row.save);
    }
}

TEST(Listing, every_tcp_state_has_the_kernels_word) {
    const std::string_view words[] = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                      "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                      "CLOSE",    "SYN_SENT2"};
    EntryCopy entry = tcp_flow();
    for (std::size_t i = 0; i < kTcpStates; ++i) {
        entry.tcp_state = static_cast<TcpState>(i);
        const std::string wanted = " 431999 " + std::string(words[i]) + " src=";
        EXPECT_NE(print(entry, EntryFormat::proc).find(wanted), std::string::npos) << words[i];
    }
}

TEST(Listing, counters_stand_behind_each_direction_while_accounting_is_on) {
    EntryCopy entry = flow(protocol::kUdp, "10.0.0.1", "10.0.0.2", 5, 53);
    entry.packets = {2, 1};
    entry.bytes = {59, 84};
    EXPECT_EQ(print(entry, EntryFormat::conntrack).find("packets"), std::string::npos);
    entry.counted = true;
    EXPECT_EQ(print(entry, EntryFormat::conntrack),
              "udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 packets=2 bytes=59 "
              "[UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 packets=1 bytes=84 mark=0 "
              "use=1\n");
}

TEST(Listing, a_zone_for_both_directions_stands_behind_the_mark_and_one_of_one_at_its_tuple) {
    EntryCopy entry = flow(protocol::kUdp, "10.0.0.1", "10.0.0.2", 5, 53);
    struct Row {
        std::uint16_t original, reply;
        std::string_view proc, conntrack, save;
    };
    const Row rows[] = {
        {0, 0,
         "dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 zone=0 use=2\n",
         "dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 use=1\n",
         "-u UNSET -s"},
        {5, 5,
         "dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 zone=5 use=2\n",
         "dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 zone=5 use=1\n",
         "-u UNSET -w 5 -s"},
        {6, 0,
         "dport=53 zone-orig=6 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 "
         "use=2\n",
         "dport=53 zone-orig=6 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 "
         "use=1\n",
         "-u UNSET --orig-zone 6 -s"},
        {0, 7,
         "dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 zone-reply=7 mark=0 "
         "use=2\n",
         "dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 zone-reply=7 mark=0 "
         "use=1\n",
         "-u UNSET --reply-zone 7 -s"},
    };
    for (const Row& row : rows) {
        entry.zone_original = row.original;
        entry.zone_reply = row.reply;
        const std::string proc = print(entry, EntryFormat::proc);
        EXPECT_EQ(proc.substr(proc.find("dport=53")), row.proc);
        const std::string conntrack = print(entry, EntryFormat::conntrack);
        EXPECT_EQ(conntrack.substr(conntrack.find("dport=53")), row.conntrack);
        EXPECT_NE(print(entry, EntryFormat::save).find(row.save), std::string::npos);
    }
}

TEST(Listing, the_age_is_a_span_in_proc_and_whole_seconds_of_the_clock_in_conntrack) {
    EntryCopy entry = flow(protocol::kUdp, "10.0.0.1", "10.0.0.2", 5, 53);
    entry.started = Time{1795238873'900'000'000};
    entry.copied = Time{1795238874'100'000'000};
    EXPECT_NE(print(entry, EntryFormat::proc).find("zone=0 delta-time=0 use=2\n"),
              std::string::npos);
    EXPECT_NE(print(entry, EntryFormat::conntrack).find("mark=0 delta-time=1 use=1\n"),
              std::string::npos);
    EXPECT_NE(print(entry, EntryFormat::xml).find("<deltatime>1</deltatime>"), std::string::npos);
    ListingOptions options;
    options.ktimestamp = true;
    EXPECT_NE(print(entry, EntryFormat::conntrack, options)
                  .find("delta-time=1 [start=Sat Nov 21 05:27:53 2026] use=1\n"),
              std::string::npos);
    EXPECT_NE(print(entry, EntryFormat::xml, options)
                  .find("<timestamp><start>1795238873900000000</start></timestamp>"
                        "<deltatime>1</deltatime>"),
              std::string::npos);
}

TEST(Listing, helper_id_and_labels_stand_in_conntracks_order) {
    EntryCopy entry = tcp_flow();
    entry.helper = "ftp";
    entry.use = 2;
    entry.id = 2782985827;
    entry.labels[0] = 1U << 1 | 1U << 5;
    const std::vector<LabelName> names{{1, "one"}, {5, "eth0-in"}, {64, "big"}};
    ListingOptions options;
    options.id = true;
    options.labels = &names;
    const std::string line = print(entry, EntryFormat::conntrack, options);
    EXPECT_EQ(line.substr(line.find("mark=")),
              "mark=0 helper=ftp use=2 id=2782985827 labels=one,eth0-in\n");
    entry.labels = {};
    entry.labels[15] = 0x80;
    const std::string unnamed = print(entry, EntryFormat::conntrack, options);
    EXPECT_EQ(unnamed.substr(unnamed.find("use=")), "use=2 id=2782985827 labels\n");
    const std::string proc = print(entry, EntryFormat::proc, options);
    EXPECT_EQ(proc.substr(proc.find("mark=")), "mark=0 zone=0 use=3\n");
}

TEST(Listing, xml_is_one_flow_a_line_between_head_and_tail) {
    std::string out;
    print_listing_head(EntryFormat::xml, out);
    print_listing_tail(EntryFormat::xml, out);
    EXPECT_EQ(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n</conntrack>\n");

    EntryCopy entry = tcp_flow();
    entry.counted = true;
    entry.mark = 77;
    entry.id = 2215668052;
    entry.helper = "ftp";
    EXPECT_EQ(
        print(entry, EntryFormat::xml),
        "<flow><meta direction=\"original\"><layer3 protonum=\"2\" protoname=\"ipv4\">"
        "<src>10.0.0.1</src><dst>10.0.0.2</dst></layer3><layer4 protonum=\"6\" protoname=\"tcp\">"
        "<sport>1000</sport><dport>80</dport></layer4><counters><packets>0</packets>"
        "<bytes>0</bytes></counters></meta><meta direction=\"reply\"><layer3 protonum=\"2\" "
        "protoname=\"ipv4\"><src>10.0.0.2</src><dst>10.0.0.1</dst></layer3><layer4 "
        "protonum=\"6\" protoname=\"tcp\"><sport>80</sport><dport>1000</dport></layer4><counters>"
        "<packets>0</packets><bytes>0</bytes></counters></meta><meta direction=\"independent\">"
        "<state>ESTABLISHED</state><timeout>431999</timeout><mark>77</mark><use>1</use>"
        "<id>2215668052</id><assured/></meta><helper>ftp</helper></flow>\n");
}

TEST(Listing, xml_has_no_icmp_keys_and_shows_sctp_states_by_tcp_words) {
    EXPECT_NE(print(ping("10.0.0.1", "10.0.0.2"), EntryFormat::xml)
                  .find("<layer4 protonum=\"1\" protoname=\"icmp\"></layer4>"),
              std::string::npos);
    EXPECT_NE(print(association(), EntryFormat::xml).find("<state>FIN_WAIT</state>"),
              std::string::npos);
    EXPECT_NE(print(tunnel(), EntryFormat::xml).find("<srckey>0x1234</srckey><dstkey>0x7</dstkey>"),
              std::string::npos);
}

TEST(Listing, save_names_translated_addresses_and_the_status_that_can_be_restored) {
    EntryCopy entry = tcp_flow();
    entry.status |= status::kSrcNat | status::kSrcNatDone | status::kDstNatDone;
    entry.reply.destination = address("9.9.9.9");
    entry.reply.destination_key = 1234;
    EXPECT_EQ(print(entry, EntryFormat::save),
              "-A -t 431999 -u SEEN_REPLY,ASSURED -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -n 9.9.9.9 "
              "-p tcp --sport 1000 --dport 80 --reply-port-src 80 --reply-port-dst 1234 --state "
              "ESTABLISHED\n");
    entry = tcp_flow();
    entry.status |= status::kDstNat | status::kDstNatDone | status::kExpected;
    entry.status |= status::kFixedTimeout;
    entry.reply.source = address("9.9.9.9");
    EXPECT_EQ(print(entry, EntryFormat::save),
              "-A -t 431999 -u EXPECTED,SEEN_REPLY,ASSURED,FIXED_TIMEOUT -s 10.0.0.1 -d 10.0.0.2 "
              "-g 9.9.9.9 -q 10.0.0.1 -p tcp --sport 1000 --dport 80 --reply-port-src 80 "
              "--reply-port-dst 1000 --state ESTABLISHED\n");
    entry = association();
    entry.sctp_state = SctpState::heartbeat_sent;
    EXPECT_NE(print(entry, EntryFormat::save).find(" --state (null) --orig-vtag 117440512"),
              std::string::npos);
}

TEST(Listing, json_has_every_key_and_one_object_a_line) {
    EXPECT_EQ(print(tcp_flow(), EntryFormat::json),
              "{\"connection\":7,\"id\":7,\"family\":\"ipv4\",\"protocol\":\"tcp\","
              "\"protocol_number\":6,\"timeout\":431999,\"tcp_state\":\"ESTABLISHED\","
              "\"sctp_state\":null,\"status\":[\"SEEN_REPLY\",\"ASSURED\",\"CONFIRMED\"],"
              "\"original\":{\"source\":\"10.0.0.1\",\"destination\":\"10.0.0.2\","
              "\"source_port\":1000,\"destination_port\":80,\"zone\":0,\"packets\":null,"
              "\"bytes\":null},\"reply\":{\"source\":\"10.0.0.2\",\"destination\":\"10.0.0.1\","
              "\"source_port\":80,\"destination_port\":1000,\"zone\":0,\"packets\":null,"
              "\"bytes\":null},\"mark\":0,\"use\":1,\"helper\":null,\"labels\":[],"
              "\"started\":null,\"age\":null}\n");
    EntryCopy entry = ping("10.0.0.1", "10.0.0.2");
    entry.helper = "a\"b\\c\n";
    entry.labels[0] = 3;
    entry.started = Time{-500'000'000};
    entry.copied = Time{1'500'000'000};
    const std::vector<LabelName> names{{1, "one"}};
    ListingOptions options;
    options.labels = &names;
    const std::string line = print(entry, EntryFormat::json, options);
    for (const std::string_view wanted :
         {"\"icmp_type\":8,\"icmp_code\":0,\"icmp_id\":55,", "\"helper\":\"a\\\"b\\\\c\\u000a\"",
          "\"labels\":[0,\"one\"]", "\"started\":\"-1.500000000\",\"age\":2}"}) {
        EXPECT_NE(line.find(wanted), std::string::npos) << wanted << "\n" << line;
    }
}

TEST(EventLine, the_kind_is_right_aligned_to_nine_places) {
    Event event{EventKind::new_, tcp_flow(), false, false};
    const std::string rest =
        "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 "
        "dst=10.0.0.1 sport=80 dport=1000 [ASSURED]\n";
    EXPECT_EQ(print(event), "    [NEW] " + rest);
    event.kind = EventKind::update;
    EXPECT_EQ(print(event), " [UPDATE] " + rest);
    event.kind = EventKind::destroy;
    EXPECT_EQ(print(event), "[DESTROY] " + rest);
    EXPECT_EQ(print(event, EntryFormat::extended), "[DESTROY] ipv4     2 " + rest);
}

TEST(EventLine, a_mark_is_told_if_it_is_set_or_has_just_been_taken_away) {
    Event event{EventKind::update, tcp_flow(), false, false};
    EXPECT_EQ(print(event).find("mark="), std::string::npos);
    event.mark_changed = true;
    EXPECT_NE(print(event).find("[ASSURED] mark=0\n"), std::string::npos);
    event.kind = EventKind::destroy;
    EXPECT_EQ(print(event).find("mark="), std::string::npos);
    event.entry.mark = 3;
    EXPECT_NE(print(event).find("[ASSURED] mark=3\n"), std::string::npos);
}

TEST(EventLine, counters_and_age_are_told_at_the_end_only_and_the_helper_before_it) {
    Event event{EventKind::update, tcp_flow(), false, true};
    event.entry.counted = true;
    event.entry.packets = {4, 2};
    event.entry.bytes = {216, 112};
    event.entry.started = Time{1795238873'408580037};
    event.entry.copied = Time{1795238874'408579889};
    event.entry.helper = "ftp";
    event.entry.labels[0] = 2;
    const std::vector<LabelName> names{{1, "one"}};
    ListingOptions options;
    options.labels = &names;
    EXPECT_EQ(print(event, EntryFormat::conntrack, options),
              " [UPDATE] tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 "
              "dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] helper=ftp "
              "labels=one\n");
    event.kind = EventKind::destroy;
    event.entry.timeout_ns = 900'000'000;
    options.ktimestamp = options.timestamp = true;
    EXPECT_EQ(print(event, EntryFormat::conntrack, options),
              "[1795238874.408579]\t[DESTROY] tcp      6 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 "
              "sport=1000 dport=80 packets=4 bytes=216 src=10.0.0.2 dst=10.0.0.1 sport=80 "
              "dport=1000 packets=2 bytes=112 [ASSURED] delta-time=1 [start=Sat Nov 21 05:27:53 "
              "2026] [stop=Sat Nov 21 05:27:54 2026]\n");
    // XML measures the span itself: one nanosecond is missing to a second.
    const std::string xml = print(event, EntryFormat::xml, options);
    EXPECT_NE(xml.find("<timestamp><start>1795238873408580037</start>"
                       "<stop>1795238874408579889</stop></timestamp><deltatime>0</deltatime>"
                       "</meta><when><hour>5</hour><min>27</min><sec>54</sec><wday>7</wday>"
                       "<day>21</day><month>11</month><year>2026</year></when></flow>\n"),
              std::string::npos)
        << xml;
    EXPECT_EQ(xml.find("<timeout>"), std::string::npos);
}

TEST(EventLine, xml_names_the_kind_and_save_makes_it_a_command) {
    Event event{EventKind::update, association(), false, false};
    event.entry.sctp_state.reset();
    EXPECT_EQ(print(event, EntryFormat::xml).substr(0, 20), "<flow type=\"update\">");
    EXPECT_EQ(print(event, EntryFormat::save),
              "-U -t 99 -u UNSET -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -q 10.0.0.1 -p sctp --sport "
              "1001 --dport 53 --reply-port-src 53 --reply-port-dst 1001\n");
    event.kind = EventKind::destroy;
    event.entry.sctp_state = SctpState::closed;
    const std::string ended = print(event, EntryFormat::save);
    EXPECT_EQ(ended.substr(ended.find(" --state")), " --state CLOSED\n");  // no vtags any more
    event.entry.timeout_ns = 0;
    EXPECT_EQ(print(event, EntryFormat::save).substr(0, 14), "-D -u UNSET -s");
    EXPECT_EQ(print(event, EntryFormat::json).substr(0, 40),
              "{\"event\":\"destroy\",\"time\":\"0.000000000\",");
}

TEST(Calendar, days_are_those_of_the_gregorian_calendar) {
    struct Row {
        std::int64_t seconds;
        int year, month, day, weekday;
    };
    const Row rows[] = {
        {0, 1970, 1, 1, 4},         {951782400, 2000, 2, 29, 2},
        {951868800, 2000, 3, 1, 3}, {1795238873, 2026, 11, 21, 6},
        {-1, 1969, 12, 31, 3},      {4107542400, 2100, 3, 1, 1},
    };
    for (const Row& row : rows) {
        const ct::Calendar c = ct::calendar_of(Time::from_s(row.seconds));
        EXPECT_EQ(c.year, row.year) << row.seconds;
        EXPECT_EQ(c.month, row.month) << row.seconds;
        EXPECT_EQ(c.day, row.day) << row.seconds;
        EXPECT_EQ(c.weekday, row.weekday) << row.seconds;
    }
}

}  // namespace
}  // namespace keepstate
