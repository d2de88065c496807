// keepstate against this machine's kernel: the TCP cells, the recorded web session, random walks.
//
// Needs root, namespaces, TUN and iptables-legacy; otherwise SKIP with the reason.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>

#include "differ/compare.hpp"
#include "differ/walks.hpp"
#include "packets.hpp"

namespace keepstate::kernel {
namespace {

class Differ : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    }
    static void expect_equal(const KernelSetup& setup, const std::vector<KernelPacket>& packets) {
        const Result<Comparison> result = compare(setup, packets);
        ASSERT_TRUE(result.has_value()) << result.error().faults.front().words;
        std::size_t shown = 0;
        for (const Difference& difference : result->differences) {
            ADD_FAILURE() << print_difference(difference);
            if (++shown == 10) break;
        }
    }
    static KernelSetup two_devices() {
        KernelSetup setup;
        setup.devices = {{"eth0", {"10.0.1.0/24", "2001:db8:1::/64"}},
                         {"eth1", {"10.0.2.0/24", "2001:db8:2::/64"}}};
        return setup;
    }
};

/// side 0 opens; numbers as if each had sent what came before.
struct Step {
    unsigned side;
    std::uint8_t flags;
    std::uint32_t seq, ack;
};

/// The shortest ways into each state.
const std::vector<std::vector<Step>>& ways() {
    static const Step kOpen[] = {
        {0, kSyn, 100, 0}, {1, kSyn | kAck, 500, 101}, {0, kAck, 101, 501}};
    static const std::vector<std::vector<Step>> kWays{
        {},                                                          // NONE
        {kOpen[0]},                                                  // SYN_SENT
        {kOpen[0], kOpen[1]},                                        // SYN_RECV
        {kOpen[0], kOpen[1], kOpen[2]},                              // ESTABLISHED
        {kOpen[0], kOpen[1], kOpen[2], {0, kFin | kAck, 101, 501}},  // FIN_WAIT
        {kOpen[0],
         kOpen[1],
         kOpen[2],
         {0, kFin | kAck, 101, 501},
         {1, kAck, 501, 102}},  // CLOSE_WAIT
        {kOpen[0],
         kOpen[1],
         kOpen[2],
         {0, kFin | kAck, 101, 501},
         {1, kFin | kAck, 501, 102}},  // LAST_ACK
        {kOpen[0],
         kOpen[1],
         kOpen[2],
         {0, kFin | kAck, 101, 501},
         {1, kFin | kAck, 501, 102},
         {0, kAck, 102, 502}},                              // TIME_WAIT
        {kOpen[0], kOpen[1], kOpen[2], {1, kRst, 501, 0}},  // CLOSE
        {kOpen[0], {1, kSyn, 500, 0}},                      // SYN_SENT2
    };
    return kWays;
}

KernelPacket make_step(const Step& step, bool is_v6, std::uint16_t port) {
    const IpEnds near{is_v6 ? "2001:db8:1::1" : "10.0.1.1", is_v6 ? "2001:db8:2::1" : "10.0.2.1"};
    const IpEnds far{near.destination, near.source};
    TcpSegment segment;
    segment.source_port = step.side == 0 ? port : std::uint16_t{80};
    segment.destination_port = step.side == 0 ? std::uint16_t{80} : port;
    segment.seq = step.seq;
    segment.ack = step.ack;
    segment.flags = step.flags;
    segment.window = 1000;
    return {make_tcp(step.side == 0 ? near : far, segment), {}, 0};
}

/// Every state x side x kind of segment, at the right edge and one byte beyond it, twice in a row.
TEST_F(Differ, every_tcp_cell_that_packets_reach_is_the_kernels) {
    constexpr std::array<std::uint8_t, 6> kKinds{kSyn, kSyn | kAck, kFin | kAck, kAck, kRst, 0};
    for (const bool is_v6 : {false, true}) {
        std::vector<KernelPacket> packets;
        std::uint16_t port = 1000;
        for (const std::vector<Step>& way : ways()) {
            for (const unsigned side : {0U, 1U}) {
                for (const std::uint8_t kind : kKinds) {
                    for (const std::uint32_t beyond : {0U, 1U}) {
                        ++port;
                        std::uint32_t next[2] = {101, 501};
                        for (const Step& step : way) {
                            packets.push_back(make_step(step, is_v6, port));
                            if (step.flags & kFin) next[step.side] = step.seq + 1;
                        }
                        const Step last{side, kind, next[side] + beyond, next[1 - side]};
                        packets.push_back(make_step(last, is_v6, port));
                        packets.push_back(make_step(last, is_v6, port));
                    }
                }
            }
        }
        expect_equal(two_devices(), packets);
    }
}

