// See classifier.hpp.
#include "rules/classifier.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace keepstate::rules {

namespace {

using Rules = std::vector<std::uint32_t>;

/// A list this short is not cut, and a set this small gets no tree at all.
constexpr std::size_t kLeafRules = 4;
constexpr std::size_t kShortChain = 8;
/// The leaves of a group have at most so many candidates a rule, and as many more as is half the set's rules: the group
/// of what is wide everywhere is small, and found by every packet.
constexpr std::size_t kCopies = 8;
constexpr std::size_t kCopiesOfFew = 256;
constexpr unsigned kMostBits = 14;
constexpr unsigned kDeepest = 40;
/// Sets this small are one group; a group that has fewer of the rules goes with the rest.
constexpr std::size_t kOneGroup = 96;
constexpr std::size_t kSmallGroup = 16;

/// Where and how a node could be cut.
struct Cut {
    std::uint8_t dimension = 0;
    std::uint8_t shift = 0;
    std::uint8_t bits = 0;
    std::uint32_t base = 0;
    std::size_t total = 0;  ///< rules in all runs together
    double cost = 0;        ///< the lower the better

    std::uint32_t cells() const { return std::uint32_t{1} << bits; }
    std::uint32_t cell(std::uint32_t value) const { return (value - base) >> shift; }
};

/// What a rule leaves of a span.
struct Range {
    std::uint32_t low;
    std::uint32_t high;
    bool spans_all;
};
Range clip(const Box& box, const Box& span, std::size_t d) {
    const std::uint32_t low = std::max(box.low[d], span.low[d]);
    const std::uint32_t high = std::min(box.high[d], span.high[d]);
    return {low, high, low == span.low[d] && high == span.high[d]};
}

class Planter {
  public:
    Planter(Forest& forest, std::span<const Box> boxes, std::span<const Candidate> candidates)
        : forest_(forest), boxes_(boxes), candidates_(candidates) {}

    /// `all`: how many rules the set has of which these are a group.
    Link plant(const Rules& rules, std::size_t all) {
        if (all <= kShortChain) return leaf(rules);
        const std::size_t more = std::max(all / 2, kCopiesOfFew);
        return grow(rules, Box{}, rules.size() * kCopies + more, 0);
    }

  private:
    // `budget`: candidates that the leaves below may have together; at least the rules.
    Link grow(const Rules& rules, const Box& span, std::size_t budget, unsigned depth) {
        if (rules.size() <= kLeafRules || depth == kDeepest) return leaf(rules);
        Cut best;
        for (std::uint8_t d = 0; d < kDimensions; ++d) {
            const Cut cut = try_cut(rules, span, d, budget);
            if (cut.bits != 0 && (best.bits == 0 || cut.cost < best.cost)) best = cut;
        }
        if (best.bits == 0) return leaf(rules);
        return split(rules, span, best, budget, depth);
    }

    /// bits is 0 if it brings nothing here.
    Cut try_cut(const Rules& rules, const Box& span, std::uint8_t d, std::size_t budget) {
        std::uint32_t low = ~std::uint32_t{0};
        std::uint32_t high = 0;
        std::size_t spanning = 0;
        for (const std::uint32_t rule : rules) {
            const Range range = clip(boxes_[rule], span, d);
            if (range.spans_all) {
                ++spanning;
            } else {
                low = std::min(low, range.low);
                high = std::max(high, range.high);
            }
        }
        if (spanning == rules.size() || low == high) return {};
        const auto block = static_cast<unsigned>(std::bit_width(low ^ high));
        const auto wanted = static_cast<unsigned>(std::bit_width(rules.size())) + 1;
        unsigned bits = std::min({block, wanted, kMostBits});
        for (; bits != 0; bits = bits <= 2 ? bits - 1 : bits - 2) {
            Cut cut;
            cut.dimension = d;
            cut.shift = static_cast<std::uint8_t>(block - bits);
            cut.bits = static_cast<std::uint8_t>(bits);
            cut.base = block == 32 ? 0 : low >> block << block;
            if (weigh(rules, span, spanning, cut) && cut.total <= budget) return cut;
        }
        return {};
    }

