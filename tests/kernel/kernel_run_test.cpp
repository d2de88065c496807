// The instrument itself: does a KernelRun report what the kernel really does? Every test is also a fact
// about Linux that the engine has to match.
#include "kernel_run.hpp"

#include <gtest/gtest.h>

#include "packets.hpp"

namespace keepstate::kernel {
namespace {

constexpr const char* kClient = "192.168.1.1";
constexpr const char* kServer = "192.168.3.1";
constexpr const char* kHost = "192.168.1.254";
constexpr const char* kClient6 = "fd00:1::1";
constexpr const char* kServer6 = "fd00:3::1";
constexpr const char* kHost6 = "fd00:1::fe";

// Both families, rules by family: `body` is what stands between the policies and COMMIT.
std::string filter_rules(const std::string& body) {
    return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + body +
           "COMMIT\n";
}

class KernelRunTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = missing_for_kernel_tests()) GTEST_SKIP() << *missing;
        setup_.devices = {{"eth0", {"192.168.1.0/24", "fd00:1::/64"}},
                          {"eth1", {"192.168.3.0/24", "fd00:3::/64", "0.0.0.0/0", "::/0"}}};
        setup_.local_addresses = {kHost, kHost6};
    }

    void start() {
        auto made = KernelRun::make(setup_);
        ASSERT_TRUE(made.has_value()) << made.error().faults.front().words;
        run_ = std::move(*made);
    }
    KernelVerdict inject(const Bytes& bytes, const std::string& device = "") {
        return run_->inject({bytes, device});
    }
    KernelEnd end() {
        auto end = run_->end();
        EXPECT_TRUE(end.has_value());
        EXPECT_EQ(end->lost_messages, 0U);
        return std::move(*end);
    }

    KernelSetup setup_;
    std::unique_ptr<KernelRun> run_;
};

struct Pair {
    const char* client;
    const char* server;
    const char* host;
};
constexpr Pair kPairs[] = {{kClient, kServer, kHost}, {kClient6, kServer6, kHost6}};

Bytes tcp(const char* from, const char* to, bool is_client, std::uint8_t flags, std::uint32_t seq,
          std::uint32_t ack) {
    return make_tcp({from, to},
                    {.source_port = is_client ? std::uint16_t{40000} : std::uint16_t{80},
                     .destination_port = is_client ? std::uint16_t{80} : std::uint16_t{40000},
                     .seq = seq,
                     .ack = ack,
                     .flags = flags});
}

void expect_state(const KernelVerdict& verdict, KernelState state, Direction direction) {
    ASSERT_TRUE(verdict.state.has_value());
    EXPECT_STREQ(state_name(*verdict.state), state_name(state));
    EXPECT_EQ(verdict.direction, direction);
}

using Hooks = std::vector<KernelHook>;
const Hooks kForwardHooks = {KernelHook::prerouting, KernelHook::forward, KernelHook::postrouting};
const Hooks kInputHooks = {KernelHook::prerouting, KernelHook::input};
const Hooks kOutputHooks = {KernelHook::output, KernelHook::postrouting};

