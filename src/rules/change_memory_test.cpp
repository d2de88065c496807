// What rules remember while others come and go: tokens, quotas, counts and lists.
//
// A rule keeps what it has until it is replaced or deleted itself, however it is moved about; the one that takes its
// place begins anew, even with the same words. Lists and tables with a name belong to no rule and go on.
//
// seen: iptables-nft does so. iptables-legacy begins limits and quotas of the whole table anew with each change
// (docs/differences.md, "Rules that remember").
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "keepstate/ruleset.hpp"
#include "rules/change.hpp"
#include "rules/fast.hpp"
#include "rules/walk.hpp"

namespace keepstate::rules {
namespace {

constexpr std::uint8_t kPacketBytes = 40;

// A SYN from 10.0.0.1:1000 to 10.0.0.2:80.
struct TestPacket {
    std::array<std::uint8_t, kPacketBytes> bytes{};
    wire::Packet packet;
    std::array<char, 16> in{"eth0"};

    TestPacket() {
        bytes[0] = 0x45;
        bytes[3] = kPacketBytes;
        bytes[9] = protocol::kTcp;
        bytes[12] = bytes[16] = 10;
        bytes[15] = 1;
        bytes[19] = 2;
        base::store_be16(&bytes[20], 1000);
        base::store_be16(&bytes[22], 80);
        bytes[32] = 0x50;
        bytes[33] = wire::tcp_flag::kSyn;
        packet.ip = base::ByteView(bytes);
        packet.header_bytes = 20;
        packet.has_transport = true;
        packet.protocol = packet.rules_protocol = protocol::kTcp;
        packet.transport_offset = packet.rules_transport_offset = 20;
    }
};

using Runner = Outcome (*)(Program& program, Table table, Hook hook, Context& context);
Outcome walk_without_observer(Program& program, Table table, Hook hook, Context& context) {
    return walk(program, table, hook, context);
}

/// Chain INPUT, whose rules have no target: each packet goes by all of them, and they count those that match.
class ChangeMemory : public testing::TestWithParam<Runner> {
  protected:
    void change(const std::string& command) {
        const auto done = apply_change(program_, command, {objects_});
        ASSERT_TRUE(done.has_value()) << command << ": " << done.error().faults.front().words;
        ASSERT_TRUE(*done) << command;
    }
    /// Refused, and nothing has changed.
    void fail_to_change(const std::string& command) {
        EXPECT_FALSE(apply_change(program_, command, {objects_}).has_value()) << command;
    }
    void send(unsigned packets) {
        for (unsigned i = 0; i < packets; ++i) {
            Context context;
            context.packet = &packet_.packet;
            context.in_device = packet_.in.data();
            context.flow.state = CtState::new_;
            context.tracking_done = true;
            context.now = now_;
            GetParam()(program_, Table::filter, Hook::input, context);
        }
    }
    void pass(std::int64_t seconds) { now_ = now_ + seconds * kNsPerSecond; }
    /// How many packets rule `number` has matched.
    std::uint64_t matched(std::uint32_t number, const std::string& chain = "INPUT") {
        const std::uint32_t at = *program_.find_chain(Table::filter, chain);
        return program_.counters(Table::filter, at, number).packets;
    }

