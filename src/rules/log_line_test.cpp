#include "rules/log_line.hpp"

#include <gtest/gtest.h>

#include <array>

#include "wire/build.hpp"
#include "wire/parse.hpp"

namespace keepstate::rules {
namespace {

using Device = std::array<char, 16>;

/// One UDP packet at PREROUTING of eth0, in an Ethernet frame.
class LogLine : public ::testing::Test {
  protected:
    LogLine() {
        wire::IpFields ip;
        ip.source = Address::v4(10, 77, 0, 1);
        ip.destination = Address::v4(10, 77, 0, 2);
        ip.id = 7;
        bytes_ = wire::build_udp(ip, 1, 2);
        EXPECT_EQ(wire::parse_ip(Family::ipv4, {bytes_.data(), bytes_.size()}, true, packet_),
                  Reason::none);
        context_.packet = &packet_;
        context_.in_device = in_.data();
        context_.out_device = none_.data();
        context_.ethernet = mac_.data();
    }
    std::string print(std::uint8_t flags) const {
        std::string out;
        print_log_line(context_, "p ", flags, out);
        return out;
    }

    wire::Bytes bytes_;
    wire::Packet packet_;
    Device in_{"eth0"};
    Device none_{};
    std::array<std::uint8_t, 12> mac_{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    Context context_;
};

constexpr std::string_view kRest =
    "SRC=10.77.0.1 DST=10.77.0.2 LEN=28 TOS=0x00 PREC=0x00 TTL=64 ID=7 PROTO=UDP SPT=1 DPT=2 "
    "LEN=8 ";

// seen: Linux 6.18, a veth pair with these addresses.
TEST_F(LogLine, shows_the_ethernet_header_as_bytes_or_taken_apart) {
    EXPECT_EQ(print(0),
              "p IN=eth0 OUT= MAC=02:00:00:00:00:02:02:00:00:00:00:01:08:00 " + std::string(kRest));
    EXPECT_EQ(print(log_flag::kMacDecode),
              "p IN=eth0 OUT= MACSRC=02:00:00:00:00:01 MACDST=02:00:00:00:00:02 MACPROTO=0800 " +
                  std::string(kRest));
}

TEST_F(LogLine, has_an_empty_mac_without_ethernet_and_none_without_arrival_device) {
    context_.ethernet = nullptr;
    EXPECT_EQ(print(log_flag::kMacDecode), "p IN=eth0 OUT= MAC= " + std::string(kRest));
    context_.in_device = none_.data();
    context_.out_device = in_.data();
    EXPECT_EQ(print(0), "p IN= OUT=eth0 " + std::string(kRest));
}

TEST_F(LogLine, ends_with_the_mark_if_there_is_one) {
    context_.mark = 0x1f;
    EXPECT_TRUE(print(0).ends_with("LEN=8 MARK=0x1f "));
}

}  // namespace
}  // namespace keepstate::rules
