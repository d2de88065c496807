// Captures through keepstate and this machine's kernel; and the tester itself: does it find what differs,
// does it print it so that it can be played?
//
// Captures are those of the project, and a sample of the folder KEEPSTATE_SHARED/captures (default: beside
// the project) if that is there: shuffled by KEEPSTATE_SEED (default 1), for at most 12 s.
// Needs what KernelRun needs; otherwise SKIP with the reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "cli/scenario.hpp"
#include "differ/capture_packets.hpp"
#include "differ/compare.hpp"
#include "differ/leave_out.hpp"
#include "differ/scenario_text.hpp"
#include "differ/shrink.hpp"
#include "keepstate/packet.hpp"
#include "on_kernel.hpp"
#include "packets.hpp"

namespace keepstate::kernel {
namespace {

constexpr auto kSampleTime = std::chrono::seconds(12);

bool is_capture(std::string_view name) {
    for (const std::string_view packed : {".gz", ".zst"}) {
        if (name.ends_with(packed)) name.remove_suffix(packed.size());
    }
    return name.ends_with(".pcap") || name.ends_with(".pcapng") || name.ends_with(".cap");
}

std::vector<std::filesystem::path> captures_below(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const bool fits = is_capture(entry.path().filename().string());
        if (entry.is_regular_file() && fits) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

KernelSetup bump(bool tests_checksum) {
    KernelSetup setup;
    setup.is_bump = true;
    setup.rules4 = counting_rules(Family::ipv4);
    setup.rules6 = counting_rules(Family::ipv6);
    if (!tests_checksum) setup.sysctls = {{"net.netfilter.nf_conntrack_checksum", "0"}};
    return setup;
}

KernelPacket packet_of(const std::string& words) {
    const Result<WrittenPacket> packet = parse_packet_text(words);
    EXPECT_TRUE(packet.has_value()) << words;
    return {packet->ip, packet->in_device};
}

std::vector<std::string> kinds_of(const Comparison& comparison) {
    std::vector<std::string> kinds;
    for (const Difference& difference : comparison.differences) kinds.push_back(difference.what);
    std::sort(kinds.begin(), kinds.end());
    kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
    return kinds;
}

class CaptureDiffer : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    }
    static void expect_equal(const std::filesystem::path& path, const KernelSetup& setup) {
        const Result<CapturePackets> capture = read_capture(path.string());
        ASSERT_TRUE(capture.has_value()) << path;
        const Result<Comparison> result = compare(setup, capture->packets);
        ASSERT_TRUE(result.has_value()) << result.error().faults.front().words;
        if (result->differences.empty()) return;
        ADD_FAILURE() << path << ": " << result->differences.size() << " differences, the first: "
                      << print_difference(result->differences.front());
    }
};

TEST_F(CaptureDiffer, the_projects_own_captures_are_decided_as_the_kernel_decides_them) {
    std::size_t count = 0;
    for (const char* folder : {"/examples", "/tests"}) {
        for (const auto& path : captures_below(std::string(PROJECT_FOLDER) + folder)) {
            for (const bool tests_checksum : {true, false})
                expect_equal(path, bump(tests_checksum));
            ++count;
        }
    }
    EXPECT_GT(count, 0U);
}

std::vector<std::filesystem::path> shared_folders() {
    const char* named = std::getenv("KEEPSTATE_SHARED");
    const std::filesystem::path folder =
        (named != nullptr ? std::filesystem::path(named)
                          : std::filesystem::path(PROJECT_FOLDER) / ".." / "shared") /
        "captures";
    if (!std::filesystem::is_directory(folder)) return {};
    return {folder};
}

class SharedCaptures : public CaptureDiffer,
                       public testing::WithParamInterface<std::filesystem::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SharedCaptures);

TEST_P(SharedCaptures, a_sample_of_them_is_decided_as_the_kernel_decides_it) {
    const char* named = std::getenv("KEEPSTATE_SEED");
    std::mt19937 dice(named != nullptr ? static_cast<unsigned>(std::atoi(named)) : 1U);
    std::vector<std::filesystem::path> paths = captures_below(GetParam());
    for (std::size_t i = paths.size(); i > 1; --i) std::swap(paths[i - 1], paths[dice() % i]);
    const auto end = std::chrono::steady_clock::now() + kSampleTime;
    for (const auto& path : paths) {
        if (std::chrono::steady_clock::now() >= end) return;
        expect_equal(path, bump(dice() % 2 == 0));
    }
}

INSTANTIATE_TEST_SUITE_P(Beside, SharedCaptures, testing::ValuesIn(shared_folders()),
                         [](const auto&) { return "folder"; });

