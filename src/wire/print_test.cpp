// Summaries of packets that end too early, and of frames without IP. The rest is in packet_text_test.cpp.
#include "wire/print.hpp"

#include <gtest/gtest.h>

#include "keepstate/packet.hpp"
#include "wire/build.hpp"

namespace keepstate::wire {
namespace {

std::string summary(std::uint8_t protocol, const Bytes& transport) {
    IpFields ip;
    ip.source = Address::v4(10, 0, 0, 1);
    ip.destination = Address::v4(10, 0, 0, 2);
    std::string line;
    keepstate::print_summary(kLinkRaw, build_ip(ip, protocol, transport), line);
    return line;
}

TEST(PrintSummary, says_what_is_truncated) {
    EXPECT_EQ(summary(6, {0, 1, 0, 2, 0}), "10.0.0.1:1 > 10.0.0.2:2 tcp truncated");
    EXPECT_EQ(summary(6, {0, 1, 0}), "10.0.0.1 > 10.0.0.2 tcp truncated");
    EXPECT_EQ(summary(17, {0, 1, 0, 2}), "10.0.0.1:1 > 10.0.0.2:2 udp truncated");
    EXPECT_EQ(summary(1, {8}), "10.0.0.1 > 10.0.0.2 icmp truncated");
    EXPECT_EQ(summary(132, {0, 1, 0, 2}), "10.0.0.1:1 > 10.0.0.2:2 sctp truncated");
    EXPECT_EQ(summary(47, {}), "10.0.0.1 > 10.0.0.2 gre truncated");
    EXPECT_EQ(summary(50, {1}), "10.0.0.1 > 10.0.0.2 esp len 1");
}

TEST(PrintSummary, stops_at_a_chunk_without_length) {
    EXPECT_EQ(summary(132, {0, 1, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 77, 0, 0, 0, 1, 0, 0, 4}),
              "10.0.0.1:1 > 10.0.0.2:2 sctp vtag 0x5 chunk 77 (bad length)");
}

TEST(PrintSummary, gives_the_reason_for_what_is_no_packet) {
    std::string line;
    keepstate::print_summary(kLinkEthernet, Bytes(14), line);
    EXPECT_EQ(line, "the frame carries no IP packet (ARP, LLC, ...)");
}

}  // namespace
}  // namespace keepstate::wire