TEST_F(KernelRunTest, a_forwarded_handshake_is_new_then_established_both_ways) {
    start();
    for (const auto& [client, server, host] : kPairs) {
        const auto syn = inject(tcp(client, server, true, kSyn, 100, 0));
        expect_state(syn, KernelState::is_new, Direction::original);
        EXPECT_EQ(syn.hooks, kForwardHooks);
        EXPECT_EQ(syn.out_device, "eth1");
        ASSERT_EQ(syn.events.size(), 1U);
        EXPECT_EQ(syn.events[0].kind, EventKind::new_entry);
        ASSERT_TRUE(syn.entry && syn.entry->tcp);
        EXPECT_STREQ(tcp_state_name(syn.entry->tcp->state), "SYN_SENT");
        EXPECT_NEAR(syn.entry->timeout_s, 120, 1);

        const auto syn_ack = inject(tcp(server, client, false, kSyn | kAck, 500, 101));
        expect_state(syn_ack, KernelState::established, Direction::reply);
        EXPECT_EQ(syn_ack.out_device, "eth0");
        ASSERT_TRUE(syn_ack.entry && syn_ack.entry->tcp);
        EXPECT_STREQ(tcp_state_name(syn_ack.entry->tcp->state), "SYN_RECV");
        EXPECT_EQ(syn_ack.entry->status & kStatusSeenReply, kStatusSeenReply);

        const auto ack = inject(tcp(client, server, true, kAck, 101, 501));
        expect_state(ack, KernelState::established, Direction::original);
        ASSERT_TRUE(ack.entry && ack.entry->tcp);
        EXPECT_STREQ(tcp_state_name(ack.entry->tcp->state), "ESTABLISHED");
        EXPECT_EQ(ack.entry->status & kStatusAssured, kStatusAssured);
        EXPECT_EQ(ack.entry->id, syn.entry->id);
    }
    const KernelEnd last = end();
    EXPECT_EQ(last.entry_list.size(), 2U);
    EXPECT_NE(last.entries.find("ESTABLISHED src=192.168.1.1 dst=192.168.3.1"), std::string::npos);
}

TEST_F(KernelRunTest, a_packet_leaves_as_it_came_but_for_the_hop_count) {
    start();
    Bytes packet = make_udp({kClient, kServer, 64, 0}, 4000, 53, {1, 2, 3});
    const auto verdict = inject(packet);
    EXPECT_EQ(verdict.out_bytes, make_udp({kClient, kServer, 63, 0}, 4000, 53, {1, 2, 3}));
    packet = make_udp({kClient6, kServer6}, 4000, 53, {1, 2, 3});
    EXPECT_EQ(inject(packet).out_bytes, make_udp({kClient6, kServer6, 63}, 4000, 53, {1, 2, 3}));
}

TEST_F(KernelRunTest, to_the_host_is_input_and_the_host_does_not_answer) {
    start();
    for (const auto& [client, server, host] : kPairs) {
        const auto syn = inject(tcp(client, host, true, kSyn, 100, 0));
        expect_state(syn, KernelState::is_new, Direction::original);
        EXPECT_EQ(syn.hooks, kInputHooks);
        EXPECT_TRUE(syn.delivered);
        EXPECT_EQ(syn.out_device, "");
        EXPECT_TRUE(syn.replies.empty());
        ASSERT_TRUE(syn.entry);  // the probe looks after confirm
        const auto answer = inject(tcp(host, client, false, kSyn | kAck, 1, 101));
        expect_state(answer, KernelState::established, Direction::reply);
        EXPECT_EQ(answer.hooks, kOutputHooks);
        EXPECT_EQ(answer.out_device, "eth0");
    }
}

TEST_F(KernelRunTest, what_the_host_sends_leaves_unchanged) {
    start();
    for (const std::uint16_t id : {std::uint16_t{0}, std::uint16_t{7}}) {
        const Bytes packet = make_udp({kHost, kServer, 64, id}, 5000, 53, {1});
        const auto verdict = inject(packet);
        EXPECT_EQ(verdict.hooks, kOutputHooks);
        EXPECT_EQ(verdict.out_bytes, packet);
        EXPECT_EQ(verdict.mark, 0U);
    }
    const Bytes packet = make_udp({kHost6, kServer6}, 5000, 53, {1});
    EXPECT_EQ(inject(packet).out_bytes, packet);
}

TEST_F(KernelRunTest, an_error_about_a_connection_is_related) {
    start();
    for (const auto& [client, server, host] : kPairs) {
        const bool is_v4 = client == std::string(kClient);
        const Bytes query = make_udp({client, server}, 4000, 53, {1, 2, 3});
        inject(query);
        const auto error = inject(is_v4 ? make_icmp({server, client}, 3, 3, 0, query)
                                        : make_icmp({server, client}, 1, 4, 0, query));
        expect_state(error, KernelState::related, Direction::reply);
        EXPECT_EQ(error.out_device, "eth0");
        ASSERT_TRUE(error.entry);
        EXPECT_EQ(error.entry->tuples[0].destination_port, 53);
    }
}

