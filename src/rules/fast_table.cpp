// See fast_table.hpp.
#include "rules/fast_table.hpp"

#include <algorithm>
#include <bit>

#include "base/bytes.hpp"
#include "rules/program.hpp"

namespace keepstate::rules {

namespace {

using Words = DeviceNumbers::Words;

Words as_numbers(const Words& memory) {
    const auto* const at = reinterpret_cast<const std::uint8_t*>(memory.data());
    const auto load = [&](std::size_t i) { return std::uint64_t{base::load_be32(at + i)}; };
    return {load(0) << 32 | load(4), load(8) << 32 | load(12)};
}

/// How many bits the mask begins with; -1: they do not stand together at its beginning.
int prefix_bits(const Words& mask) {
    const Words numbers = as_numbers(mask);
    const int first = std::countl_one(numbers[0]);
    const int bits = first < 64 ? first : 64 + std::countl_one(numbers[1]);
    const int all = std::popcount(numbers[0]) + std::popcount(numbers[1]);
    return bits == all ? bits : -1;
}

/// The four words of an address as numbers.
std::array<std::uint32_t, 4> address_words(const Words& memory) {
    const Words numbers = as_numbers(memory);
    return {static_cast<std::uint32_t>(numbers[0] >> 32), static_cast<std::uint32_t>(numbers[0]),
            static_cast<std::uint32_t>(numbers[1] >> 32), static_cast<std::uint32_t>(numbers[1])};
}

std::uint32_t bits_below(int bits) {
    return bits >= 32 ? 0 : ~std::uint32_t{0} >> (bits < 0 ? 0 : bits);
}

// One rule as a box and a candidate.
class RuleIndexer {
  public:
    RuleIndexer(const ProgramTable& table, const DeviceNumbers& devices, const Step& step)
        : table_(table), devices_(devices), test_(step.test), step_(step) {}

    void run() {
        for (std::uint32_t i = 0; i < step_.match_count && !key_.is_closed; ++i) {
            const MatchStep& match = table_.matches[step_.first_match + i];
            if (match.module->narrow == nullptr) {
                key_.is_whole = key_.is_steady = false;
                key_.is_closed = true;
            } else {
                match.module->narrow(match.data, key_);
                if (key_.is_closed && i + 1 < step_.match_count) {
                    key_.is_whole = key_.is_steady = false;
                }
            }
        }
        candidate.rule = step_.rule - 1;
        candidate.action = static_cast<std::uint8_t>(step_.action);
        set_address(test_.source, test_.source_mask, test_.source_inverted, kSourceWord,
                    candidate.source, candidate.source_at);
        set_address(test_.destination, test_.destination_mask, test_.destination_inverted,
                    kDestinationWord, candidate.destination, candidate.destination_at);
        set_device(test_.in, test_.in_mask, test_.in_inverted, kInDevice, candidate.in,
                   candidate.in_span);
        set_device(test_.out, test_.out_mask, test_.out_inverted, kOutDevice, candidate.out,
                   candidate.out_span);
        set_protocol();
        set_key();
    }

    Box box;
    Candidate candidate;
    /// Asks nothing but state, protocol and devices.
    bool is_general() const {
        return is_of_port() && candidate.flags_mask == 0 &&
               candidate.destination_port_span == kAnyPort;
    }
    /// Asks nothing but these, the destination port and flags.
    bool is_of_port() const {
        constexpr std::uint8_t kNot = candidate_bit::kNotSource | candidate_bit::kNotDestination;
        const auto asks_words = [this](std::size_t first) {
            for (std::size_t i = first; i < first + 4; ++i) {
                if (box.low[i] != 0 || box.high[i] != ~std::uint32_t{0}) return true;
            }
            return false;
        };
        return key_.is_whole && key_.is_steady && !key_.is_closed &&
               candidate.source_port_span == kAnyPort && !candidate.has(kNot) &&
               !asks_words(kSourceWord) && !asks_words(kDestinationWord);
    }

