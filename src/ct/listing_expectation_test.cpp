// Expectations in each form; tests/kernel_listing holds the same against the kernel and the tool.
#include <gtest/gtest.h>

#include "keepstate/expectation.hpp"

namespace keepstate {
namespace {

ExpectationCopy passive_ftp() {
    ExpectationCopy e;
    e.tuple.source = *parse_address("10.0.0.1");
    e.tuple.destination = *parse_address("10.0.0.2");
    e.tuple.protocol = protocol::kTcp;
    e.tuple.destination_key = 51210;
    e.mask = e.tuple;
    e.mask.source = e.mask.destination = *parse_address("255.255.255.255");
    e.mask.destination_key = 65535;
    e.master = e.tuple;
    e.master.source_key = 46940;
    e.master.destination_key = 21;
    e.timeout_ns = 299 * kNsPerSecond + 5;
    e.helper = "ftp";
    return e;
}

std::string printed(const ExpectationCopy& e, EntryFormat format) {
    std::string out;
    print_expectation(e, format, out);
    return out;
}

TEST(ExpectationListing, proc_and_tool_show_different_things) {
    ExpectationCopy e = passive_ftp();
    EXPECT_EQ(printed(e, EntryFormat::proc),
              "299 l3proto = 2 proto=6 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=51210 ftp\n");
    EXPECT_EQ(printed(e, EntryFormat::conntrack),
              "299 proto=6 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=51210 mask-src=255.255.255.255 "
              "mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.0.1 "
              "master-dst=10.0.0.2 sport=46940 dport=21 class=0 helper=ftp\n");
    e.flags = expectation_flag::kPermanent | expectation_flag::kInactive;
    e.helper = "sip";
    e.class_name = "audio";
    e.class_number = 1;
    EXPECT_NE(printed(e, EntryFormat::proc).find(" PERMANENT,INACTIVE sip/audio\n"),
              std::string::npos);
    EXPECT_NE(printed(e, EntryFormat::save).find(" PERMANENT,INACTIVE class=1 helper=sip\n"),
              std::string::npos);
}

TEST(ExpectationListing, an_event_has_its_word_and_its_time) {
    ExpectationCopy e = passive_ftp();
    e.copied = Time::from_s(5);
    std::string out;
    ListingOptions options;
    options.timestamp = true;
    print_expectation_event(EventKind::destroy, e, out, EntryFormat::conntrack, options);
    EXPECT_EQ(out.rfind("[00000005.000000]\t[DESTROY] 299 proto=6 src=", 0), 0U) << out;
}

TEST(ExpectationListing, json_is_one_object) {
    EXPECT_EQ(
        printed(passive_ftp(), EntryFormat::json),
        "{\"family\":\"ipv4\",\"protocol\":\"tcp\",\"protocol_number\":6,"
        "\"tuple\":{\"source\":\"10.0.0.1\",\"destination\":\"10.0.0.2\",\"source_key\":0,"
        "\"destination_key\":51210},"
        "\"mask\":{\"source\":\"255.255.255.255\",\"destination\":\"255.255.255.255\","
        "\"source_key\":0,\"destination_key\":65535},"
        "\"master\":{\"source\":\"10.0.0.1\",\"destination\":\"10.0.0.2\",\"source_key\":46940,"
        "\"destination_key\":21},"
        "\"timeout\":299,\"permanent\":false,\"inactive\":false,\"class\":0,"
        "\"class_name\":null,\"helper\":\"ftp\"}\n");
}

}  // namespace
}  // namespace keepstate
