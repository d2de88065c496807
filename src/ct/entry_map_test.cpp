// An entry is found by each of its tuples, or not at all.
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

Entry& make(EntryMap& map, const Tuple& original, const Zones& zones = {}) {
    Entry& entry = *map.make(map.index().keys().key_of(original, zones[0]));
    entry.set_original(original);
    if (zones != Zones{}) map.extra_of(entry).zones = zones;
    return entry;
}

Entry& insert(EntryMap& map, Entry& entry) {
    entry.set(status::kConfirmed);
    EXPECT_TRUE(map.insert(entry));
    return entry;
}

Entry& put(EntryMap& map, std::uint16_t port, std::uint16_t zone = 0) {
    return insert(map, make(map, tuple(port), {zone, zone}));
}

TEST(EntryMap, an_entry_is_found_by_either_tuple_and_tells_the_direction) {
    EntryMap map{{10}, 1};
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
    EntryMap map{{10}, 1};
    Entry& zero = put(map, 1000, 0);
    EXPECT_EQ(map.find(tuple(1000), {5, 5}).entry, nullptr);
    Entry& five = put(map, 1000, 5);
    EXPECT_EQ(map.find(tuple(1000), {0, 0}).entry, &zero);
    EXPECT_EQ(map.find(tuple(1000), {5, 5}).entry, &five);
}

TEST(EntryMap, each_direction_has_its_own_zone) {
    EntryMap map{{10}, 1};
    Entry& entry = insert(map, make(map, tuple(1), {4, 0}));
    EXPECT_EQ(map.find(tuple(1), {4, 4}).entry, &entry);
    EXPECT_EQ(map.find(tuple(1), {0, 0}).entry, nullptr);
    EXPECT_EQ(map.find(*inverse_of(tuple(1)), {0, 0}).entry, &entry);
    EXPECT_EQ(map.find(*inverse_of(tuple(1)), {4, 4}).entry, nullptr);
}

TEST(EntryMap, what_was_made_but_not_inserted_cannot_be_found) {
    EntryMap map{{2}, 1};
    Entry& entry = make(map, tuple(1));
    EXPECT_EQ(map.find(tuple(1), {0, 0}).entry, nullptr);
    EXPECT_EQ(map.size(), 0U);
    EXPECT_EQ(map.in_use(), 1U);
    map.discard(entry);
    EXPECT_EQ(map.in_use(), 0U);
}

TEST(EntryMap, all_slots_taken_makes_nothing_and_a_discarded_one_comes_back_fresh) {
    EntryMap map{{0}, 1};  // and two for the packet in flight
    Entry& first = put(map, 1);
    put(map, 2);
    EXPECT_EQ(map.make({}), nullptr);
    first.mark = 77;
    map.remove(first);
    EXPECT_EQ(map.make({}), nullptr);  // it keeps its slot until it is given back
    map.discard(first);
    const Entry* again = map.make({});
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->mark, 0U);
    EXPECT_EQ(again->status, 0U);
}

TEST(EntryMap, an_entry_whose_tuples_are_equal_is_found_in_the_reply_direction) {
    EntryMap map{{2}, 1};
    const Address loopback = Address::v4(127, 0, 0, 1);
    const Tuple same{loopback, loopback, protocol::kUdp, 5, 5};
    Entry& entry = insert(map, make(map, same));
    const Found found = map.find(same, {0, 0});
    EXPECT_EQ(found.entry, &entry);
    EXPECT_EQ(found.direction, CtDirection::reply);
    map.remove(entry);
    EXPECT_EQ(map.find(same, {0, 0}).entry, nullptr);
    EXPECT_EQ(map.size(), 0U);
}

TEST(EntryMap, a_full_map_finds_all_and_visits_each_once) {
    EntryMap map{{100}, 1};
    for (std::uint16_t port = 0; port < 100; ++port) put(map, port);
    for (std::uint16_t port = 0; port < 100; ++port) {
        EXPECT_NE(map.find(tuple(port), {0, 0}).entry, nullptr) << port;
    }
    std::set<const Entry*> visited;
    map.visit_all([&visited](const Entry& entry) { EXPECT_TRUE(visited.insert(&entry).second); });
    EXPECT_EQ(visited.size(), 100U);
}

TEST(EntryMap, what_is_near_a_tuple_is_found_bucket_by_bucket_youngest_first) {
    EntryMap map{{100}, 1};
    for (std::uint16_t port = 0; port < 100; ++port) put(map, port).set_number(port);
    unsigned seen = 0;
    const std::uint32_t buckets = map.index().bucket_count();
    for (std::uint32_t distance = 0; distance < buckets; ++distance) {
        std::uint64_t youngest = 0;
        unsigned here = 0;
        const Entry* const found = map.find_near(tuple(7), 0, distance, [&](const Entry& entry) {
            youngest = std::max(youngest, entry.number());
            ++here;
            return true;
        });
        seen += here;
        ASSERT_EQ(found != nullptr, here != 0);
        if (found != nullptr) {
            EXPECT_EQ(found->number(), youngest);
        }
    }
    EXPECT_EQ(seen, 100U);
    const auto is_it = [](const Entry& entry) { return entry.original() == tuple(7); };
    EXPECT_EQ(map.find_near(tuple(7), 0, 0, is_it), map.find(tuple(7), {0, 0}).entry);
}

