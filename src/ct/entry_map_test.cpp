// An entry stands in the map twice, under each of its tuples, or not at all.
#include "ct/entry_map.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "ct/tuple.hpp"

namespace keepstate::ct {
namespace {

Tuple tuple(std::uint16_t port) {
    return {Address::v4(10, 0, 0, 1), Address::v4(10, 0, 0, 2), protocol::kTcp, port, 80};
}

Entry& put(EntryMap& map, std::uint16_t port, std::uint16_t zone = 0) {
    Entry& entry = *map.make();
    entry.tuples = {tuple(port), *inverse_of(tuple(port))};
    entry.zones = {zone, zone};
    map.insert(entry);
    return entry;
}

TEST(EntryMap, an_entry_is_found_by_either_tuple_and_tells_the_direction) {
    EntryMap map{16, 10, 1};
    Entry& entry = put(map, 1000);
    const Found original = map.find(tuple(1000), {0, 0});
    EXPECT_EQ(original.entry, &entry);
    EXPECT_EQ(original.direction, CtDirection::original);
    const Found reply = map.find(*inverse_of(tuple(1000)), {0, 0});
    EXPECT_EQ(reply.entry, &entry);
    EXPECT_EQ(reply.direction, CtDirection::reply);
    EXPECT_EQ(map.find(tuple(1001), {0, 0}).entry, nullptr);
    EXPECT_EQ(map.size(), 1U);
}

TEST(EntryMap, the_same_tuple_in_another_zone_is_another_flow) {
    EntryMap map{16, 10, 1};
    Entry& zero = put(map, 1000, 0);
    EXPECT_EQ(map.find(tuple(1000), {5, 5}).entry, nullptr);
    Entry& five = put(map, 1000, 5);
    EXPECT_EQ(map.find(tuple(1000), {0, 0}).entry, &zero);
    EXPECT_EQ(map.find(tuple(1000), {5, 5}).entry, &five);
}

TEST(EntryMap, each_direction_has_its_own_zone) {
    EntryMap map{16, 10, 1};
    Entry& entry = *map.make();
    entry.tuples = {tuple(1), *inverse_of(tuple(1))};
    entry.zones = {4, 0};
    map.insert(entry);
    EXPECT_EQ(map.find(tuple(1), {4, 4}).entry, &entry);
    EXPECT_EQ(map.find(tuple(1), {0, 0}).entry, nullptr);
    EXPECT_EQ(map.find(*inverse_of(tuple(1)), {0, 0}).entry, &entry);
    EXPECT_EQ(map.find(*inverse_of(tuple(1)), {4, 4}).entry, nullptr);
}

TEST(EntryMap, what_was_made_but_not_inserted_cannot_be_found) {
    EntryMap map{16, 2, 1};
    Entry& entry = *map.make();
    entry.tuples = {tuple(1), *inverse_of(tuple(1))};
    EXPECT_EQ(map.find(tuple(1), {0, 0}).entry, nullptr);
    EXPECT_EQ(map.size(), 0U);
    EXPECT_EQ(map.in_use(), 1U);
    map.discard(entry);
    EXPECT_EQ(map.in_use(), 0U);
}

TEST(EntryMap, all_slots_taken_makes_nothing_and_a_discarded_one_comes_back_fresh) {
    EntryMap map{16, 2, 1};
    Entry& first = put(map, 1);
    put(map, 2);
    EXPECT_EQ(map.make(), nullptr);
    first.mark = 77;
    map.remove(first);
    EXPECT_EQ(map.make(), nullptr);  // it keeps its slot until it is given back
    map.discard(first);
    const Entry* again = map.make();
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->mark, 0U);
    EXPECT_EQ(again->status, 0U);
}

TEST(EntryMap, an_entry_whose_tuples_are_equal_still_stands_twice_and_goes_once) {
    EntryMap map{16, 2, 1};
    const Address loopback = Address::v4(127, 0, 0, 1);
    const Tuple same{loopback, loopback, protocol::kUdp, 5, 5};
    Entry& entry = *map.make();
    entry.tuples = {same, same};
    map.insert(entry);
    EXPECT_EQ(map.find(same, {0, 0}).entry, &entry);
    map.remove(entry);
    EXPECT_EQ(map.find(same, {0, 0}).entry, nullptr);
    EXPECT_EQ(map.size(), 0U);
}

TEST(EntryMap, one_bucket_holds_all_if_it_must) {
    EntryMap map{1, 100, 1};
    for (std::uint16_t port = 0; port < 100; ++port) put(map, port);
    for (std::uint16_t port = 0; port < 100; ++port) {
        EXPECT_NE(map.find(tuple(port), {0, 0}).entry, nullptr) << port;
    }
    std::set<const Entry*> visited;
    map.visit_all([&visited](const Entry& entry) { EXPECT_TRUE(visited.insert(&entry).second); });
    EXPECT_EQ(visited.size(), 100U);
}

TEST(EntryMap, what_is_near_a_tuple_is_found_bucket_by_bucket) {
    EntryMap map{4, 100, 1};
    for (std::uint16_t port = 0; port < 50; ++port) put(map, port);
    unsigned seen = 0;
    for (std::uint32_t distance = 0; distance < 4; ++distance) {
        map.find_near(tuple(7), 0, distance, [&seen](const Entry&) {
            ++seen;
            return false;
        });
    }
    EXPECT_EQ(seen, 100U);  // each entry under both of its tuples
    const Entry* met = map.find_near(
        tuple(7), 0, 0, [](const Entry& entry) { return entry.tuples[0] == tuple(7); });
    ASSERT_NE(met, nullptr);
    EXPECT_EQ(map.find_near(tuple(7), 0, 4, [&](const Entry& entry) { return &entry == met; }),
              met);
}

TEST(EntryMap, zones_of_one_direction_are_asked_in_that_direction_alone) {
    EntryMap map{16, 4, 1};
    Entry& entry = *map.make();
    entry.tuples = {tuple(1), *inverse_of(tuple(1))};
    entry.zones = {5, 0};
    map.insert(entry);
    EXPECT_EQ(map.find(tuple(1), {0, 0}).entry, nullptr);
    EXPECT_EQ(map.find(tuple(1), {5, 5}).entry, &entry);
    EXPECT_EQ(map.find(tuple(1), {5, 0}).entry, &entry);
    EXPECT_EQ(map.find(tuple(1), {0, 5}).entry, nullptr);
    EXPECT_EQ(map.find(*inverse_of(tuple(1)), {0, 0}).entry, &entry);
    EXPECT_EQ(map.find(*inverse_of(tuple(1)), {7, 0}).entry, &entry);  // by the reply's zone
    EXPECT_EQ(map.find(*inverse_of(tuple(1)), {5, 5}).entry, nullptr);
    EXPECT_EQ(map.find_at(CtDirection::original, *inverse_of(tuple(1)), {7, 0}).entry, nullptr);
}

TEST(EntryMap, random_work_agrees_with_a_plain_map) {
    EntryMap map{32, 500, 1};
    std::map<std::uint16_t, Entry*> plain;
    std::mt19937 engine{1};
    for (int i = 0; i < 50000; ++i) {
        const auto port = static_cast<std::uint16_t>(engine() % 600);
        const auto known = plain.find(port);
        ASSERT_EQ(map.find(tuple(port), {0, 0}).entry,
                  known == plain.end() ? nullptr : known->second);
        ASSERT_EQ(map.find(*inverse_of(tuple(port)), {0, 0}).entry,
                  known == plain.end() ? nullptr : known->second);
        if (known != plain.end()) {
            map.remove(*known->second);
            map.discard(*known->second);
            plain.erase(known);
        } else if (plain.size() < 500) {
            plain[port] = &put(map, port);
        }
        ASSERT_EQ(map.size(), plain.size());
        ASSERT_EQ(map.in_use(), plain.size());
    }
}

}  // namespace
}  // namespace keepstate::ct
