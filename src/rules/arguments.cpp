// See arguments.hpp.
#include "rules/arguments.hpp"

namespace keepstate::rules {

namespace {

// clang-format off
constexpr GeneralOption kGeneral[] = {
    {"append", 'A', Follows::value},       {"delete", 'D', Follows::value},
    {"check", 'C', Follows::value},        {"insert", 'I', Follows::value},
    {"replace", 'R', Follows::value},      {"list", 'L', Follows::maybe},
    {"list-rules", 'S', Follows::maybe},   {"flush", 'F', Follows::maybe},
    {"zero", 'Z', Follows::maybe},         {"new-chain", 'N', Follows::value},
    {"delete-chain", 'X', Follows::maybe}, {"rename-chain", 'E', Follows::value},
    {"policy", 'P', Follows::value},       {"source", 's', Follows::value},
    {"destination", 'd', Follows::value},  {"src", 's', Follows::value},
    {"dst", 'd', Follows::value},          {"protocol", 'p', Follows::value},
    {"in-interface", 'i', Follows::value}, {"jump", 'j', Follows::value},
    {"table", 't', Follows::value},        {"match", 'm', Follows::value},
    {"numeric", 'n', Follows::nothing},    {"out-interface", 'o', Follows::value},
    {"verbose", 'v', Follows::nothing},    {"wait", 'w', Follows::maybe},
    {"wait-interval", 'W', Follows::maybe},{"exact", 'x', Follows::nothing},
    {"fragments", 'f', Follows::nothing},  {"version", 'V', Follows::nothing},
    {"help", 'h', Follows::maybe},         {"line-numbers", '0', Follows::nothing},
    {"modprobe", 'M', Follows::value},     {"set-counters", 'c', Follows::value},
    {"goto", 'g', Follows::value},         {"ipv4", '4', Follows::nothing},
    {"ipv6", '6', Follows::nothing},
};
// clang-format on

const GeneralOption* find_letter(char letter) {
    if (letter == '0') return nullptr;
    for (const GeneralOption& row : kGeneral) {
        if (row.letter == letter) return &row;
    }
    return nullptr;
}

}  // namespace

std::span<const GeneralOption> general_options() { return kGeneral; }

std::size_t Arguments::add_options(std::span<const Option> options) {
    for (std::size_t i = 0; i < sets_.size(); ++i) {
        if (sets_[i].data() == options.data() && sets_[i].size() == options.size()) return i;
    }
    sets_.push_back(options);
    return sets_.size() - 1;
}

Arguments::Found Arguments::find_long(std::string_view name) const {
    Found found;
    bool exact = false;
    const auto consider = [&](const Found& candidate, std::string_view full) {
        if (exact || full.substr(0, name.size()) != name) return;
        if (full.size() == name.size()) {
            found = candidate;
            exact = true;
        } else if (found.general == nullptr && found.option == nullptr) {
            found = candidate;
        } else if (!found.same(candidate)) {
            found.ambiguous = true;
        }
    };
    for (const GeneralOption& row : kGeneral) consider(Found{&row, nullptr, 0, false}, row.name);
    for (std::size_t set = sets_.size(); set-- > 0;) {
        for (const Option& row : sets_[set]) consider(Found{nullptr, &row, set, false}, row.name);
    }
    return found;
}

void Arguments::give_value(Argument& argument, Follows follows) {
    if (argument.has_value || follows != Follows::value) return;
    if (at_ >= words_.size()) {
        argument.kind = Argument::Kind::no_value;
        argument.value_column = argument.column;
        return;
    }
    const Word& word = words_[at_++];
    argument.has_value = true;
    argument.value = word.text;
    argument.value_column = word.column;
    argument.quoted_value = word.quoted;
}

Argument Arguments::next_long(const Word& word) {
    ++at_;
    Argument argument;
    argument.spelled = word.text;
    argument.column = argument.value_column = word.column;
    std::string_view name = std::string_view(word.text).substr(2);
    const std::size_t equals = name.find('=');
    if (equals != std::string_view::npos) {
        argument.has_value = argument.attached = true;
        argument.value = name.substr(equals + 1);
        argument.value_column = word.column + static_cast<int>(equals) + 3;
        name = name.substr(0, equals);
    }
    const Found found = find_long(name);
    const bool none = found.general == nullptr && found.option == nullptr;
    if (none || found.ambiguous) {
        argument.kind = none ? Argument::Kind::unknown : Argument::Kind::ambiguous;
        return argument;
    }
    const Follows follows = found.general != nullptr             ? found.general->follows
                            : found.option->arg == ArgKind::none ? Follows::nothing
                                                                 : Follows::value;
    if (argument.has_value && follows == Follows::nothing) {
        argument.kind = Argument::Kind::unknown;
        return argument;
    }
    argument.kind = found.general != nullptr ? Argument::Kind::general : Argument::Kind::module;
    argument.letter = found.general != nullptr ? found.general->letter : '\0';
    argument.option = found.option;
    argument.set = found.set;
    give_value(argument, follows);
    return argument;
}

Argument Arguments::next_short(const Word& word) {
    if (cluster_ == 0) cluster_ = 1;
    Argument argument;
    argument.spelled = word.text;
    argument.column = argument.value_column = word.column + static_cast<int>(cluster_) - 1;
    const GeneralOption* row = find_letter(word.text[cluster_]);
    ++cluster_;
    const bool last = cluster_ >= word.text.size();
    if (row != nullptr && row->follows != Follows::nothing && !last) {
        argument.has_value = argument.attached = true;
        argument.value = std::string_view(word.text).substr(cluster_);
        argument.value_column = word.column + static_cast<int>(cluster_);
    }
    if (last || argument.has_value) {
        cluster_ = 0;
        ++at_;
    }
    if (row == nullptr) {
        argument.kind = Argument::Kind::unknown;
        return argument;
    }
    argument.kind = Argument::Kind::general;
    argument.letter = row->letter;
    give_value(argument, row->follows);
    return argument;
}

Argument Arguments::next() {
    if (at_ >= words_.size()) return {};
    const Word& word = words_[at_];
    const std::string_view text = word.text;
    if (cluster_ == 0 && !plain_rest_ && text == "--") {
        plain_rest_ = true;
        ++at_;
        return next();
    }
    if (plain_rest_ || text.size() < 2 || text.front() != '-') {
        ++at_;
        Argument argument;
        argument.kind = Argument::Kind::positional;
        argument.spelled = argument.value = text;
        argument.column = argument.value_column = word.column;
        argument.quoted_value = word.quoted;
        return argument;
    }
    if (cluster_ == 0 && text[1] == '-') return next_long(word);
    return next_short(word);
}

void Arguments::step_back() {
    if (at_ > 0) --at_;
    cluster_ = 0;
}

const Word* Arguments::take_plain() {
    if (at_ >= words_.size() || cluster_ != 0) return nullptr;
    const std::string_view text = words_[at_].text;
    if (!text.empty() && (text.front() == '-' || text.front() == '!')) return nullptr;
    return &words_[at_++];
}

const Word* Arguments::take_any() { return at_ < words_.size() ? &words_[at_++] : nullptr; }

std::vector<std::string_view> Arguments::names() const {
    std::vector<std::string_view> names;
    for (const GeneralOption& row : kGeneral) names.push_back(row.name);
    for (const auto& set : sets_) {
        for (const Option& row : set) names.push_back(row.name);
    }
    return names;
}

}  // namespace keepstate::rules