  private:
    Objects objects_;
    Program program_ = *Program::make(
        *Ruleset::parse("*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:a -\nCOMMIT\n", Family::ipv4),
        objects_);
    TestPacket packet_;
    Time now_ = Time::from_s(1000);
};

struct Row {
    const char* match;
    unsigned fits;  ///< packets that match before no more does
};
constexpr Row kRows[] = {
    {"-m limit --limit 1/hour --limit-burst 7", 7},
    {"-m quota --quota 290", 7},
};

TEST_P(ChangeMemory, of_a_rule_stays_while_others_come_and_go) {
    for (const Row& row : kRows) {
        SCOPED_TRACE(row.match);
        change(fmt::format("-I INPUT {}", row.match));
        send(3);
        change("-I INPUT 1 -p udp");
        send(1);
        change("-A INPUT -p udp");
        change("-I INPUT 1 -s 10.9.0.0/16,10.8.0.0/16");
        send(1);
        EXPECT_EQ(matched(4), 5U);
        change("-D INPUT 1");
        change("-D INPUT -p udp");
        change("-R INPUT 1 -p icmp");
        change("-A a -p udp");
        change("-A FORWARD -j a");
        change("-t mangle -A INPUT -p tcp");
        EXPECT_EQ(matched(2), 5U);
        send(9);
        EXPECT_EQ(matched(2), row.fits);
        change("-D INPUT 1");
        change("-D INPUT 1");
        change("-D INPUT 1");
    }
}

TEST_P(ChangeMemory, stays_when_the_chain_moves_for_want_of_room) {
    for (const Row& row : kRows) change(fmt::format("-A INPUT {}", row.match));
    send(4);
    for (unsigned i = 0; i < 100; ++i) change(fmt::format("-I INPUT 1 -s 10.1.0.{}", i));
    send(9);
    EXPECT_EQ(matched(101), kRows[0].fits);
    EXPECT_EQ(matched(102), kRows[1].fits);
}

TEST_P(ChangeMemory, begins_anew_with_a_rule_that_replaces_it_even_by_the_same_words) {
    for (const Row& row : kRows) {
        SCOPED_TRACE(row.match);
        change(fmt::format("-I INPUT {}", row.match));
        send(9);
        EXPECT_EQ(matched(1), row.fits);
        change(fmt::format("-R INPUT 1 {}", row.match));
        EXPECT_EQ(matched(1), 0U);
        send(9);
        EXPECT_EQ(matched(1), row.fits);
        change("-D INPUT 1");
        change(fmt::format("-I INPUT {}", row.match));
        send(9);
        EXPECT_EQ(matched(1), row.fits);
        change("-D INPUT 1");
    }
}

TEST_P(ChangeMemory, stays_when_the_rule_that_was_to_replace_it_is_refused) {
    for (const Row& row : kRows) {
        SCOPED_TRACE(row.match);
        change(fmt::format("-I INPUT {}", row.match));
        send(5);
        fail_to_change(fmt::format("-R INPUT 1 {} -j nowhere", row.match));
        fail_to_change("-R INPUT 1 -m limit --limit 99999999/second");
        fail_to_change("-D INPUT -m limit --limit 2/hour");
        send(9);
        EXPECT_EQ(matched(1), row.fits);
        change("-D INPUT 1");
    }
}

TEST_P(ChangeMemory, does_not_make_a_rule_another_one) {
    for (const Row& row : kRows) {
        SCOPED_TRACE(row.match);
        change(fmt::format("-I INPUT {}", row.match));
        send(5);
        change(fmt::format("-I INPUT {}", row.match));
        send(1);
        // Both are printed alike. The first is found, which is the later one; the other one's remain.
        change(fmt::format("-D INPUT {}", row.match));
        EXPECT_EQ(matched(1), 6U);
        send(9);
        EXPECT_EQ(matched(1), row.fits);
        change(fmt::format("-D INPUT {}", row.match));
    }
}

TEST_P(ChangeMemory, of_tokens_fills_on_while_rules_change) {
    change("-A INPUT -m limit --limit 1/second --limit-burst 3");
    send(9);
    EXPECT_EQ(matched(1), 3U);
    pass(1);
    change("-I INPUT 1 -p udp");
    pass(1);
    send(9);
    EXPECT_EQ(matched(2), 5U);
}

TEST_P(ChangeMemory, of_an_inverted_quota_stays_used_up) {
    change("-A INPUT -m quota ! --quota 100");
    send(3);
    EXPECT_EQ(matched(1), 1U);
    change("-I INPUT 1 -p udp");
    send(3);
    EXPECT_EQ(matched(2), 4U);
    change("-R INPUT 2 -m quota ! --quota 100");
    send(2);
    EXPECT_EQ(matched(2), 0U);
}

TEST_P(ChangeMemory, of_statistic_counts_on) {
    change("-A INPUT -m statistic --mode nth --every 4 --packet 3");
    send(3);
    EXPECT_EQ(matched(1), 0U);
    change("-I INPUT 1 -p udp");
    send(1);
    EXPECT_EQ(matched(2), 1U);
    send(3);
    change("-R INPUT 2 -m statistic --mode nth --every 4 --packet 3");
    send(1);
    EXPECT_EQ(matched(2), 0U);
}

TEST_P(ChangeMemory, that_has_a_name_outlives_rules) {
    change("-A INPUT -m recent --name seen --set");
    change("-A INPUT -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 3 --hashlimit-name h");
    send(2);
    EXPECT_EQ(matched(2), 2U);
    change("-R INPUT 1 -m recent --name seen --rcheck");
    change(
        "-R INPUT 2 -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 3 --hashlimit-name h");
    send(4);
    EXPECT_EQ(matched(1), 4U);
    EXPECT_EQ(matched(2), 1U);
}

std::string name_of(const testing::TestParamInfo<Runner>& info) {
    return info.param == run ? "fast" : "walked";
}
INSTANTIATE_TEST_SUITE_P(By, ChangeMemory, testing::Values(run, walk_without_observer), name_of);

}  // namespace
}  // namespace keepstate::rules
