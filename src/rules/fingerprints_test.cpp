// Fingerprints: what is read of a pf.os file, its faults, and single SYNs against single fingerprints.
#include "rules/fingerprints.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "keepstate/packet.hpp"

namespace keepstate::rules {
namespace {

std::vector<std::string> faults_of(std::string_view text) {
    Objects objects;
    const auto done = parse_fingerprints(text, "pf.os", objects);
    std::vector<std::string> faults;
    if (done) return faults;
    for (const Fault& fault : done.error().faults) {
        faults.push_back(fmt::format("{}:{}:{}: {}", fault.file, fault.line, fault.column,
                                     fault.words.substr(0, fault.words.find(':'))));
    }
    return faults;
}

/// Whether the packet fits the only fingerprint of the line, don't-fragment and all.
bool fits_line(std::string_view line, std::string_view packet, TtlTest ttl = TtlTest::same) {
    Objects objects;
    const auto done = parse_fingerprints(line, "pf.os", objects);
    if (!done) ADD_FAILURE() << done.error().faults.front().words;
    const auto written = parse_packet_text(packet);
    if (!done || !written) return false;
    const std::optional<Syn> syn = Syn::read(base::ByteView(written->ip), 20);
    if (!syn) return false;
    const auto list = Fingerprints::of(objects).list(syn->dont_fragment);
    return list.size() == 1 && fits(list.front(), *syn, ttl);
}

TEST(Fingerprints, are_read_into_two_lists_in_order_and_once) {
    Objects objects;
    const auto done = parse_fingerprints(
        "# a comment: with: colons\n\n"
        "S4:64:1:60:M*,S,T,N,W7:@Linux:2.6:x:Linux 2.6\r\n"
        "  \t\n"
        "%8192 : 128 :0:48: M1400, N,W%3,?7,. :*Windows:XP::\n"
        "%8192:128:0:48:M1401,N,W%3:*Windows:XP::another value of M is another fingerprint\n"
        "%8192:128:0:48:M1400,N,W%3:Windows:XP::there already\n"
        "%8192:128:0:48:M1400,N,W%3,.:Windows:XP::there already\n"
        "S4:64:1:60:M0,S5,T,N,W7:Linux:2.6:x:there already\n"
        "T*:255:1:*::abcdefghijklmnopqrstuvwxyz123456789:::",
        "pf.os", objects);
    ASSERT_TRUE(done.has_value()) << done.error().faults.front().words;
    const Fingerprints& known = Fingerprints::of(objects);
    ASSERT_EQ(known.list(true).size(), 2U);
    ASSERT_EQ(known.list(false).size(), 2U);
    const Fingerprint& linux_one = known.list(true)[0];
    EXPECT_EQ(linux_one.window, Fingerprint::Window::times_mss);
    EXPECT_EQ(linux_one.window_value, 4U);
    EXPECT_EQ(linux_one.ttl, 64);
    EXPECT_EQ(linux_one.packet_bytes, 60);
    EXPECT_EQ(linux_one.option_count, 5);
    EXPECT_EQ(linux_one.option_bytes, 4 + 2 + 10 + 1 + 3);
    EXPECT_EQ(linux_one.genre + "/" + linux_one.version + "/" + linux_one.subtype, "Linux/2.6/x");
    EXPECT_EQ(known.list(true)[1].genre, "abcdefghijklmnopqrstuvwxyz12345");
    const Fingerprint& windows = known.list(false)[0];
    EXPECT_EQ(windows.genre, "Windows");
    EXPECT_EQ(windows.window, Fingerprint::Window::multiple);
    EXPECT_EQ(windows.option_bytes, 4 + 1 + 3);
}

TEST(Fingerprints, all_faults_are_told_with_their_places) {
    EXPECT_EQ(faults_of("S4:64:1:60:M*:Linux:2.6:\n"
                        "#\n"
                        "%0:64:1:60:M*:Linux:::\n"
                        "X:256:-1:65536:M*:Linux:::\n"
                        "S:64:1:60:M*:Linux:::\n"
                        "5:64:1:60:T,T,T,T,N:Linux:::\n"),
              (std::vector<std::string>{
                  "pf.os:1:1: a fingerprint has nine parts with `",
                  "pf.os:3:1: no window is a multiple of 0; Linux takes no such fingerprint",
                  "pf.os:4:1: `X' is no window (N, *, %N, SN for N times the MSS, TN for N times "
                  "the MTU)",
                  "pf.os:4:3: `256' is no TTL", "pf.os:4:7: `-1' is no don't-fragment",
                  "pf.os:4:10: `65536' is no length of a packet",
                  "pf.os:5:2: `' is no window (N, *, %N, SN for N times the MSS, TN for N times "
                  "the MTU)",
                  "pf.os:6:19: a TCP header has 40 bytes of options, these are more"}));
}

TEST(Fingerprints, a_syn_fits_as_linux_has_it) {
    constexpr const char* kSyn = "tcp 10.0.0.1:1 10.0.1.1:80 flags syn df mss 1000 win 4000";
    EXPECT_TRUE(fits_line("4000:64:1:44:M*:A:::", kSyn));
    EXPECT_TRUE(fits_line("0:64:1:44:M77:A:::", kSyn));
    EXPECT_TRUE(fits_line("S4:64:1:44:M*:A:::", kSyn));
    EXPECT_TRUE(fits_line("%500:64:1:44:M*:A:::", kSyn));
    EXPECT_FALSE(fits_line("%501:64:1:44:M*:A:::", kSyn));
    EXPECT_FALSE(fits_line("T4:64:1:44:M*:A:::", kSyn));
    EXPECT_FALSE(fits_line("4001:64:1:44:M*:A:::", kSyn));
    EXPECT_FALSE(fits_line("*:64:0:44:M*:A:::", kSyn));
    EXPECT_FALSE(fits_line("*:64:1:45:M*:A:::", kSyn));
    EXPECT_FALSE(fits_line("*:64:1:44:W2,N:A:::", kSyn));
    EXPECT_FALSE(fits_line("*:64:1:44:N,W2:A:::", kSyn));
    EXPECT_FALSE(fits_line("*:64:1:44:M*:A:::", "udp 10.0.0.1:1 10.0.1.1:80 df len 16"));
    EXPECT_FALSE(fits_line("*:128:1:44:M*:A:::", kSyn));
    EXPECT_TRUE(fits_line("*:128:1:44:M*:A:::", kSyn, TtlTest::not_above));
    EXPECT_FALSE(fits_line("*:63:1:44:M*:A:::", kSyn, TtlTest::not_above));
    EXPECT_TRUE(fits_line("*:63:1:44:M*:A:::", kSyn, TtlTest::any));
}

}  // namespace
}  // namespace keepstate::rules
