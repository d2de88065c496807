// Is the benchmarks' traffic what it says? Every packet sound, ESTABLISHED and in window, no tuple twice: a generator
// whose packets are INVALID would measure another path and look fast.
#include "bench/workload.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "keepstate/packet.hpp"

namespace keepstate::bench {
namespace {

/// With the facts of each entry, which the measurements do without.
EngineSetup telling(EngineSetup setup) {
    setup.tells_entries = true;
    return setup;
}

// Two of everything that changes a frame's form, checksums tested by the engine.
std::vector<WorkloadOptions> all_forms() {
    std::vector<WorkloadOptions> forms;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
            for (const LinkNumber link : {kLinkEthernet, kLinkRaw}) {
                for (const std::uint32_t payload : {10U, 1400U}) {
                    WorkloadOptions options;
                    options.flows = 10;
                    options.family = family;
                    options.protocol = protocol;
                    options.payload_bytes = payload;
                    options.has_checksums = true;
                    options.link = link;
                    forms.push_back(options);
                }
            }
        }
    }
    return forms;
}

void expect_sound(const Engine& engine) {
    const auto& reasons = engine.reason_counts();
    for (std::size_t i = 1; i < reasons.size(); ++i) {
        EXPECT_EQ(reasons[i], 0U) << text(static_cast<Reason>(i));
    }
}

TEST(Workload, opens_flows_whose_packets_are_all_established_and_in_window) {
    for (const WorkloadOptions& options : all_forms()) {
        Engine engine = std::move(*Engine::make(telling(make_setup(options))));
        Generator generator(options, 32);
        ASSERT_EQ(open_flows(engine, generator, 0, options.flows), 0U);
        ASSERT_EQ(engine.entry_count(), options.flows);
        std::vector<Decision> decisions(32);
        std::array<std::uint64_t, 2> seen{};
        // Long enough for the data to start over, whatever its length.
        for (int batch = 0; batch < 2000; ++batch) {
            engine.process(generator.established(), decisions);
            for (const Decision& decision : decisions) {
                ASSERT_EQ(decision.verdict, Verdict::accept) << text(decision.reason);
                ASSERT_EQ(decision.state, CtState::established);
                ASSERT_EQ(decision.rule.number, 2U);
                ASSERT_LE(decision.entry->number, options.flows) << "a flow was made anew";
                ++seen[decision.direction == CtDirection::reply ? 1 : 0];
            }
        }
        EXPECT_NEAR(static_cast<double>(seen[0]), static_cast<double>(seen[1]), 2000);
        EXPECT_EQ(engine.entry_count(), options.flows);
        expect_sound(engine);
    }
}

TEST(Workload, closes_its_tcp_flows) {
    WorkloadOptions options;
    options.flows = 40;
    Engine engine = std::move(*Engine::make(telling(make_setup(options))));
    Generator generator(options, 32);
    ASSERT_EQ(open_flows(engine, generator, 0, options.flows), 0U);
    std::vector<Decision> decisions(32);
    for (const Segment segment : {Segment::fin, Segment::reply_fin, Segment::last_ack}) {
        for (std::uint32_t first = 0; first < options.flows; first += 32) {
            const auto frames = generator.segments(first, options.flows, segment);
            engine.process(frames, decisions);
            for (std::size_t i = 0; i < frames.size(); ++i) {
                ASSERT_EQ(decisions[i].verdict, Verdict::accept);
                if (segment == Segment::last_ack) {
                    ASSERT_EQ(decisions[i].entry->tcp_state, TcpState::time_wait);
                }
            }
        }
    }
    expect_sound(engine);
}

TEST(Workload, gives_each_flow_a_tuple_of_its_own) {
    std::set<std::tuple<std::uint32_t, std::uint16_t>> clients;
    constexpr std::uint32_t kFlows = 200'000;
    for (std::uint32_t i = 0; i < kFlows; ++i) {
        const Flow flow = make_flow(i);
        clients.emplace(flow.client, flow.client_port);
    }
    EXPECT_EQ(clients.size(), kFlows);
}

TEST(Workload, visits_its_flows_evenly) {
    Random random(7);
    std::array<std::uint32_t, 10> seen{};
    for (int i = 0; i < 100'000; ++i) ++seen[random.below(10)];
    for (const std::uint32_t count : seen) EXPECT_NEAR(count, 10'000, 500);
}

}  // namespace
}  // namespace keepstate::bench
