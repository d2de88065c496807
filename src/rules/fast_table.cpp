// See fast_table.hpp.
#include "rules/fast_table.hpp"

#include <algorithm>

#include "rules/program.hpp"
#include "rules/rule_indexer.hpp"

namespace keepstate::rules {

namespace {

using Words = DeviceNumbers::Words;

constexpr std::size_t kStates = kStateBits.size();

// The trees of one chain, made of its rules as they are.
class ChainPlanter {
  public:
    ChainPlanter(ProgramTable& table, std::uint32_t chain)
        : out_(table.fast), chain_(chain), from_(table.chains[chain]) {
        for (std::uint32_t i = 0; i < from_.rules; ++i) {
            const IndexedRule rule = index_rule(table, chain, i);
            boxes_.push_back(rule.box);
            candidates_.push_back(rule.candidate);
            is_general_.push_back(rule.is_general);
            is_of_port_.push_back(rule.is_of_port);
        }
        end_ = table.steps[from_.end()].action;
    }

    void run() {
        ChainIndex index;
        index.first_step = from_.first;
        index.rules = from_.rules;
        TreePlace& place = out_.places[chain_];
        place.first_link = static_cast<std::uint32_t>(out_.forest.links.size());
        place.first_candidate = static_cast<std::uint32_t>(out_.forest.candidates.size());
        for (std::size_t state = 0; state < kStates; ++state) {
            index.roots[state] = roots_of(index, state);
            out_.first_particular[chain_][state] = first_without(is_general_, state);
            out_.first_beyond_port[chain_][state] = first_without(is_of_port_, state);
        }
        place.end_link = static_cast<std::uint32_t>(out_.forest.links.size());
        place.end_candidate = static_cast<std::uint32_t>(out_.forest.candidates.size());
        index.end = end_;
        index.policy = from_.policy;
        const ChainIndex::Roots& all = index.roots[0];
        if (takes_all(0) && all.count == 1 && out_.roots[all.first].link.is_leaf) {
            index.leaf = out_.roots[all.first].link.first;
            const bool is_same =
                std::all_of(index.roots.begin(), index.roots.end(),
                            [&](const ChainIndex::Roots& each) { return each.first == all.first; });
            if (!is_same) index.leaf = 0;
        }
        index.is_errand = is_errand();
        out_.chains[chain_] = index;
    }

  private:
    bool is_errand() const {
        constexpr std::size_t kShort = 8;
        return end_ == Action::chain_end && candidates_.size() <= kShort &&
               std::all_of(candidates_.begin(), candidates_.end(), [](const Candidate& each) {
                   const auto action = static_cast<Action>(each.action());
                   return each.has(candidate_bit::kWhole) && each.asks_nothing() &&
                          (action == Action::next || action == Action::write_mark);
               });
    }
    static std::uint8_t bit(std::size_t state) { return kStateBits[state]; }

    std::size_t count_allowing(std::size_t state) const {
        return static_cast<std::size_t>(
            std::count_if(candidates_.begin(), candidates_.end(),
                          [&](const Candidate& each) { return each.allows(bit(state)); }));
    }
    /// The first rule of this state that is not marked.
    std::uint32_t first_without(const std::vector<bool>& marks, std::size_t state) const {
        for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
            if (candidates_[i].allows(bit(state)) && !marks[i]) return i;
        }
        return FastTable::kNoRule;
    }
    bool takes_all(std::size_t state) const {
        constexpr std::size_t kShort = 8;
        return candidates_.size() <= kShort || 2 * count_allowing(state) >= candidates_.size();
    }

    // The trees of an earlier state, if they do for this one too.
    ChainIndex::Roots roots_of(const ChainIndex& index, std::size_t state) {
        for (std::size_t other = 0; other < state; ++other) {
            const bool is_same =
                (takes_all(state) && takes_all(other)) ||
                std::all_of(candidates_.begin(), candidates_.end(), [&](const Candidate& each) {
                    return each.allows(bit(state)) == each.allows(bit(other));
                });
            if (is_same) return index.roots[other];
        }
        std::vector<std::uint32_t> rules;
        const bool all = takes_all(state);
        for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
            if (all || candidates_[i].allows(bit(state))) rules.push_back(i);
        }
        std::vector<Root> roots = plant(out_.forest, boxes_, candidates_, rules);
        // fast() opens a tree only when no rule before its first has matched.
        std::sort(roots.begin(), roots.end(),
                  [](const Root& a, const Root& b) { return a.first_rule < b.first_rule; });
        const ChainIndex::Roots out{static_cast<std::uint32_t>(out_.roots.size()),
                                    static_cast<std::uint32_t>(roots.size())};
        out_.roots.insert(out_.roots.end(), roots.begin(), roots.end());
        return out;
    }