    /// How good a cut is: the length of the list that a packet of some rule finds, times the copies it costs. False: no
    /// list is much shorter than before.
    bool weigh(const Rules& rules, const Box& span, std::size_t spanning, Cut& cut) {
        const std::size_t cells = cut.cells();
        steps_.assign(cells + 1, 0);
        begins_run_.assign(cells + 1, 0);
        for (const std::uint32_t rule : rules) {
            const Range range = clip(boxes_[rule], span, cut.dimension);
            if (range.spans_all) continue;
            const std::uint32_t first = cut.cell(range.low);
            const std::uint32_t end = cut.cell(range.high) + 1;
            ++steps_[first];
            --steps_[end];
            begins_run_[first] = begins_run_[end] = 1;
        }
        begins_run_[0] = 1;
        double found = 0;
        double narrow = 0;
        std::int64_t here = 0;
        for (std::size_t i = 0; i < cells; ++i) {
            here += steps_[i];
            if (begins_run_[i] == 0) continue;
            const auto count = static_cast<double>(here);
            cut.total += static_cast<std::size_t>(here) + spanning;
            narrow += count;
            found += count * (count + static_cast<double>(spanning));
        }
        const auto all = static_cast<double>(rules.size());
        // Rules that say nothing here are found everywhere, but so they are with every other cut that does not
        // concern them: what counts for them is the mean of all cells, about the same as that of the narrow.
        const double list = found / narrow;
        cut.cost = list * (1 + static_cast<double>(cut.total) / all / 4);
        return list < all * 0.9;
    }

    Link split(const Rules& rules, const Box& span, const Cut& cut, std::size_t budget,
               unsigned depth) {
        const std::uint32_t cells = cut.cells();
        std::vector<std::uint32_t> run_of = number_runs(rules, span, cut);
        std::vector<Rules> runs(run_of.back() + 1);
        for (const std::uint32_t rule : rules) {
            const Range range = clip(boxes_[rule], span, cut.dimension);
            const std::uint32_t first = range.spans_all ? 0 : run_of[cut.cell(range.low)];
            const std::uint32_t last =
                range.spans_all ? run_of.back() : run_of[cut.cell(range.high)];
            for (std::uint32_t run = first; run <= last; ++run) runs[run].push_back(rule);
        }
        const auto first = static_cast<std::uint32_t>(forest_.links.size());
        forest_.links.resize(first + std::size_t{cells});
        const double share = static_cast<double>(budget) / static_cast<double>(cut.total);
        for (std::uint32_t cell = 0; cell < cells;) {
            std::uint32_t end = cell + 1;
            while (end < cells && run_of[end] == run_of[cell]) ++end;
            Rules& list = runs[run_of[cell]];
            const auto part = static_cast<std::size_t>(share * static_cast<double>(list.size()));
            const Link below =
                grow(list, narrowed(span, cut, cell, end), std::max(part, list.size()), depth + 1);
            std::fill(forest_.links.begin() + first + cell, forest_.links.begin() + first + end,
                      below);
            Rules().swap(list);
            cell = end;
        }
        return {first, cut.shift, cut.bits, cut.dimension, false};
    }

    /// Neighbouring cells with the same rules are one run.
    std::vector<std::uint32_t> number_runs(const Rules& rules, const Box& span, const Cut& cut) {
        std::vector<std::uint32_t> run_of(cut.cells() + std::size_t{1}, 0);
        for (const std::uint32_t rule : rules) {
            const Range range = clip(boxes_[rule], span, cut.dimension);
            if (range.spans_all) continue;
            run_of[cut.cell(range.low)] = 1;
            run_of[cut.cell(range.high) + std::size_t{1}] = 1;
        }
        run_of[0] = 0;
        run_of.pop_back();
        for (std::size_t i = 1; i < run_of.size(); ++i) run_of[i] += run_of[i - 1];
        return run_of;
    }

    static Box narrowed(const Box& span, const Cut& cut, std::uint32_t cell, std::uint32_t end) {
        const std::uint64_t low = cut.base + (std::uint64_t{cell} << cut.shift);
        const std::uint64_t high = cut.base + (std::uint64_t{end} << cut.shift) - 1;
        Box out = span;
        const std::size_t d = cut.dimension;
        // A cell beyond the span holds only rules that span all of it.
        if (high < span.low[d] || low > span.high[d]) return out;
        out.low[d] = static_cast<std::uint32_t>(std::max<std::uint64_t>(low, span.low[d]));
        out.high[d] = static_cast<std::uint32_t>(std::min<std::uint64_t>(high, span.high[d]));
        return out;
    }

