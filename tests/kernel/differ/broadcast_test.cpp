// What the host asks of a whole network, and who may answer: netbios-ns and snmp against this machine's kernel.
//
// The instrument's own addresses have no network; here they get one, for a broadcast address is one of a network. The
// walks never ask everybody, so this is what holds the two helpers to the kernel.
#include <gtest/gtest.h>

#include "differ/compare.hpp"
#include "packets.hpp"

namespace keepstate::kernel {
namespace {

constexpr std::uint16_t kAsking = 3333;
constexpr std::uint16_t kOther = 3334;

KernelSetup make_setup(const std::string& more_rules) {
    KernelSetup setup;
    setup.devices = {{"eth0", {"10.0.1.0/24"}}, {"eth1", {"10.0.2.0/23"}}};
    setup.local_addresses = {"10.0.1.254", "10.0.3.254"};
    setup.commands = {{"ip", "addr", "add", "10.0.1.254/24", "brd", "+", "dev", "eth0"},
                      {"ip", "addr", "add", "10.0.3.254/23", "brd", "+", "dev", "eth1"}};
    setup.rules4 =
        "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A OUTPUT -p udp -m udp --dport 137:138 -j CT --helper netbios-ns\n"
        "-A OUTPUT -p udp -m udp --dport 161 -j CT --helper snmp\n"
        "-A PREROUTING -p udp -m udp --dport 137:161 -j CT --helper netbios-ns\n"
        "COMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A INPUT -m conntrack --ctstate RELATED\n-A INPUT -m helper --helper netbios-ns\n"
        "-A INPUT -m helper --helper snmp\n" +
        more_rules + "COMMIT\n";
    return setup;
}

KernelPacket say(const std::string& source, std::uint16_t from, const std::string& destination,
                 std::uint16_t to) {
    return {make_udp({source, destination}, from, to, {'h', 'i'}), {}, 0};
}

/// Linux gives the host a copy of its broadcast before it leaves, and keepstate does not (docs/differences.md): rules
/// count the copy, it is what the kernel's side sees first, and NEW is told of it, with the timeout of a flow that no
/// helper has read yet. Nothing else may differ.
bool is_of_hosts_own_copy(const Difference& difference, const std::vector<KernelPacket>& packets) {
    if (difference.what == "counters" || difference.what == "device") return true;
    constexpr std::size_t kLastOfDestination = 19;
    return difference.what == "events" && difference.packet < packets.size() &&
           packets[difference.packet].ip_bytes[kLastOfDestination] == 255;
}

void expect_same_expectations(const KernelSetup& setup, const std::vector<KernelPacket>& packets,
                              std::size_t expectation_events) {
    if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
    const Result<Comparison> result = compare_twice(setup, packets);
    ASSERT_TRUE(result.has_value()) << result.error().faults.front().words;
    for (const Difference& difference : result->differences) {
        if (is_of_hosts_own_copy(difference, packets)) continue;
        ADD_FAILURE() << print_difference(difference);
    }
    EXPECT_EQ(result->expectation_events, expectation_events);
}

TEST(Broadcasts, AnswersFromTheWholeNetworkAreRelated) {
    for (const std::uint16_t port : {std::uint16_t{137}, std::uint16_t{161}}) {
        expect_same_expectations(make_setup(""),
                                 {
                                     say("10.0.1.254", kAsking, "10.0.1.255", port),
                                     say("10.0.1.5", port, "10.0.1.254", kAsking),
                                     say("10.0.1.6", port, "10.0.1.254", kAsking),
                                     say("10.0.1.254", kAsking, "10.0.1.6", port),
                                     say("10.0.1.6", port, "10.0.1.254", kAsking),
                                     say("10.0.1.7", 4444, "10.0.1.254", kAsking),
                                     say("10.0.2.5", port, "10.0.1.254", kAsking),
                                     say("10.0.1.8", port, "10.0.1.254", kOther),
                                 },
                                 1);
    }
}

TEST(Broadcasts, TheNetworkIsThatOfTheDeviceAndThePortThatOfTheHelper) {
    expect_same_expectations(make_setup(""),
                             {
                                 say("10.0.3.254", kAsking, "10.0.3.255", 138),
                                 say("10.0.2.5", 137, "10.0.3.254", kAsking),
                                 say("10.0.3.5", 137, "10.0.3.254", kAsking),
                                 say("10.0.2.6", 138, "10.0.3.254", kAsking),
                                 say("10.0.1.5", 137, "10.0.3.254", kAsking),
                             },
                             1);
}

TEST(Broadcasts, ASecondQuestionTakesTheFirstOnesPlaceAndOtherPacketsAreNoQuestions) {
    expect_same_expectations(make_setup(""),
                             {
                                 say("10.0.1.254", kAsking, "10.0.1.255", 137),
                                 say("10.0.1.254", kAsking, "10.0.1.255", 137),
                                 say("10.0.1.254", kOther, "10.0.1.255", 137),
                                 say("10.0.1.254", kAsking, "10.0.1.9", 137),
                                 say("10.0.1.9", kAsking, "10.0.2.9", 137),
                                 say("10.0.1.9", 137, "10.0.1.254", kOther),
                             },
                             4);
}

TEST(Broadcasts, AFlowThatIsRefusedExpectsNothing) {
    expect_same_expectations(make_setup("-A OUTPUT -d 10.0.1.255/32 -j DROP\n"),
                             {
                                 say("10.0.1.254", kAsking, "10.0.1.255", 137),
                                 say("10.0.1.9", 137, "10.0.1.254", kAsking),
                             },
                             0);
}

}  // namespace
}  // namespace keepstate::kernel
