// See keepstate/ruleset_hints.hpp. What a match cannot know it says itself, in its never_known().
#include "keepstate/ruleset_hints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rules/module.hpp"

namespace keepstate {

namespace {

struct Finding {
    const rules::MatchModule* module = nullptr;
    std::string_view why;
    int line = 0;
    int column = 0;
    std::size_t rules = 0;
};

/// A module answers for a setup that brings nothing.
bool is_supplied(const rules::MatchModule& module, const Known& known) {
    const std::string_view name = module.name();
    const bool wants_sockets = name == "owner" || name == "socket" || name == "cgroup";
    return (known.has_sockets && wants_sockets) || (known.has_fingerprints && name == "osf");
}

void look_at(const rules::Rule& rule, const Known& known, std::vector<Finding>& findings) {
    for (const rules::MatchUse& use : rule.matches) {
        if (use.module->never_known == nullptr || is_supplied(*use.module, known)) continue;
        const std::string_view why = use.module->never_known(use.data.data());
        if (why.empty()) continue;
        const auto same = std::find_if(findings.begin(), findings.end(), [&](const Finding& each) {
            return each.module == use.module && each.why == why;
        });
        if (same != findings.end()) {
            ++same->rules;
        } else {
            findings.push_back(Finding{use.module, why, rule.line, use.column, 1});
        }
    }
}

}  // namespace

std::vector<Fault> find_rules_that_never_match(const Ruleset& ruleset, const Known& known) {
    std::vector<Finding> findings;
    for (const rules::TableText& table : ruleset.ast().tables) {
        for (const rules::ChainText& chain : table.chains) {
            for (const rules::Rule& rule : chain.rules) look_at(rule, known, findings);
        }
    }
    std::vector<Fault> faults;
    for (const Finding& each : findings) {
        std::string words =
            fmt::format("match `{}' never matches here: {}", each.module->name(), each.why);
        if (each.rules > 1) {
            words += fmt::format(" ({} rule{} more)", each.rules - 1, each.rules == 2 ? "" : "s");
        }
        faults.push_back(
            Fault{ruleset.ast().file, each.line, each.column, std::move(words), std::string()});
    }
    return faults;
}

}  // namespace keepstate
