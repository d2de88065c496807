// Matches on headers that a scenario cannot bring before a rule: fragment headers, which tracking takes away, and
// Ethernet addresses, which the kernel side of a scenario has not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "keepstate/ruleset.hpp"
#include "rules/program.hpp"
#include "rules/walk.hpp"
#include "wire/parse.hpp"

namespace keepstate::rules {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes packet6(std::uint8_t next, const Bytes& behind) {
    Bytes bytes(40);
    bytes[0] = 0x60;
    bytes[5] = static_cast<std::uint8_t>(behind.size());
    bytes[6] = next;
    bytes[7] = 64;
    bytes[8] = 0xfe;
    bytes[9] = 0x80;
    const std::array<std::uint8_t, 8> identifier{0, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55};
    std::copy(identifier.begin(), identifier.end(), bytes.begin() + 16);
    bytes[24] = 0x20;
    bytes.insert(bytes.end(), behind.begin(), behind.end());
    return bytes;
}

// "yes", "no" or "drop".
std::string ask(std::string_view match, const Bytes& bytes, const std::uint8_t* mac = nullptr) {
    const auto ruleset = Ruleset::parse(
        fmt::format("*filter\n:INPUT DROP [0:0]\n-A INPUT {} -j ACCEPT\nCOMMIT\n", match),
        Family::ipv6);
    if (!ruleset) return ruleset.error().faults.front().words;
    Objects objects;
    auto program = Program::make(*ruleset, objects);
    wire::Packet packet;
    packet.family = Family::ipv6;
    EXPECT_EQ(wire::parse_ip(Family::ipv6, {bytes.data(), bytes.size()}, false, packet),
              Reason::none);
    const std::array<char, 16> device{"eth0"};
    const std::array<char, 16> none{};
    Context context;
    context.packet = &packet;
    context.in_device = device.data();
    context.out_device = none.data();
    context.source_mac = mac;
    const Outcome outcome = walk(*program, Table::filter, Hook::input, context, nullptr);
    if (outcome.hotdrop) return "drop";
    return outcome.verdict() == Verdict::accept ? "yes" : "no";
}

// Fragment header: next, reserved, offset and bits, identification 5.
Bytes fragment(std::uint8_t reserved, std::uint8_t high, std::uint8_t low) {
    return packet6(44, {17, reserved, high, low, 0, 0, 0, 5, 0, 1, 0, 2, 0, 8, 0, 0});
}

TEST(HeaderMatch, frag_reads_each_field_of_the_header) {
    const Bytes first = fragment(0, 0, 1);
    const Bytes middle = fragment(0, 1, 1);
    const Bytes last = fragment(0, 1, 0);
    EXPECT_EQ(ask("-m frag --fragid 5", first), "yes");
    EXPECT_EQ(ask("-m frag ! --fragid 5", first), "no");
    EXPECT_EQ(ask("-m frag --fragid 6:9", middle), "no");
    EXPECT_EQ(ask("-m frag --fragfirst --fragmore", first), "yes");
    EXPECT_EQ(ask("-m frag --fragfirst", middle), "no");
    EXPECT_EQ(ask("-m frag --fragmore", middle), "yes");
    EXPECT_EQ(ask("-m frag --fragmore", last), "no");
    EXPECT_EQ(ask("-m frag --fraglast", last), "yes");
    EXPECT_EQ(ask("-m frag --fraglast", first), "no");
    EXPECT_EQ(ask("-m frag --fragres", first), "yes");
    EXPECT_EQ(ask("-m frag --fragres", fragment(1, 0, 1)), "no");
    EXPECT_EQ(ask("-m frag --fragres", fragment(0, 0, 3)), "no");
    EXPECT_EQ(ask("-m frag --fraglen 77", first), "yes") << "asks nothing";
    EXPECT_EQ(ask("-m frag", packet6(17, {0, 1, 0, 2, 0, 8, 0, 0})), "no");
    EXPECT_EQ(ask("-m frag", packet6(44, {17, 0, 0, 0, 0, 0, 0})), "drop") << "7 of its 8 bytes";
    EXPECT_EQ(ask("-m frag", packet6(44, {17, 0, 0})), "drop");
}

TEST(HeaderMatch, what_stands_behind_a_later_fragments_header_is_payload) {
    const Bytes later = packet6(44, {43, 0, 1, 0, 0, 0, 0, 5, 59, 0, 3, 0, 0, 0, 0, 0});
    const Bytes first = packet6(44, {43, 0, 0, 1, 0, 0, 0, 5, 59, 0, 3, 0, 0, 0, 0, 0});
    EXPECT_EQ(ask("-m rt --rt-type 3", first), "yes");
    EXPECT_EQ(ask("-m rt --rt-type 3", later), "no");
    EXPECT_EQ(ask("-m ipv6header --header frag,route,none", first), "yes");
}

TEST(HeaderMatch, eui64_turns_over_the_bit_of_local_administration) {
    const std::array<std::uint8_t, 6> same{0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
    const std::array<std::uint8_t, 6> other{0x00, 0x11, 0x22, 0x33, 0x44, 0x55};
    const Bytes packet = packet6(59, {});
    EXPECT_EQ(ask("-m eui64", packet, same.data()), "yes");
    EXPECT_EQ(ask("-m eui64", packet, other.data()), "no");
    EXPECT_EQ(ask("-m eui64", packet), "no") << "the packet came by no Ethernet";
    EXPECT_EQ(ask("-m eui64", fragment(0, 1, 0)), "no") << "nor does a later fragment";
}

}  // namespace
}  // namespace keepstate::rules
