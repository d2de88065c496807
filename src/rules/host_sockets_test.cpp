// The text that states sockets, and which socket a packet belongs to.
#include "rules/host_sockets.hpp"

#include <gtest/gtest.h>

#include "wire/build.hpp"
#include "wire/parse.hpp"

namespace keepstate::rules {
namespace {

TEST(HostSockets, are_read_a_line_each) {
    const auto read = parse_host_sockets(
        "# comment\n"
        "tcp 0.0.0.0:22 uid 0 gid 0   # sshd\n"
        "\n"
        "tcp 10.0.0.254:22 10.0.0.7:40000 uid 1000 gid 1001 groups 4,27\n"
        "udp [2001:db8::1]:53 cgroup /system.slice/named class 0x100001\n"
        "icmp 10.0.0.254 mark 7 transparent\n",
        "f");
    ASSERT_TRUE(read.has_value());
    ASSERT_EQ(read->size(), 4U);
    EXPECT_EQ((*read)[0].local_port, 22);
    EXPECT_TRUE((*read)[0].local.is_unspecified());
    EXPECT_FALSE((*read)[0].remote.has_value());
    EXPECT_EQ((*read)[1].remote, Address::v4(10, 0, 0, 7));
    EXPECT_EQ((*read)[1].remote_port, 40000);
    EXPECT_EQ((*read)[1].user, 1000U);
    EXPECT_EQ((*read)[1].group, 1001U);
    EXPECT_EQ((*read)[1].other_groups, (std::vector<std::uint32_t>{4, 27}));
    EXPECT_EQ((*read)[2].cgroup, "/system.slice/named");
    EXPECT_EQ((*read)[2].class_id, 0x100001U);
    EXPECT_EQ((*read)[3].mark, 7U);
    EXPECT_TRUE((*read)[3].is_transparent);
}

TEST(HostSockets, that_are_none_are_faults_with_their_place) {
    struct Row {
        const char* line;
        int column;
        const char* words;
    };
    for (const Row& row : {
             Row{"tpc 10.0.0.1:1", 1, "a protocol"},
             Row{"tcp", 1, "own end is missing"},
             Row{"tcp 10.0.0:1", 5, "is no end"},
             Row{"tcp 10.0.0.1:99999", 5, "is no end"},
             Row{"tcp [::1:5", 5, "is no end"},
             Row{"tcp 10.0.0.1:1 [::1]:5", 16, "one family"},
             Row{"udp 10.0.0.1:1 uid", 16, "wants a number"},
             Row{"udp 10.0.0.1:1 uid joe", 20, "`joe' is no number"},
             Row{"udp 10.0.0.1:1 uid 4294967296", 20, "is no number"},
             Row{"udp 10.0.0.1:1 groups 1,,2", 23, "is no number"},
             Row{"udp 10.0.0.1:1 cgroup user", 16, "wants a path"},
             Row{"udp 10.0.0.1:1 gdi 5", 16, "did you mean `gid'"},
         }) {
        const auto read = parse_host_sockets(std::string("\n") + row.line + "\n", "f");
        ASSERT_FALSE(read.has_value()) << row.line;
        ASSERT_EQ(read.error().faults.size(), 1U);
        const Fault& fault = read.error().faults.front();
        EXPECT_EQ(fault.line, 2) << row.line;
        EXPECT_EQ(fault.column, row.column) << row.line;
        EXPECT_NE(fault.words.find(row.words), std::string::npos) << fault.words;
    }
}

class HostSocketsFound : public ::testing::Test {
  protected:
    /// The line's number, from 1, of the socket that sent such a UDP packet; 0: none.
    std::uint32_t sender(const Address& from, std::uint16_t port, const Address& to,
                         std::uint16_t to_port) {
        wire::IpFields ip;
        ip.source = from;
        ip.destination = to;
        const auto bytes = wire::build_udp(ip, port, to_port, {});
        wire::Packet packet;
        EXPECT_EQ(wire::parse_ip(Family::ipv4, base::ByteView{bytes}, false, packet), Reason::none);
        const HostSocket* found = sockets_.find_sender(packet);
        return found == nullptr ? 0 : found->user;
    }
    HostSockets sockets_{
        *parse_host_sockets("udp 0.0.0.0:5 uid 1\n"
                            "udp 10.0.0.1:5 uid 2\n"
                            "udp 10.0.0.1:5 10.0.0.9:7 uid 3\n"
                            "udp 10.0.0.1 uid 4\n"
                            "udp 10.0.0.1:5 uid 5\n"
                            "tcp 0.0.0.0:5 uid 6\n",
                            "f")};
};

TEST_F(HostSocketsFound, by_how_well_they_fit) {
    const Address own = Address::v4(10, 0, 0, 1), other = Address::v4(10, 0, 0, 2);
    const Address far = Address::v4(10, 0, 0, 9);
    EXPECT_EQ(sender(own, 5, far, 7), 3U) << "connected";
    EXPECT_EQ(sender(own, 5, far, 8), 2U) << "bound, the first of two";
    EXPECT_EQ(sender(other, 5, far, 7), 1U) << "bound to none";
    EXPECT_EQ(sender(own, 6, far, 7), 4U) << "of any port";
    EXPECT_EQ(sender(other, 6, far, 7), 0U);
}

}  // namespace
}  // namespace keepstate::rules