  private:
    static constexpr std::uint16_t kAnyPort = 0xffff;
    void set_address(const Words& value, const Words& mask, bool inverted, std::size_t dimension,
                     std::uint32_t& word_value, std::uint8_t& word_at) {
        const int bits = prefix_bits(mask);
        const bool is_cut = (value[0] & ~mask[0]) == 0 && (value[1] & ~mask[1]) == 0;
        if (bits < 0 || !is_cut || (inverted && bits > 32)) {
            key_.is_whole = false;
            return;
        }
        const auto words = address_words(value);
        if (inverted) {
            const bool is_source = dimension == kSourceWord;
            candidate.bits |=
                is_source ? candidate_bit::kNotSource : candidate_bit::kNotDestination;
            word_value = words[0];
            word_at = static_cast<std::uint8_t>(32 - bits);
            return;
        }
        for (int word = 0; word < 4; ++word) {
            const std::uint32_t open = bits_below(bits - 32 * word);
            box.low[dimension + word] = words[word] & ~open;
            box.high[dimension + word] = words[word] | open;
        }
        if (bits == 0) return;
        const int word = (bits - 1) / 32;
        word_value = words[word];
        word_at = static_cast<std::uint8_t>(word << 6 | (32 * (word + 1) - bits));
        if (word != 0) key_.is_whole = false;  // the other words are asked of the rule
    }

    void set_device(const Words& name, const Words& mask, bool inverted, std::size_t dimension,
                    std::uint8_t& low, std::uint8_t& span) {
        constexpr std::size_t kMostInCandidate = 255;
        if (mask == Words{} && !inverted) return;
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        if (inverted || !devices_.find(name, mask, first, last)) {
            key_.is_whole = false;
            return;
        }
        box.low[dimension] = first;
        box.high[dimension] = last;
        if (devices_.count() > kMostInCandidate) {
            key_.is_whole = false;
            return;
        }
        low = static_cast<std::uint8_t>(first);
        span = static_cast<std::uint8_t>(last - first);
    }

    void set_protocol() {
        if (test_.fragment) key_.is_whole = key_.is_steady = false;
        if (test_.protocol == 0 || test_.protocol_inverted) {
            candidate.bits |= candidate_bit::kAnyProtocol;
            if (test_.protocol != 0) key_.is_whole = false;
            return;
        }
        candidate.protocol = test_.protocol;
        box.low[kProtocol] = box.high[kProtocol] = test_.protocol;
    }

    void set_key() {
        const auto set = [&](PortSpan span, std::size_t dimension, std::uint16_t& low,
                             std::uint16_t& width) {
            box.low[dimension] = low = span.low;
            box.high[dimension] = span.high;
            width = static_cast<std::uint16_t>(span.high - span.low);
        };
        set(key_.source_ports, kSourcePort, candidate.source_port, candidate.source_port_span);
        set(key_.destination_ports, kDestinationPort, candidate.destination_port,
            candidate.destination_port_span);
        candidate.states = static_cast<std::uint8_t>(key_.states & kAnyState);
        candidate.flags_mask = key_.flags_mask;
        candidate.flags_compared = key_.flags_compared;
        if (key_.asks_transport) candidate.bits |= candidate_bit::kAsksTransport;
        if (key_.is_whole) candidate.bits |= candidate_bit::kWhole;
        if (key_.is_steady) candidate.bits |= candidate_bit::kSteady;
    }

    const ProgramTable& table_;
    const DeviceNumbers& devices_;
    const BasicTest& test_;
    const Step& step_;
    RuleKey key_;
};

class TableIndexer {
  public:
    TableIndexer(const ProgramTable& table, FastTable& out) : table_(table), out_(out) {}