TEST_F(KernelRunTest, notrack_is_untracked_and_leaves_no_entry) {
    const std::string raw =
        "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n";
    setup_.rules4 = raw;
    setup_.rules6 = raw;
    start();
    for (const auto& [client, server, host] : kPairs) {
        const auto verdict = inject(make_udp({client, server}, 4000, 53, {1}));
        EXPECT_EQ(verdict.state, KernelState::untracked);
        EXPECT_FALSE(verdict.direction.has_value());
        EXPECT_TRUE(verdict.delivered);
        EXPECT_TRUE(verdict.events.empty());
    }
    EXPECT_TRUE(end().entry_list.empty());
}

TEST_F(KernelRunTest, a_lone_reset_is_invalid_and_the_kernel_says_why) {
    start();
    for (const auto& [client, server, host] : kPairs) {
        const auto verdict = inject(tcp(client, server, true, kRst, 100, 0));
        EXPECT_EQ(verdict.state, KernelState::invalid);
        EXPECT_TRUE(verdict.delivered);
        EXPECT_FALSE(verdict.entry.has_value());
        ASSERT_EQ(verdict.words.size(), 1U);
        EXPECT_EQ(verdict.words[0], "nf_ct_proto_6: invalid new ");
    }
}

TEST_F(KernelRunTest, a_dropped_first_packet_leaves_no_entry) {
    setup_.rules4 = filter_rules("-A FORWARD -p tcp -j DROP\n");
    start();
    const auto verdict = inject(tcp(kClient, kServer, true, kSyn, 100, 0));
    expect_state(verdict, KernelState::is_new, Direction::original);
    EXPECT_FALSE(verdict.delivered);
    EXPECT_FALSE(verdict.entry.has_value());
    EXPECT_EQ(verdict.hooks, (Hooks{KernelHook::prerouting, KernelHook::forward}));
    EXPECT_TRUE(verdict.events.empty());
    EXPECT_TRUE(end().entry_list.empty());
}

TEST_F(KernelRunTest, a_packet_the_host_may_not_send_is_a_verdict_and_no_failure) {
    setup_.rules4 = filter_rules("-A OUTPUT -j DROP\n");
    start();
    const auto verdict = inject(make_udp({kHost, kServer}, 5000, 53, {1}));
    EXPECT_EQ(verdict.error, 0);
    expect_state(verdict, KernelState::is_new, Direction::original);
    EXPECT_FALSE(verdict.delivered);
}

TEST_F(KernelRunTest, what_reject_answers_is_a_reply) {
    setup_.rules4 = filter_rules(
        "-A FORWARD -p tcp -j REJECT --reject-with tcp-reset\n"
        "-A FORWARD -j REJECT\n-A INPUT -j REJECT\n-A OUTPUT -p udp -j "
        "REJECT\n");
    start();
    const auto reset = inject(tcp(kClient, kServer, true, kSyn, 100, 0));
    EXPECT_FALSE(reset.delivered);
    ASSERT_EQ(reset.replies.size(), 1U);
    EXPECT_EQ(reset.replies[0].device, "eth0");
    EXPECT_EQ(reset.replies[0].bytes[20 + 13], kRst | kAck);
    ASSERT_FALSE(reset.reply_sights.empty());
    EXPECT_EQ(reset.reply_sights[0].state, KernelState::related);

    const auto refused = inject(make_udp({kClient, kServer}, 4000, 53, {1}));
    ASSERT_EQ(refused.replies.size(), 1U);
    EXPECT_EQ(refused.replies[0].bytes[20], 3);  // destination unreachable
    EXPECT_EQ(refused.reply_sights[0].state, KernelState::related);

    const auto input = inject(make_udp({kClient, kHost}, 4000, 53, {1}));
    EXPECT_FALSE(input.delivered);
    EXPECT_EQ(input.replies.size(), 1U);

    const auto output = inject(make_udp({kHost, kServer}, 4000, 53, {1}));
    EXPECT_FALSE(output.delivered);
    ASSERT_EQ(output.replies.size(), 0U);  // to the host itself, where INPUT rejects it in silence
}

