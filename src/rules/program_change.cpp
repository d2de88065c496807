// Rules that come to a Program and go while it runs; see program.hpp.
//
//     insert 2 rules at 1:   | a | b | c | end | room | room |   ->   | a | x | y | b | c | end |
//
// What stands behind the place moves, step by step with its counters; modules' data stay where they are. Each later rule
// has a block of its own for what its modules keep.
//
// Limits: a chain that has no room moves to the end of the steps; where it was, nothing is put any more. Since it takes half
// as much room again, what is lost that way is less than what is used.
// source: docs/decisions/0018-rules-change-in-place.md.   Tested by: tests/property/fast_property.cpp.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "rules/compile.hpp"
#include "rules/program.hpp"
#include "rules/table_builder.hpp"

namespace keepstate::rules {

namespace {

/// A rule that is bound and stands nowhere yet.
struct Pending {
    CompiledRule rule;
    RuleBlock block;
};

Pending make_pending(const Rule& rule, RulePlace place, Objects& objects,
                     std::vector<Fault>& faults) {
    const std::size_t matches =
        (rule.matches.size() * sizeof(MatchStep) + sizeof(std::max_align_t) - 1) /
        sizeof(std::max_align_t);
    const std::size_t units = matches + data_units(rule);
    Pending out;
    if (units != 0) {
        out.block.memory = std::make_unique<std::max_align_t[]>(units);
        place.matches = reinterpret_cast<MatchStep*>(out.block.memory.get());
        std::uninitialized_default_construct_n(place.matches, rule.matches.size());
        place.data = out.block.memory.get() + matches;
    }
    out.block.nameless.first = objects.next_nameless();
    out.rule = compile_rule(rule, place, objects, faults);
    out.block.nameless.end = objects.next_nameless();
    return out;
}

template <typename Vector>
void move_within(Vector& all, std::size_t from, std::size_t count, std::size_t to) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last = first + static_cast<std::ptrdiff_t>(count);
    if (to < from) {
        std::move(first, last, all.begin() + static_cast<std::ptrdiff_t>(to));
    } else if (to > from) {
        std::move_backward(first, last, all.begin() + static_cast<std::ptrdiff_t>(to + count));
    }
}

void move_steps(ProgramTable& table, std::size_t from, std::size_t count, std::size_t to) {
    move_within(table.steps, from, count, to);
    move_within(table.tests, from, count, to);
    move_within(table.texts, from, count, to);
}

void open_gap(ProgramTable& table, ProgramChain& chain, std::uint32_t at, std::uint32_t count) {
    constexpr std::uint32_t kFewest = 8;
    const std::uint32_t wanted = chain.rules + 1 + count;
    if (wanted > chain.room) {
        const auto to = static_cast<std::uint32_t>(table.steps.size());
        const std::uint32_t room = wanted + std::max(wanted / 2, kFewest);
        table.steps.resize(to + room);
        table.tests.resize(to + room);
        table.texts.resize(to + room);
        move_steps(table, chain.first, chain.rules + 1, to);
        chain.first = to;
        chain.room = room;
    }
    move_steps(table, chain.first + at, chain.rules + 1 - at, chain.first + at + count);
    chain.rules += count;
}

}  // namespace

std::optional<std::uint32_t> Program::find_chain(Table table, std::string_view name) const {
    const std::vector<ProgramChain>& chains = tables_[index(table)].chains;
    const auto users = std::find_if(chains.begin(), chains.end(),
                                    [](const ProgramChain& chain) { return !chain.built_in; });
    auto found = std::find_if(chains.begin(), users,
                              [&](const ProgramChain& chain) { return chain.name == name; });
    if (found == users) {
        found = std::lower_bound(
            users, chains.end(), name,
            [](const ProgramChain& chain, std::string_view wanted) { return chain.name < wanted; });
    }
    if (found == chains.end() || found->name != name) return std::nullopt;
    return static_cast<std::uint32_t>(found - chains.begin());
}

/// The text, which is this Program's alone: others may have what it was made of.
RulesetText& Program::own_text() {
    if (text_.use_count() != 1) text_ = std::make_shared<RulesetText>(*text_);
    // Nobody ever makes a constant one.
    return const_cast<RulesetText&>(*text_);
}