    FastTable& out_;
    std::uint32_t chain_;
    const ProgramChain& from_;
    Action end_ = Action::chain_end;
    std::vector<Box> boxes_;
    std::vector<Candidate> candidates_;
    std::vector<bool> is_general_;
    std::vector<bool> is_of_port_;
};

bool is_trace(const Step& step) {
    return step.action == Action::target && step.target->name() == "TRACE";
}

void number_devices(const ProgramTable& table, DeviceNumbers& devices) {
    for (const ProgramChain& chain : table.chains) {
        for (std::uint32_t at = chain.first; at < chain.end(); ++at) {
            const BasicTest& test = table.tests[at];
            if (test.any) continue;
            if (!test.in_inverted) devices.add(test.in, test.in_mask);
            if (!test.out_inverted) devices.add(test.out, test.out_mask);
        }
    }
    devices.sort();
}

void forget_paths(ProgramTable& table) {
    constexpr std::size_t kFewestPaths = 64;
    constexpr std::size_t kMostPaths = 16384;
    table.fast.paths.reserve(std::clamp(2 * table.steps.size(), kFewestPaths, kMostPaths));
}

/// All trees anew.
void plant_all(ProgramTable& table) {
    FastTable& out = table.fast;
    out.forest = Forest();
    out.roots.clear();
    out.late.clear();
    out.devices = DeviceNumbers();
    number_devices(table, out.devices);
    out.chains.resize(table.chains.size());
    out.places.resize(table.chains.size());
    out.first_particular.resize(table.chains.size());
    out.first_beyond_port.resize(table.chains.size());
    for (std::uint32_t i = 0; i < table.chains.size(); ++i) ChainPlanter(table, i).run();
    out.planted = out.forest.candidates.size() + out.roots.size();
}

// What a change of one chain makes of its trees.
class ChainChange {
  public:
    ChainChange(ProgramTable& table, std::uint32_t chain)
        : table_(table), out_(table.fast), chain_(chain), rules_(table.chains[chain].rules) {}

    void insert(std::uint32_t at, std::uint32_t count) {
        if (!keeps_trees()) return;
        LateRules& late = this->late();
        shift(late, at, static_cast<std::int32_t>(count));
        const auto behind = std::lower_bound(late.rules.begin(), late.rules.end(), at);
        std::vector<std::uint32_t> added;
        for (std::uint32_t i = 0; i < count; ++i) added.push_back(at + i);
        late.rules.insert(behind, added.begin(), added.end());
        if (late.rules.size() > most_late()) return plant();
        for (const std::uint32_t rule : added) note_particular(rule);
        plant_late(late);
    }

    void erase(std::uint32_t at) {
        if (!keeps_trees()) return;
        LateRules& late = this->late();
        const auto found = std::lower_bound(late.rules.begin(), late.rules.end(), at);
        if (found != late.rules.end() && *found == at) {
            late.rules.erase(found);
        } else if (++late.dead > most_dead()) {
            return plant();
        }
        shift(late, at, -1);
        plant_late(late);
    }

  private:
    /// So few rules are sorted anew sooner than others are renumbered.
    static constexpr std::uint32_t kFew = 48;
    std::uint32_t most_late() const { return std::clamp(rules_ / 32, 64U, 512U); }
    std::uint32_t most_dead() const { return std::max(rules_ / 4, 64U); }

    bool keeps_trees() {
        // Trees that nobody needs any more are left where they are; when there are too many, all are made anew.
        constexpr std::size_t kLittle = 4096;
        if (out_.forest.candidates.size() + out_.roots.size() > 2 * out_.planted + kLittle) {
            plant_all(table_);
            return false;
        }
        ChainIndex& index = out_.chains[chain_];
        if (rules_ <= kFew || index.rules <= kFew) {
            plant();
            return false;
        }
        index.first_step = table_.chains[chain_].first;
        index.rules = rules_;
        return true;
    }

