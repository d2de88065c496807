// The lines of LOG and TRACE, and what the rewriting targets make of a packet: keepstate's against the live
// kernel's, byte by byte.
//
//     packets ─> KernelRun, its log set to nf_log_ipv4 and nf_log_ipv6 ─> /dev/kmsg ─> lines with our prefix
//             └> Engine with the same rules and devices                ─> logs      ─> the same lines
//
// A namespace's packets reach the kernel's log only with net.netfilter.nf_log_all_netns, which is one for the whole
// machine: the test sets it and puts it back. Others may log meanwhile, so the prefix and the addresses are this
// process's own. Where the kernel's log cannot be read the test says SKIP and why.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "keepstate/engine.hpp"
#include "keepstate/packet.hpp"
#include "kernel_run.hpp"
#include "netns.hpp"

namespace keepstate::kernel {
namespace {

constexpr const char* kAllNamespaces = "/proc/sys/net/netfilter/nf_log_all_netns";

/// The kernel's log from where it was opened on.
class KernelLog {
  public:
    KernelLog() : fd_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
        if (fd_.is_open()) lseek(fd_.get(), 0, SEEK_END);
    }
    bool is_open() const { return fd_.is_open(); }

    /// The texts of all records since the last call that contain `word`.
    std::vector<std::string> read_lines(std::string_view word) {
        std::vector<std::string> lines;
        std::string record(8192, '\0');
        for (;;) {
            const ssize_t size = read(fd_.get(), record.data(), record.size());
            if (size < 0 && errno == EPIPE) continue;  // records were overwritten
            if (size <= 0) return lines;
            std::string_view text(record.data(), static_cast<std::size_t>(size));
            text.remove_prefix(std::min(text.find(';') + 1, text.size()));
            text = text.substr(0, text.find('\n'));
            if (text.find(word) != std::string_view::npos) lines.emplace_back(text);
        }
    }

  private:
    Fd fd_;
};

/// net.netfilter.nf_log_all_netns is 1 while this lives.
class LogAllNamespaces {
  public:
    LogAllNamespaces() {
        if (const auto before = read_file(kAllNamespaces)) before_ = *before;
        is_set_ = write_file(kAllNamespaces, "1").has_value();
    }
    ~LogAllNamespaces() {
        if (is_set_ && !before_.empty()) static_cast<void>(write_file(kAllNamespaces, before_));
    }
    LogAllNamespaces(const LogAllNamespaces&) = delete;
    LogAllNamespaces& operator=(const LogAllNamespaces&) = delete;
    bool is_set() const { return is_set_; }

  private:
    std::string before_;
    bool is_set_ = false;
};

std::string hex_of(const std::vector<std::uint8_t>& bytes) {
    std::string out;
    for (const std::uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
    return out;
}

/// Changes up to three bytes behind the IP header, cuts the end off, or both; the IP header stays sound.
std::vector<std::uint8_t> spoil(std::vector<std::uint8_t> ip, std::mt19937& dice) {
    const bool is_v4 = ip[0] >> 4 == 4;
    const std::size_t first = is_v4 ? 20 : 40;
    for (unsigned changes = dice() % 4; changes > 0; --changes) {
        ip[first + dice() % (ip.size() - first)] = static_cast<std::uint8_t>(dice());
    }
    if (dice() % 3 == 0) ip.resize(first + dice() % (ip.size() - first + 1));
    const auto store = [&ip](std::size_t at, std::size_t value) {
        ip[at] = static_cast<std::uint8_t>(value >> 8);
        ip[at + 1] = static_cast<std::uint8_t>(value);
    };
    store(is_v4 ? 2 : 4, is_v4 ? ip.size() : ip.size() - first);
    if (!is_v4) return ip;
    store(10, 0);
    std::size_t sum = 0;
    for (std::size_t at = 0; at < first; at += 2) sum += std::size_t{ip[at]} << 8 | ip[at + 1];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    store(10, ~sum & 0xffff);
    return ip;
}

/// One firewall, in the kernel and as an engine.
class LogLines : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
        if (!log_.is_open()) GTEST_SKIP() << "/dev/kmsg cannot be read";
        if (!all_.is_set()) GTEST_SKIP() << kAllNamespaces << " cannot be written";
        const unsigned id = static_cast<unsigned>(getpid());
        four_ = fmt::format("10.{}.{}", id / 250 % 250 + 1, id % 250 + 1);
        six_ = fmt::format("fd00:{:x}", id & 0xffff);
    }