/// What the tester must find: keepstate is set up otherwise than the kernel.
struct Spoiled {
    const char* packets[3];
    SetupChange change;
    std::vector<std::string> kinds;
};

TEST_F(CaptureDiffer, a_difference_that_is_made_on_purpose_is_found) {
    const Spoiled spoiled[] = {
        {{"udp 10.0.0.1:1 10.0.1.1:2", "udp 10.0.1.1:2 10.0.0.1:1", "udp 10.0.0.1:1 10.0.1.1:2"},
         [](EngineSetup& setup) { setup.settings.udp_timeout = 40; },
         {"entries", "events", "timeout"}},
        {{"udp 10.0.0.1:1 10.0.1.1:2", "tcp 10.0.0.1:1 10.0.1.1:2 flags ack",
          "udp 1.1.1.1:1 2.2.2.2:2"},
         [](EngineSetup& setup) { setup.settings.tcp_loose = 0; },
         {"counters", "entries", "entry", "events", "state", "statistics", "timeout"}},
        {{"udp 10.0.0.1:1 10.0.1.1:2", "udp 10.0.1.1:2 10.0.0.1:1", "udp 10.0.0.1:1 10.0.1.1:2"},
         [](EngineSetup& setup) { setup.rules4.reset(); },
         {"counters"}},
        {{"udp 10.0.0.1:1 10.0.1.1:2", "udp 10.0.1.1:2 10.0.0.1:1", "udp 10.0.0.1:1 10.0.1.1:2"},
         [](EngineSetup& setup) {
             setup.rules4 = *Ruleset::parse(
                 "*filter\n:FORWARD DROP [0:0]\n:INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n",
                 Family::ipv4, "rules");
         },
         {"counters", "entries", "entry", "events", "state", "timeout", "verdict"}},
        {{"udp 10.0.0.1:1 10.0.1.1:2 ttl 9", "udp 10.0.1.1:2 10.0.0.1:1",
          "udp 10.0.0.3:1 10.0.1.1:2"},
         [](EngineSetup& setup) {
             setup.devices = {{"eth0", {*parse_prefix("0.0.0.0/0"), *parse_prefix("::/0")}}};
         },
         {"bytes that left"}},
    };
    for (const Spoiled& row : spoiled) {
        std::vector<KernelPacket> packets;
        for (const char* words : row.packets) packets.push_back(packet_of(words));
        const Result<Comparison> same = compare(bump(true), packets);
        ASSERT_TRUE(same.has_value());
        EXPECT_TRUE(same->differences.empty()) << print_difference(same->differences.front());
        EXPECT_GT(same->events, 0U);
        const Result<Comparison> result = compare(bump(true), packets, row.change);
        ASSERT_TRUE(result.has_value());
        EXPECT_EQ(kinds_of(*result), row.kinds);
    }
}

/// All routers are a group that a Linux router joins; docs/differences.md has it.
TEST_F(CaptureDiffer, a_difference_is_shrunk_to_the_packet_that_shows_it) {
    KernelSetup setup;
    setup.devices = {{"eth0", {"10.0.0.0/24", "2001:db8::/64"}}, {"eth1", {"10.0.1.0/24"}}};
    setup.sysctls = {{"net.netfilter.nf_conntrack_tcp_loose", "0"}};
    setup.rules4 = counting_rules(Family::ipv4);
    setup.rules6 = counting_rules(Family::ipv6);
    std::vector<KernelPacket> packets;
    for (int i = 0; i < 40; ++i) {
        packets.push_back(packet_of("udp 10.0.0.1:" + std::to_string(1000 + i) + " 10.0.1.1:53"));
        if (i == 25) packets.push_back(packet_of("udp [2001:db8::1]:1 [ff02::2]:2"));
    }
    const Result<Comparison> result = compare(setup, packets);
    ASSERT_TRUE(result.has_value());
    ASSERT_FALSE(result->differences.empty());
    EXPECT_EQ(result->differences.front().packet, 26U);
    const Shrunk shrunk = shrink(setup, packets, result->differences.front(), 60);
    ASSERT_EQ(shrunk.packets.size(), 1U);
    EXPECT_EQ(shrunk.packets.front().ip_bytes, packets[26].ip_bytes);
    EXPECT_TRUE(shrunk.setup.sysctls.empty());
    EXPECT_TRUE(shrunk.setup.rules4.empty());
    EXPECT_TRUE(shrunk.setup.rules6.empty());
    ASSERT_FALSE(shrunk.differences.empty());
    EXPECT_EQ(shrunk.differences.front().what, result->differences.front().what);
}

