// See ct_states.hpp.
#include "rules/match/ct_states.hpp"

#include "rules/nearest.hpp"

namespace keepstate::rules::match {

namespace {

struct StateName {
    std::string_view name;
    std::uint16_t bit;
    bool is_nat;
};
// In the order in which a word cut short is tried, and printed.
constexpr StateName kStates[] = {
    {"INVALID", ct_bit::kInvalid, false},
    {"NEW", ct_bit::kNew, false},
    {"RELATED", ct_bit::kRelated, false},
    {"ESTABLISHED", ct_bit::kEstablished, false},
    {"UNTRACKED", ct_bit::kUntracked, false},
    {"SNAT", ct_bit::kSnat, true},
    {"DNAT", ct_bit::kDnat, true},
};

}  // namespace

std::uint16_t parse_ct_states(std::string_view list, bool with_nat, RuleReader& reader) {
    unsigned bits = 0;
    for (;;) {
        const std::size_t comma = list.find(',');
        const std::string_view word = list.substr(0, comma);
        const StateName* found = nullptr;
        std::vector<std::string_view> known;
        for (const StateName& row : kStates) {
            if (row.is_nat && !with_nat) continue;
            known.push_back(row.name);
            if (found == nullptr && !word.empty() && begins_in_any_case(row.name, word)) {
                found = &row;
            }
        }
        if (found == nullptr) {
            reader.fault(
                word.empty()
                    ? std::string("an empty word in the list of states; it takes no blanks")
                    : fmt::format("`{}' is no connection tracking state{}", word,
                                  did_you_mean(word, known)));
        } else {
            bits |= found->bit;
        }
        if (comma == std::string_view::npos) return static_cast<std::uint16_t>(bits);
        list.remove_prefix(comma + 1);
    }
}

std::string ct_states_text(std::uint16_t bits) {
    std::string out;
    for (const StateName& row : kStates) {
        if ((bits & row.bit) == 0) continue;
        if (!out.empty()) out += ',';
        out += row.name;
    }
    return out;
}

std::uint16_t ct_state_bits(const Context& context, bool with_nat) {
    unsigned bits = 0;
    switch (context.flow.state) {
        case CtState::invalid: bits = ct_bit::kInvalid; break;
        case CtState::new_: bits = ct_bit::kNew; break;
        case CtState::established: bits = ct_bit::kEstablished; break;
        case CtState::related: bits = ct_bit::kRelated; break;
        case CtState::untracked: bits = ct_bit::kUntracked; break;
    }
    if (with_nat && context.flow.entry != nullptr) {
        if (context.flow.entry->has(status::kSrcNat)) bits |= ct_bit::kSnat;
        if (context.flow.entry->has(status::kDstNat)) bits |= ct_bit::kDnat;
    }
    return static_cast<std::uint16_t>(bits);
}

}  // namespace keepstate::rules::match
