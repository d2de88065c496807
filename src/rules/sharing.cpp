// See sharing.hpp.
#include "rules/sharing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rules/match/ports.hpp"
#include "rules/target/track.hpp"

namespace keepstate::rules {

namespace {

constexpr std::uint16_t kLastPort = 65535;

/// What hangs on a packet for the rest of the raw table is one entry for all packets.
bool writes_to_template(const Rule& rule) {
    const auto is_connlabel = [](const MatchUse& use) { return use.module->name() == "connlabel"; };
    const bool is_mark =
        rule.target.kind == TargetUse::Kind::module && rule.target.module->name() == "CONNMARK";
    return is_mark || std::any_of(rule.matches.begin(), rule.matches.end(), is_connlabel);
}

bool shows_template(const RulesetText& ruleset) {
    for (const TableText& table : ruleset.tables) {
        for (const ChainText& chain : table.chains) {
            for (const Rule& rule : chain.rules) {
                const auto wish = target::wish_of(rule.target);
                if (wish && wish->shows_template) return true;
            }
        }
    }
    return false;
}

/// Why a rule needs order, as its text alone tells; empty: it does not.
std::string_view reason_of_text(const Rule& rule, Table table, bool has_template,
                                bool has_helpers) {
    if (has_template && table == Table::raw && writes_to_template(rule)) {
        return "writes to what a CT rule shows to all packets";
    }
    if (rule.target.kind != TargetUse::Kind::module) return {};
    const std::string_view name = rule.target.module->name();
    if (name == "DNPT" || name == "SNPT") return "rewrites addresses";
    const auto wish = target::wish_of(rule.target);
    if (wish && wish->gives_zone && has_helpers) return "gives zones where flows have helpers";
    return {};
}

/// The same for what its modules keep, once they are bound.
std::string_view reason_of_step(const Step& step, std::string_view& module) {
    for (std::uint32_t i = 0; i < step.match_count; ++i) {
        const MatchStep& match = step.matches[i];
        if (match.module->remembers == nullptr) continue;
        module = match.module->name();
        const std::string_view why = match.module->remembers(match.data);
        if (!why.empty()) return why;
    }
    if (step.target == nullptr || step.target->remembers == nullptr) return {};
    module = step.target->name();
    return step.target->remembers(step.data);
}

/// The ports that a rule asks for, if it gives a helper.
void add_rule(const Rule& rule, std::span<const ct::Helper> helpers, ct::HelperReach& reach) {
    const auto wish = target::wish_of(rule.target);
    if (!wish || wish->helper.empty()) return;
    const bool is_there =
        std::any_of(helpers.begin(), helpers.end(), [&](const ct::Helper& helper) {
            return helper.name == wish->helper && helper.protocol == rule.basics.protocol;
        });
    if (!is_there) return;
    if (wish->helper == "pptp") reach.add_gre();
    const std::uint8_t number = rule.basics.protocol;
    for (const MatchUse& use : rule.matches) {
        const match::PortRange* range = match::tcp_destination_of(use);
        if (range == nullptr) range = match::udp_destination_of(use);
        if (range == nullptr || range->inverted != 0) continue;
        if (range->low <= range->high) reach.add(number, range->low, range->high);
        return;
    }
    reach.add(number, 0, kLastPort);
}

}  // namespace

std::optional<Fault> find_rule_for_order(const Program& program, bool has_helpers) {
    const RulesetText& text = program.ast();
    const bool has_template = shows_template(text);
    for (const TableText& table : text.tables) {
        const ProgramTable& compiled = program.table(table.table);
        for (std::size_t at = 0; at < table.chains.size(); ++at) {
            const ChainText& chain = table.chains[at];
            const auto number = static_cast<std::uint32_t>(at);
            for (std::size_t i = 0; i < chain.rules.size(); ++i) {
                const Rule& rule = chain.rules[i];
                std::string_view module;
                std::string_view why =
                    reason_of_step(compiled.steps[compiled.chains[at].first + i], module);
                if (why.empty()) {
                    module = rule.target.kind == TargetUse::Kind::module
                                 ? rule.target.module->name()
                                 : "connlabel";
                    why = reason_of_text(rule, table.table, has_template, has_helpers);
                }
                if (why.empty()) continue;
                return Fault{
                    text.file, rule.line, 0, fmt::format("`{}' {}", module, why),
                    program.rule_text(table.table, number, static_cast<std::uint32_t>(i + 1))};
            }
        }
    }
    return std::nullopt;
}

std::string why_not_beside_others(const Program& program, const RulePosition& at,
                                  std::span<const ct::Helper> helpers,
                                  const ct::HelperReach& reach) {
    const ProgramTable& compiled = program.table(at.table);
    const Rule& rule = program.ast().tables[compiled.text_index].chains[at.chain].rules[at.rule];
    ct::HelperReach own;
    add_rule(rule, helpers, own);
    if (!reach.covers(own)) {
        return "threads were given their flows by rules that give no helper to these: an engine of "
               "several shards has to be "
               "made with such a rule";
    }
    std::string_view module;
    std::string_view why =
        reason_of_step(compiled.steps[compiled.chains[at.chain].first + at.rule], module);
    std::string words;
    if (!why.empty()) {
        words = fmt::format("`{}' {}", module, why);
    } else if (target::wish_of(rule.target) || writes_to_template(rule) ||
               !reason_of_text(rule, at.table, false, false).empty()) {
        // What such rules mean together only the whole shows, in which no other rule needs order.
        const auto found = find_rule_for_order(program, !reach.is_empty());
        if (found) words = found->words;
    }
    if (!words.empty()) words += ": an engine of several shards takes no such rule";
    return words;
}

void add_reach_of_rules(const RulesetText& ruleset, std::span<const ct::Helper> helpers,
                        ct::HelperReach& reach) {
    for (const TableText& table : ruleset.tables) {
        for (const ChainText& chain : table.chains) {
            for (const Rule& rule : chain.rules) add_rule(rule, helpers, reach);
        }
    }
}

void add_reach_of_settings(const Settings& settings, std::span<const ct::Helper> helpers,
                           ct::HelperReach& reach) {
    if (settings.helper == 0) return;
    for (const ct::Helper& helper : helpers) {
        if (helper.port != 0) reach.add(helper.protocol, helper.port, helper.port);
        if (helper.name == "pptp") reach.add_gre();
    }
}

}  // namespace keepstate::rules
