// IP sets: their text, and packets against them. What the kernel of CI has is also played on it (tests/scenarios);
// hash:net,net, hash:net,port,net, hash:ip,mark and MACs are tested here alone.
#include "rules/sets.hpp"

#include <gtest/gtest.h>

#include "keepstate/packet.hpp"
#include "wire/parse.hpp"

namespace keepstate::rules {
namespace {

class Sets : public ::testing::Test {
  protected:
    void load(std::string_view text) {
        const Result<void> done = parse_sets(text, "sets", objects_);
        ASSERT_TRUE(done.has_value()) << done.error().faults.front().words;
    }
    std::vector<Fault> faults_of(std::string_view text) {
        Objects objects;
        const Result<void> done = parse_sets(text, "sets", objects);
        return done ? std::vector<Fault>{} : done.error().faults;
    }
    IpSet& set(std::string_view name) { return *objects_.find<IpSet>(IpSet::kKind, name); }

    /// "src,dst" of a rule.
    static SetQuery query(std::string_view words) {
        SetQuery query;
        for (std::size_t at = 0; at <= words.size(); at += 4) {
            if (words.substr(at, 3) == "src") {
                query.sources = static_cast<std::uint8_t>(query.sources | 1U << query.dimensions);
            }
            ++query.dimensions;
        }
        return query;
    }
    Context context(const std::string& words) {
        written_ = parse_packet_text(words).value().ip;
        const Family family = written_[0] >> 4 == 6 ? Family::ipv6 : Family::ipv4;
        EXPECT_EQ(wire::parse_ip(family, {written_.data(), written_.size()}, true, packet_),
                  Reason::none);
        Context context;
        context.packet = &packet_;
        context.in_device = in_.data();
        context.out_device = out_.data();
        context.now = Time::from_s(1000);
        return context;
    }
    bool has(std::string_view name, std::string_view words, const std::string& packet) {
        return set(name).match(context(packet), query(words)) != nullptr;
    }

    Objects objects_;
    std::vector<std::uint8_t> written_;
    wire::Packet packet_;
    std::array<char, 16> in_{'e', 't', 'h', '0'};
    std::array<char, 16> out_{'e', 't', 'h', '1'};
};

constexpr const char* kUdp = "udp 10.0.0.1:1000 10.0.1.1:53";

TEST_F(Sets, two_networks_are_looked_for_with_every_pair_of_lengths) {
    load(
        "create a hash:net,net\nadd a 10.0.0.0/24,10.0.1.0/28\nadd a 10.0.0.0/8,10.0.1.1 "
        "nomatch\n");
    EXPECT_TRUE(has("a", "src,dst", kUdp));
    EXPECT_FALSE(has("a", "dst,src", kUdp));
    EXPECT_FALSE(has("a", "src", kUdp));
    EXPECT_FALSE(has("a", "src,dst", "udp 10.9.0.1:1000 10.0.1.1:53"));
    SetQuery asks = query("src,dst");
    asks.returns_nomatch = true;
    EXPECT_NE(set("a").match(context("udp 10.9.0.1:1000 10.0.1.1:53"), asks), nullptr);
}

TEST_F(Sets, a_network_a_port_and_a_network) {
    load("create a hash:net,port,net\nadd a 10.0.0.0/24,udp:50-60,10.0.1.0/24\n");
    EXPECT_EQ(set("a").size(), 11U);
    EXPECT_TRUE(has("a", "src,dst,dst", kUdp));
    EXPECT_FALSE(has("a", "src,src,dst", kUdp));
    EXPECT_FALSE(has("a", "src,dst,dst", "tcp 10.0.0.1:1000 10.0.1.1:53"));
}

TEST_F(Sets, marks_are_cut_by_the_markmask) {
    load("create a hash:ip,mark markmask 0xff\nadd a 10.0.0.1,0x1234\n");
    Context packet = context(kUdp);
    packet.mark = 0x5634;
    EXPECT_NE(set("a").match(packet, query("src,src")), nullptr);
    packet.mark = 0x5635;
    EXPECT_EQ(set("a").match(packet, query("src,src")), nullptr);
}

TEST_F(Sets, macs_are_the_frame_s_source) {
    load(
        "create m hash:mac\nadd m 02:00:00:00:00:01\ncreate im hash:ip,mac\n"
        "add im 10.0.0.1,02:00:00:00:00:01\n"
        "create b bitmap:ip,mac range 10.0.0.0/24\nadd b 10.0.0.1\n");
    constexpr std::uint8_t kMac[] = {2, 0, 0, 0, 0, 1};
    constexpr std::uint8_t kOther[] = {2, 0, 0, 0, 0, 2};
    Context packet = context(kUdp);
    EXPECT_EQ(set("m").match(packet, query("src")), nullptr);
    packet.source_mac = kMac;
    EXPECT_NE(set("m").match(packet, query("src")), nullptr);
    EXPECT_NE(set("im").match(packet, query("src,src")), nullptr);
    // The first packet's MAC is taken for an address without one.
    EXPECT_NE(set("b").match(packet, query("src,src")), nullptr);
    packet.source_mac = kOther;
    EXPECT_EQ(set("b").match(packet, query("src,src")), nullptr);
    EXPECT_EQ(set("m").match(packet, query("src")), nullptr);
}

TEST_F(Sets, devices_may_be_wildcards) {
    load("create a hash:net,iface\nadd a 10.0.0.0/24,eth wildcard\nadd a 10.0.1.0/24,eth0\n");
    EXPECT_TRUE(has("a", "src,src", kUdp));
    EXPECT_TRUE(has("a", "src,dst", kUdp));
    EXPECT_TRUE(has("a", "dst,src", kUdp));
    EXPECT_FALSE(has("a", "dst,dst", kUdp));
}

TEST_F(Sets, ranges_become_elements) {
    load(
        "create a hash:ip\nadd a 10.0.0.1-10.0.0.9\nadd a 10.0.2.0/30\ncreate n hash:net\n"
        "add n 10.0.0.1-10.0.0.6\n");
    EXPECT_EQ(set("a").size(), 13U);
    EXPECT_EQ(set("n").size(), 4U);  // .1, .2/31, .4/31, .6
    EXPECT_TRUE(has("n", "src", kUdp));
}

TEST_F(Sets, what_a_type_cannot_hold_is_refused) {
    for (const char* text :
         {"create a hash:net\nadd a 0.0.0.0/0\n", "create a hash:ip\nadd a 0.0.0.0\n",
          "create a hash:ip\nadd a 10.0.0.1 timeout 5\n",
          "create a hash:ip\nadd a 10.0.0.1 packets 5\n",
          "create a hash:ip\nadd a 10.0.0.1 skbmark 0x5\n",
          "create a hash:ip,port\nadd a 10.0.0.1,gre:5\n",
          "create a hash:ip family inet6\nadd a 10.0.0.1\n",
          "create a hash:ip family inet6\nadd a 2001:db8::/126\n",
          "create a hash:ip\ncreate a hash:ip\n"}) {
        ASSERT_EQ(faults_of(text).size(), 1U) << text;
        EXPECT_EQ(faults_of(text)[0].line, 2) << text;
    }
    load(
        "create a hash:net,iface\nadd a 0.0.0.0/0,eth0\ncreate p hash:ip,port\nadd p "
        "10.0.0.1,gre:0\n");
    EXPECT_TRUE(has("a", "src,src", kUdp));
}

TEST_F(Sets, ranges_that_would_be_too_many_are_refused) {
    const auto faults =
        faults_of("create a hash:ip,port maxelem 4294967295\nadd a 10.0.0.0/13,0-65535\n");
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].line, 2);
    EXPECT_EQ(faults_of("create a hash:ip\nadd a 10.0.0.0/8\n").size(), 1U);
}

