// See rule_indexer.hpp.
#include "rules/rule_indexer.hpp"

#include "rules/module.hpp"
#include "rules/rule_key.hpp"

namespace keepstate::rules {

namespace {

using Words = DeviceNumbers::Words;

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
    RuleIndexer(ProgramTable& table, std::uint32_t chain, std::uint32_t rule)
        : devices_(table.fast.devices),
          test_(table.tests[table.chains[chain].first + rule]),
          step_(table.steps[table.chains[chain].first + rule]) {
        candidate.rule = rule;
    }

    /// Also writes the step's asked_at.
    void run() {
        ask_matches();
        const bool matches_are_whole = key_.is_whole;
        key_.is_whole = true;
        set_basics();
        if (held_ >= 0 && key_.is_whole) {
            candidate.bits |= candidate_bit::kHeld;
            step_.asked_at = static_cast<std::uint8_t>(held_);
            step_.asked = step_.matches[held_];
        }
        key_.is_whole = key_.is_whole && matches_are_whole;
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

    void ask_matches() {
        constexpr std::uint32_t kMostHeld = 255;
        for (std::uint32_t i = 0; i < step_.match_count && !key_.is_closed; ++i) {
            const MatchStep& match = step_.matches[i];
            const bool was_whole = key_.is_whole;
            std::uint32_t asked = i;
            if (match.module->narrow == nullptr) {
                key_.is_whole = key_.is_steady = false;
                key_.is_closed = true;
            } else {
                match.module->narrow(match.data, key_);
                if (key_.is_closed && i + 1 < step_.match_count) {
                    asked = key_.is_whole ? i + 1 : i;
                    key_.is_whole = key_.is_steady = false;
                }
            }
            if (was_whole && !key_.is_whole && asked <= kMostHeld) held_ = static_cast<int>(asked);
        }
    }

    void set_basics() {
        candidate.action_bits = static_cast<std::uint8_t>(step_.action);
        set_address(test_.source, test_.source_mask, test_.source_inverted, kSourceWord,
                    candidate.source, candidate.source_at);
        set_address(test_.destination, test_.destination_mask, test_.destination_inverted,
                    kDestinationWord, candidate.destination, candidate.destination_at);
        set_device(test_.in, test_.in_mask, test_.in_inverted, kInDevice, candidate.in,
                   candidate.in_span);
        set_device(test_.out, test_.out_mask, test_.out_inverted, kOutDevice, candidate.out,
                   candidate.out_span);
        set_protocol();
    }

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
        const Box everything;
        if (box.low == everything.low && box.high == everything.high &&
            candidate.states == kAnyState && candidate.flags_mask == 0 &&
            candidate.flags_compared == 0 && !key_.asks_transport &&
            (candidate.bits & (candidate_bit::kNotSource | candidate_bit::kNotDestination)) == 0) {
            candidate.action_bits |= Candidate::kAsksNothing;
        }
        if (key_.asks_transport) candidate.bits |= candidate_bit::kAsksTransport;
        if (key_.is_whole) candidate.bits |= candidate_bit::kWhole;
        if (key_.is_steady) candidate.bits |= candidate_bit::kSteady;
    }

    const DeviceNumbers& devices_;
    const BasicTest& test_;
    Step& step_;
    RuleKey key_;
    int held_ =
        -1;  ///< the first match that the candidate does not hold, if it holds those before it
};

}  // namespace

IndexedRule index_rule(ProgramTable& table, std::uint32_t chain, std::uint32_t rule) {
    RuleIndexer indexer(table, chain, rule);
    indexer.run();
    return {indexer.box, indexer.candidate, indexer.is_general(), indexer.is_of_port()};
}

}  // namespace keepstate::rules