TEST_F(KernelRunTest, the_last_hop_draws_an_error) {
    start();
    const auto verdict = inject(make_udp({kClient, kServer, 1}, 4000, 53, {1}));
    EXPECT_FALSE(verdict.delivered);
    EXPECT_EQ(verdict.hooks, (Hooks{KernelHook::prerouting}));
    ASSERT_EQ(verdict.replies.size(), 1U);
    EXPECT_EQ(verdict.replies[0].bytes[20], 11);  // time exceeded
    const auto verdict6 = inject(make_udp({kClient6, kServer6, 1}, 4000, 53, {1}));
    ASSERT_EQ(verdict6.replies.size(), 1U);
    EXPECT_EQ(verdict6.replies[0].bytes[40], 3);
}

TEST_F(KernelRunTest, counters_are_those_of_the_rules_under_test_alone) {
    setup_.rules4 =
        "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
        ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --syn -j "
        "MARK --set-mark 7\nCOMMIT\n" +
        filter_rules("-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n");
    start();
    EXPECT_EQ(inject(tcp(kClient, kServer, true, kSyn, 100, 0)).mark, 7U);
    EXPECT_EQ(inject(tcp(kServer, kClient, false, kSyn | kAck, 500, 101)).mark, 0U);
    inject(tcp(kClient, kServer, true, kAck, 101, 501));
    // The table that was loaded last is printed first.
    EXPECT_EQ(end().counters4,
              "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [1:40]\n:OUTPUT ACCEPT [0:0]\n"
              "[2:80] -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n"
              "*mangle\n:PREROUTING ACCEPT [3:120]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [3:120]\n"
              ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [3:120]\n"
              "[1:40] -A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j MARK --set-xmark "
              "0x7/0xffffffff\nCOMMIT\n");
}

TEST_F(KernelRunTest, fragments_are_held_until_the_datagram_is_whole) {
    start();
    const Bytes whole = make_udp({kClient, kServer}, 4000, 53, Bytes(40, 'x'));
    Bytes first = whole;
    first.resize(20 + 24);
    Bytes second = whole;
    second.resize(20);
    second.insert(second.end(), whole.begin() + 20 + 24, whole.end());
    for (Bytes* part : {&first, &second}) {
        set16(*part, 2, static_cast<unsigned>(part->size()));
        set16(*part, 6, part == &first ? 0x2000 : 24 / 8);
        set16(*part, 10, 0);
        set16(*part, 10, checksum(std::span(*part).first(20)));
    }
    const auto held = inject(first);
    EXPECT_FALSE(held.state.has_value());
    EXPECT_TRUE(held.hooks.empty());
    const auto complete = inject(second);
    expect_state(complete, KernelState::is_new, Direction::original);
    EXPECT_EQ(complete.outputs.size(), 2U);  // cut again as it came

    // The host's own fragments are put together as well.
    set16(first, 4, 9);
    set16(second, 4, 9);
    for (Bytes* part : {&first, &second}) {
        const KernelAddress source = make_address(kHost);
        std::copy_n(source.bytes.begin(), 4, part->begin() + 12);
        set16(*part, 10, 0);
        set16(*part, 10, checksum(std::span(*part).first(20)));
    }
    EXPECT_FALSE(inject(first).state.has_value());
    EXPECT_TRUE(inject(second).state.has_value());
}

TEST_F(KernelRunTest, a_broken_header_never_reaches_a_hook) {
    start();
    Bytes packet = make_udp({kClient, kServer}, 4000, 53, {1});
    packet[10] ^= 1U;
    const auto verdict = inject(packet);
    EXPECT_EQ(verdict.error, 0);
    EXPECT_TRUE(verdict.hooks.empty());
    packet[0] = 0x35;
    EXPECT_NE(inject(packet).error, 0);
}

struct Stray {
    const char* source;
    const char* destination;
    Hooks hooks;
    bool is_confirmed;
};

