// Filters: the same expression behind different link types, and what is wrong with one.
#include "io/packet_filter.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keepstate::io {
namespace {

std::vector<std::uint8_t> udp_packet(bool ethernet) {
    std::vector<std::uint8_t> bytes;
    if (ethernet) bytes = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7, 8, 0};
    const std::vector<std::uint8_t> ip{0x45, 0, 0,  28, 0, 0, 0, 0,  64, 17, 0, 0, 10, 0,
                                       0,    1, 10, 0,  0, 2, 0, 53, 0,  53, 0, 8, 0,  0};
    bytes.insert(bytes.end(), ip.begin(), ip.end());
    return bytes;
}

TEST(PacketFilter, MatchesBehindEachLinkType) {
    PacketFilter dns("udp port 53");
    PacketFilter web("tcp port 80");
    for (const bool ethernet : {true, false}) {
        const std::vector<std::uint8_t> bytes = udp_packet(ethernet);
        CapturedFrame frame;
        frame.bytes = bytes;
        frame.link = ethernet ? kLinkEthernet : kLinkRaw;
        EXPECT_TRUE(dns.matches(frame));
        EXPECT_FALSE(web.matches(frame));
    }
}

TEST(PacketFilter, SaysWhatIsWrongWithAnExpression) {
    PacketFilter filter("tcp prot 80");
    const Result<void> compiled = filter.compile(kLinkEthernet);
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().kind, ErrorKind::usage);
    EXPECT_EQ(compiled.error().faults[0].words.find("--only 'tcp prot 80': "), 0U);
}

TEST(PacketFilter, AnExpressionThatALinkTypeCannotHaveMatchesNothingOfIt) {
    PacketFilter filter("ether host 01:02:03:04:05:06");
    EXPECT_TRUE(filter.compile(kLinkEthernet));
    CapturedFrame frame;
    const std::vector<std::uint8_t> bytes = udp_packet(false);
    frame.bytes = bytes;
    frame.link = kLinkRaw;
    EXPECT_FALSE(filter.matches(frame));
}

}  // namespace
}  // namespace keepstate::io
