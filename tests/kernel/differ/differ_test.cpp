// keepstate against this machine's kernel: the TCP cells, the recorded web session, random walks.
//
// Needs root, namespaces, TUN and iptables-legacy; otherwise SKIP with the reason.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>

#include "ct/sctp/exceptions.hpp"
#include "ct/tcp/exceptions.hpp"
#include "differ/compare.hpp"
#include "differ/reach.hpp"
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
        const Result<Comparison> result = compare_twice(setup, packets);
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
    // A walk with waits takes its seconds.
    const std::uint64_t walks = GetParam() == WalkKind::time ? 2 : 12;
    constexpr std::size_t kPackets = 1500;
    for (std::uint64_t seed = 1; seed <= walks; ++seed) {
        const Walk walk = make_walk(GetParam(), seed % 2 != 0, seed, kPackets);
        SCOPED_TRACE("seed " + std::to_string(seed));
        expect_equal(walk.setup, walk.packets);
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, WalkDiffer, testing::ValuesIn(kWalkKinds),
                         [](const auto& instance) { return text(instance.param); });

Reach reach_of(WalkKind kind, std::size_t packets) {
    Reach reach;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        EXPECT_TRUE(reach.add(make_walk(kind, seed % 2 != 0, seed, packets)));
    }
    return reach;
}

/// A walk that never comes near an edge would agree with anybody.
TEST(WalkReach, walks_reach_every_exception_of_tcp_and_sctp) {
    const Reach tcp = reach_of(WalkKind::tcp, 4000);
    for (const ct::TcpException& exception : ct::tcp_exceptions()) {
        EXPECT_TRUE(tcp.has("exception", std::string(exception.name))) << exception.name;
    }
    const Reach sctp = reach_of(WalkKind::sctp, 2000);
    for (const auto rules : {ct::sctp_tag_rules(), ct::sctp_opening_rules()}) {
        for (const ct::SctpException& exception : rules) {
            EXPECT_TRUE(sctp.has("exception", std::string(exception.name))) << exception.name;
        }
    }
}

struct Wanted {
    WalkKind kind;
    std::vector<Reason> reasons;
};

/// What only the host, the router or a helper can cause is left out.
const Wanted kWanted[] = {
    {WalkKind::tcp,
     {Reason::tcp_header_truncated, Reason::tcp_data_offset, Reason::tcp_checksum,
      Reason::tcp_flags, Reason::tcp_not_an_opening, Reason::tcp_loose_off, Reason::tcp_state,
      Reason::tcp_invalid_rst, Reason::tcp_seq_over_window, Reason::tcp_ack_beyond_end}},
    {WalkKind::sctp,
     {Reason::tuple_truncated, Reason::sctp_header_truncated, Reason::sctp_checksum,
      Reason::sctp_chunks, Reason::sctp_vtag, Reason::sctp_not_an_opening, Reason::sctp_state}},
    {WalkKind::udp,
     {Reason::udp_header_truncated, Reason::udp_length, Reason::udp_checksum,
      Reason::udplite_coverage, Reason::udplite_no_checksum, Reason::udplite_checksum}},
    {WalkKind::other, {Reason::gre_key}},
    {WalkKind::icmp,
     {Reason::icmp_header_truncated, Reason::icmp_checksum, Reason::icmp_type,
      Reason::icmp_not_a_query, Reason::icmp_wrong_family, Reason::icmp_error_quote,
      Reason::icmp_error_unknown_flow, Reason::icmp_error_wrong_destination,
      Reason::icmpv6_header_truncated, Reason::icmpv6_checksum, Reason::icmpv6_redirect_truncated,
      Reason::icmpv6_redirect_source, Reason::icmpv6_redirect_no_options, Reason::not_invertible}},
    {WalkKind::frag,
     {Reason::fragment_held, Reason::fragment_overlap, Reason::fragment_duplicate,
      Reason::fragment_end_conflict, Reason::fragment_length, Reason::fragment_too_large,
      Reason::fragment_ecn, Reason::fragment_malformed}},
    {WalkKind::ext6, {Reason::transport_not_found, Reason::ipv6_hop_by_hop}},
    {WalkKind::broken,
     {Reason::ipv4_header_truncated, Reason::ipv4_header_length, Reason::ipv4_checksum,
      Reason::ipv4_total_length_beyond, Reason::ipv4_total_length_short, Reason::ipv4_options,
      Reason::ipv6_header_truncated, Reason::ipv6_payload_beyond, Reason::ipv6_source_multicast,
      Reason::ipv6_loopback_from_outside, Reason::ipv6_multicast_scope, Reason::ttl_exceeded,
      Reason::not_forwardable, Reason::source_route_refused}},
};

TEST(WalkReach, each_kind_reaches_the_reasons_it_is_for) {
    for (const Wanted& wanted : kWanted) {
        const Reach reach = reach_of(wanted.kind, 3000);
        for (const Reason reason : wanted.reasons) {
            EXPECT_TRUE(reach.has("reason", std::string(text(reason))))
                << text(wanted.kind) << " never reaches " << text(reason);
        }
    }
}

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