TEST_F(KernelRunTest, routing_throws_away_what_has_no_business_beyond_its_link) {
    start();
    const Hooks only_prerouting = {KernelHook::prerouting};
    const Stray strays[] = {
        {kClient, "224.0.0.251", only_prerouting, false},
        {kClient, "239.1.2.3", only_prerouting, false},
        {"0.0.0.0", kServer, only_prerouting, false},
        {"224.0.0.1", kServer, only_prerouting, false},
        {"255.255.255.255", kServer, only_prerouting, false},
        {"0.0.0.0", "255.255.255.255", kInputHooks, true},
        {kClient, "255.255.255.255", kInputHooks, true},
        {kClient, "192.168.3.255", kForwardHooks, true},
        {"127.0.0.5", kServer, only_prerouting, false},
        {kClient, "127.0.0.1", only_prerouting, false},
        {kClient6, "ff02::fb", only_prerouting, false},
        {kClient6, "ff0e::1", only_prerouting, false},
        {"fe80::1", kServer6, only_prerouting, false},
        {kClient6, "fe80::1", only_prerouting, false},
        {"::", kServer6, only_prerouting, false},
    };
    for (const Stray& stray : strays) {
        SCOPED_TRACE(std::string(stray.source) + " > " + stray.destination);
        const auto verdict =
            inject(make_udp({stray.source, stray.destination}, 4000, 53, {1}), "eth0");
        EXPECT_EQ(verdict.state, KernelState::is_new);
        std::string names;
        for (const KernelHook hook : verdict.hooks) names += std::string(hook_name(hook)) + " ";
        EXPECT_EQ(verdict.hooks, stray.hooks) << names;
        EXPECT_EQ(verdict.entry.has_value(), stray.is_confirmed);
        const bool is_answered = stray.destination == std::string("fe80::1");  // no route
        EXPECT_EQ(verdict.replies.size(), is_answered ? 1U : 0U);
    }
}

TEST_F(KernelRunTest, a_bump_forwards_whatever_the_addresses_and_touches_nothing) {
    setup_ = {};
    setup_.is_bump = true;
    setup_.rules4 = setup_.rules6 = filter_rules("-A FORWARD -i eth0 -o eth0 -j ACCEPT\n");
    start();
    const char* ends[][2] = {{kClient, kServer},         {"127.0.0.5", "127.0.0.1"},
                             {"0.0.0.0", "224.0.0.251"}, {"255.255.255.255", "0.0.0.0"},
                             {kClient6, kServer6},       {"::1", "ff02::1"},
                             {"fe80::1", "fe80::2"},     {"::", "::"}};
    for (const auto& [source, destination] : ends) {
        SCOPED_TRACE(std::string(source) + " > " + destination);
        const Bytes packet = make_udp({source, destination}, 4000, 53, {1});
        const auto verdict = inject(packet);
        expect_state(verdict, KernelState::is_new, Direction::original);
        EXPECT_EQ(verdict.hooks, kForwardHooks);
        EXPECT_TRUE(verdict.delivered);
        EXPECT_EQ(verdict.out_device, "eth0");
        EXPECT_EQ(verdict.out_bytes, packet);
        EXPECT_TRUE(verdict.entry.has_value());
    }
    const KernelEnd seen = end();
    EXPECT_NE(seen.counters4.find("[4:116] -A FORWARD -i eth0 -o eth0"), std::string::npos)
        << seen.counters4;
    EXPECT_NE(seen.counters6.find("[4:196] -A FORWARD -i eth0 -o eth0"), std::string::npos)
        << seen.counters6;
}

TEST_F(KernelRunTest, a_bump_has_no_addresses) {
    setup_.is_bump = true;
    EXPECT_FALSE(KernelRun::make(setup_).has_value());
}

