// walk() on packets made by hand: verdicts, counters, calls, goto, fragments, and what is said.
#include "rules/walk.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace keepstate::rules {
namespace {

constexpr std::string_view kHead =
    "*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n:b - [0:0]\n:c - [0:0]\n";

// An IPv4 TCP segment from 10.0.0.1:1000 to 10.0.0.2:`port`, SYN.
struct TestPacket {
    std::array<std::uint8_t, 40> bytes{};
    wire::Packet packet;
    Context context;
    std::array<char, 16> in{"eth0"};
    ct::Entry entry;

    explicit TestPacket(std::uint16_t port = 80) {
        bytes[0] = 0x45;
        bytes[3] = 40;
        bytes[9] = protocol::kTcp;
        bytes[12] = bytes[16] = 10;
        bytes[15] = 1;
        bytes[19] = 2;
        base::store_be16(&bytes[20], 1000);
        base::store_be16(&bytes[22], port);
        bytes[32] = 0x50;
        bytes[33] = wire::tcp_flag::kSyn;
        packet.ip = base::ByteView(bytes);
        packet.header_bytes = 20;
        packet.has_transport = true;
        packet.protocol = packet.rules_protocol = protocol::kTcp;
        packet.transport_offset = packet.rules_transport_offset = 20;
        context.packet = &packet;
        context.in_device = in.data();
        context.flow.state = CtState::new_;
    }
};

Program make_program(const Ruleset& ruleset) {
    static Objects objects;
    return std::move(*Program::make(ruleset, objects));
}

Program program_of(const std::string& rules) {
    const auto ruleset = Ruleset::parse(fmt::format("{}{}COMMIT\n", kHead, rules), Family::ipv4);
    if (!ruleset) ADD_FAILURE() << ruleset.error().faults.front().words;
    return make_program(ruleset ? *ruleset : Ruleset::empty(Family::ipv4));
}

// "accept INPUT 2", "drop policy", and so on.
std::string run(Program& program, TestPacket& packet, Observer* observer = nullptr) {
    const Outcome outcome = walk(program, Table::filter, Hook::input, packet.context, observer);
    const std::string chain(program.chain_name(Table::filter, outcome.chain));
    return fmt::format("{} {} {}{}", text(outcome.verdict()), chain,
                       outcome.rule == 0 ? "policy" : std::to_string(outcome.rule),
                       outcome.hotdrop ? " hotdrop" : "");
}

std::string run(const std::string& rules, TestPacket& packet) {
    packet.packet.ip = base::ByteView(packet.bytes);
    packet.context.packet = &packet.packet;
    packet.context.in_device = packet.in.data();
    Program program = program_of(rules);
    return run(program, packet);
}
std::string run(const std::string& rules) {
    TestPacket packet;
    return run(rules, packet);
}

TEST(Walk, the_first_rule_that_matches_decides) {
    EXPECT_EQ(run("-A INPUT -p udp -j DROP\n-A INPUT -p tcp -j ACCEPT\n"), "ACCEPT INPUT 2");
    EXPECT_EQ(run("-A INPUT -s 10.0.0.0/8 -i eth+ -j ACCEPT\n"), "ACCEPT INPUT 1");
    EXPECT_EQ(run("-A INPUT ! -s 10.0.0.0/8 -j ACCEPT\n"), "DROP INPUT policy");
    EXPECT_EQ(run("-A INPUT ! -i eth0 -j ACCEPT\n-A INPUT -i eth -j ACCEPT\n"),
              "DROP INPUT policy");
    EXPECT_EQ(run("-A INPUT ! -i + -j ACCEPT\n"), "DROP INPUT policy");
    EXPECT_EQ(run("-A INPUT -p tcp --dport 1:79\n-A INPUT -p tcp --syn -j REJECT\n"),
              "REJECT INPUT 2");
}

TEST(Walk, the_policy_decides_when_no_rule_does) {
    EXPECT_EQ(run(""), "DROP INPUT policy");
    EXPECT_EQ(run("-A INPUT -j RETURN\n-A INPUT -j ACCEPT\n"), "DROP INPUT policy");
}

TEST(Walk, a_jump_comes_back_a_goto_does_not) {
    EXPECT_EQ(run("-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -j b\n-A a -j RETURN\n-A a -j DROP\n"),
              "ACCEPT INPUT 2");
    EXPECT_EQ(run("-A INPUT -g a\n-A INPUT -j ACCEPT\n-A a -j RETURN\n"), "DROP INPUT policy");
    // A goto in a called chain comes back to where the call was.
    EXPECT_EQ(run("-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -g b\n-A a -j DROP\n"),
              "ACCEPT INPUT 2");
    EXPECT_EQ(run("-A INPUT -j a\n-A a -j b\n-A b -j c\n-A c -j ACCEPT\n"), "ACCEPT c 1");
}

TEST(Walk, every_rule_that_matched_counts_the_packet_and_its_bytes) {
    Program program =
        program_of("-A INPUT\n-A INPUT -j a\n-A INPUT -p udp\n-A a -p tcp\n-A a -j RETURN\n");
    for (int i = 0; i < 3; ++i) {
        TestPacket packet;
        EXPECT_EQ(run(program, packet), "DROP INPUT policy");
    }
    EXPECT_EQ(program.print_counters(),
              "*filter\n:INPUT DROP [3:120]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
              ":a - [0:0]\n:b - [0:0]\n:c - [0:0]\n[3:120] -A INPUT\n[3:120] -A INPUT -j a\n"
              "[0:0] -A INPUT -p udp\n[3:120] -A a -p tcp\n[3:120] -A a -j RETURN\nCOMMIT\n");
    EXPECT_EQ(program.counters(Table::filter, 0, 0), (Counters{3, 120}));
    EXPECT_EQ(program.rule_text(Table::filter, 3, 1), "-A a -p tcp");
    program.zero_counters();
    EXPECT_EQ(program.counters(Table::filter, 0, 0), (Counters{0, 0}));
}

TEST(Walk, fragments_and_cut_headers) {
    TestPacket later;
    later.packet.is_fragment = true;
    later.packet.rules_fragment_offset = 100;
    EXPECT_EQ(run("-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -f -j ACCEPT\n", later),
              "ACCEPT INPUT 2");
    EXPECT_EQ(run("-A INPUT ! -f -j ACCEPT\n", later), "DROP INPUT policy");
    EXPECT_EQ(run("-A INPUT ! -f -j ACCEPT\n"), "ACCEPT INPUT 1");
    TestPacket attack;
    attack.packet.rules_fragment_offset = 1;
    EXPECT_EQ(run("-A INPUT -p tcp -m tcp --dport 80\n-A INPUT -j ACCEPT\n", attack),
              "DROP INPUT 1 hotdrop");
    TestPacket cut;
    cut.packet.rules_transport_offset = 30;
    EXPECT_EQ(run("-A INPUT -p udp --dport 1\n-A INPUT -p tcp --dport 80\n", cut),
              "DROP INPUT 2 hotdrop");
}

TEST(Walk, states_and_entries) {
    const std::string rules =
        "-A INPUT -m state --state ESTABLISHED -j ACCEPT\n"
        "-A INPUT -m conntrack --ctstate NEW --ctproto 17 -j ACCEPT\n"
        "-A INPUT -m conntrack --ctorigsrc 10.0.0.0/24 --ctdir ORIGINAL -j ACCEPT\n"
        "-A INPUT -m conntrack --ctstate UNTRACKED,INVALID -j REJECT\n";
    TestPacket packet;
    Program program = program_of(rules);
    packet.context.flow.entry = &packet.entry;
    packet.entry.set_original(
        {Address::v4(10, 0, 0, 1), Address::v4(10, 0, 0, 2), protocol::kTcp, 1000, 80});
    EXPECT_EQ(run(program, packet), "ACCEPT INPUT 3");
    packet.context.flow.direction = CtDirection::reply;
    EXPECT_EQ(run(program, packet), "DROP INPUT policy");
    packet.context.flow.state = CtState::established;
    EXPECT_EQ(run(program, packet), "ACCEPT INPUT 1");
    packet.context.flow = {};
    EXPECT_EQ(run(program, packet), "REJECT INPUT 4");
    packet.context.flow.state = CtState::untracked;
    EXPECT_EQ(run(program, packet), "REJECT INPUT 4");
}

TEST(Walk, marks_are_set_and_matched) {
    const auto ruleset = Ruleset::parse(
        "*filter\n-A INPUT -j MARK --set-mark 0x12\n-A INPUT -j CONNMARK --save-mark --nfmask 0xf "
        "--ctmask 0xff\n"
        "-A INPUT -m mark --mark 0x2/0xf -j ACCEPT\nCOMMIT\n",
        Family::ipv4);
    ASSERT_TRUE(ruleset.has_value());
    Program program = make_program(*ruleset);
    TestPacket packet;
    packet.context.flow.entry = &packet.entry;
    packet.entry.mark = 0xff00;
    EXPECT_EQ(run(program, packet), "ACCEPT INPUT 3");
    EXPECT_EQ(packet.context.mark, 0x12U);
    EXPECT_EQ(packet.entry.mark, 0xff02U);
}

TEST(Walk, a_mark_that_comes_and_goes_is_told_all_the_same) {
    TestPacket packet;
    packet.context.flow.entry = &packet.entry;
    Program program =
        program_of("-A INPUT -j CONNMARK --set-mark 1\n-A INPUT -j CONNMARK --set-mark 0\n");
    run(program, packet);
    EXPECT_EQ(packet.entry.mark, 0U);
    EXPECT_TRUE(packet.context.entry_mark_changed);
    packet.context.entry_mark_changed = false;
    Program same = program_of("-A INPUT -j CONNMARK --set-mark 0\n");
    run(same, packet);
    EXPECT_FALSE(packet.context.entry_mark_changed);
}

TEST(Walk, the_first_wish_to_tracking_is_heard) {
    const auto ruleset = Ruleset::parse(
        "*raw\n-A PREROUTING -j CT --zone 5\n-A PREROUTING -j NOTRACK\nCOMMIT\n", Family::ipv4);
    ASSERT_TRUE(ruleset.has_value());
    Program program = make_program(*ruleset);
    TestPacket packet;
    packet.context.flow = {};
    walk(program, Table::raw, Hook::prerouting, packet.context);
    EXPECT_EQ(packet.context.track.zones(0)[0], 5);
    EXPECT_FALSE(packet.context.track.untracked);
    EXPECT_FALSE(program.has_table(Table::filter));
    EXPECT_TRUE(program.has_chain(Table::raw, Hook::output));
    EXPECT_FALSE(program.has_chain(Table::raw, Hook::input));
}

class Notes : public Observer {
  public:
    std::vector<std::string> lines;
    void chain_entered(const RuleSite& chain, const RuleSite&, bool by_goto) override {
        lines.push_back(fmt::format("{} {}", by_goto ? "goto" : "enter", chain.chain_name));
    }
    void rule_tried(const RuleTried& tried) override {
        lines.push_back(
            fmt::format("{} {}: {}", tried.site.chain_name, tried.site.rule,
                        tried.matched ? "yes" : fmt::format("{}: {}", tried.part, tried.words)));
    }
    void chain_left(const RuleSite&, const RuleSite& back, bool by_return) override {
        lines.push_back(
            fmt::format("{} to {} {}", by_return ? "return" : "end", back.chain_name, back.rule));
    }
    void logged(const LogFact& fact) override {
        lines.push_back(fmt::format("log {}", fact.line.substr(0, fact.line.find("IN="))));
    }
    void said(const RuleSite&, std::string_view target, std::string_view words) override {
        lines.push_back(fmt::format("{}: {}", target, words));
    }
    void decided(const RuleSite& site, const Outcome& outcome) override {
        lines.push_back(
            fmt::format("{} by {} {}", text(outcome.verdict()), site.chain_name, site.rule));
    }
};

TEST(Walk, the_observer_hears_the_whole_way) {
    Program program = program_of(
        "-A INPUT -s 10.0.0.9 -j DROP\n-A INPUT -p tcp --dport 443 -j ACCEPT\n-A INPUT -j a\n"
        "-A INPUT -m state --state RELATED,ESTABLISHED\n-A a -j LOG --log-prefix hello\n"
        "-A a -j MARK --set-mark 1\n-A INPUT -m conntrack --ctproto 6 -j ACCEPT\n");
    TestPacket packet;
    Notes notes;
    EXPECT_EQ(run(program, packet, &notes), "DROP INPUT policy");
    const std::vector<std::string> wanted = {
        "enter INPUT",
        "INPUT 1: -s: the packet's is 10.0.0.1",
        "INPUT 2: tcp: --dport 443: the packet's is 80",
        "INPUT 3: yes",
        "enter a",
        "a 1: yes",
        "log hello",
        "a 2: yes",
        "MARK: the packet's mark: 0x0 -> 0x1",
        "end to INPUT 4",
        "INPUT 4: state: --state RELATED,ESTABLISHED: the packet is NEW",
        "INPUT 5: conntrack: the packet belongs to no connection",
        "DROP by INPUT 0",
    };
    EXPECT_EQ(notes.lines, wanted);
}

}  // namespace
}  // namespace keepstate::rules
