// Ways through a table that have been taken, by number: which counters a packet raised, and what was decided.
//
// Where the way of a packet depended on nothing but what stays the same for its flow, the number stands for all of
// that work: replay() in fast.hpp raises the same counters by the next packet. Equal ways have one number.
//
// All room is taken by reserve(). When it is used up no further way gets a number (0), the old ones stay good.
// Limits: kMostSteps counters a way. Numbers belong to one table of one Program.
// Tested by: tests/property/fast_property.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rules/outcome.hpp"

namespace keepstate::rules {

class Paths {
  public:
    struct Path {
        Outcome outcome;
        std::uint32_t first = 0;  ///< in the list of steps
        std::uint32_t count = 0;
    };
    static constexpr std::size_t kMostSteps = 32;

    /// Room for `paths` ways, of 8 steps each in the mean. Forgets all that were there.
    void reserve(std::size_t paths) {
        std::size_t slots = 2;
        while (slots < 2 * paths) slots *= 2;
        paths_.clear();
        paths_.reserve(paths);
        steps_.clear();
        steps_.reserve(8 * paths);
        slots_.assign(slots, 0);
    }

    /// The number of this way, from 1; 0: no room. Allocates nothing.
    std::uint32_t number_of(std::span<const std::uint32_t> steps, const Outcome& outcome) {
        if (slots_.empty()) return 0;
        std::uint64_t hash = steps.size();
        for (const std::uint32_t step : steps) hash = (hash ^ step) * 0x9e3779b97f4a7c15ULL;
        std::size_t slot = (hash >> 32) & (slots_.size() - 1);
        for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
            if (is_same(paths_[slots_[slot] - 1], steps, outcome)) return slots_[slot];
        }
        if (paths_.size() == paths_.capacity()) return 0;
        if (steps_.capacity() - steps_.size() < steps.size()) return 0;
        const auto first = static_cast<std::uint32_t>(steps_.size());
        steps_.insert(steps_.end(), steps.begin(), steps.end());
        paths_.push_back({outcome, first, static_cast<std::uint32_t>(steps.size())});
        return slots_[slot] = static_cast<std::uint32_t>(paths_.size());
    }

    /// `number` is one that number_of() gave.
    const Path& path(std::uint32_t number) const { return paths_[number - 1]; }
    std::span<const std::uint32_t> steps(const Path& path) const {
        return {steps_.data() + path.first, path.count};
    }
    std::size_t size() const { return paths_.size(); }

  private:
    // Ways end in a rule that decides by itself, so the counters say it all but for the chain of the policy.
    bool is_same(const Path& path, std::span<const std::uint32_t> steps,
                 const Outcome& outcome) const {
        const auto mine = this->steps(path);
        return path.outcome.kind == outcome.kind &&
               std::equal(mine.begin(), mine.end(), steps.begin(), steps.end());
    }

    std::vector<Path> paths_;
    std::vector<std::uint32_t> steps_;
    std::vector<std::uint32_t>
        slots_;  ///< path numbers, open addressing; never more than half full
};

}  // namespace keepstate::rules
