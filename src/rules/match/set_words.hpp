// What -m set and -j SET share: a set's name with the words src and dst behind it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "rules/module.hpp"
#include "rules/sets.hpp"

namespace keepstate::rules::match {

/// "NAME src,dst" of a rule.
struct SetReference {
    static constexpr std::uint8_t kMostWords = 6;
    IpSet* set = nullptr;
    std::array<char, 32> name{};  ///< ends with a zero; empty: not asked
    std::uint8_t sources = 0;     ///< by bit: the word is src
    std::uint8_t words = 0;
    std::array<std::uint8_t, 6> padding{};

    bool is_given() const { return name[0] != '\0'; }
    SetQuery query() const {
        SetQuery query;
        query.sources = sources;
        query.dimensions = words;
        return query;
    }
    std::string text() const {
        std::string out(name.data());
        for (unsigned i = 0; i < words; ++i) {
            out += i == 0 ? " " : ",";
            out += (sources >> i & 1U) != 0 ? "src" : "dst";
        }
        return out;
    }
};

/// Whether a look-up leaves a trace in the set, or time does.
inline bool changes_by_itself(const IpSet& set) {
    if (set.setup().has_timeout || set.setup().has_counters) return true;
    const auto& members = set.members();
    return std::any_of(members.begin(), members.end(),
                       [](const IpSet* member) { return member && changes_by_itself(*member); });
}

inline void parse_set_reference(SetReference& reference, const OptionUse& use, RuleReader& reader) {
    if (reference.is_given()) {
        reader.fault(fmt::format("--{} stands twice", use.option->name));
        return;
    }
    const std::string_view name = use.value.text;
    if (name.empty() || name.size() >= reference.name.size()) {
        reader.fault(fmt::format("--{}: `{}' is no name of a set: 1 to {} bytes", use.option->name,
                                 name, reference.name.size() - 1));
    }
    std::memcpy(reference.name.data(), name.data(),
                std::min(name.size(), reference.name.size() - 1));
    const auto list = reader.take_word();
    if (!list) {
        reader.fault(fmt::format("--{} needs a set and a list of src and dst", use.option->name));
        return;
    }
    std::string_view left = *list;
    for (;;) {
        const std::size_t comma = left.find(',');
        const std::string_view word = left.substr(0, comma);
        if (word != "src" && word != "dst") {
            reader.fault(fmt::format("--{}: `{}' is neither src nor dst", use.option->name, word));
            return;
        }
        if (reference.words == SetReference::kMostWords) {
            reader.fault(fmt::format("--{}: more than {} of src and dst", use.option->name,
                                     SetReference::kMostWords));
            return;
        }
        if (word == "src") {
            reference.sources =
                static_cast<std::uint8_t>(reference.sources | 1U << reference.words);
        }
        ++reference.words;
        if (comma == std::string_view::npos) return;
        left.remove_prefix(comma + 1);
    }
}

/// Finds the set.
inline Complaint bind_set_reference(SetReference& reference, BindContext& context) {
    if (!reference.is_given()) return std::nullopt;
    const std::string_view name = reference.name.data();
    reference.set = context.objects.find<IpSet>(IpSet::kKind, name);
    if (reference.set == nullptr) {
        return fmt::format(
            "set `{}' is not known: give the sets as `ipset save' prints them "
            "(--ipset FILE)",
            name);
    }
    const auto family = reference.set->setup().family;
    if (!family || *family == context.family) return std::nullopt;
    return fmt::format("set `{}' is of {}, which this rule never sees", name,
                       keepstate::text(*family));
}

}  // namespace keepstate::rules::match