    Link leaf(const Rules& rules) {
        if (rules.empty()) return {};
        std::uint64_t hash = rules.size();
        for (const std::uint32_t rule : rules) hash = (hash ^ rule) * 0x9e3779b97f4a7c15ULL;
        std::vector<std::uint32_t>& same = leaves_[hash];
        for (const std::uint32_t first : same) {
            if (is_leaf_of(first, rules)) return {.first = first};
        }
        const auto first = static_cast<std::uint32_t>(forest_.candidates.size());
        for (const std::uint32_t rule : rules) forest_.candidates.push_back(candidates_[rule]);
        forest_.candidates.back().bits |= candidate_bit::kLast;
        same.push_back(first);
        return {.first = first};
    }
    bool is_leaf_of(std::uint32_t first, const Rules& rules) const {
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const Candidate& here = forest_.candidates[first + i];
            if (here.rule != candidates_[rules[i]].rule) return false;
            if (here.has(candidate_bit::kLast) != (i + 1 == rules.size())) return false;
        }
        return true;
    }

    Forest& forest_;
    std::span<const Box> boxes_;
    std::span<const Candidate> candidates_;
    std::vector<std::int64_t> steps_;
    std::vector<std::uint8_t> begins_run_;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> leaves_;
};

// --- groups -------------------------------------------------------------------------------------------

/// kEvery: rules that ask for nothing that can be cut, such as a state alone; they would stand in each leaf of a tree.
enum Group : std::uint8_t { kEvery, kBoth, kSources, kDestinations, kPorts, kRest, kGroups };
static_assert(kGroups <= kMostRoots);

/// An IPv4 prefix of 12 bits or more, an IPv6 one of 24: what no cut of addresses copies much.
bool is_narrow_address(const Box& box, std::size_t word) {
    constexpr std::uint32_t kNarrow = 1U << 20;
    constexpr std::uint32_t kNarrow6 = 1U << 8;
    const std::uint32_t width = box.high[word] - box.low[word];
    if (width < kNarrow6) return true;
    const std::uint32_t next = box.high[word + 1] - box.low[word + 1];
    return width < kNarrow && next == 0xffffffff;
}

Group group_of(const Box& box, bool is_large) {
    const Box all;
    if (box.low == all.low && box.high == all.high) return kEvery;
    if (!is_large) return kRest;
    constexpr std::uint32_t kNarrowPorts = 1024;
    const bool source = is_narrow_address(box, kSourceWord);
    const bool destination = is_narrow_address(box, kDestinationWord);
    if (source && destination) return kBoth;
    if (source) return kSources;
    if (destination) return kDestinations;
    const bool has_ports = box.high[kDestinationPort] - box.low[kDestinationPort] < kNarrowPorts ||
                           box.high[kSourcePort] - box.low[kSourcePort] < kNarrowPorts;
    return has_ports ? kPorts : kRest;
}

}  // namespace

Root plant_one(Forest& forest, std::span<const Box> boxes, std::span<const Candidate> candidates,
               const Rules& rules) {
    Planter planter(forest, boxes, candidates);
    return {planter.plant(rules, rules.size()), candidates[rules.front()].rule};
}

std::vector<Root> plant(Forest& forest, std::span<const Box> boxes,
                        std::span<const Candidate> candidates, const Rules& rules) {
    std::array<Rules, kGroups> groups;
    for (const std::uint32_t rule : rules) {
        const bool is_short = rules.size() <= kShortChain;
        groups[is_short ? kRest : group_of(boxes[rule], rules.size() > kOneGroup)].push_back(rule);
    }
    Rules& rest = groups[kRest];
    for (std::size_t i = kBoth; i < kRest; ++i) {
        if (groups[i].size() >= kSmallGroup) continue;
        rest.insert(rest.end(), groups[i].begin(), groups[i].end());
        groups[i].clear();
    }
    std::sort(rest.begin(), rest.end());
    Planter planter(forest, boxes, candidates);
    std::vector<Root> roots;
    for (const Rules& group : groups) {
        if (!group.empty()) roots.push_back({planter.plant(group, rules.size()), group.front()});
    }
    return roots;
}

}  // namespace keepstate::rules