    void plant() {
        constexpr std::uint32_t kLargePart = 2;
        if (rules_ > kFew && rules_ >= table_.steps.size() / kLargePart) return plant_all(table_);
        out_.late.erase(chain_);
        ChainPlanter(table_, chain_).run();
    }

    LateRules& late() {
        const auto [it, is_new] = out_.late.try_emplace(chain_);
        LateRules& late = it->second;
        if (!is_new) return late;
        ChainIndex& index = out_.chains[chain_];
        index.leaf = 0;
        for (std::size_t state = 0; state < kStates; ++state) {
            const Root* const first = out_.roots.data() + index.roots[state].first;
            late.main[state].assign(first, first + index.roots[state].count);
        }
        late.slots = static_cast<std::uint32_t>(out_.roots.size());
        out_.roots.resize(late.slots + kStates * (kMostRoots + 1));
        return late;
    }

    /// Rules from `at` on move by so many; -1: the one at `at` is gone.
    void shift(LateRules& late, std::uint32_t at, std::int32_t by) {
        const auto shifted = [&](std::uint32_t rule) {
            const bool moves = by < 0 ? rule > at : rule >= at;
            return moves ? rule + static_cast<std::uint32_t>(by) : rule;
        };
        const TreePlace& place = out_.places[chain_];
        for (std::uint32_t i = place.first_candidate; i < place.end_candidate; ++i) {
            Candidate& candidate = out_.forest.candidates[i];
            if (by < 0 && candidate.rule == at) candidate.close();
            candidate.rule = shifted(candidate.rule);
        }
        for (std::uint32_t& rule : late.rules) rule = shifted(rule);
        for (std::vector<Root>& roots : late.main) {
            for (Root& root : roots) root.first_rule = shifted(root.first_rule);
        }
        for (const bool IndexedRule::*mark : {&IndexedRule::is_general, &IndexedRule::is_of_port}) {
            for (std::size_t state = 0; state < kStates; ++state) {
                std::uint32_t& first = first_without(mark)[chain_][state];
                if (first == FastTable::kNoRule) continue;
                const bool is_gone = by < 0 && first == at;
                first = shifted(first);
                if (is_gone) first = find_without(mark, at, state);
            }
        }
    }

    std::vector<std::array<std::uint32_t, 5>>& first_without(const bool IndexedRule::*mark) {
        return mark == &IndexedRule::is_general ? out_.first_particular : out_.first_beyond_port;
    }

    std::uint32_t find_without(const bool IndexedRule::*mark, std::uint32_t from,
                               std::size_t state) {
        for (std::uint32_t i = from; i < rules_; ++i) {
            const IndexedRule rule = index_rule(table_, chain_, i);
            if (rule.candidate.allows(kStateBits[state]) && !(rule.*mark)) return i;
        }
        return FastTable::kNoRule;
    }

    void note_particular(std::uint32_t at) {
        const IndexedRule rule = index_rule(table_, chain_, at);
        for (const bool IndexedRule::*mark : {&IndexedRule::is_general, &IndexedRule::is_of_port}) {
            if (rule.*mark) continue;
            for (std::size_t state = 0; state < kStates; ++state) {
                if (!rule.candidate.allows(kStateBits[state])) continue;
                std::uint32_t& first = first_without(mark)[chain_][state];
                first = std::min(first, at);
            }
        }
    }

