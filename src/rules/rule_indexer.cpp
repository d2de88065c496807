// See rule_indexer.hpp.
#include "rules/rule_indexer.hpp"

#include "rules/module.hpp"
#include "rules/rule_key.hpp"

namespace keepstate::rules {

namespace target {
extern const TargetModule k_dnat, k_mark, k_masquerade, k_netmap, k_redirect, k_snat;
}

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

/// The step's, or what its target comes to when nobody listens.
Action action_of(const Step& step) {
    if (step.action != Action::target) return step.action;
    if (step.target == &target::k_mark) return Action::write_mark;
    for (const TargetModule* each : {&target::k_dnat, &target::k_masquerade, &target::k_netmap,
                                     &target::k_redirect, &target::k_snat}) {
        if (step.target == each) return Action::translate;
    }
    return Action::target;
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
        return is_of_port() && !candidate.asks_flags() && spans_all(key_.destination_ports);
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
        return key_.is_whole && key_.is_steady && !key_.is_closed && spans_all(key_.source_ports) &&
               !candidate.has(kNot) && !asks_words(kSourceWord) && !asks_words(kDestinationWord);
    }

  private:
    /// What is asked of one word of an address: these bits, but for those that are open.
    struct AddressWord {
        std::uint32_t low = 0;
        std::uint32_t open = ~std::uint32_t{0};
    };

    static bool spans_all(PortSpan span) { return span.low == 0 && span.high == 0xffff; }

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
        candidate.action_bits = static_cast<std::uint8_t>(action_of(step_));
        set_address(test_.source, test_.source_mask, test_.source_inverted, kSourceWord, source_,
                    0);
        set_address(test_.destination, test_.destination_mask, test_.destination_inverted,
                    kDestinationWord, destination_, 4);
        set_device(test_.in, test_.in_mask, test_.in_inverted, kInDevice);
        set_device(test_.out, test_.out_mask, test_.out_inverted, kOutDevice);
        set_protocol();
    }

    /// `shift`: of the number of the word in Candidate::words.
    void set_address(const Words& value, const Words& mask, bool inverted, std::size_t dimension,
                     AddressWord& asked, unsigned shift) {
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
            asked = {words[0], bits_below(bits)};
            return;
        }
        for (int word = 0; word < 4; ++word) {
            const std::uint32_t open = bits_below(bits - 32 * word);
            box.low[dimension + word] = words[word] & ~open;
            box.high[dimension + word] = words[word] | open;
        }
        if (bits == 0) return;
        const int word = (bits - 1) / 32;
        asked = {words[word], bits_below(bits - 32 * word)};
        if (word == 0) return;
        candidate.bits |= candidate_bit::kOtherWords;
        candidate.words = static_cast<std::uint8_t>(candidate.words | word << shift);
        key_.is_whole = false;  // the other words are asked of the rule
    }

    void set_device(const Words& name, const Words& mask, bool inverted, std::size_t dimension) {
        if (mask == Words{} && !inverted) return;
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        if (inverted || !devices_.find(name, mask, first, last)) {
            key_.is_whole = false;
            return;
        }
        box.low[dimension] = first;
        box.high[dimension] = last;
    }

    void set_protocol() {
        if (test_.fragment) key_.is_whole = key_.is_steady = false;
        if (test_.protocol == 0 || test_.protocol_inverted) {
            if (test_.protocol != 0) key_.is_whole = false;
            return;
        }
        ask_facts(CandidateFacts::kProtocol, 0xff, test_.protocol);
        box.low[kProtocol] = box.high[kProtocol] = test_.protocol;
    }

    /// One byte of the packet's facts.
    void ask_facts(unsigned shift, std::uint8_t mask, std::uint8_t compared) {
        candidate.mask |= std::uint32_t{mask} << shift;
        candidate.compared |= std::uint32_t{compared} << shift;
    }

    void set_key() {
        box.low[kSourcePort] = key_.source_ports.low;
        box.high[kSourcePort] = key_.source_ports.high;
        box.low[kDestinationPort] = key_.destination_ports.low;
        box.high[kDestinationPort] = key_.destination_ports.high;
        candidate.mask |= static_cast<std::uint8_t>(~(key_.states & kAnyState));
        ask_facts(CandidateFacts::kFlags, key_.flags_mask, key_.flags_compared);
        // Flags that are to be set and are not looked at.
        if ((key_.flags_compared & ~key_.flags_mask) != 0) candidate.close();
        if (key_.asks_transport) ask_facts(CandidateFacts::kTransport, 1, 0);
        candidate.low.set(Lanes::addresses(source_.low, destination_.low),
                          Lanes::others(box.low[kSourcePort], box.low[kDestinationPort],
                                        box.low[kInDevice], box.low[kOutDevice]));
        const auto span = [this](std::size_t d) { return box.high[d] - box.low[d]; };
        candidate.span.set(Lanes::addresses(source_.open, destination_.open),
                           Lanes::others(span(kSourcePort), span(kDestinationPort), span(kInDevice),
                                         span(kOutDevice)));
        if (key_.is_whole) candidate.bits |= candidate_bit::kWhole;
        if (key_.is_steady) candidate.bits |= candidate_bit::kSteady;
    }

    const DeviceNumbers& devices_;
    const BasicTest& test_;
    Step& step_;
    RuleKey key_;
    AddressWord source_;
    AddressWord destination_;
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
