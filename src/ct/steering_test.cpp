// Which tracker a packet belongs to. That flows stay together whatever their packets are: tests/property/shards_property.cpp.
#include "ct/steering.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "keepstate/packet.hpp"

namespace keepstate::ct {
namespace {

std::vector<std::uint8_t> packet_of(const std::string& words) {
    return parse_packet_text(words).value().ip;
}

TEST(Steering, says_of_a_glance_what_it_says_of_the_frame) {
    Steering steering(7, 3, false, {});
    std::array<unsigned, 7> by_shard{};
    for (int i = 0; i < 700; ++i) {
        const std::string port = std::to_string(1024 + i);
        for (const std::string& words :
             {"tcp 10.0.0.1:" + port + " 10.0.1.1:80", "tcp 10.0.1.1:80 10.0.0.1:" + port,
              "udp 10.0.0.1:" + port + " 10.0.1.1:80",
              "tcp [2001:db8::1]:" + port + " [2001:db8::2]:80",
              "udp [2001:db8::2]:80 [2001:db8::1]:" + port}) {
            const std::vector<std::uint8_t> packet = packet_of(words);
            wire::Glance glance;
            wire::glance_at({packet.data(), packet.size()}, false, glance);
            ASSERT_TRUE(glance.has_ports) << words;
            const Way way = steering.way_of(wire::LinkType::raw, {packet.data(), packet.size()});
            EXPECT_EQ(steering.shard_of(glance), way.shard) << words;
            ++by_shard[way.shard];
        }
    }
    // Evenly: 500 each, and no further off than ten times what chance makes likely.
    for (const unsigned count : by_shard) EXPECT_NEAR(count, 500, 200);
}

TEST(Steering, brings_both_directions_of_a_flow_together) {
    Steering steering(16, 3, false, {});
    for (int i = 0; i < 300; ++i) {
        const std::string a =
            "10.0.0." + std::to_string(1 + i % 200) + ":" + std::to_string(2000 + i);
        const auto there = packet_of("tcp " + a + " 10.0.1.1:80");
        const auto back = packet_of("tcp 10.0.1.1:80 " + a);
        EXPECT_EQ(steering.way_of(wire::LinkType::raw, {there.data(), there.size()}).shard,
                  steering.way_of(wire::LinkType::raw, {back.data(), back.size()}).shard);
    }
}

TEST(Steering, steers_otherwise_with_another_seed) {
    Steering one(16, 3, false, {}), other(16, 4, false, {});
    unsigned same = 0;
    for (int i = 0; i < 320; ++i) {
        const auto packet = packet_of("tcp 10.0.0.1:" + std::to_string(2000 + i) + " 10.0.1.1:80");
        const base::ByteView bytes{packet.data(), packet.size()};
        same += one.way_of(wire::LinkType::raw, bytes).shard ==
                        other.way_of(wire::LinkType::raw, bytes).shard
                    ? 1
                    : 0;
    }
    EXPECT_LT(same, 60U);  // one of 16 by chance: 20
}

}  // namespace
}  // namespace keepstate::ct