    void run() {
        number_devices();
        out_.is_usable = true;
        for (const Step& step : table_.steps) {
            const bool enters = step.action == Action::jump || step.action == Action::go_to;
            out_.jumps.push_back(enters ? table_.steps[step.jump].chain : 0);
            if (step.action == Action::target && step.target->name() == "TRACE") {
                out_.is_usable = false;
            }
        }
        for (std::size_t hook = 0; hook < kHooks; ++hook) {
            if (table_.entry[hook] < 0) continue;
            const auto first = static_cast<std::size_t>(table_.entry[hook]);
            out_.entry[hook] = table_.steps[first].chain;
        }
        for (const ProgramChain& chain : table_.chains) index_chain(chain);
        out_.stack.resize(table_.stack.size());
        constexpr std::size_t kFewestPaths = 64;
        constexpr std::size_t kMostPaths = 16384;
        out_.paths.reserve(std::clamp(2 * table_.steps.size(), kFewestPaths, kMostPaths));
    }

  private:
    void number_devices() {
        for (const Step& step : table_.steps) {
            if (step.test.any) continue;
            if (!step.test.in_inverted) out_.devices.add(step.test.in, step.test.in_mask);
            if (!step.test.out_inverted) out_.devices.add(step.test.out, step.test.out_mask);
        }
        out_.devices.sort();
    }

    void index_chain(const ProgramChain& chain) {
        boxes_.clear();
        candidates_.clear();
        is_general_.clear();
        is_of_port_.clear();
        for (std::uint32_t i = 0; i < chain.rules; ++i) {
            RuleIndexer rule(table_, out_.devices, table_.steps[chain.first + i]);
            rule.run();
            boxes_.push_back(rule.box);
            candidates_.push_back(rule.candidate);
            is_general_.push_back(rule.is_general());
            is_of_port_.push_back(rule.is_of_port());
        }
        ChainIndex index;
        index.first_step = chain.first;
        index.rules = chain.rules;
        std::array<std::uint32_t, 5>& particular = out_.first_particular.emplace_back();
        std::array<std::uint32_t, 5>& beyond_port = out_.first_beyond_port.emplace_back();
        for (std::size_t state = 0; state < index.roots.size(); ++state) {
            index.roots[state] = roots_of(index, state);
            particular[state] = first_without(is_general_, state);
            beyond_port[state] = first_without(is_of_port_, state);
        }
        const Step& last = table_.steps[chain.first + chain.rules];
        index.end = last.action;
        index.policy = last.policy;
        const ChainIndex::Roots& all = index.roots[0];
        if (takes_all(0) && all.count == 1 && out_.roots[all.first].link.is_leaf) {
            index.leaf = out_.roots[all.first].link.first;
            const bool is_same =
                std::all_of(index.roots.begin(), index.roots.end(),
                            [&](const ChainIndex::Roots& each) { return each.first == all.first; });
            if (!is_same) index.leaf = 0;
        }
        out_.chains.push_back(index);
    }

    static std::uint8_t bit(std::size_t state) { return kStateBits[state]; }

    std::size_t count_allowing(std::size_t state) const {
        return static_cast<std::size_t>(
            std::count_if(candidates_.begin(), candidates_.end(),
                          [&](const Candidate& each) { return (each.states & bit(state)) != 0; }));
    }
    /// The first rule of this state that is not marked.
    std::uint32_t first_without(const std::vector<bool>& marks, std::size_t state) const {
        for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
            if ((candidates_[i].states & bit(state)) != 0 && !marks[i]) return i;
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
                    return ((each.states & bit(state)) != 0) == ((each.states & bit(other)) != 0);
                });
            if (is_same) return index.roots[other];
        }
        std::vector<std::uint32_t> rules;
        const bool all = takes_all(state);
        for (std::uint32_t i = 0; i < candidates_.size(); ++i) {
            if (all || (candidates_[i].states & bit(state)) != 0) rules.push_back(i);
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

    const ProgramTable& table_;
    FastTable& out_;
    std::vector<Box> boxes_;
    std::vector<Candidate> candidates_;
    std::vector<bool> is_general_;
    std::vector<bool> is_of_port_;
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

FastTable make_fast_table(const ProgramTable& table) {
    FastTable out;
    TableIndexer(table, out).run();
    return out;
}

}  // namespace keepstate::rules