    /// `%` in rules and packets stands for the first half of this process's own IPv4 network, `&` for IPv6's.
    std::string fill(std::string words) const {
        for (const auto& [sign, text] : {std::pair{'%', four_}, std::pair{'&', six_}}) {
            for (std::size_t at; (at = words.find(sign)) != std::string::npos;) {
                words.replace(at, 1, text);
            }
        }
        return words;
    }

    void start(const std::string& rules4, const std::string& rules6,
               const std::string& fingerprints = {}) {
        KernelSetup there;
        EngineSetup here;
        there.fingerprints = here.fingerprints = fingerprints;
        for (const char* name : {"eth0", "eth1"}) {
            const std::string digit(name + 3);
            const std::string v4 = fmt::format("{}.{}/25", four_, digit == "0" ? 0 : 128);
            const std::string v6 = fmt::format("{}:{}::/64", six_, digit);
            there.devices.push_back({name, {v4, v6}});
            here.devices.push_back({name, {*parse_prefix(v4), *parse_prefix(v6)}});
        }
        there.rules4 = fill(rules4);
        there.rules6 = fill(rules6);
        auto run = KernelRun::make(there);
        ASSERT_TRUE(run.has_value()) << run.error().faults.front().words;
        run_ = std::move(*run);
        // What tracking says of INVALID packets stands between the lines of the rules.
        ASSERT_TRUE(run_->set("net/netfilter/nf_conntrack_log_invalid", "255").has_value());
        here.settings.log_invalid = 255;
        for (const char* setting : {"net/netfilter/nf_log/2", "net/netfilter/nf_log/10"}) {
            const bool is_v4 = setting[std::string_view(setting).size() - 2] == '/';
            ASSERT_TRUE(run_->set(setting, is_v4 ? "nf_log_ipv4" : "nf_log_ipv6").has_value());
        }
        const auto read = [&](const std::string& text, Family family, std::optional<Ruleset>& to) {
            if (text.empty()) return;
            auto ruleset = Ruleset::parse(text, family);
            ASSERT_TRUE(ruleset.has_value()) << ruleset.error().faults.front().words;
            to.emplace(std::move(*ruleset));
        };
        read(there.rules4, Family::ipv4, here.rules4);
        read(there.rules6, Family::ipv6, here.rules6);
        auto engine = Engine::make(std::move(here));
        ASSERT_TRUE(engine.has_value());
        engine_.emplace(std::move(*engine));
    }

    /// Sends the packet both ways and compares the lines. The number of lines that both wrote.
    std::size_t send(const std::string& words) {
        const auto packet = parse_packet_text(fill(words));
        EXPECT_TRUE(packet.has_value()) << words;
        return packet ? send(packet->ip, words) : 0;
    }

    /// The same of bytes; what leaves is compared too. `words`: for the failure's text.
    std::size_t send(const std::vector<std::uint8_t>& ip, const std::string& words) {
        const bool is_v4 = ip[0] >> 4 == 4;
        const std::string own = is_v4 ? four_ + "." : six_;
        static_cast<void>(log_.read_lines(own));
        const KernelVerdict verdict = run_->inject({ip, {}});
        std::string log;
        now_ = now_ + 1'000'000;
        const Frame frame{ip, kLinkRaw, now_};
        Decision decision;
        engine_->process({&frame, 1}, {&decision, 1}, nullptr, &log);
        std::vector<std::string> got;
        while (!log.empty()) {
            got.push_back(log.substr(0, log.find('\n')));
            log.erase(0, log.find('\n') + 1);
        }
        // The kernel's own prefix may be anything printable; addresses of this process mark its lines.
        const std::vector<std::string> wanted = log_.read_lines(
            is_v4 ? "SRC=" + four_ : fmt::format("SRC=fd00:{:0>4}", six_.substr(5)));
        EXPECT_EQ(got, wanted) << words;
        const bool leaves = decision.verdict == Verdict::accept;
        EXPECT_EQ(leaves, verdict.delivered) << words;
        const std::vector<std::uint8_t> out(decision.out_bytes.begin(), decision.out_bytes.end());
        EXPECT_TRUE(!leaves || out == verdict.out_bytes)
            << words << "\nout    " << hex_of(out) << "\nkernel " << hex_of(verdict.out_bytes);
        return wanted.size();
    }

