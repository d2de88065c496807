// Expectations byte for byte: made on the kernel by ctnetlink, printed by /proc and conntrack, and by keepstate.
//
// Only a flow that has a helper can be a master, so the masters are made by ctnetlink too. How long an expectation
// lives, and how many of a class there may be, is up to the helper's policy, not to who asks for it: the seconds
// are read from the line itself.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <sstream>

#include "keepstate/expectation.hpp"
#include "kernel_run.hpp"
#include "netlink.hpp"
#include "netns.hpp"

namespace keepstate {
namespace {

using kernel::NetfilterMessage;
using kernel::run_program_ok;

struct Ends {
    const char* source;
    const char* destination;
    std::uint8_t protocol;
    std::uint16_t source_key, destination_key;
};
struct Row {
    Ends master;
    const char* helper;
    Ends expected;
    Ends mask;
    std::uint32_t flags;
    std::uint32_t class_number;
    const char* class_name;
};
constexpr const char* kAll4 = "255.255.255.255";
constexpr const char* kAll6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
constexpr Ends kFtp{"10.0.0.1", "10.0.0.2", 6, 1000, 21};
constexpr Ends kSip{"10.0.0.4", "10.0.0.2", 17, 5060, 5060};
constexpr Ends kSip6{"2001:db8::1", "2001:db8::2", 17, 5060, 5060};
constexpr Ends kMask4{kAll4, kAll4, 0, 0, 65535};
constexpr Row kRows[] = {
    {kFtp, "ftp", {"10.0.0.2", "10.0.0.1", 6, 0, 4000}, kMask4, 0, 0, ""},
    {kSip, "sip", {"10.0.0.2", "10.0.0.4", 17, 0, 4001}, kMask4, 0, 0, "signalling"},
    {kSip,
     "sip",
     {"10.0.0.2", "10.0.0.4", 17, 7, 4002},
     {kAll4, kAll4, 0, 65535, 65535},
     2,
     1,
     "audio"},
    {kSip, "sip", {"10.0.0.2", "10.0.0.4", 17, 0, 4003}, kMask4, 3, 2, "video"},
    {kSip, "sip", {"10.0.0.2", "10.0.0.4", 47, 0, 4004}, kMask4, 1, 1, "audio"},
    {kSip, "sip", {"10.0.0.2", "10.0.0.4", 132, 0, 4005}, kMask4, 0, 2, "video"},
    {kSip6,
     "sip",
     {"::", "2001:db8::1", 17, 0, 4006},
     {"::", kAll6, 0, 0, 65535},
     1,
     0,
     "signalling"},
};

Family family_of(const Ends& ends) { return parse_address(ends.source)->family; }

std::uint8_t af_of(const Ends& ends) {
    return family_of(ends) == Family::ipv4 ? AF_INET : AF_INET6;
}

Tuple tuple_of(const Ends& ends, std::uint8_t protocol) {
    Tuple tuple;
    tuple.source = *parse_address(ends.source);
    tuple.destination = *parse_address(ends.destination);
    tuple.protocol = protocol;
    tuple.source_key = ends.source_key;
    tuple.destination_key = ends.destination_key;
    return tuple;
}

void put_tuple(nlmsghdr* to, std::uint16_t type, const Ends& ends, std::uint8_t protocol) {
    const bool is_v4 = family_of(ends) == Family::ipv4;
    const std::size_t bytes = is_v4 ? 4 : 16;
    nlattr* tuple = mnl_attr_nest_start(to, type);
    nlattr* ip = mnl_attr_nest_start(to, CTA_TUPLE_IP);
    const Address source = *parse_address(ends.source);
    const Address destination = *parse_address(ends.destination);
    mnl_attr_put(to, is_v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, bytes, source.bytes.data());
    mnl_attr_put(to, is_v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, bytes, destination.bytes.data());
    mnl_attr_nest_end(to, ip);
    nlattr* proto = mnl_attr_nest_start(to, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(to, CTA_PROTO_NUM, protocol);
    mnl_attr_put_u16(to, CTA_PROTO_SRC_PORT, htons(ends.source_key));
    mnl_attr_put_u16(to, CTA_PROTO_DST_PORT, htons(ends.destination_key));
    mnl_attr_nest_end(to, proto);
    mnl_attr_nest_end(to, tuple);
}

Result<void> make_master(kernel::NetlinkSocket& socket, const Row& row) {
    const Ends& m = row.master;
    NetfilterMessage message(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW, NLM_F_CREATE, af_of(m), 0);
    nlmsghdr* to = message.get();
    put_tuple(to, CTA_TUPLE_ORIG, m, m.protocol);
    put_tuple(to, CTA_TUPLE_REPLY,
              {m.destination, m.source, m.protocol, m.destination_key, m.source_key}, m.protocol);
    mnl_attr_put_u32(to, CTA_TIMEOUT, htonl(1000));
    nlattr* help = mnl_attr_nest_start(to, CTA_HELP);
    mnl_attr_put_strz(to, CTA_HELP_NAME, row.helper);
    mnl_attr_nest_end(to, help);
    if (m.protocol == IPPROTO_TCP) {
        nlattr* info = mnl_attr_nest_start(to, CTA_PROTOINFO);
        nlattr* tcp = mnl_attr_nest_start(to, CTA_PROTOINFO_TCP);
        mnl_attr_put_u8(to, CTA_PROTOINFO_TCP_STATE, 3);
        mnl_attr_nest_end(to, tcp);
        mnl_attr_nest_end(to, info);
    }
    return socket.request(message.header(), "a master");
}

Result<void> make_expectation(kernel::NetlinkSocket& socket, const Row& row) {
    const Ends& e = row.expected;
    NetfilterMessage message(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_NEW, NLM_F_CREATE, af_of(e),
                             0);
    nlmsghdr* to = message.get();
    put_tuple(to, CTA_EXPECT_MASTER, row.master, row.master.protocol);
    put_tuple(to, CTA_EXPECT_TUPLE, e, e.protocol);
    put_tuple(to, CTA_EXPECT_MASK, row.mask, e.protocol);
    mnl_attr_put_u32(to, CTA_EXPECT_TIMEOUT, htonl(100));
    mnl_attr_put_u32(to, CTA_EXPECT_FLAGS, htonl(row.flags));
    mnl_attr_put_u32(to, CTA_EXPECT_CLASS, htonl(row.class_number));
    mnl_attr_put_strz(to, CTA_EXPECT_HELP_NAME, row.helper);
    return socket.request(message.header(), "an expectation");
}

ExpectationCopy copy_of(const Row& row, std::uint64_t timeout_s) {
    ExpectationCopy copy;
    copy.tuple = tuple_of(row.expected, row.expected.protocol);
    copy.mask = tuple_of(row.mask, row.expected.protocol);
    copy.master = tuple_of(row.master, row.master.protocol);
    copy.timeout_ns = static_cast<std::int64_t>(timeout_s) * kNsPerSecond;
    copy.flags = row.flags;
    copy.class_number = row.class_number;
    copy.class_name = row.class_name;
    copy.helper = row.helper;
    return copy;
}

/// The line that holds `mark`, with its end; empty if none does.
std::string line_with(const std::string& text, const std::string& mark) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (line.find(mark) != std::string::npos) return line + "\n";
    }
    return {};
}

std::uint64_t seconds_in(const std::string& line, std::string_view behind) {
    const std::size_t at = behind.empty() ? 0 : line.find(behind) + behind.size();
    return at >= line.size() ? 0 : std::strtoull(line.c_str() + at, nullptr, 10);
}

std::string printed(const Row& row, EntryFormat format, std::uint64_t timeout_s) {
    std::string out;
    print_expectation(copy_of(row, timeout_s), format, out);
    return out;
}

TEST(KernelExpectations, every_form_equals_the_kernels_and_the_tools_byte_for_byte) {
    if (const auto missing = kernel::missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    Result<kernel::NetNamespace> made = kernel::NetNamespace::make();
    ASSERT_TRUE(made.has_value());
    const kernel::Inside inside(*made);
    Result<kernel::NetlinkSocket> socket = kernel::NetlinkSocket::open_netfilter();
    ASSERT_TRUE(socket.has_value());
    for (const Row* row : {&kRows[0], &kRows[1], &kRows[6]}) {
        const Result<void> done = make_master(*socket, *row);
        if (!done) GTEST_SKIP() << "this kernel has no " << row->helper << " helper";
    }
    for (const Row& row : kRows) {
        const Result<void> done = make_expectation(*socket, row);
        ASSERT_TRUE(done.has_value()) << done.error().faults.front().words;
    }
    const Result<std::string> proc = kernel::read_file("/proc/thread-self/net/nf_conntrack_expect");
    ASSERT_TRUE(proc.has_value());
    std::string tool, xml;
    for (const char* family : {"ipv4", "ipv6"}) {
        const auto list = run_program_ok({"conntrack", "-L", "expect", "-f", family}, {});
        ASSERT_TRUE(list.has_value());
        tool += *list;
        const auto marked =
            run_program_ok({"conntrack", "-L", "expect", "-f", family, "-o", "xml"}, {});
        ASSERT_TRUE(marked.has_value());
        xml += *marked;
    }
    for (const Row& row : kRows) {
        const std::uint16_t key = row.expected.destination_key;
        const bool is_gre = row.expected.protocol == IPPROTO_GRE;
        std::ostringstream mark;
        if (is_gre) {
            mark << "dstkey=0x" << std::hex << key;
        } else {
            mark << "dport=" << key;
        }
        const std::string in_proc = line_with(*proc, mark.str());
        EXPECT_EQ(printed(row, EntryFormat::proc, seconds_in(in_proc, "")), in_proc);
        const std::string in_tool = line_with(tool, mark.str());
        EXPECT_EQ(printed(row, EntryFormat::conntrack, seconds_in(in_tool, "")), in_tool);
        std::ostringstream element;
        if (is_gre) {
            element << "<dstkey>0x" << std::hex << key;
        } else {
            element << "<dport>" << key;
        }
        const std::string in_xml = line_with(xml, element.str());
        EXPECT_EQ(printed(row, EntryFormat::xml, seconds_in(in_xml, "<timeout>")), in_xml);
    }
    std::string head, tail;
    print_expectations_head(EntryFormat::xml, head);
    print_expectations_tail(EntryFormat::xml, tail);
    EXPECT_EQ(xml.rfind(head, 0), 0U);
    EXPECT_NE(xml.find(tail), std::string::npos);
}

}  // namespace
}  // namespace keepstate