TEST_F(Sets, a_full_set_takes_no_packet_unless_it_is_forced) {
    load(
        "create a hash:ip maxelem 1\nadd a 10.0.0.9\ncreate f hash:ip maxelem 1 forceadd\nadd f "
        "10.0.0.9\n");
    set("a").make_room();
    set("f").make_room();
    EXPECT_FALSE(set("a").add(context(kUdp), query("src"), std::nullopt, false));
    EXPECT_TRUE(set("f").add(context(kUdp), query("src"), std::nullopt, false));
    EXPECT_TRUE(has("f", "src", kUdp));
    EXPECT_FALSE(has("f", "src", "udp 10.0.0.9:1 10.0.1.1:53"));
}

TEST_F(Sets, timeouts_begin_with_the_first_packet) {
    load("create a hash:ip timeout 5\nadd a 10.0.0.1 timeout 2\nadd a 10.0.0.2 timeout 0\n");
    EXPECT_TRUE(has("a", "src", kUdp));
    Context later = context(kUdp);
    later.now = Time::from_s(1003);
    EXPECT_EQ(set("a").match(later, query("src")), nullptr);
    later = context("udp 10.0.0.2:1000 10.0.1.1:53");
    later.now = Time::from_s(9000);
    EXPECT_NE(set("a").match(later, query("src")), nullptr);
}

TEST_F(Sets, all_faults_are_told_with_their_places) {
    const std::vector<Fault> faults = faults_of(
        "create a hash:ipp\ncreate b hash:ip famly inet\nadd c 10.0.0.1\ncreate d hash:ip timeout "
        "9\n"
        "add d 10.0.0\nadd d 10.0.0.1 timeout x\nad d 10.0.0.1\ncreate e bitmap:port\n");
    ASSERT_EQ(faults.size(), 7U);
    EXPECT_EQ(faults[0].line, 1);
    EXPECT_EQ(faults[0].column, 10);
    EXPECT_NE(faults[0].words.find("did you mean `hash:ip'"), std::string::npos) << faults[0].words;
    EXPECT_EQ(faults[1].column, 18);
    EXPECT_EQ(faults[2].line, 3);
    EXPECT_EQ(faults[3].line, 5);
    EXPECT_EQ(faults[4].column, 24);
    EXPECT_EQ(faults[5].line, 7);
    EXPECT_EQ(faults[6].line, 8);
}

}  // namespace
}  // namespace keepstate::rules
