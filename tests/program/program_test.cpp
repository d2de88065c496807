// The program as its users meet it: what it says of bad input, its exit statuses, what is kept when it is
// stopped, and that its memory does not grow with the capture.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "io/test_capture.hpp"

namespace {

using keepstate::io::test::TemporaryFile;
namespace capture = keepstate::io::test;

struct Ended {
    int status = -1;  ///< exit status; 1000 + N if signal N ended it
    std::string out;
    std::string err;
    long peak_kb = 0;
};

/// Runs the program with stdin from a pipe that `feed` writes to; `feed` also gets the process id.
Ended run(
    const std::vector<std::string>& arguments,
    const std::function<void(int, pid_t)>& feed = [](int, pid_t) {}) {
    const TemporaryFile out;
    const TemporaryFile err;
    int pipe_ends[2];
    EXPECT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
    std::vector<std::string> words{KEEPSTATE_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(pipe_ends[0], STDIN_FILENO);
        ::dup2(::open(out.name().c_str(), O_WRONLY), STDOUT_FILENO);
        ::dup2(::open(err.name().c_str(), O_WRONLY), STDERR_FILENO);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(pipe_ends[0]);
    ::signal(SIGPIPE, SIG_IGN);
    feed(pipe_ends[1], child);
    ::close(pipe_ends[1]);
    int status = 0;
    rusage usage{};
    ::wait4(child, &status, 0, &usage);
    Ended result;
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    result.out = out.content();
    result.err = err.content();
    result.peak_kb = usage.ru_maxrss;
    return result;
}

bool write_all(int fd, const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t now = ::write(fd, bytes.data() + done, bytes.size() - done);
        if (now <= 0) return false;
        done += static_cast<std::size_t>(now);
    }
    return true;
}

/// A UDP packet without a checksum, so that every address and port may be written in.
std::string udp(unsigned host, unsigned port, bool reply = false) {
    const auto byte = [](unsigned value) { return static_cast<char>(value & 0xff); };
    const std::string client{10, 0, 0, byte(host)};
    const std::string server{10, 1, 0, 1};
    std::string ip{0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0};
    ip += reply ? server + client : client + server;
    unsigned sum = 0;
    for (std::size_t i = 0; i < ip.size(); i += 2) {
        sum += static_cast<unsigned char>(ip[i]) * 256U + static_cast<unsigned char>(ip[i + 1]);
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    ip[10] = byte(~sum >> 8);
    ip[11] = byte(~sum);
    const std::string ports{byte(port >> 8), byte(port)};
    const std::string dns{0, 53};
    return ip + (reply ? dns + ports : ports + dns) + std::string{0, 12, 0, 0, 'd', 'a', 't', 'a'};
}

const capture::PcapShape kRaw{false, 0xa1b2c3d4, 101, 4};

std::string small_capture(unsigned packets) {
    std::string bytes = capture::pcap_header(kRaw);
    for (unsigned i = 0; i < packets; ++i) {
        bytes += capture::pcap_record(udp(1 + i % 5, 40'000 + i % 7, i % 2 == 1), i, 0);
    }
    return bytes;
}

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

const char* const kRules =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -s 10.0.0.0/8 -p udp -m udp --dport 53 -j ACCEPT\nCOMMIT\n";

TEST(Program, HasHelpAndVersion) {
    const Ended help = run({"--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find("replay"), std::string::npos);
    EXPECT_EQ(help.out.find("report"), std::string::npos) << "lists only verbs that work";
    EXPECT_EQ(help.err, "");
    EXPECT_EQ(run({"replay", "--help"}).status, 0);
    EXPECT_EQ(run({"--version"}).out.find("keepstate "), 0U);
}

TEST(Program, RefusesWrongCalls) {
    for (const std::vector<std::string>& call : {std::vector<std::string>{},
                                                 {"no-such-verb"},
                                                 {"report", "x"},
                                                 {"replay"},
                                                 {"replay", "--bogus", "x"},
                                                 {"replay", "-s", "nf_conntrack_nonsense=1", "x"},
                                                 {"replay", "-l", "x", "x"}}) {
        const Ended result = run(call);
        EXPECT_EQ(result.status, 2);
        EXPECT_EQ(lines(result.err), 1U) << result.err;
        EXPECT_EQ(result.err.find("keepstate: "), 0U);
        EXPECT_EQ(result.out, "");
    }
}

TEST(Program, SaysOneLineOfAFileThatIsNoCapture) {
    const TemporaryFile text("this is no capture\n");
    const TemporaryFile empty;
    for (const auto& [name, words] : std::vector<std::pair<std::string, std::string>>{
             {text.name(), "not a capture"},
             {empty.name(), "the file is empty"},
             {"/nowhere/x.pcap", "No such file or directory"},
             {"/tmp", "Is a directory"}}) {
        const Ended result = run({"replay", name});
        EXPECT_EQ(result.status, 3);
        EXPECT_EQ(lines(result.err), 1U) << result.err;
        EXPECT_EQ(result.err.find("keepstate: " + name + ": error: "), 0U) << result.err;
        EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
    }
}

TEST(Program, ReplaysWhatStandsBeforeTheBreak) {
    const std::string whole = small_capture(10);
    const TemporaryFile table;
    for (const std::string& stored :
         {whole.substr(0, whole.size() - 7), capture::gzip(whole + std::string(3, 'x'))}) {
        const TemporaryFile cut(stored);
        const Ended result = run({"replay", "-f", "json", "--table", table.name(), cut.name()});
        EXPECT_EQ(result.status, 3);
        EXPECT_GE(lines(result.out), 9U);
        EXPECT_NE(result.err.find("keepstate: " + cut.name() + ": error: packet 1"),
                  std::string::npos)
            << result.err;
        EXPECT_NE(result.err.find("cut off"), std::string::npos);
        EXPECT_GT(lines(table.content()), 0U) << "what was done until then is not lost";
    }
}

TEST(Program, ReplaysACaptureWithoutPackets) {
    const TemporaryFile empty(capture::pcap_header());
    const Ended result = run({"replay", empty.name()});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("there was no packet"), std::string::npos);
}

TEST(Program, PrintsAllFaultsOfARulesetAndDoesNotRun) {
    const TemporaryFile rules(
        "*filter\n-A INPUT -m sate --state NEW -j ACCEPT\n-A INPUT -j ACCEP\nCOMMIT\n");
    const TemporaryFile good(small_capture(2));
    const TemporaryFile table("kept");
    const Ended result = run({"replay", "-r", rules.name(), "--table", table.name(), good.name()});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    for (const char* line : {":2:", ":3:"}) {
        EXPECT_NE(result.err.find("keepstate: " + rules.name() + line), std::string::npos)
            << result.err;
    }
    EXPECT_NE(result.err.find('^'), std::string::npos);
    EXPECT_EQ(table.content(), "kept") << "nothing is emptied by a run that does not start";
}

TEST(Program, MatchesSetsThatAreGivenAndRefusesRulesWithoutTheirs) {
    const TemporaryFile rules(
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m set --match-set inside src -j "
        "ACCEPT\nCOMMIT\n");
    const TemporaryFile good(small_capture(4));
    const TemporaryFile sets("create inside hash:net\nadd inside 10.0.0.0/24\n");
    const Ended ran = run({"replay", "-f", "none", "--counters", "-", "-r", rules.name(), "--ipset",
                           sets.name(), good.name()});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_NE(ran.out.find("[2:64] -A FORWARD -m set --match-set inside src -j ACCEPT"),
              std::string::npos)
        << ran.out;

    const Ended lacks = run({"replay", "-r", rules.name(), good.name()});
    EXPECT_EQ(lacks.status, 1);
    EXPECT_NE(lacks.err.find(rules.name() + ":3:"), std::string::npos) << lacks.err;
    EXPECT_NE(lacks.err.find("--ipset"), std::string::npos) << lacks.err;

    const TemporaryFile bad("create inside hash:net\nadd inside 10.0.0\nad inside 10.0.0.1\n");
    const Ended faulty = run({"replay", "-r", rules.name(), "--ipset", bad.name(), good.name()});
    EXPECT_EQ(faulty.status, 1);
    EXPECT_NE(faulty.err.find(bad.name() + ":2:12:"), std::string::npos) << faulty.err;
    EXPECT_NE(faulty.err.find(bad.name() + ":3:1:"), std::string::npos) << faulty.err;
}

TEST(Program, ReplaysOnSeveralThreadsWhatItReplaysOnOne) {
    const TemporaryFile good(small_capture(3000));
    const Ended one = run({"replay", "-f", "json", "-e", "--table", "-", good.name()});
    EXPECT_EQ(one.status, 0);
    for (const char* threads : {"2", "3"}) {
        const Ended many =
            run({"replay", "--threads", threads, "-f", "json", "-e", "--table", "-", good.name()});
        EXPECT_EQ(many.status, 0) << many.err;
        EXPECT_TRUE(many.out == one.out) << threads << " threads";
    }
    EXPECT_EQ(run({"replay", "--threads", "0", good.name()}).status, 2);
    EXPECT_EQ(run({"replay", "--threads", "65", good.name()}).status, 2);
}

TEST(Program, SaysWhichRuleKeepsAllOnOneThread) {
    const TemporaryFile rules(
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m limit -j ACCEPT\nCOMMIT\n");
    const TemporaryFile good(small_capture(4));
    const Ended ran = run({"replay", "--threads", "2", "-r", rules.name(), good.name()});
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.err.find("--threads 2: all is judged on one thread, since " + rules.name() +
                           ":3: `limit' remembers how many packets have come: -A FORWARD -m limit "
                           "--limit 3/hour -j ACCEPT"),
              std::string::npos)
        << ran.err;
    const Ended alone = run({"replay", "-r", rules.name(), good.name()});
    EXPECT_EQ(alone.err.find("--threads"), std::string::npos) << alone.err;
}

TEST(Program, ReadsFingerprintsAndHintsIfThereAreNone) {
    const TemporaryFile rules(
        "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m osf --genre Linux\nCOMMIT\n");
    const TemporaryFile capture(small_capture(2));
    const TemporaryFile good("# one\nS4:64:1:60:M*,S,T,N,W7:Linux:2.6::Linux 2.6\n");
    const Ended ran = run({"replay", "-r", rules.name(), "--osf", good.name(), capture.name()});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.err.find("never matches"), std::string::npos) << ran.err;

    const Ended none = run({"replay", "-r", rules.name(), capture.name()});
    EXPECT_EQ(none.status, 0) << none.err;
    EXPECT_NE(none.err.find("never matches here: no fingerprints are known"), std::string::npos)
        << none.err;

    const TemporaryFile bad("# one\nS4:64:1:60:M*:Linux:2.6:\n%0:256:1:60:M*:Linux:::\n");
    const Ended faulty = run({"replay", "-r", rules.name(), "--osf", bad.name(), capture.name()});
    EXPECT_EQ(faulty.status, 1);
    for (const char* place : {":2:1:", ":3:1:", ":3:4:"}) {
        EXPECT_NE(faulty.err.find(bad.name() + place), std::string::npos) << faulty.err;
    }
}

TEST(Program, FindsAnUnwritableOutputBeforeItStarts) {
    const TemporaryFile good(small_capture(2));
    for (const char* option :
         {"--table", "--counters", "--counters6", "--expectations", "--write"}) {
        const Ended result = run({"replay", option, "/nowhere/file", good.name()});
        EXPECT_EQ(result.status, 3) << option;
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(result.err, "keepstate: /nowhere/file: error: No such file or directory\n");
    }
    const Ended overwrite = run({"replay", "--write", good.name(), good.name()});
    EXPECT_EQ(overwrite.status, 2) << "a capture must not be overwritten while it is read";
    EXPECT_EQ(good.content(), small_capture(2));
}

TEST(Program, SaysWhenADeviceIsFull) {
    const TemporaryFile good(small_capture(2));
    const Ended result = run({"replay", "-f", "none", "--table", "/dev/full", good.name()});
    EXPECT_EQ(result.status, 3);
    EXPECT_NE(result.err.find("keepstate: /dev/full: error: No space left on device\n"),
              std::string::npos)
        << result.err;
}

TEST(Program, ReadsRulesAndCapturesFromStdinPlainAndCompressed) {
    const std::string bytes = small_capture(10);
    for (const std::string& stored : {bytes, capture::gzip(bytes), capture::zstd(bytes)}) {
        const Ended result =
            run({"replay", "-f", "json", "-"}, [&](int fd, pid_t) { write_all(fd, stored); });
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_EQ(lines(result.out), 10U);
    }
    const TemporaryFile file(bytes);
    const Ended ruled = run({"replay", "-f", "json", "-r", "-", "--counters", "-", file.name()},
                            [](int fd, pid_t) { write_all(fd, kRules); });
    EXPECT_EQ(ruled.status, 0) << ruled.err;
    EXPECT_NE(ruled.out.find("\"verdict\": \"ACCEPT\""), std::string::npos);
    EXPECT_NE(ruled.out.find(":FORWARD DROP ["), std::string::npos);
}

TEST(Program, NumbersPacketsWithinTheirOwnCapture) {
    const TemporaryFile a(small_capture(3));
    const TemporaryFile b(small_capture(3));
    const Ended result = run({"replay", "-f", "json", a.name(), b.name()});
    ASSERT_EQ(lines(result.out), 6U) << result.err;
    const auto first = nlohmann::json::parse(result.out.substr(0, result.out.find('\n')));
    EXPECT_EQ(first["packet"], 1);
    EXPECT_EQ(first["capture"], a.name());
    EXPECT_NE(result.out.find("\"packet\": 1, \"capture\": \"" + b.name()), std::string::npos);
    EXPECT_EQ(result.out.find("\"packet\": 4"), std::string::npos);
}

TEST(Program, ShowsOnlyWhatAFilterMatchesButTracksAll) {
    const TemporaryFile file(small_capture(10));
    const Ended result = run({"replay", "-f", "json", "--only", "src host 10.0.0.3", file.name()});
    EXPECT_EQ(lines(result.out), 1U) << result.out;
    EXPECT_NE(result.err.find("10 frames"), std::string::npos);
    const Ended wrong = run({"replay", "--only", "tcp prot 80", file.name()});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_EQ(lines(wrong.err), 1U) << wrong.err;
}

TEST(Program, WritesThePacketsThatLeft) {
    const TemporaryFile file(small_capture(10));
    const TemporaryFile rules(kRules);
    const TemporaryFile written;
    const Ended first =
        run({"replay", "-f", "none", "-r", rules.name(), "--write", written.name(), file.name()});
    EXPECT_EQ(first.status, 0) << first.err;
    const Ended again = run({"replay", "-f", "json", written.name()});
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(lines(again.out), 5U)
        << "replies without a query of their own flow are dropped by policy";
    EXPECT_NE(
        written.content().find("packet 1: NEW original, ACCEPT by filter FORWARD 2 (-A FORWARD"),
        std::string::npos);
}

TEST(Program, KeepsTheLinesOfLog) {
    const TemporaryFile file(small_capture(3));
    const TemporaryFile rules(
        "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p udp -m udp --dport 53 -j LOG --log-prefix "
        "\"dns "
        "\"\nCOMMIT\n");
    const TemporaryFile log;
    const Ended ended =
        run({"replay", "-f", "none", "-r", rules.name(), "--log", log.name(), file.name()});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(log.content(),
              "[0.000000] dns IN=eth0 OUT=eth0 MAC= SRC=10.0.0.1 DST=10.1.0.1 LEN=32 TOS=0x00 "
              "PREC=0x00 TTL=64 ID=0 PROTO=UDP SPT=40000 DPT=53 LEN=12 \n"
              "[2.000000] dns IN=eth0 OUT=eth0 MAC= SRC=10.0.0.3 DST=10.1.0.1 LEN=32 TOS=0x00 "
              "PREC=0x00 TTL=64 ID=0 PROTO=UDP SPT=40002 DPT=53 LEN=12 \n");
    const Ended same = run({"replay", "-f", "none", "-r", rules.name(), "--log", "-", file.name()});
    EXPECT_EQ(same.out, log.content());
    const Ended both =
        run({"replay", "-r", rules.name(), "--log", "/tmp/x", "--write", "/tmp/x", file.name()});
    EXPECT_EQ(both.status, 2);
}

TEST(Program, HintsAtTheFirewallsOwnAddress) {
    std::string bytes = capture::pcap_header(kRaw);
    for (unsigned i = 1; i < 5; ++i) bytes += capture::pcap_record(udp(i, 40'000), i, 0);
    const TemporaryFile file(bytes);
    EXPECT_NE(run({"replay", file.name()}).err.find("--local 10.1.0.1"), std::string::npos);
    EXPECT_EQ(run({"replay", "-l", "10.1.0.1", file.name()}).err.find("--local"),
              std::string::npos);
}

TEST(Program, CtrlCKeepsWhatWasDone) {
    const std::string directory = "/tmp/keepstate-test-" + std::to_string(::getpid());
    ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
    const std::string table = directory + "/table";
    const Ended result =
        run({"replay", "-f", "json", "--table", table, "-"}, [&](int fd, pid_t child) {
            write_all(fd, small_capture(50));
            struct stat facts {};
            for (int i = 0; i < 500 && ::stat(table.c_str(), &facts) != 0; ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            ::kill(child, SIGINT);
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
        });
    EXPECT_EQ(result.status, 130) << result.err;
    EXPECT_EQ(lines(result.out), 50U);
    struct stat facts {};
    EXPECT_EQ(::stat(table.c_str(), &facts), 0);
    EXPECT_GT(facts.st_size, 0);
    ::unlink(table.c_str());
    ::rmdir(directory.c_str());
}

TEST(Program, UsesTheSameMemoryForAMillionPackets) {
    const auto replay = [](unsigned blocks) {
        return run({"replay", "-f", "none", "-"}, [blocks](int fd, pid_t) {
            std::string block;
            for (unsigned i = 0; i < 10'000; ++i) {
                block += capture::pcap_record(udp(1 + i % 5, 40'000 + i % 7, i % 2 == 1), 1000, i);
            }
            bool open = write_all(fd, capture::pcap_header(kRaw));
            for (unsigned i = 0; i < blocks && open; ++i) open = write_all(fd, block);
        });
    };
    const Ended small = replay(1);
    const auto begin = std::chrono::steady_clock::now();
    const Ended large = replay(100);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(small.status, 0) << small.err;
    EXPECT_EQ(large.status, 0) << large.err;
    EXPECT_NE(large.err.find("replayed 1000000 frames"), std::string::npos) << large.err;
    EXPECT_LT(large.peak_kb, small.peak_kb + 4096) << "constant memory, apart from entries";
    EXPECT_LT(took.count(), 30.0);
}

TEST(Program, FmtPrintsARulesetAsIptablesSaveWould) {
    const std::string rules =
        "*filter\n:INPUT DROP [5:6]\n[7:8] -A INPUT -p tcp --dport http -j ACCEPT\nCOMMIT\n";
    const TemporaryFile file(rules);
    const Ended plain = run({"fmt", file.name()});
    EXPECT_EQ(plain.status, 0) << plain.err;
    EXPECT_EQ(plain.out,
              "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
              "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n");
    const Ended counted = run({"fmt", "-c", "-"}, [&](int fd, pid_t) { write_all(fd, rules); });
    EXPECT_NE(counted.out.find(":INPUT DROP [5:6]\n"), std::string::npos);
    EXPECT_NE(counted.out.find("[7:8] -A INPUT"), std::string::npos);
    const TemporaryFile script("#!/bin/sh\niptables -A INPUT -s 1.2.3.4 -j DROP\n");
    EXPECT_NE(run({"fmt", script.name()}).out.find("-A INPUT -s 1.2.3.4/32 -j DROP\n"),
              std::string::npos);
    EXPECT_NE(run({"fmt", "--ipv6", file.name()}).out, "");
    EXPECT_EQ(run({"fmt", "--ipv6", script.name()}).out, "") << "commands for IPv4 alone";
    const TemporaryFile wrong("*filter\n-A INPUT -j DORP\nCOMMIT\n");
    const Ended refused = run({"fmt", wrong.name()});
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.out, "");
    EXPECT_NE(refused.err.find("did you mean `DROP'?"), std::string::npos) << refused.err;
    EXPECT_EQ(run({"fmt"}).status, 2);
    EXPECT_EQ(run({"fmt", "--ipv4", "--ipv6", file.name()}).status, 2);
    EXPECT_EQ(run({"fmt", "/does/not/exist"}).status, 3);
}

TEST(Program, FmtFindsTheFamily) {
    const TemporaryFile said("# Generated by ip6tables-save v1.8.9\n*filter\nCOMMIT\n");
    const TemporaryFile shown("*filter\n-A INPUT -s 2001:db8::/32 -j DROP\nCOMMIT\n");
    const auto family = [](const std::string& file) {
        const Ended ended = run({"check", "--json", file});
        return nlohmann::json::parse(ended.out)[0]["family"].get<std::string>();
    };
    EXPECT_EQ(family(said.name()), "ipv6");
    EXPECT_EQ(family(shown.name()), "ipv6");
    EXPECT_EQ(run({"check", "--ipv4", shown.name()}).status, 1);
}

TEST(Program, CheckTellsFaultsAndWarnings) {
    const TemporaryFile wrong(
        "*filter\n-A INPUT -s 1.2.3.400 -p tpc -j DORP\n-A INPT -j ACCEPT\nCOMMIT\n");
    const Ended faults = run({"check", wrong.name()});
    EXPECT_EQ(faults.status, 1);
    EXPECT_EQ(faults.err, "");
    EXPECT_EQ(lines(faults.out), 12U) << faults.out;
    EXPECT_EQ(faults.out.rfind(wrong.name() + ":2:13: error: ", 0), 0U) << faults.out;
    EXPECT_NE(faults.out.find("\n    -A INPUT -s 1.2.3.400 -p tpc -j DORP\n                ^\n"),
              std::string::npos)
        << faults.out;

    const TemporaryFile legal(
        "*filter\n:INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n-A INPUT -j ACCEPT\n"
        "-A INPUT -p tcp -j DROP\nCOMMIT\n");
    const Ended warned = run({"check", legal.name(), wrong.name()});
    EXPECT_EQ(warned.status, 1);
    EXPECT_NE(
        warned.out.find(":5:1: warning: never reached: line 4 decides all that it could match "
                        "[unreachable-rule]\n    -A INPUT -p tcp -j DROP\n    ^\n"),
        std::string::npos)
        << warned.out;
    const Ended quiet = run({"check", "--no-warn", "unreachable-rule", legal.name()});
    EXPECT_EQ(quiet.status, 0);
    EXPECT_EQ(quiet.out.find("unreachable-rule"), std::string::npos) << quiet.out;
    EXPECT_EQ(run({"check", "--no-warn", "no-such-warning", legal.name()}).status, 2);
    EXPECT_EQ(run({"check", "/does/not/exist", legal.name()}).status, 3);
    EXPECT_EQ(run({"check"}).status, 2);
    EXPECT_EQ(run({"check", "--help"}).status, 0);
}

TEST(Program, CheckAsJson) {
    const TemporaryFile wrong("*filter\n-A INPUT -j DORP\nCOMMIT\n");
    const TemporaryFile legal(
        "*filter\n:OUTPUT DROP [0:0]\n-A INPUT -j DROP\n-A INPUT -p tcp -j DROP\nCOMMIT\n");
    const Ended ended = run({"check", "--json", wrong.name(), legal.name()});
    EXPECT_EQ(ended.status, 1);
    const auto json = nlohmann::json::parse(ended.out);
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0]["file"], wrong.name());
    EXPECT_EQ(json[0]["errors"][0]["line"], 2);
    EXPECT_EQ(json[0]["errors"][0]["column"], 13);
    EXPECT_EQ(json[0]["errors"][0]["text"], "-A INPUT -j DORP");
    EXPECT_TRUE(json[0]["warnings"].empty());
    EXPECT_TRUE(json[1]["errors"].empty());
    EXPECT_EQ(json[1]["warnings"][0]["name"], "unreachable-rule");
    EXPECT_EQ(json[1]["warnings"][0]["line"], 4);
}

}  // namespace