void Program::add_table(Table table) {
    if (has_table(table)) return;
    RulesetText& text = own_text();
    text.tables.push_back(TableBuilder(table).finish());
    ProgramTable& out = tables_[index(table)];
    out.text_index = text.tables.size() - 1;
    for (const ChainText& chain : text.tables.back().chains) {
        const auto number = static_cast<std::uint32_t>(out.chains.size());
        ProgramChain& made = out.chains.emplace_back();
        made.name = chain.name;
        made.built_in = true;
        made.hook = chain.hook;
        made.first = number;
        made.room = 1;
        Step end;
        end.chain = number;
        end.action = Action::policy;
        out.steps.push_back(end);
        out.entry[static_cast<std::size_t>(chain.hook)] = number;
    }
    out.tests.resize(out.steps.size());
    out.texts.resize(out.steps.size());
    out.stack.resize(out.chains.size() + 1);
    make_fast_table(out);
    out.present = true;
    note_tables();
}

void Program::drop_last_table() {
    RulesetText& text = own_text();
    tables_[index(text.tables.back().table)] = ProgramTable();
    text.tables.pop_back();
    note_tables();
}

Result<void> Program::insert(Table table, std::uint32_t chain, std::uint32_t at,
                             std::vector<Rule> rules, Objects& objects) {
    ProgramTable& in = tables_[index(table)];
    ProgramChain& to = in.chains.at(chain);
    KS_ASSERT(at <= to.rules);
    std::vector<Pending> pending;
    std::vector<Fault> faults;
    bool leads_on = false;
    for (const Rule& rule : rules) {
        pending.push_back(
            make_pending(rule, {*text_, to.name, chain, nullptr, nullptr}, objects, faults));
        Step& step = pending.back().rule.step;
        step.counters = rule.counters;
        if (!step.jumps()) continue;
        const std::optional<std::uint32_t> next = find_chain(table, rule.target.chain);
        KS_ASSERT(next);
        step.jump = *next;
        leads_on = true;
    }
    if (!faults.empty()) {
        for (const Pending& each : pending) objects.forget(each.block.nameless);
        return Unexpected(Error{ErrorKind::input, std::move(faults)});
    }
    const auto count = static_cast<std::uint32_t>(rules.size());
    open_gap(in, to, at, count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t step = to.first + at + i;
        in.steps[step] = pending[i].rule.step;
        in.tests[step] = pending[i].rule.test;
        in.texts[step].clear();
        const void* const key = ProgramTable::block_key(in.steps[step]);
        if (key != nullptr) in.blocks.emplace(key, std::move(pending[i].block));
    }
    if (leads_on) in.hooks.clear();
    std::vector<Rule>& text = own_text().tables[in.text_index].chains[chain].rules;
    text.insert(text.begin() + at, std::make_move_iterator(rules.begin()),
                std::make_move_iterator(rules.end()));
    note_rules_inserted(in, chain, at, count);
    return {};
}

void Program::erase(Table table, std::uint32_t chain, std::uint32_t at, Objects& objects) {
    ProgramTable& in = tables_[index(table)];
    ProgramChain& from = in.chains.at(chain);
    KS_ASSERT(at < from.rules);
    const Step step = in.steps[from.first + at];
    if (step.jumps()) in.hooks.clear();
    const bool was_trace = step.action == Action::target && step.target->name() == "TRACE";
    move_steps(in, from.first + at + 1, from.rules - at, from.first + at);
    --from.rules;
    std::vector<Rule>& text = own_text().tables[in.text_index].chains[chain].rules;
    text.erase(text.begin() + at);
    note_rule_erased(in, chain, at, was_trace);
    const auto block = in.blocks.find(ProgramTable::block_key(step));
    if (block == in.blocks.end()) return;
    objects.forget(block->second.nameless);
    in.blocks.erase(block);
}

std::span<const std::uint8_t> Program::reaching_hooks(Table table) {
    ProgramTable& in = tables_[index(table)];
    if (!in.hooks.empty()) return in.hooks;
    in.hooks.assign(in.chains.size(), 0);
    for (std::uint32_t first = 0; first < in.chains.size(); ++first) {
        if (!in.chains[first].built_in) continue;
        const auto bit =
            static_cast<std::uint8_t>(1U << static_cast<unsigned>(in.chains[first].hook));
        std::vector<std::uint32_t> open{first};
        in.hooks[first] |= bit;
        while (!open.empty()) {
            const ProgramChain& chain = in.chains[open.back()];
            open.pop_back();
            for (std::uint32_t at = chain.first; at < chain.end(); ++at) {
                const Step& step = in.steps[at];
                if (!step.jumps() || (in.hooks[step.jump] & bit) != 0) continue;
                in.hooks[step.jump] |= bit;
                open.push_back(step.jump);
            }
        }
    }
    return in.hooks;
}

}  // namespace keepstate::rules