TEST_F(CaptureDiffer, a_scenario_is_printed_that_the_kernel_plays_as_wished) {
    KernelSetup router;
    router.devices = {{"eth0", {"10.0.0.0/24", "2001:db8::/64"}}, {"eth1", {"10.0.1.0/24"}}};
    router.local_addresses = {"10.0.0.254"};
    router.rules4 = counting_rules(Family::ipv4);
    const std::vector<KernelPacket> packets{
        packet_of("tcp 10.0.0.1:1 10.0.1.1:80 mss 1460"), packet_of("udp 10.0.0.1:1 10.0.0.254:53"),
        packet_of("raw 4500001400010000400066e60a0000010a000101"),
        packet_of("tcp 10.0.1.1:80 10.0.0.1:1 flags rst,ack ack 1")};
    for (const KernelSetup& setup : {router, bump(false)}) {
        const std::string text = scenario_text(setup, packets);
        const Result<cli::Scenario> scenario = cli::parse_scenario(text, "x.yaml");
        ASSERT_TRUE(scenario.has_value()) << scenario.error().faults.front().words << "\n" << text;
        ASSERT_EQ(scenario->steps.size(), packets.size());
        for (std::size_t i = 0; i < packets.size(); ++i) {
            EXPECT_EQ(scenario->steps[i].packet.ip, packets[i].ip_bytes);
            EXPECT_FALSE(scenario->steps[i].wish.verdict.empty()) << text;
        }
        const Result<cli::Played> played = scenarios::play_on_kernel(*scenario);
        ASSERT_TRUE(played.has_value());
        EXPECT_TRUE(played->is_as_wished()) << text;
    }
}

TEST(PacketWords, say_the_packet_byte_for_byte) {
    for (const char* words :
         {"tcp 10.0.0.1:1 10.0.1.1:80 flags syn seq 7 ack 0 win 9 tcpopt 020405b4 ttl 63 ipid 5 df",
          "tcp [2001:db8::1]:1 [2001:db8::2]:80 flags ack seq 7 ack 8 win 9 len 4 ttl 63 tos 8",
          "udp 10.0.0.1:1 10.0.1.1:80 hex 0102 ttl 1 ipid 0",
          "udp 10.0.0.1:1 10.0.1.1:80 hex 0102 ttl 1 ipid 0 badsum",
          "icmp 10.0.0.1 10.0.1.1 8/0 id 3 seq 4 len 9 ttl 64 ipid 1",
          "ip 10.0.0.1 10.0.1.1 proto 50 hex 0102 ttl 64 ipid 1"}) {
        const KernelPacket packet = packet_of(words);
        const std::string said = packet_words(packet);
        EXPECT_FALSE(said.starts_with("raw")) << words;
        EXPECT_EQ(packet_of(said).ip_bytes, packet.ip_bytes) << said;
    }
    KernelPacket broken = packet_of("udp 10.0.0.1:1 10.0.1.1:80");
    broken.ip_bytes[10] ^= 1;
    broken.in_device = "eth1";
    EXPECT_EQ(packet_of(packet_words(broken)).ip_bytes, broken.ip_bytes);
    EXPECT_EQ(packet_of(packet_words(broken)).in_device, "eth1");
}

TEST(LeaveOut, nothing_of_a_bump_and_what_a_host_cannot_send_of_a_router) {
    KernelSetup router;
    router.devices = {{"eth0", {"0.0.0.0/0", "::/0"}}};
    router.local_addresses = {"10.0.0.254"};
    KernelPacket broken = packet_of("udp 10.0.0.254:1 10.0.1.1:2");
    broken.ip_bytes[10] ^= 1;
    KernelPacket miscalled = packet_of("udp 10.0.0.1:1 10.0.1.1:2");
    miscalled.ethernet_type = 0x86dd;
    const KernelPacket left_out[] = {broken, miscalled,
                                     packet_of("udp 10.0.0.254:1 255.255.255.255:2"),
                                     packet_of("udp [2001:db8::1]:1 [ff02::2]:2")};
    for (const KernelPacket& packet : left_out) {
        EXPECT_NE(reason_to_leave_out(router, packet), "");
        EXPECT_EQ(reason_to_leave_out(bump(true), packet), "");
    }
    for (const char* words : {"udp 10.0.0.254:1 10.0.1.1:2", "udp 10.0.0.1:1 255.255.255.255:2",
                              "udp [2001:db8::1]:1 [ff02::1]:2"}) {
        EXPECT_EQ(reason_to_leave_out(router, packet_of(words)), "") << words;
    }
}

}  // namespace
}  // namespace keepstate::kernel