// What early drop finds must not depend on how the index came to be as it is.
TEST(EntryMap, what_is_near_is_the_same_in_whatever_order_entries_came) {
    EntryMap forwards{{500}, 1};
    EntryMap backwards{{500}, 1};
    for (std::uint16_t i = 0; i < 700; ++i) {
        if (i >= 200) put(forwards, i).set_number(i);
        const auto other = static_cast<std::uint16_t>(699 - i);
        if (other >= 200) put(backwards, other).set_number(other);
    }
    for (std::uint16_t port = 0; port < 300; ++port) {
        const auto ports_near = [&](EntryMap& map) {
            std::set<std::uint16_t> ports;
            map.find_near(tuple(port), 0, 0, [&](const Entry& entry) {
                ports.insert(entry.original().source_key);
                return false;
            });
            return ports;
        };
        ASSERT_EQ(ports_near(forwards), ports_near(backwards));
    }
}

TEST(EntryMap, a_reply_that_is_not_the_inverse_is_found_and_the_inverse_is_not) {
    for (const std::uint8_t number : {protocol::kTcp, protocol::kUdp, protocol::kSctp}) {
        EntryMap map{{.entries = 4, .two_places = true}, 1};
        Tuple original = tuple(9);
        original.protocol = number;
        Tuple reply = *inverse_of(original);
        reply.destination_key = 77;
        Entry& entry = make(map, original);
        map.extra_of(entry).reply = reply;
        map.extra_of(entry).has_reply = true;
        insert(map, entry);
        EXPECT_EQ(map.find(original, {0, 0}).direction, CtDirection::original);
        const Found found = map.find(reply, {0, 0});
        EXPECT_EQ(found.entry, &entry);
        EXPECT_EQ(found.direction, CtDirection::reply);
        EXPECT_EQ(map.find(*inverse_of(original), {0, 0}).entry, nullptr);
        EXPECT_EQ(map.find(*inverse_of(reply), {0, 0}).entry, nullptr);
        map.remove(entry);
        EXPECT_EQ(map.find(original, {0, 0}).entry, nullptr);
        EXPECT_EQ(map.find(reply, {0, 0}).entry, nullptr);
    }
}

TEST(EntryMap, protocols_families_and_directions_are_told_apart) {
    EntryMap map{{20}, 1};
    std::vector<Tuple> tuples;
    const Address v6a = *parse_address("fd00::1");
    const Address v6b = *parse_address("fd00::2");
    for (const std::uint8_t number :
         {protocol::kTcp, protocol::kUdp, protocol::kSctp, protocol::kUdpLite, protocol::kGre}) {
        tuples.push_back({Address::v4(10, 0, 0, 1), Address::v4(10, 0, 0, 2), number, 5, 6});
        tuples.push_back({v6b, v6a, number, 5, 6});
    }
    tuples.push_back({v6a, v6b, protocol::kIcmpv6, 5, 128 << 8});
    tuples.push_back(
        {Address::v4(10, 0, 0, 1), Address::v4(10, 0, 0, 2), protocol::kIcmp, 5, 8 << 8});
    tuples.push_back(
        {Address::v4(10, 0, 0, 2), Address::v4(10, 0, 0, 1), protocol::kIcmp, 5, 13 << 8});
    std::vector<Entry*> entries;
    for (const Tuple& each : tuples) entries.push_back(&insert(map, make(map, each)));
    for (std::size_t i = 0; i < tuples.size(); ++i) {
        const Found there = map.find(tuples[i], {0, 0});
        EXPECT_EQ(there.entry, entries[i]) << i;
        EXPECT_EQ(there.direction, CtDirection::original) << i;
        const Found back = map.find(*inverse_of(tuples[i]), {0, 0});
        EXPECT_EQ(back.entry, entries[i]) << i;
        EXPECT_EQ(back.direction, CtDirection::reply) << i;
        Tuple other = tuples[i];
        other.destination_key ^= 1U << 8;
        EXPECT_EQ(map.find(other, {0, 0}).entry, nullptr) << i;
    }
}

TEST(EntryMap, zones_of_one_direction_are_asked_in_that_direction_alone) {
    EntryMap map{{4}, 1};
    Entry& entry = insert(map, make(map, tuple(1), {5, 0}));
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
    EntryMap map{{500}, 1};
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
