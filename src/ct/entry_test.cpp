// An entry fits into two lines of the cache and gives back what was put into it.
#include "ct/entry.hpp"

#include <gtest/gtest.h>

#include "ct/tuple.hpp"

namespace keepstate::ct {
namespace {

TEST(Entry, keeps_its_tuple_and_makes_the_replys) {
    Entry entry;
    const Tuple v4{Address::v4(10, 0, 0, 1), Address::v4(10, 0, 0, 2), protocol::kIcmp, 7, 8 << 8};
    const Tuple v6{*parse_address("fd00::1"), *parse_address("fd00::2"), protocol::kTcp, 1, 2};
    for (const Tuple& tuple : {v4, v6}) {
        entry.set_original(tuple);
        EXPECT_EQ(entry.original(), tuple);
        EXPECT_EQ(entry.reply(), *inverse_of(tuple));
        EXPECT_EQ(entry.tuple(CtDirection::reply), entry.reply());
        EXPECT_EQ(entry.protocol(), tuple.protocol);
        EXPECT_EQ(entry.family(), tuple.source.family);
    }
    EntryExtra extra;
    extra.reply = v4;
    extra.has_reply = true;
    entry.set_extra(extra);
    EXPECT_EQ(entry.reply(), v4);
    EXPECT_EQ(entry.original(), v6);
}

TEST(Entry, keeps_what_each_protocol_remembers) {
    Entry entry;
    EXPECT_TRUE(std::holds_alternative<std::monostate>(entry.memory()));
    EXPECT_EQ(entry.tcp(), nullptr);
    TcpMemory tcp;
    tcp.state = TcpState::fin_wait;
    tcp.seen[1].max_window = 99;
    entry.set_memory(tcp);
    EXPECT_EQ(std::get<TcpMemory>(entry.memory()), tcp);
    EXPECT_EQ(entry.tcp()->state(), TcpState::fin_wait);
    SctpMemory sctp;
    sctp.vtag = {1, 2};
    sctp.suspect = CtDirection::reply;
    entry.set_memory(sctp);
    EXPECT_EQ(std::get<SctpMemory>(entry.memory()), sctp);
    EXPECT_EQ(entry.tcp(), nullptr);
    entry.set_memory(UdpMemory{Time::from_s(5)});
    EXPECT_EQ(std::get<UdpMemory>(entry.memory()).stream_after, Time::from_s(5));
    entry.set_memory(GreMemory{3, 4});
    EXPECT_EQ(std::get<GreMemory>(entry.memory()).stream_timeout_s, 4U);
    entry.set_memory(std::monostate{});
    EXPECT_TRUE(std::holds_alternative<std::monostate>(entry.memory()));
}

TEST(Entry, numbers_have_48_bits_and_events_gather) {
    Entry entry;
    entry.set_number(0x123456789abcULL);
    EXPECT_EQ(entry.number(), 0x123456789abcULL);
    entry.note(event_bit::kNew);
    entry.note(event_bit::kLabel);
    EXPECT_EQ(entry.pending_events(), event_bit::kNew | event_bit::kLabel);
    entry.set_memory(UdpMemory{});
    EXPECT_EQ(entry.pending_events(), event_bit::kNew | event_bit::kLabel);
    entry.forget_events();
    EXPECT_EQ(entry.pending_events(), 0U);
}

TEST(Entry, an_unconfirmed_ones_time_left_is_what_it_will_get) {
    Entry entry;
    entry.expires = Time{30};
    EXPECT_EQ(entry.left_ns(Time{1000}), 30);
    entry.set(status::kConfirmed);
    entry.expires = Time{1030};
    EXPECT_EQ(entry.left_ns(Time{1000}), 30);
}

}  // namespace
}  // namespace keepstate::ct
