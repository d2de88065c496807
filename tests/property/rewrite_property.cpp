// Whatever packet meets the targets that rewrite or log: what leaves is a whole packet, and the log's lines are lines.
//
// Sound packets of many kinds have bytes changed at random, the header checksum of IPv4 put right afterwards (else no
// rule would see most of them), and pass every rewriting target in both families. For each that is accepted:
//
//     the IP header names just the bytes that leave; IPv4's header checksum is right
//     each log line ends, holds no second line, and is no longer than the kernel's buffer
//
// Under the sanitizers (./dev sanitize) it also holds that no byte outside of the packet is touched.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/packet.hpp"
#include "rules/log_line.hpp"
#include "wire/checksum.hpp"

namespace keepstate {
namespace {

constexpr const char* kBoth =
    "-A PREROUTING -j LOG --log-tcp-sequence --log-tcp-options --log-ip-options --log-macdecode\n"
    "-A FORWARD -j TOS --xor-tos 0x55\n"
    "-A FORWARD -j DSCP --set-dscp 3\n"
    "-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN --dport 1:100 -j TCPMSS --clamp-mss-to-pmtu\n"
    "-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN --dport 101: -j TCPMSS --set-mss 100\n"
    "-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 3,4,5,8,254\n"
    "-A FORWARD -j CLASSIFY --set-class 1:1\n";

std::string rules(Family family) {
    const std::string raw =
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j TRACE\n"
        "-A PREROUTING -j LOG --log-prefix p --log-ip-options --log-tcp-options\nCOMMIT\n";
    const std::string own =
        family == Family::ipv4
            ? "-A FORWARD -j TTL --ttl-inc 3\n-A FORWARD -p tcp -j ECN --ecn-tcp-ece 1\n"
              "-A FORWARD -j ECN --ecn-ip-ect 1\n"
            : "-A PREROUTING -j DNPT --src-pfx 2001:db8:1::/48 --dst-pfx 2001:db8:2::/48\n"
              "-A POSTROUTING -j SNPT --src-pfx 2001:db8::/64 --dst-pfx 2001:db8:9:9::/64\n"
              "-A FORWARD -j HL --hl-dec 3\n";
    return raw +
           "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
           ":POSTROUTING ACCEPT [0:0]\n" +
           kBoth + own + "COMMIT\n";
}

Engine make_engine() {
    EngineSetup setup;
    setup.rules4 = *Ruleset::parse(rules(Family::ipv4), Family::ipv4);
    setup.rules6 = *Ruleset::parse(rules(Family::ipv6), Family::ipv6);
    setup.devices = {{"eth0", {*parse_prefix("10.0.0.0/24"), *parse_prefix("2001:db8::/64")}},
                     {"eth1", {*parse_prefix("10.0.1.0/24"), *parse_prefix("2001:db8:1::/64")}}};
    setup.devices[1].mtu = 600;
    setup.completes_cut_frames = false;
    return std::move(*Engine::make(std::move(setup)));
}

constexpr const char* kSeeds[] = {
    "tcp 10.0.0.1:9 10.0.1.1:80 flags syn seq 5 mss 1460 sackok ts 1 2 wscale 7",
    "tcp 10.0.0.1:9 10.0.1.1:180 flags syn,ece seq 5 tcpopt 01020405b4080a0000000100000002",
    "tcp 10.0.0.1:9 10.0.1.1:80 flags syn options 0101010101010101 len 3",
    "udp 10.0.0.1:9 10.0.1.1:53 len 20",
    "icmp 10.0.0.1 10.0.1.1 port-unreachable quote (tcp 10.0.1.1:1 10.0.0.1:2 flags syn mss 9)",
    "icmp 10.0.0.1 10.0.1.1 redirect gateway 10.0.0.3 quote (udp 10.0.1.1:1 10.0.0.1:2)",
    "ip 10.0.0.1 10.0.1.1 proto 51 hex 0604000011223344aabbccdd01020304",
    "tcp [2001:db8::1]:9 [2001:db8:1::1]:80 flags syn mss 1440 wscale 7 ext hop,dst",
    "tcp [2001:db8::1]:9 [2001:db8:1::1]:180 flags syn ext dst,ah",
    "udp [2001:db8::1]:9 [2001:db8:1::1]:53 len 8 ext routing",
    ("icmp6 2001:db8::1 2001:db8:1::1 packet-too-big mtu 1280 quote (udp [2001:db8:1::1]:1 "
     "[2001:db8::1]:2 ext dst)"),
};

/// Changes up to three bytes, cuts the end off, or both.
std::vector<std::uint8_t> spoil(std::vector<std::uint8_t> ip, std::mt19937& dice) {
    constexpr std::size_t kAddresses = 12;  // IPv4's begin here; IPv6's at 8, of 40
    const bool is_v4 = ip[0] >> 4 == 4;
    const std::size_t first = is_v4 ? kAddresses + 8 : 40;
    for (unsigned changes = dice() % 4; changes > 0 && ip.size() > first; --changes) {
        ip[first + dice() % (ip.size() - first)] = static_cast<std::uint8_t>(dice());
    }
    if (dice() % 3 == 0) ip.resize(first + dice() % (ip.size() - first + 1));
    const std::size_t size = ip.size();
    if (!is_v4) {
        base::store_be16(&ip[4], static_cast<std::uint16_t>(size - 40));
        return ip;
    }
    if (dice() % 8 == 0) {  // another header length: what stands behind it begins elsewhere
        const std::size_t words = 5 + dice() % 11;
        if (words * 4 <= size) ip[0] = static_cast<std::uint8_t>(0x40 | words);
    }
    const std::size_t header = (ip[0] & 0x0fU) * std::size_t{4};
    if (header > size) ip[0] = 0x45;
    base::store_be16(&ip[2], static_cast<std::uint16_t>(size));
    base::store_be16(&ip[10], 0);
    const std::uint16_t sum = wire::sum16({ip.data(), std::min(header, size)});
    base::store_be16(&ip[10], static_cast<std::uint16_t>(~sum));
    return ip;
}

void expect_whole(std::span<const std::uint8_t> out) {
    const base::ByteView ip{out.data(), out.size()};
    if (ip.u8(0) >> 4 == 6) {
        EXPECT_EQ(ip.be16(4) + 40U, ip.size());
        return;
    }
    EXPECT_EQ(ip.be16(2), ip.size());
    EXPECT_EQ(wire::sum16(ip.sub(0, (ip.u8(0) & 0x0fU) * std::size_t{4})), 0xffff);
}

void expect_lines(const std::string& log) {
    if (log.empty()) return;
    EXPECT_EQ(log.back(), '\n');
    std::size_t begin = 0;
    while (begin < log.size()) {
        const std::size_t end = log.find('\n', begin);
        EXPECT_LE(end - begin, rules::kLongestLogLine);
        EXPECT_NE(log.substr(begin, end - begin).find("IN="), std::string::npos);
        begin = end + 1;
    }
}

TEST(Rewrite, whatever_comes_a_whole_packet_leaves) {
    unsigned left = 0;
    unsigned logged = 0;
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 dice{seed};
        Engine engine = make_engine();
        Time now = Time::from_s(1000);
        for (unsigned round = 0; round < 500; ++round) {
            const std::vector<std::uint8_t> ip =
                spoil(parse_packet_text(kSeeds[dice() % std::size(kSeeds)])->ip, dice);
            now = now + 1'000'000;
            const Frame frame{ip, kLinkRaw, now};
            Decision decision;
            std::string log;
            engine.process({&frame, 1}, {&decision, 1}, nullptr, &log);
            expect_lines(log);
            logged += log.empty() ? 0 : 1;
            if (decision.verdict != Verdict::accept || decision.out_bytes.empty()) continue;
            expect_whole(decision.out_bytes);
            ++left;
        }
    }
    EXPECT_GT(left, 2000U);
    EXPECT_GT(logged, 5000U);
}

}  // namespace
}  // namespace keepstate
