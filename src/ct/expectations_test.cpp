// The table of expectations and PPTP's key map.
#include "ct/expectations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "ct/call_keys.hpp"

namespace keepstate::ct {
namespace {

const Address kClient = *parse_address("10.0.0.1");
const Address kServer = *parse_address("10.0.1.1");

Expectation make(std::uint16_t port, const Address* source = &kServer, std::int64_t expires_s = 1) {
    Expectation e = make_expectation(0, protocol::kTcp, source, nullptr, kClient, port);
    e.expires = Time::from_s(expires_s);
    return e;
}

Tuple packet(std::uint16_t port, const Address& from = kServer) {
    return {from, kClient, protocol::kTcp, 20, port};
}

TEST(Expectations, AreMetByWhatTheirMaskAsksFor) {
    const Expectation from_server = make(1025);
    EXPECT_TRUE(is_met_by(from_server, packet(1025), 0));
    EXPECT_FALSE(is_met_by(from_server, packet(1026), 0));
    EXPECT_FALSE(is_met_by(from_server, packet(1025, kClient), 0));
    EXPECT_FALSE(is_met_by(from_server, packet(1025), 1));
    EXPECT_TRUE(is_met_by(make(1025, nullptr), packet(1025, *parse_address("9.9.9.9")), 0));

    Expectation network = from_server;
    network.mask.address_bits = 23;
    EXPECT_TRUE(is_met_by(network, packet(1025, *parse_address("10.0.0.9")), 0));
    EXPECT_FALSE(is_met_by(network, packet(1025, *parse_address("10.0.2.9")), 0));

    Expectation from_port = from_server;
    from_port.mask.key = true;
    EXPECT_FALSE(is_met_by(from_port, packet(1025), 0));
    from_port.tuple.source_key = 20;
    EXPECT_TRUE(is_met_by(from_port, packet(1025), 0));
}

TEST(Expectations, ClashIfSomePacketWouldMeetBoth) {
    EXPECT_TRUE(do_clash(make(1025), make(1025, nullptr)));
    EXPECT_TRUE(do_clash(make(1025), make(1025)));
    EXPECT_FALSE(do_clash(make(1025), make(1026)));
    EXPECT_FALSE(do_clash(make(1025, &kServer), make(1025, &kClient)));
    EXPECT_TRUE(are_equal(make(1025), make(1025)));
    EXPECT_FALSE(are_equal(make(1025), make(1025, nullptr)));
}

TEST(Expectations, TheYoungestOfABucketIsFoundFirst) {
    Expectations table(8, 1);
    ExpectationList list;
    table.insert(make(1025), list);
    const std::uint32_t young = table.insert(make(1025, nullptr), list);
    const auto found = [&](const Tuple& tuple) {
        return table.find_near(tuple, [&](const Expectation& e) { return is_met_by(e, tuple, 0); });
    };
    EXPECT_EQ(found(packet(1025)), young);
    table.remove(young, list);
    EXPECT_NE(found(packet(1025)), kNoExpectation);
    EXPECT_EQ(found(packet(1026)), kNoExpectation);
}

TEST(Expectations, LeaveInTheOrderOfTheirEnds) {
    Expectations table(64, 7);
    ExpectationList lists[2];
    std::vector<std::uint32_t> slots;
    for (std::uint16_t i = 0; i < 40; ++i) {
        slots.push_back(table.insert(make(i, &kServer, i * 29 % 40), lists[i % 2]));
    }
    table.set_expiry(slots[3], Time::from_s(100));
    table.remove(slots[5], lists[1]);
    std::vector<std::int64_t> ends;
    while (table.soonest() != kNoExpectation) {
        const Expectation& e = table.at(table.soonest());
        ends.push_back(e.expires.ns);
        table.remove(e.slot, lists[e.tuple.destination_key % 2]);
    }
    EXPECT_EQ(ends.size(), 39U);
    EXPECT_TRUE(std::is_sorted(ends.begin(), ends.end()));
    EXPECT_EQ(ends.back(), Time::from_s(100).ns);
    EXPECT_EQ(lists[0].youngest, kNoExpectation);
    EXPECT_EQ(lists[1].count[0], 0U);
}

TEST(Expectations, HaveRoomForTheirLimit) {
    Expectations table(2, 1);
    ExpectationList list;
    EXPECT_NE(table.insert(make(1), list), kNoExpectation);
    EXPECT_FALSE(table.is_full());
    EXPECT_NE(table.insert(make(2), list), kNoExpectation);
    EXPECT_TRUE(table.is_full());
    EXPECT_EQ(table.insert(make(3), list), kNoExpectation);
}

TEST(CallKeys, TheOldestOfEqualOnesAnswers) {
    CallKeys keys(4, 1);
    Tuple call{kServer, kClient, protocol::kGre, 7, 99};
    EXPECT_TRUE(keys.add(call, 1));
    call.source_key = 8;
    EXPECT_TRUE(keys.add(call, 2));
    Tuple asked = call;
    asked.source_key = 0;
    EXPECT_EQ(keys.find(asked), 7);
    call.source_key = 7;
    keys.remove_of(1, call);
    EXPECT_EQ(keys.find(asked), 8);
    asked.destination_key = 98;
    EXPECT_EQ(keys.find(asked), 0);
}

}  // namespace
}  // namespace keepstate::ct
