// The index finds what was put into it, whatever it is filled with, and strangers cannot crowd it.
#include "ct/entry_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <unordered_map>
#include <vector>

#include "ct/tuple.hpp"

namespace keepstate::ct {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;

constexpr auto kYes = [](std::uint32_t) { return true; };

FlowKey key_of(const EntryIndex& index, std::uint32_t source, std::uint32_t destination,
               std::uint32_t source_port, std::uint32_t destination_port, bool is_tcp = true) {
    const auto bytes_of = [](std::uint32_t address) {
        std::array<std::uint8_t, 4> bytes;
        base::store_be32(bytes.data(), address);
        return bytes;
    };
    return index.keys().key_of_ipv4(
        FlowKeys::join_ipv4(bytes_of(source).data(), bytes_of(destination).data()),
        FlowKeys::join_ports(static_cast<std::uint16_t>(source_port),
                             static_cast<std::uint16_t>(destination_port)),
        is_tcp);
}

TEST(EntryIndex, both_directions_have_one_key_and_know_which_is_which) {
    EntryIndex index(100, 1, base::Touch::later);
    Random random{1};
    for (std::uint32_t i = 0; i < 100; ++i) {
        const std::uint32_t a = random(), b = random(), ports = random();
        const FlowKey there = key_of(index, a, b, ports >> 16, ports & 0xffff, i % 2 == 0);
        const FlowKey back = key_of(index, b, a, ports & 0xffff, ports >> 16, i % 2 == 0);
        EXPECT_EQ(there.hash, back.hash);
        ASSERT_TRUE(index.insert(there, false, i));
        const EntryIndex::Hit one = index.find(there, kYes);
        const EntryIndex::Hit two = index.find(back, kYes);
        EXPECT_TRUE(one.is_exact() && two.is_exact());
        EXPECT_EQ(one.slot(), i);
        EXPECT_EQ(two.slot(), i);
        EXPECT_TRUE(one.is_original(there));
        EXPECT_FALSE(two.is_original(back));
        EXPECT_FALSE(
            index.find(key_of(index, a, b, ports >> 16, ports & 0xffff, i % 2 != 0), kYes));
    }
}

TEST(EntryIndex, the_fast_key_is_the_tuples_key) {
    const EntryIndex index(10, 1, base::Touch::later);
    const Tuple tuple{Address::v4(10, 1, 2, 3), Address::v4(192, 168, 0, 9), protocol::kUdp, 53,
                      1234};
    const FlowKey slow = index.keys().key_of(tuple, 0);
    const FlowKey fast = key_of(index, 0x0a010203, 0xc0a80009, 53, 1234, false);
    EXPECT_EQ(slow.hash, fast.hash);
    EXPECT_EQ(slow.addresses, fast.addresses);
    EXPECT_EQ(slow.ports, fast.ports);
    EXPECT_EQ(slow.kind, fast.kind);
    EXPECT_NE(index.keys().key_of(tuple, 1).hash, slow.hash);
}

TEST(EntryIndex, of_what_the_place_does_not_know_the_entry_is_asked) {
    EntryIndex index(10, 1, base::Touch::later);
    const FlowKey key = key_of(index, 1, 2, 3, 4);
    ASSERT_TRUE(index.insert(key, true, 5));
    ASSERT_TRUE(index.insert(key, true, 6));
    EXPECT_EQ(index.find(key, [](std::uint32_t slot) { return slot == 6; }).slot(), 6U);
    EXPECT_EQ(index.find(key, [](std::uint32_t slot) { return slot == 5; }).slot(), 5U);
    EXPECT_FALSE(index.find(key, [](std::uint32_t) { return false; }));
    index.remove(key, true, 5);
    EXPECT_EQ(index.find(key, kYes).slot(), 6U);
}

// What stands near a key, looked for bucket by bucket and all at once.
void expect_one_neighbourhood(const EntryIndex& index, const FlowKey& key) {
    constexpr std::uint32_t kCount = 8;
    std::array<std::vector<std::uint32_t>, kCount> at_once;
    index.visit_all_near(key, kCount, [&at_once](std::uint32_t distance, std::uint32_t slot) {
        at_once[distance].push_back(slot);
    });
    for (std::uint32_t distance = 0; distance < kCount; ++distance) {
        std::vector<std::uint32_t> singly;
        if (distance < index.bucket_count()) {  // behind that it is the same buckets again
            index.visit_near(key, distance,
                             [&singly](std::uint32_t slot) { singly.push_back(slot); });
        }
        std::sort(singly.begin(), singly.end());
        std::sort(at_once[distance].begin(), at_once[distance].end());
        ASSERT_EQ(singly, at_once[distance]) << distance << " of " << index.bucket_count();
    }
}

// Random work against a plain map, at all fills up to the promised one and with tiny indexes, where moves go in circles.
TEST(EntryIndex, random_work_agrees_with_a_plain_map) {
    for (const std::uint32_t room : {1U, 2U, 3U, 7U, 20U, 500U, 5000U}) {
        EntryIndex index(room, room, base::Touch::later);
        std::unordered_map<std::uint32_t, std::uint32_t> plain;  // name -> slot
        Random random{room};
        const auto key_named = [&index](std::uint32_t name) {
            return key_of(index, name * 7919, 5, name % 3, name, name % 2 == 0);
        };
        for (int i = 0; i < 30'000; ++i) {
            const std::uint32_t name = random() % (2 * room + 1);
            const auto known = plain.find(name);
            const EntryIndex::Hit hit = index.find(key_named(name), kYes);
            ASSERT_EQ(hit ? hit.slot() : EntryIndex::kNone,
                      known == plain.end() ? EntryIndex::kNone : known->second);
            if (known != plain.end()) {
                index.remove(key_named(name), false, known->second);
                plain.erase(known);
            } else if (plain.size() < room) {
                plain[name] = random() % EntryIndex::kMostSlots;
                ASSERT_TRUE(index.insert(key_named(name), false, plain[name]));
            }
            if (i % 16 == 0) expect_one_neighbourhood(index, key_named(random()));
        }
        std::size_t visited = 0;
        index.visit_all([&visited](std::uint32_t) { ++visited; });
        EXPECT_EQ(visited, plain.size());
        for (const auto& [name, slot] : plain) index.remove(key_named(name), false, slot);
        EXPECT_EQ(index.rest_count(), 0U);
        for (std::uint32_t name = 0; name <= 2 * room; ++name) {
            ASSERT_FALSE(index.has_overflowed(index.first_bucket(key_named(name))))
                << "nobody has left any more";
        }
    }
}

// What a stranger may try without the key: tuples in every order that he can choose. None may need more than chance does.
TEST(EntryIndex, strangers_cannot_crowd_it) {
    constexpr std::uint32_t kFlows = 100'000;
    using Choose = std::function<FlowKey(const EntryIndex&, std::uint32_t)>;
    const std::vector<std::pair<const char*, Choose>> attacks{
        {"ports of one host",
         [](const EntryIndex& x, std::uint32_t i) {
             return key_of(x, 0x0a000001, 0x0a000002, i, i >> 16);
         }},
        {"hosts of one network",
         [](const EntryIndex& x, std::uint32_t i) {
             return key_of(x, 0x0a000000 + i, 0x0a000002, 1, 80);
         }},
        {"top bits only",
         [](const EntryIndex& x, std::uint32_t i) { return key_of(x, i << 15, 0, 0, 0); }},
        {"both ends alike",
         [](const EntryIndex& x, std::uint32_t i) { return key_of(x, i, i, 7, 7); }},
        {"one end the other's inverse",
         [](const EntryIndex& x, std::uint32_t i) { return key_of(x, i, ~i, i, ~i); }},
        {"a constant sum",
         [](const EntryIndex& x, std::uint32_t i) {
             return key_of(x, 0x40000000 + i, 0x80000000 - i, 1, 1);
         }},
        {"odd steps",
         [](const EntryIndex& x, std::uint32_t i) {
             return key_of(x, i * 0x9e3779b1U, 0xc0a80001, i * 40503U, 443);
         }},
        {"large steps",
         [](const EntryIndex& x, std::uint32_t i) { return key_of(x, i * 65537U, 1, 0, i); }},
        {"few bits", [](const EntryIndex& x,
                        std::uint32_t i) { return key_of(x, i & 0x155, i & 0x2aa, i >> 10, 5); }},
    };
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        for (const auto& [name, choose] : attacks) {
            EntryIndex index(kFlows, seed, base::Touch::later);
            std::uint32_t second = 0, put = 0;
            std::size_t most_rest = 0;
            for (std::uint32_t i = 0; i < kFlows; ++i) {
                const FlowKey key = choose(index, i);
                if (index.find(key, kYes)) continue;  // the same flow
                ASSERT_TRUE(index.insert(key, false, i)) << name;
                ++put;
                most_rest = std::max(most_rest, index.rest_count());
            }
            for (std::uint32_t i = 0; i < kFlows; ++i) {
                const FlowKey key = choose(index, i);
                if (!index.peek(index.first_bucket(key), key)) ++second;
            }
            EXPECT_EQ(most_rest, 0U) << name << ", seed " << seed;
            // Chance: one in ten at this fill, moves included.
            EXPECT_LT(second, kFlows / 8) << name << ", seed " << seed << ", flows " << put;
        }
    }
}

TEST(EntryIndex, other_seeds_put_flows_elsewhere) {
    const EntryIndex one(10, 1, base::Touch::later);
    const EntryIndex two(10, 2, base::Touch::later);
    EXPECT_NE(key_of(one, 1, 2, 3, 4).hash, key_of(two, 1, 2, 3, 4).hash);
    EXPECT_EQ(key_of(one, 1, 2, 3, 4).hash,
              key_of(EntryIndex(99, 1, base::Touch::later), 1, 2, 3, 4).hash);
}

}  // namespace
}  // namespace keepstate::ct