    std::string four_;
    std::string six_;
    KernelLog log_;
    LogAllNamespaces all_;
    std::unique_ptr<KernelRun> run_;
    std::optional<Engine> engine_;
    Time now_ = Time::from_s(1'000'000'000);
};

constexpr const char* kRewriting =
    "-A PREROUTING -j LOG --log-prefix \"ks \" --log-tcp-sequence --log-tcp-options "
    "--log-ip-options\n"
    "-A FORWARD -j TOS --xor-tos 0x55\n"
    "-A FORWARD -j DSCP --set-dscp 3\n"
    "-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN --dport 1:100 -j TCPMSS --set-mss 1000\n"
    "-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN --dport 101:65535 -j TCPMSS --set-mss 100\n"
    "-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 3,4,5,8,254\n";

TEST_F(LogLines, and_bytes_of_spoiled_packets_that_are_rewritten) {
    const std::string start_of_table =
        "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
    start(start_of_table + kRewriting +
              "-A FORWARD -j TTL --ttl-inc 3\n-A FORWARD -p tcp -j ECN --ecn-tcp-ece 1\n"
              "-A FORWARD -j ECN --ecn-ip-ect 1\nCOMMIT\n",
          start_of_table + kRewriting +
              "-A FORWARD -j HL --hl-dec 3\n"
              "-A POSTROUTING -j SNPT --src-pfx &:0::/64 --dst-pfx &:9::/64\nCOMMIT\n");
    constexpr const char* kSeeds[] = {
        "tcp %.1:9 %.130:80 flags syn seq 5 mss 1460 sackok ts 1 2 wscale 7",
        "tcp %.1:9 %.130:180 flags syn,ece seq 5 tcpopt 01020405b4080a0000000100000002",
        "tcp %.1:9 %.130:80 flags syn seq 5 wscale 3",
        "udp %.1:9 %.130:53 len 20",
        "icmp %.1 %.130 port-unreachable quote (tcp %.130:1 %.1:2 flags syn mss 9)",
        "icmp %.1 %.130 redirect gateway %.3 quote (udp %.130:1 %.1:2)",
        "ip %.1 %.130 proto 51 hex 0604000011223344aabbccdd01020304",
        "tcp [&:0::1]:9 [&:1::1]:80 flags syn mss 1440 wscale 7 ext dst",
        "tcp [&:0::1]:9 [&:1::1]:180 flags syn ext dst,ah",
        "udp [&:0::1]:9 [&:1::1]:53 len 8 ext dst",
        "icmp6 &:0::1 &:1::1 packet-too-big mtu 1280 quote (udp [&:1::1]:1 [&:0::1]:2 ext dst)",
    };
    std::size_t lines = 0;
    std::mt19937 dice{1};
    for (unsigned round = 0; round < 4000 && !HasFailure(); ++round) {
        const auto packet = parse_packet_text(fill(kSeeds[dice() % std::size(kSeeds)]));
        ASSERT_TRUE(packet.has_value());
        const std::vector<std::uint8_t> ip = spoil(packet->ip, dice);
        lines += send(ip, fmt::format("round {}: raw {}", round, hex_of(ip)));
    }
    EXPECT_GT(lines, 3600U);
}

TEST_F(LogLines, of_what_tracking_finds_invalid) {
    start("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m mark --mark 0x9 -j LOG\nCOMMIT\n",
          "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m mark --mark 0x9 -j LOG\nCOMMIT\n");
    std::size_t lines = 0;
    for (const char* packet : {
             "tcp %.1:1 %.130:80 flags fin,syn seq 5",
             "tcp %.1:1 %.130:80 flags rst seq 5",
             "tcp %.1:1 %.130:80 flags syn seq 5 win 1000 mss 1460 wscale 7",
             "tcp %.130:80 %.1:1 flags ack seq 9 ack 77 win 1000",
             "tcp %.130:80 %.1:1 flags syn,ack seq 9 ack 6 win 1000 wscale 7",
             "tcp %.1:1 %.130:80 flags ack seq 6 ack 10 win 1000",
             "tcp %.1:1 %.130:80 flags ack seq 6 ack 10 win 1000 len 10",
             "tcp %.130:80 %.1:1 flags ack seq 10 ack 16 win 1000",
             "tcp %.1:1 %.130:80 flags ack seq 990006 ack 10 win 1000 len 10",
             "tcp %.1:1 %.130:80 flags ack seq 4293000006 ack 10 win 1000 len 10",
             "tcp %.1:1 %.130:80 flags ack seq 16 ack 990010 win 1000",
             "tcp %.1:1 %.130:80 flags ack seq 16 ack 4293000006 win 1000",
             "tcp %.1:1 %.130:80 flags fin,ack seq 990016 ack 10 win 1000",
             "tcp %.130:80 %.1:1 flags rst seq 990010",
             "tcp %.130:80 %.1:1 flags fin,ack seq 990010 ack 16 win 1000",
             "tcp %.1:1 %.130:80 flags rst seq 990010",
             "sctp %.1:1 %.130:2 vtag 5 chunks data",
             "sctp %.1:1 %.130:2 vtag 0 chunks init itag 77",
             "sctp %.130:2 %.1:1 vtag 99 chunks init_ack itag 88",
             "sctp %.130:2 %.1:1 vtag 77 chunks init_ack itag 88",
             "sctp %.1:1 %.130:2 vtag 88 chunks init,data itag 7",
             "sctp %.1:1 %.130:2 vtag 88 chunks init badsum",
             "sctp %.130:2 %.1:1 vtag 78 chunks data",
             "sctp %.130:2 %.1:1 vtag 77 chunks shutdown_complete",
             "udp %.1:1 %.130:53 ulen 3",
             "udp %.1:1 %.130:53 len 9 badsum",
             "icmp %.1 %.130 type 42/3",
             "udp %.1:7 %.130:7",
             "icmp %.130 %.2 port-unreachable quote (udp %.1:7 %.130:7)",
             "udp [&:0::1]:7 [&:1::1]:7",
             "icmp6 &:1::1 &:0::2 port-unreachable quote (udp [&:0::1]:7 [&:1::1]:7)",
             "tcp [&:0::1]:1 [&:1::1]:80 flags none",
         }) {
        lines += send(packet);
    }
    EXPECT_GT(lines, 15U);
}

constexpr const char* kPlain4 =
    "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
    "-A PREROUTING -j LOG --log-prefix \"ks in \"\n"
    "-A FORWARD -m mark --mark 0x0 -j MARK --set-xmark 0xabc/0xffffffff\n"
    "-A FORWARD -j LOG --log-tcp-sequence --log-tcp-options --log-ip-options --log-level 6\n"
    "-A POSTROUTING -j LOG --log-prefix out --log-macdecode --log-tcp-options\n"
    "COMMIT\n";

TEST_F(LogLines, of_ipv4_packets) {
    start(kPlain4, "");
    std::size_t lines = 0;
    for (const char* packet : {
             "tcp %.1:1000 %.130:80 flags syn seq 5 win 1000 mss 1460 sackok wscale 7",
             "tcp %.1:1000 %.130:80 flags fin,syn,rst,psh,ack,urg,ece,cwr seq 4294967295 ack 7 urg "
             "9",
             "tcp %.1:1001 %.130:80 flags none seq 1 win 0 tos 0xff ttl 2 ipid 65535 df",
             "tcp %.1:1002 %.130:80 flags ack len 100 doff 24",
             "tcp %.1:1002 %.130:80 flags ack doff 60",
             "tcp %.1:1002 %.130:80 flags ack doff 16",
             "udp %.1:53 %.130:5353 len 30 tos 0x3c",
             "udp %.1:53 %.130:5353 ulen 3",
             "udplite %.1:53 %.130:5353 len 30",
             "icmp %.1 %.130 echo-request id 7 seq 9 len 20",
             "icmp %.1 %.130 echo-reply id 7 seq 9",
             "icmp %.1 %.130 type 13/0 len 12",
             "icmp %.1 %.130 type 13/0 len 2",
             "icmp %.1 %.130 type 17/0 len 4",
             "icmp %.1 %.130 type 42/3",
             "icmp %.1 %.130 port-unreachable quote (udp %.130:1 %.1:2 len 9)",
             "icmp %.1 %.130 fragmentation-needed mtu 1400 quote (tcp %.130:1 %.1:2 flags syn mss "
             "100)",
             "icmp %.1 %.130 redirect gateway %.3 quote (icmp %.130 %.1 echo-request id 1 seq 2)",
             "icmp %.1 %.130 time-exceeded quote (icmp %.130 %.1 port-unreachable quote (udp %.1:1 "
             "%.130:2))",
             "icmp %.1 %.130 port-unreachable quote (tcp %.130:1 %.1:2 flags syn) cut 24",
             "icmp %.1 %.130 port-unreachable quote (tcp %.130:1 %.1:2 flags syn) cut 10",
             "icmp %.1 %.130 port-unreachable quote (udp %.130:1 %.1:2 options 0101010101010101) "
             "cut 22",
             "icmp %.1 %.130 type 12/0 quote (udp %.130:1 %.1:2)",
             "ip %.1 %.130 proto 47 len 20",
             "ip %.1 %.130 proto 51 hex 0604000011223344aabbccdd01020304",
             "ip %.1 %.130 proto 51 hex 060400001122",
             "ip %.1 %.130 proto 50 hex 1122334400000001ffff",
             "ip %.1 %.130 proto 50 hex 112233",
             "ip %.1 %.130 proto 6 hex 112233",
             "ip %.1 %.130 proto 17 hex 112233",
             "ip %.1 %.130 proto 1 hex 112233",
             "sctp %.1:1 %.130:2",
             "udp %.1:1 %.130:2 options 94040000 len 3",
             "udp %.1:1 %.130:2 options 0101010101010100 len 3",
         }) {
        lines += send(packet);
    }
    EXPECT_GT(lines, 90U);
}

constexpr const char* kPlain6 =
    "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
    "-A PREROUTING -j LOG --log-prefix \"ks in \"\n"
    "-A FORWARD -j MARK --set-xmark 0x1/0xffffffff\n"
    "-A FORWARD -j LOG --log-tcp-sequence --log-tcp-options --log-ip-options\n"
    "COMMIT\n";

TEST_F(LogLines, of_ipv6_packets) {
    start("", kPlain6);
    std::size_t lines = 0;
    for (const char* packet : {
             "tcp [&:0::1]:1000 [&:1::1]:80 flags syn seq 5 win 1000 mss 1440 tos 0xb8",
             "tcp [&:0::1]:1000 [&:1::1]:80 flags ack seq 5 ack 9 doff 48",
             "udp [&:0::1]:53 [&:1::1]:5353 len 30 ttl 2",
             "udplite [&:0::1]:53 [&:1::1]:5353 len 30",
             "udp [&:0::1]:53 [&:1::1]:5353 len 30 ext hop,dst",
             "udp [&:0::1]:53 [&:1::1]:5353 len 30 ext dst,ah",
             "tcp [&:0::1]:53 [&:1::1]:5353 flags syn ext ah",
             "icmp6 &:0::1 &:1::1 echo-request id 7 seq 9",
             "icmp6 &:0::1 &:1::1 echo-reply id 7 seq 9",
             "icmp6 &:0::1 &:1::1 packet-too-big mtu 1280 quote (udp [&:1::1]:1 [&:0::1]:2)",
             "icmp6 &:0::1 &:1::1 port-unreachable quote (tcp [&:1::1]:1 [&:0::1]:2 flags syn)",
             "icmp6 &:0::1 &:1::1 4/1 quote (tcp [&:1::1]:1 [&:0::1]:2 flags syn) cut 30",
             "icmp6 &:0::1 &:1::1 port-unreachable quote (tcp [&:1::1]:1 [&:0::1]:2 flags syn) cut "
             "50",
             "icmp6 &:0::1 &:1::1 130/0",
             "icmp6 &:0::1 &:1::1 200/7",
             "ip [&:0::1] [&:1::1] proto 59",
             "ip [&:0::1] [&:1::1] proto 50 hex 1122334400000001ffff",
             "ip [&:0::1] [&:1::1] proto 47 len 4",
             "ip [&:0::1] [&:1::1] proto 6 hex 112233",
             "ip [&:0::1] [&:1::1] proto 58 hex 112233",
             "sctp [&:0::1]:1 [&:1::1]:2",
         }) {
        lines += send(packet);
    }
    EXPECT_GT(lines, 35U);
}

TEST_F(LogLines, of_fingerprints) {
    const std::string rule = "-A FORWARD -p tcp -m osf --genre KsOne ";
    start("*filter\n:FORWARD ACCEPT [0:0]\n" + rule + "--log 0 --ttl 2\n" + rule +
              "--log 1 --ttl 2\n" + rule + "--log 2 --ttl 1\n" + rule + "--log 2\n" + rule +
              "\nCOMMIT\n",
          "",
          "5000:64:0:44:M*:@KsOne:v1:s1:one\n"
          "*:128:0:44:M*:KsTwo:::two\n"
          "*:128:0:44:M1400:*KsTwo:::not there yet, though alike but for the value\n"
          "*:128:0:44:M*:KsTwo:::there already\n"
          "*:255:0:40::KsLooooooooooooooooooooooooooooooooooong:"
          "versioooooooooooooooooooooooooooooooooooon:"
          "subtypeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee:long\n");
    std::size_t lines = 0;
    for (const char* packet : {
             "tcp %.1:1000 %.130:80 flags syn seq 5 win 5000 mss 1400",
             "tcp %.1:1001 %.130:80 flags syn seq 5 win 5001 mss 1400 ttl 128",
             "tcp %.1:1002 %.130:80 flags syn seq 5 win 5000 mss 1400 ttl 3",
             "tcp %.1:1003 %.130:80 flags syn seq 5 win 5000 mss 1400 ttl 200",
             "tcp %.1:1004 %.130:80 flags syn seq 5 win 5000 mss 1400 df",
             "tcp %.1:1005 %.130:80 flags syn seq 5 win 5000 ttl 254",
             "tcp %.1:1006 %.130:80 flags ack seq 5 win 5000 mss 1400",
             "tcp %.1:1007 %.130:80 flags syn seq 5 win 5000 mss 1400 wscale 3 doff 60",
         }) {
        lines += send(packet);
    }
    EXPECT_GT(lines, 25U);
}

TEST_F(LogLines, end_where_the_buffer_of_the_kernel_does) {
    start("", kPlain6);
    std::size_t lines = 0;
    for (const int headers : {90, 100, 101, 102, 103, 104, 105, 106, 107, 120}) {
        std::string chain = "dst";
        for (int i = 1; i < headers; ++i) chain += ",dst";
        lines += send("udp [&:0::1]:53 [&:1::1]:5353 len 30 ext " + chain);
    }
    EXPECT_EQ(lines, 20U);
}

TEST_F(LogLines, of_a_traced_packet) {
    start(
        "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A PREROUTING -p udp -j TRACE\n-A PREROUTING -p udp -j LOG --log-prefix \"ks \"\nCOMMIT\n"
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:one - [0:0]\n"
        ":two - [0:0]\n"
        "-A FORWARD -p udp -m udp --dport 1 -j one\n"
        "-A FORWARD -p udp -m udp --dport 2 -g two\n"
        "-A FORWARD -p udp -m udp --dport 3 -j REJECT\n"
        "-A FORWARD -p udp -m udp --dport 4 -m comment --comment x\n"
        "-A one -p udp\n-A one -p udp -m udp --dport 1 -j two\n-A one\n-A two -j MARK --set-mark "
        "5\n"
        "-A two -j RETURN\n-A two -j ACCEPT\nCOMMIT\n"
        "*mangle\n:POSTROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j ACCEPT\nCOMMIT\n",
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -j TRACE\nCOMMIT\n"
        "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p udp -j ACCEPT\nCOMMIT\n");
    std::size_t lines = 0;
    for (const char* packet :
         {"udp %.1:9 %.130:1", "udp %.1:9 %.130:2", "udp %.1:9 %.130:3", "udp %.1:9 %.130:4",
          "tcp %.1:9 %.130:4", "udp %.1:9 %.130:1 options 01010101", "udp [&:0::1]:9 [&:1::1]:1"}) {
        lines += send(packet);
    }
    EXPECT_GT(lines, 25U);
}

}  // namespace
}  // namespace keepstate::kernel