    void plant_late(LateRules& late) {
        Forest& forest = out_.forest;
        const bool is_last = late.place.end_link == forest.links.size() &&
                             late.place.end_candidate == forest.candidates.size();
        if (is_last) {
            forest.links.resize(late.place.first_link);
            forest.candidates.resize(late.place.first_candidate);
        }
        late.place.first_link = static_cast<std::uint32_t>(forest.links.size());
        late.place.first_candidate = static_cast<std::uint32_t>(forest.candidates.size());
        std::vector<Root> own;
        if (!late.rules.empty()) {
            std::vector<Box> boxes;
            std::vector<Candidate> candidates;
            std::vector<std::uint32_t> numbers;
            for (const std::uint32_t rule : late.rules) {
                const IndexedRule indexed = index_rule(table_, chain_, rule);
                numbers.push_back(static_cast<std::uint32_t>(boxes.size()));
                boxes.push_back(indexed.box);
                candidates.push_back(indexed.candidate);
            }
            own.push_back(plant_one(forest, boxes, candidates, numbers));
        }
        late.place.end_link = static_cast<std::uint32_t>(forest.links.size());
        late.place.end_candidate = static_cast<std::uint32_t>(forest.candidates.size());
        ChainIndex& index = out_.chains[chain_];
        for (std::size_t state = 0; state < kStates; ++state) {
            const auto at = static_cast<std::uint32_t>(late.slots + state * (kMostRoots + 1));
            const std::vector<Root>& main = late.main[state];
            std::merge(main.begin(), main.end(), own.begin(), own.end(), out_.roots.begin() + at,
                       [](const Root& a, const Root& b) { return a.first_rule < b.first_rule; });
            index.roots[state] = {at, static_cast<std::uint32_t>(main.size() + own.size())};
        }
    }

    ProgramTable& table_;
    FastTable& out_;
    std::uint32_t chain_;
    std::uint32_t rules_;
};

}  // namespace

void DeviceNumbers::add(const Words& name, const Words& mask) {
    const int bits = prefix_bits(mask);
    if (bits <= 0) return;
    const Words low = as_numbers(name);
    const Words asked = as_numbers(mask);
    Words end = {low[0] | ~asked[0], low[1] | ~asked[1]};
    bounds_.push_back(low);
    if (++end[1] == 0) ++end[0];
    if (end != Words{}) bounds_.push_back(end);
}

void DeviceNumbers::sort() {
    std::sort(bounds_.begin(), bounds_.end());
    bounds_.erase(std::unique(bounds_.begin(), bounds_.end()), bounds_.end());
    constexpr std::size_t kMost = 65000;
    if (bounds_.size() > kMost) bounds_.clear();
    // An empty memory of no name: the number of 16 zero bytes.
    for (Known& known : known_) known.number = search(Words{});
}

bool DeviceNumbers::find(const Words& name, const Words& mask, std::uint32_t& low,
                         std::uint32_t& high) const {
    if (prefix_bits(mask) < 0) return false;
    const Words first = as_numbers(name);
    const Words asked = as_numbers(mask);
    const Words last = {first[0] | ~asked[0], first[1] | ~asked[1]};
    const auto at = [&](const Words& numbers) {
        return std::upper_bound(bounds_.begin(), bounds_.end(), numbers) - bounds_.begin();
    };
    low = static_cast<std::uint32_t>(at(first));
    high = static_cast<std::uint32_t>(at(last));
    return low != 0 && bounds_[low - 1] == first;
}

std::uint32_t DeviceNumbers::search(const Words& name) const {
    return static_cast<std::uint32_t>(
        std::upper_bound(bounds_.begin(), bounds_.end(), as_numbers(name)) - bounds_.begin());
}

void make_fast_table(ProgramTable& table) {
    FastTable& out = table.fast;
    plant_all(table);
    for (const ProgramChain& chain : table.chains) {
        for (std::uint32_t at = chain.first; at < chain.end(); ++at) {
            out.traces += is_trace(table.steps[at]);
        }
    }
    out.is_usable = out.traces == 0;
    for (std::size_t hook = 0; hook < kHooks; ++hook) {
        if (table.entry[hook] >= 0) {
            out.entry[hook] = static_cast<std::uint32_t>(table.entry[hook]);
        }
    }
    out.stack.resize(table.stack.size());
    forget_paths(table);
}

void note_rules_inserted(ProgramTable& table, std::uint32_t chain, std::uint32_t at,
                         std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        table.fast.traces += is_trace(table.steps[table.chains[chain].first + at + i]);
    }
    table.fast.is_usable = table.fast.traces == 0;
    ChainChange(table, chain).insert(at, count);
    forget_paths(table);
}

void note_rule_erased(ProgramTable& table, std::uint32_t chain, std::uint32_t at, bool was_trace) {
    table.fast.traces -= was_trace;
    table.fast.is_usable = table.fast.traces == 0;
    ChainChange(table, chain).erase(at);
    forget_paths(table);
}

}  // namespace keepstate::rules
