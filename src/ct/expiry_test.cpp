// The wheel gives each entry back once its time has come, not before, and at most a second late.
#include "ct/expiry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace keepstate::ct {
namespace {

struct Wheel {
    EntryMap map{{2000}, 1};
    Expiry expiry;
    std::vector<std::uint32_t> gone;

    Time now;

    Entry& put(Time expires) {
        Entry& entry = *map.make({});
        entry.expires = expires;
        expiry.put(map, entry, now);
        return entry;
    }
    std::uint32_t slot_of(const Entry& entry) const { return map.slot_of(entry); }
    std::size_t sweep(Time at, std::uint32_t most = 100'000) {
        now = std::max(now, at);
        gone.clear();
        expiry.sweep(map, at, most, [this](Entry& entry) {
            gone.push_back(slot_of(entry));
            expiry.take(map, entry);
        });
        return gone.size();
    }
};

TEST(Expiry, an_entry_goes_when_its_second_is_over_and_not_before) {
    Wheel wheel;
    EXPECT_EQ(wheel.sweep(Time::from_s(100)), 0U);
    const Entry& entry = wheel.put(Time::from_s(105));
    EXPECT_EQ(wheel.sweep(Time::from_s(104)), 0U);
    EXPECT_EQ(wheel.sweep(Time::from_s(105)), 0U);
    EXPECT_EQ(wheel.sweep(Time::from_s(106)), 1U);
    EXPECT_EQ(wheel.gone, std::vector{wheel.slot_of(entry)});
    EXPECT_EQ(wheel.sweep(Time::from_s(10000)), 0U);
}

TEST(Expiry, a_renewed_timeout_is_seen_when_the_old_ones_turn_comes) {
    Wheel wheel;
    wheel.sweep(Time::from_s(0));
    Entry& entry = wheel.put(Time::from_s(10));
    entry.expires = Time::from_s(30);  // renewed: nobody moved it
    EXPECT_EQ(wheel.sweep(Time::from_s(12)), 0U);
    EXPECT_EQ(wheel.sweep(Time::from_s(30)), 0U);
    EXPECT_EQ(wheel.sweep(Time::from_s(31)), 1U);
}

TEST(Expiry, a_shorter_timeout_holds_once_it_was_put_again) {
    Wheel wheel;
    wheel.sweep(Time::from_s(0));
    Entry& entry = wheel.put(Time::from_s(1000));
    entry.expires = Time::from_s(5);
    wheel.expiry.put(wheel.map, entry, wheel.now);
    EXPECT_EQ(wheel.sweep(Time::from_s(6)), 1U);
}

TEST(Expiry, a_timeout_that_goes_up_and_down_between_long_ones_moves_nothing_and_is_never_late) {
    Wheel wheel;
    wheel.sweep(Time::from_s(0));
    Entry& entry = wheel.put(Time::from_s(300));
    for (std::int64_t s = 1; s <= 1000; ++s) {
        ASSERT_EQ(wheel.sweep(Time::from_s(s)), 0U);
        const std::int64_t timeout_ns = (s % 2 == 0 ? 432'000 : 300) * kNsPerSecond;
        const std::int64_t left_ns = entry.expires - wheel.now;
        entry.expires = wheel.now + timeout_ns;
        wheel.expiry.renew(wheel.map, entry, timeout_ns, left_ns, wheel.now);
    }
    entry.expires = Time::from_s(1300);
    for (std::int64_t s = 1001; s <= 1300; ++s) ASSERT_EQ(wheel.sweep(Time::from_s(s)), 0U) << s;
    EXPECT_EQ(wheel.sweep(Time::from_s(1301)), 1U);
}

TEST(Expiry, a_timeout_longer_than_the_wheel_goes_round_more_than_once) {
    Wheel wheel;
    wheel.sweep(Time::from_s(0));
    wheel.put(Time::from_s(432000));
    for (std::int64_t s = 1; s <= 432000; s += 500) ASSERT_EQ(wheel.sweep(Time::from_s(s)), 0U);
    EXPECT_EQ(wheel.sweep(Time::from_s(432001)), 1U);
}

TEST(Expiry, a_jump_in_time_further_than_the_wheel_forgets_nothing) {
    Wheel wheel;
    wheel.sweep(Time::from_s(0));
    for (std::int64_t s = 1; s <= 1500; ++s) wheel.put(Time::from_s(s * 7));
    EXPECT_EQ(wheel.sweep(Time::from_s(1'000'000)), 1500U);
}

TEST(Expiry, very_many_that_end_at_once_go_some_at_a_time) {
    Wheel wheel;
    wheel.sweep(Time::from_s(0));
    for (int i = 0; i < 1000; ++i) wheel.put(Time::from_s(10));
    wheel.put(Time::from_s(500));
    EXPECT_EQ(wheel.sweep(Time::from_s(11), 64), 64U);
    EXPECT_EQ(wheel.sweep(Time::from_s(11), 64), 64U);
    Entry& late = wheel.put(Time::from_s(400));
    wheel.expiry.take(wheel.map, late);  // while others wait
    std::size_t gone = 128;
    for (int i = 0; i < 14; ++i) gone += wheel.sweep(Time::from_s(12), 64);
    EXPECT_EQ(gone, 1000U);
    EXPECT_EQ(wheel.sweep(Time::from_s(499), 64), 0U);
    EXPECT_EQ(wheel.sweep(Time::from_s(501), 64), 1U);
}

TEST(Expiry, what_was_taken_off_does_not_go) {
    Wheel wheel;
    wheel.sweep(Time::from_s(0));
    Entry& first = wheel.put(Time::from_s(5));
    Entry& second = wheel.put(Time::from_s(5));
    Entry& third = wheel.put(Time::from_s(5));
    wheel.expiry.take(wheel.map, second);
    wheel.expiry.take(wheel.map, second);  // twice is as good as once
    EXPECT_EQ(wheel.sweep(Time::from_s(7)), 2U);
    EXPECT_EQ((std::set<std::uint32_t>(wheel.gone.begin(), wheel.gone.end())),
              (std::set<std::uint32_t>{wheel.slot_of(first), wheel.slot_of(third)}));
}

TEST(Expiry, captures_may_begin_anywhere_in_time_and_stand_still) {
    Wheel wheel;
    EXPECT_EQ(wheel.sweep(Time::from_s(1'353'110'400)), 0U);
    wheel.put(Time::from_s(1'353'110'430));
    EXPECT_EQ(wheel.sweep(Time::from_s(1'353'110'400)), 0U);
    EXPECT_EQ(wheel.sweep(Time::from_s(1'353'110'300)), 0U);  // a step back
    EXPECT_EQ(wheel.sweep(Time::from_s(1'353'110'431)), 1U);
}

TEST(Expiry, random_timeouts_go_at_most_a_second_late) {
    Wheel wheel;
    std::mt19937 engine{7};
    std::int64_t now_ns = 5 * kNsPerSecond;
    wheel.sweep(Time{now_ns});
    std::map<std::uint32_t, Time> standing;
    for (int i = 0; i < 20000; ++i) {
        if (standing.size() < 1000) {
            const std::int64_t timeout_ns =
                static_cast<std::int64_t>(engine() % 20'000) * 1'000'000;
            const Entry& entry = wheel.put(Time{now_ns + timeout_ns});
            standing[wheel.slot_of(entry)] = entry.expires;
        }
        now_ns += static_cast<std::int64_t>(engine() % 300) * 1'000'000;
        const Time now{now_ns};
        wheel.sweep(now);
        for (const std::uint32_t slot : wheel.gone) {
            ASSERT_LE(standing.at(slot), now);
            standing.erase(slot);
            wheel.map.discard(wheel.map.at(slot));
        }
        for (const auto& [slot, expires] : standing) ASSERT_GT(expires, now + -kNsPerSecond);
    }
}

}  // namespace
}  // namespace keepstate::ct