TEST_F(KernelRunTest, a_raw_socket_mends_length_and_checksum_and_nothing_else) {
    start();
    const Bytes right = make_udp({kHost, kServer, 1, 0x1234}, 5000, 53, {1, 2, 3});
    Bytes wrong = right;
    set16(wrong, 10, 0x0bad);
    EXPECT_EQ(inject(wrong).out_bytes, right);  // not routed, so the hop count stays
    wrong = right;
    wrong.insert(wrong.end(), 10, 0);  // link layer padding
    EXPECT_EQ(inject(wrong).out_bytes, right);
    wrong = right;
    set16(wrong, 2, 200);  // longer than what is there
    EXPECT_EQ(inject(wrong).out_bytes, right);
    wrong = right;
    set16(wrong, 26, 0x0bad);  // the UDP checksum is not looked at in OUTPUT
    const auto verdict = inject(wrong);
    expect_state(verdict, KernelState::is_new, Direction::original);
    EXPECT_EQ(verdict.out_bytes, wrong);
    wrong = right;
    wrong[0] = 0x4f;  // a header longer than the packet
    EXPECT_NE(inject(wrong).error, 0);
}

TEST_F(KernelRunTest, a_packet_of_the_host_to_itself_takes_both_ways) {
    setup_.local_addresses.push_back("192.168.1.253");
    start();
    const auto verdict = inject(make_udp({kHost, "192.168.1.253"}, 5000, 53, {1}));
    EXPECT_EQ(verdict.hooks, (Hooks{KernelHook::output, KernelHook::postrouting,
                                    KernelHook::prerouting, KernelHook::input}));
    EXPECT_TRUE(verdict.delivered);
    EXPECT_TRUE(verdict.replies.empty());
}

TEST_F(KernelRunTest, settings_of_the_whole_machine_are_refused) {
    setup_.sysctls = {{"net.netfilter.nf_conntrack_max", "100"}};
    EXPECT_FALSE(KernelRun::make(setup_).has_value());
}

TEST_F(KernelRunTest, expiry_in_real_time_comes_as_an_event) {
    setup_.sysctls = {{"net.netfilter.nf_conntrack_udp_timeout", "1"}};
    start();
    const Bytes packet = make_udp({kClient, kServer}, 4000, 53, {1});
    const auto first = inject(packet);
    const auto second = run_->inject({packet, "", 1'200'000'000});
    expect_state(second, KernelState::is_new, Direction::original);
    ASSERT_TRUE(first.entry && second.entry);
    std::size_t destroyed = 0;
    for (const auto* events : {&second.events_before, &second.events}) {
        for (const KernelEvent& event : *events) destroyed += event.kind == EventKind::destroy;
    }
    EXPECT_EQ(destroyed, 1U);
}

TEST_F(KernelRunTest, an_empty_namespace_is_silent) {
    start();
    const auto verdict = run_->inject({{0x45}, "eth0", 300'000'000});
    for (const auto& output : verdict.outputs)
        ADD_FAILURE() << ::testing::PrintToString(output.bytes);
    EXPECT_TRUE(verdict.replies.empty());
    EXPECT_TRUE(end().entry_list.empty());
}

TEST_F(KernelRunTest, an_entry_made_by_hand_is_found_again) {
    start();
    KernelEntry entry;
    entry.tuples[0] = {make_address(kClient), make_address(kServer), IPPROTO_TCP, 40000, 80};
    entry.tuples[1] = {make_address(kServer), make_address(kClient), IPPROTO_TCP, 80, 40000};
    entry.timeout_s = 5000;
    entry.status = kStatusSeenReply | kStatusAssured;
    entry.tcp = KernelTcp{KernelTcpState::last_ack, {}, {}};
    ASSERT_TRUE(run_->control().create(entry).has_value());
    const auto found = run_->control().find(entry.tuples[1]);
    ASSERT_TRUE(found && *found && (*found)->tcp);
    EXPECT_STREQ(tcp_state_name((*found)->tcp->state), "LAST_ACK");
    EXPECT_EQ((*found)->status, entry.status | kStatusConfirmed);
    ASSERT_TRUE(run_->control().flush().has_value());
    EXPECT_FALSE((*run_->control().find(entry.tuples[0])).has_value());
}

}  // namespace
}  // namespace keepstate::kernel
