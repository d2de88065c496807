// The TCP machine as a whole: conversations, segment by segment, with state, timeout and outcome.
//
// The client begins at 100, the server at 500; both have a window of 4000 and no options.
#include "ct/tcp/judge.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ct/tcp/random_memory_test.hpp"
#include "ct/tcp/timeout.hpp"

namespace keepstate::ct {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

using namespace wire::tcp_flag;
using wire::SeqNumber;
constexpr auto kClient = CtDirection::original;
constexpr auto kServer = CtDirection::reply;

Segment segment(int flags, std::uint32_t seq, std::uint32_t ack, std::uint32_t bytes = 0,
                std::uint16_t window = 4000) {
    wire::TcpHeader header;
    header.flags = static_cast<std::uint8_t>(flags);
    header.seq = seq;
    header.ack = ack;
    header.payload_bytes = bytes;
    header.window = window;
    return make_segment(header);
}

/// An entry as the tracker keeps it: memory, status and what the last judgement granted.
struct Flow {
    Settings settings;
    TcpMemory memory;
    std::uint32_t status = 0;
    TcpJudgement last;
    bool is_begun = false;

    TcpOutcome send(CtDirection direction, const Segment& s) {
        if (!is_begun) {
            const TcpBeginning beginning = begin_tcp(s, settings);
            if (beginning.reason != Reason::none) {
                last = {};
                last.reason = beginning.reason;
                return TcpOutcome::invalid;
            }
            memory = beginning.memory;
            is_begun = true;
        }
        last = judge_tcp(memory, s, direction, status, settings);
        if (last.outcome == TcpOutcome::reopen) return last.outcome;
        memory = last.memory;
        if (last.becomes_assured) status |= status::kAssured;
        const bool belongs = last.outcome != TcpOutcome::invalid;
        if (belongs && direction == kServer) status |= status::kSeenReply;
        return last.outcome;
    }
    std::uint32_t timeout() const { return last.timeout_s.value_or(0); }
};

Flow established() {
    Flow flow;
    EXPECT_EQ(flow.send(kClient, segment(kSyn, 100, 0)), TcpOutcome::accepted);
    EXPECT_EQ(flow.send(kServer, segment(kSyn | kAck, 500, 101)), TcpOutcome::accepted);
    EXPECT_EQ(flow.send(kClient, segment(kAck, 101, 501)), TcpOutcome::accepted);
    EXPECT_EQ(flow.memory.state, TcpState::established);
    return flow;
}

struct Step {
    CtDirection from;
    int flags;
    std::uint32_t seq, ack, bytes;
    TcpState state;
    std::uint32_t timeout_s;
};

void run(Flow& flow, std::initializer_list<Step> steps) {
    int number = 0;
    for (const Step& step : steps) {
        ++number;
        EXPECT_EQ(flow.send(step.from, segment(step.flags, step.seq, step.ack, step.bytes)),
                  TcpOutcome::accepted)
            << "step " << number << " " << text(flow.last.reason);
        EXPECT_EQ(flow.memory.state, step.state) << "step " << number;
        EXPECT_EQ(flow.timeout(), step.timeout_s) << "step " << number;
    }
}

TEST(JudgeTcp, a_whole_connection_from_syn_to_time_wait) {
    Flow flow;
    run(flow, {
                  {kClient, kSyn, 100, 0, 0, TcpState::syn_sent, 120},
                  {kServer, kSyn | kAck, 500, 101, 0, TcpState::syn_recv, 60},
                  {kClient, kAck, 101, 501, 0, TcpState::established, 432000},
                  {kClient, kAck | kPsh, 101, 501, 10, TcpState::established, 300},
                  {kServer, kAck, 501, 111, 0, TcpState::established, 432000},
                  {kClient, kFin | kAck, 111, 501, 0, TcpState::fin_wait, 120},
                  {kServer, kAck, 501, 112, 0, TcpState::close_wait, 60},
                  {kServer, kFin | kAck, 501, 112, 0, TcpState::last_ack, 30},
                  {kClient, kAck, 112, 502, 0, TcpState::time_wait, 120},
              });
    EXPECT_EQ(flow.status, status::kSeenReply | status::kAssured);
}

TEST(JudgeTcp, a_flow_is_assured_by_the_ack_that_ends_the_handshake) {
    Flow flow;
    flow.send(kClient, segment(kSyn, 100, 0));
    EXPECT_FALSE(flow.last.becomes_assured);
    flow.send(kServer, segment(kSyn | kAck, 500, 101));
    EXPECT_FALSE(flow.last.becomes_assured);
    flow.send(kClient, segment(kAck, 101, 501));
    EXPECT_TRUE(flow.last.becomes_assured);
    flow.send(kClient, segment(kAck, 101, 501));
    EXPECT_FALSE(flow.last.becomes_assured);
}

struct FirstRow {
    int flags;
    std::uint32_t loose;
    Reason reason;
};

TEST(BeginTcp, a_syn_always_begins_a_flow_an_ack_only_while_loose) {
    const FirstRow rows[] = {
        {kSyn, 0, Reason::none},
        {kSyn, 1, Reason::none},
        {kAck, 1, Reason::none},
        {kAck, 0, Reason::tcp_loose_off},
        {kSyn | kAck, 1, Reason::tcp_not_an_opening},
        {kFin | kAck, 1, Reason::tcp_not_an_opening},
        {kRst, 1, Reason::tcp_not_an_opening},
        {kRst | kAck, 1, Reason::tcp_not_an_opening},
    };
    for (const FirstRow& row : rows) {
        Settings settings;
        settings.tcp_loose = row.loose;
        EXPECT_EQ(begin_tcp(segment(row.flags, 100, 200), settings).reason, row.reason)
            << row.flags << " loose " << row.loose;
    }
}

TEST(JudgeTcp, a_flow_picked_up_in_the_middle_is_liberal_and_short_lived_until_answered) {
    Flow flow;
    EXPECT_EQ(flow.send(kClient, segment(kAck, 5000, 9000)), TcpOutcome::accepted);
    EXPECT_EQ(flow.memory.state, TcpState::established);
    EXPECT_EQ(flow.timeout(), 300U);
    EXPECT_FALSE(flow.last.becomes_assured);
    // Far outside of any window; a flow known from its SYN would say INVALID.
    EXPECT_EQ(flow.send(kServer, segment(kAck, 9000, 4'000'000)), TcpOutcome::accepted);
    EXPECT_TRUE(flow.last.window.liberal);
}

TEST(JudgeTcp, a_lone_rst_forgets_the_flow) {
    Flow flow;
    flow.send(kClient, segment(kSyn, 100, 0));
    EXPECT_EQ(flow.send(kServer, segment(kRst | kAck, 0, 101)), TcpOutcome::forget);
    EXPECT_EQ(flow.memory.state, TcpState::close);
    EXPECT_FALSE(flow.last.timeout_s);
}

TEST(JudgeTcp, a_repeated_syn_does_not_renew_its_timeout) {
    Flow flow;
    flow.send(kClient, segment(kSyn, 100, 0));
    EXPECT_EQ(flow.send(kClient, segment(kSyn, 100, 0)), TcpOutcome::let_by);
    EXPECT_FALSE(flow.last.timeout_s);
    EXPECT_EQ(flow.memory.state, TcpState::syn_sent);
}

TEST(JudgeTcp, simultaneous_open_ends_in_established) {
    Flow flow;
    flow.send(kClient, segment(kSyn, 100, 0));
    // A SYN in SYN_SENT before any answer renews no timeout, from whichever side it is.
    EXPECT_EQ(flow.send(kServer, segment(kSyn, 500, 0)), TcpOutcome::let_by);
    EXPECT_EQ(flow.memory.state, TcpState::syn_sent2);
    EXPECT_EQ(flow.last.exception, "simultaneous open");
    EXPECT_EQ(flow.send(kClient, segment(kSyn | kAck, 100, 501)), TcpOutcome::accepted);
    EXPECT_EQ(flow.memory.state, TcpState::syn_recv);
    EXPECT_EQ(flow.send(kServer, segment(kSyn | kAck, 500, 101)), TcpOutcome::let_by);
    EXPECT_EQ(flow.send(kClient, segment(kAck, 101, 501)), TcpOutcome::accepted);
    EXPECT_EQ(flow.memory.state, TcpState::established);
}

TEST(JudgeTcp, only_an_rst_at_the_edge_closes_an_established_flow) {
    Flow flow = established();
    EXPECT_EQ(flow.send(kServer, segment(kAck, 501, 101, 100)), TcpOutcome::accepted);
    EXPECT_EQ(flow.send(kClient, segment(kAck, 101, 601)), TcpOutcome::accepted);

    Flow inside = flow;
    EXPECT_EQ(inside.send(kServer, segment(kRst, 700, 0)), TcpOutcome::accepted);
    EXPECT_EQ(inside.last.exception, "RST not exactly at the edge");
    EXPECT_EQ(inside.memory.state, TcpState::established);
    EXPECT_EQ(inside.timeout(), 10U);

    Flow old = flow;
    EXPECT_EQ(old.send(kServer, segment(kRst, 600, 0)), TcpOutcome::invalid);
    EXPECT_EQ(old.last.reason, Reason::tcp_invalid_rst);

    Flow beyond = flow;
    EXPECT_EQ(beyond.send(kServer, segment(kRst, 100'000, 0)), TcpOutcome::invalid);
    EXPECT_EQ(beyond.last.reason, Reason::tcp_seq_over_window);

    EXPECT_EQ(flow.send(kServer, segment(kRst, 601, 0)), TcpOutcome::accepted);
    EXPECT_EQ(flow.memory.state, TcpState::close);
    EXPECT_EQ(flow.timeout(), 10U);
}

TEST(JudgeTcp, ignore_invalid_rst_lets_an_old_rst_by_and_keeps_the_flow) {
    Flow flow = established();
    flow.send(kServer, segment(kAck, 501, 101, 100));
    flow.send(kClient, segment(kAck, 101, 601));
    flow.settings.tcp_ignore_invalid_rst = 1;
    EXPECT_EQ(flow.send(kServer, segment(kRst, 600, 0)), TcpOutcome::accepted);
    EXPECT_EQ(flow.memory.state, TcpState::established);
}

TEST(JudgeTcp, a_syn_to_a_closed_flow_opens_it_again) {
    Flow flow = established();
    run(flow, {
                  {kClient, kFin | kAck, 101, 501, 0, TcpState::fin_wait, 120},
                  {kServer, kFin | kAck, 501, 102, 0, TcpState::last_ack, 30},
                  {kClient, kAck, 102, 502, 0, TcpState::time_wait, 120},
              });
    EXPECT_EQ(flow.send(kClient, segment(kSyn, 90000, 0)), TcpOutcome::reopen);
    EXPECT_EQ(flow.last.exception, "a closed flow is opened again");
}

TEST(JudgeTcp, a_syn_within_a_living_flow_is_let_by_and_its_answer_begins_it_anew) {
    Flow flow = established();
    EXPECT_EQ(flow.send(kClient, segment(kSyn, 70000, 0)), TcpOutcome::let_by);
    EXPECT_EQ(flow.memory.state, TcpState::established);
    EXPECT_FALSE(flow.last.timeout_s);
    EXPECT_EQ(flow.send(kServer, segment(kSyn | kAck, 800, 70001)), TcpOutcome::accepted);
    EXPECT_EQ(flow.last.exception, "SYN/ACK answers a SYN that was let by");
    EXPECT_EQ(flow.memory.state, TcpState::syn_recv);
    EXPECT_EQ(flow.send(kClient, segment(kAck, 70001, 801)), TcpOutcome::accepted);
    EXPECT_EQ(flow.memory.state, TcpState::established);
}

TEST(JudgeTcp, a_segment_impossible_in_its_state_is_invalid_and_changes_nothing) {
    Flow flow;
    flow.send(kClient, segment(kSyn, 100, 0));
    const TcpMemory before = flow.memory;
    EXPECT_EQ(flow.send(kServer, segment(kFin | kAck, 500, 101)), TcpOutcome::invalid);
    EXPECT_EQ(flow.last.reason, Reason::tcp_state);
    EXPECT_EQ(flow.memory, before);
}

TEST(JudgeTcp, fins_outside_of_the_window_from_both_sides_shorten_the_entrys_life) {
    Flow flow = established();
    EXPECT_EQ(flow.send(kClient, segment(kFin | kAck, 900'000, 501)), TcpOutcome::invalid);
    EXPECT_FALSE(flow.last.timeout_s);
    EXPECT_EQ(flow.send(kServer, segment(kFin | kAck, 900'000, 101)), TcpOutcome::invalid);
    EXPECT_EQ(flow.timeout(), 300U);
    EXPECT_TRUE(flow.last.shorten_only);
}

// judge_tcp does not ask the list where it knows that nobody in it would speak.
TEST(JudgeTcp, names_the_first_exception_of_the_list_that_speaks) {
    Random random{11};
    std::uint32_t silent = 0;
    for (int i = 0; i < 300'000; ++i) {
        const Settings settings;
        TcpMemory memory = random_memory(random);
        memory.state = static_cast<TcpState>(1 + random() % (kTcpStates - 1));
        const auto direction = static_cast<CtDirection>(random() % 2);
        const UsualSegment usual =
            random_segment(random, memory, static_cast<std::size_t>(direction));
        constexpr int kFlags[] = {kAck, kFin | kAck, kSyn, kSyn | kAck, kRst, kRst | kAck};
        const Segment sent =
            segment(kFlags[random() % 6], usual.seq, usual.ack, usual.payload_bytes, usual.window);
        const std::uint32_t status = random() % 2 == 0 ? 0 : status::kSeenReply | status::kAssured;
        const Ruling ruling = ruling_of(direction, sent.kind, memory.state);
        std::string_view first;
        for (const TcpException& exception : tcp_exceptions()) {
            const TcpAnswer answer =
                exception.ask({memory, sent, direction, status, ruling, settings});
            if (answer.kind == TcpAnswerKind::no_opinion) continue;
            first = exception.name;
            break;
        }
        silent += first.empty();
        ASSERT_EQ(judge_tcp(memory, sent, direction, status, settings).exception, first) << i;
    }
    EXPECT_GT(silent, 30'000U);
}

TEST(TcpTimeout, each_state_has_its_setting) {
    const Settings settings;
    const std::pair<TcpState, std::uint32_t> rows[] = {
        {TcpState::syn_sent, 120},  {TcpState::syn_recv, 60},   {TcpState::established, 432000},
        {TcpState::fin_wait, 120},  {TcpState::close_wait, 60}, {TcpState::last_ack, 30},
        {TcpState::time_wait, 120}, {TcpState::close, 10},      {TcpState::syn_sent2, 120},
    };
    for (const auto& [state, timeout_s] : rows) {
        TcpMemory memory;
        memory.state = state;
        memory.last_window = 4000;
        EXPECT_EQ(tcp_timeout_s(settings, memory, SegmentKind::ack), timeout_s) << text(state);
    }
}

TEST(TcpTimeout, the_first_true_line_wins_and_none_makes_it_longer) {
    const Settings settings;
    TcpMemory memory;
    memory.state = TcpState::established;
    memory.last_window = 4000;
    EXPECT_EQ(tcp_timeout_s(settings, memory, SegmentKind::rst), 10U);
    memory.seen[1].flags = side_flag::kDataUnacknowledged;
    EXPECT_EQ(tcp_timeout_s(settings, memory, SegmentKind::ack), 300U);
    memory.seen[1].flags = 0;
    memory.last_window = 0;
    EXPECT_EQ(tcp_timeout_s(settings, memory, SegmentKind::ack), 300U);
    memory.retransmissions = 3;
    EXPECT_EQ(tcp_timeout_s(settings, memory, SegmentKind::rst), 300U);
    memory.state = TcpState::last_ack;
    EXPECT_EQ(tcp_timeout_s(settings, memory, SegmentKind::ack), 30U);
}

}  // namespace
}  // namespace keepstate::ct