std::vector<std::uint8_t> read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The IP packets of a classic little-endian Ethernet pcap.
std::vector<KernelPacket> read_pcap(const std::vector<std::uint8_t>& bytes) {
    const auto word = [&bytes](std::size_t at) {
        std::uint32_t value = 0;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        return value;
    };
    std::vector<KernelPacket> packets;
    constexpr std::size_t kEthernet = 14;
    for (std::size_t at = 24; at + 16 <= bytes.size();) {
        const std::size_t size = word(at + 8);
        const std::uint8_t* frame = bytes.data() + at + 16;
        if (frame[12] == 0x08 && frame[13] == 0x00) {
            const std::size_t total = std::size_t{frame[16]} << 8 | frame[17];
            packets.push_back({{frame + kEthernet, frame + kEthernet + total}, {}, 0});
        }
        at += 16 + size;
    }
    return packets;
}

TEST_F(Differ, the_recorded_web_session_is_decided_as_the_kernel_decides_it) {
    const std::string folder = EXAMPLES_FOLDER "/web-client/";
    KernelSetup setup;
    setup.devices = {{"eth0", {"192.168.0.0/16"}}};
    setup.local_addresses = {"192.168.1.1"};
    const std::vector<std::uint8_t> rules = read_all(folder + "rules.v4");
    setup.rules4.assign(rules.begin(), rules.end());
    const std::vector<KernelPacket> packets = read_pcap(read_all(folder + "web-client.pcap"));
    ASSERT_GT(packets.size(), 50U);
    expect_equal(setup, packets);
}

class WalkDiffer : public Differ, public testing::WithParamInterface<WalkKind> {};

TEST_P(WalkDiffer, random_packets_near_the_edges_are_the_kernels) {
    constexpr std::uint64_t kWalks = 24;
    constexpr std::size_t kPackets = 1500;
    for (std::uint64_t seed = 1; seed <= kWalks; ++seed) {
        const Walk walk = make_walk(GetParam(), seed % 2 != 0, seed, kPackets);
        SCOPED_TRACE("seed " + std::to_string(seed));
        expect_equal(walk.setup, walk.packets);
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, WalkDiffer,
                         testing::Values(WalkKind::tcp, WalkKind::udp, WalkKind::icmp,
                                         WalkKind::mixed),
                         [](const auto& instance) { return text(instance.param); });

/// Real seconds there, virtual ones here: entries end at the same packet.
TEST_F(Differ, entries_expire_in_virtual_time_as_they_do_in_real_time) {
    KernelSetup setup = two_devices();
    setup.sysctls = {{"net.netfilter.nf_conntrack_tcp_timeout_syn_sent", "1"},
                     {"net.netfilter.nf_conntrack_tcp_timeout_syn_recv", "2"}};
    std::vector<KernelPacket> packets{
        make_step({0, kSyn, 100, 0}, false, 1), make_step({0, kSyn, 100, 0}, false, 2),
        make_step({1, kSyn | kAck, 500, 101}, false, 2),
        make_step({1, kSyn | kAck, 500, 101}, false, 1), make_step({0, kAck, 101, 501}, false, 2)};
    packets[3].wait_before_ns = 1'500'000'000;  // the first flow is gone, the second is not
    expect_equal(setup, packets);
}

/// A tester that cannot find a difference proves nothing.
TEST(Compare, a_difference_is_printed_with_both_sides) {
    EXPECT_EQ(print_difference({7, "state", "NEW", "INVALID"}),
              "packet 7: state: the kernel says `NEW', keepstate `INVALID'");
}

}  // namespace
}  // namespace keepstate::kernel
