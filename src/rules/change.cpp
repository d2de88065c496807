// See change.hpp.
#include "rules/change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/check.hpp"
#include "rules/command.hpp"
#include "rules/faults.hpp"
#include "rules/lexer.hpp"
#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/table_builder.hpp"

namespace keepstate::rules {

namespace {

/// The chains of a table of a Program, or those that it would begin with.
class ProgramChains final : public ChainNames {
  public:
    ProgramChains(const Program& program, Table table) : program_(program), table_(table) {
        if (program.has_table(table)) return;
        for (const Hook hook : hooks_of(table)) initial_.push_back(text(hook));
    }
    bool has_chain(std::string_view name) const override {
        return program_.find_chain(table_, name).has_value() ||
               std::find(initial_.begin(), initial_.end(), name) != initial_.end();
    }
    std::vector<std::string_view> chain_names() const override {
        std::vector<std::string_view> names = initial_;
        for (const ProgramChain& chain : program_.table(table_).chains) {
            names.push_back(chain.name);
        }
        return names;
    }

  private:
    const Program& program_;
    Table table_;
    std::vector<std::string_view> initial_;
};

class Change {
  public:
    Change(Program& program, std::string_view command, const ChangePlace& place)
        : program_(program), text_(command), place_(place), faults_("") {}

    Result<bool> run() {
        const bool is_done = read() && find() && apply();
        if (!faults_.empty()) {
            Error error{ErrorKind::input, faults_.take()};
            for (Fault& fault : error.faults) fault.source_line = text_;
            return Unexpected(std::move(error));
        }
        return is_done;
    }

  private:
    void say(int column, std::string words) { faults_.add(1, column, std::move(words), text_); }

    bool read() {
        Words split = split_words(text_, 0, false);
        if (split.fault) {
            say(split.fault->column, split.fault->words);
            return false;
        }
        table_ = table_of(split.words).value_or(Table::filter);
        const CommandPlace place{program_.family(), table_, 1, text_, place_.labels, true};
        std::optional<Command> command =
            read_command(split.words, place, ProgramChains(program_, table_), faults_);
        if (!command || !faults_.empty()) return false;
        command_ = std::move(*command);
        chain_name_ = command_.chain;
        constexpr std::string_view kKnown = "ACDIR";
        if (kKnown.find(command_.kind) == std::string_view::npos) {
            say(1, "rules of a running engine change by -A, -I, -D and -R; -C asks for one");
            return false;
        }
        return true;
    }

    /// The chain. Of a table that is not there yet, the built-in ones can be written to.
    bool find() {
        const ProgramChains chains(program_, table_);
        if (!chains.has_chain(command_.chain)) {
            say(command_.chain_column,
                fmt::format("table {} has no chain `{}'{}", text(table_), command_.chain,
                            did_you_mean(command_.chain, chains.chain_names())));
            return false;
        }
        is_new_table_ = !program_.has_table(table_);
        if (!is_new_table_) {
            chain_ = *program_.find_chain(table_, command_.chain);
        } else if (command_.kind != 'A' && command_.kind != 'I') {
            return refuse_missing(0);
        }
        return true;
    }

    std::uint32_t rules() const { return is_new_table_ ? 0 : program_.rule_count(table_, chain_); }

    bool refuse_missing(std::uint32_t number) {
        if (number == 0 && command_.number != 0) number = command_.number;
        if (number == 0) {
            say(command_.chain_column, fmt::format("chain `{}' has no such rule", chain_name_));
        } else {
            say(command_.number_column,
                fmt::format("chain `{}' has no rule {}: it has {}", chain_name_, number, rules()));
        }
        return false;
    }

    /// False: nothing has changed.
    bool apply() {
        const std::uint32_t number = command_.number;
        switch (command_.kind) {
            case 'A': return insert(rules());
            case 'I': {
                const std::uint32_t at = number == 0 ? 0 : number - 1;
                return at > rules() ? refuse_missing(number) : insert(at);
            }
            case 'R':
                if (number > rules()) return refuse_missing(number);
                if (!insert(number - 1)) return false;
                program_.erase(table_, chain_, number, place_.objects);
                return true;
            default: return erase();
        }
    }

    bool erase() {
        if (command_.number != 0) {
            if (command_.number > rules()) return refuse_missing(command_.number);
            program_.erase(table_, chain_, command_.number - 1, place_.objects);
            return true;
        }
        const bool deletes = command_.kind == 'D';
        const ProgramTable& table = program_.table(table_);
        const std::vector<Rule>& there =
            program_.ast().tables[table.text_index].chains[chain_].rules;
        std::vector<std::uint32_t> found;
        for (const Rule& rule : expand(std::move(command_))) {
            std::uint32_t at = 0;
            while (at < there.size() &&
                   (!there[at].is_same(rule) ||
                    (deletes && std::find(found.begin(), found.end(), at) != found.end()))) {
                ++at;
            }
            if (at == there.size()) return refuse_missing(0);
            found.push_back(at);
        }
        if (!deletes) return false;
        std::sort(found.rbegin(), found.rend());
        for (const std::uint32_t at : found) {
            program_.erase(table_, chain_, at, place_.objects);
        }
        return true;
    }

    bool insert(std::uint32_t at) {
        if (!may_stand()) return false;
        const bool is_last_first = command_.kind == 'I';
        const bool counts_from_zero = place_.terms != nullptr && place_.terms->counts_from_zero;
        if (counts_from_zero) command_.rule.counters = {};
        std::vector<Rule> rules = expand(std::move(command_));
        // Each is put before the place, so the last comes to stand first.
        if (is_last_first) std::reverse(rules.begin(), rules.end());
        const auto count = static_cast<std::uint32_t>(rules.size());
        if (is_new_table_) {
            program_.add_table(table_);
            chain_ = *program_.find_chain(table_, chain_name_);
        }
        const Wants before = wants();
        Result<void> done = program_.insert(table_, chain_, at, std::move(rules), place_.objects);
        if (!done) {
            for (Fault& fault : done.error().faults) say(1, std::move(fault.words));
        } else if (!may_stay(at, count, before)) {
            for (std::uint32_t i = 0; i < count; ++i) {
                program_.erase(table_, chain_, at, place_.objects);
            }
        }
        if (faults_.empty()) return true;
        place_.objects.wants_accounting = before.accounting;
        place_.objects.wants_two_places = before.two_places;
        if (is_new_table_) program_.drop_last_table();
        return false;
    }

    /// What rules have asked of the engine while they were bound.
    struct Wants {
        bool accounting = false;
        bool two_places = false;
    };
    Wants wants() const {
        return {place_.objects.wants_accounting, place_.objects.wants_two_places};
    }

    /// What shows only when the rules are bound.
    bool may_stay(std::uint32_t at, std::uint32_t count, const Wants& before) {
        if (wants().two_places != before.two_places) {
            say(1, "a zone for one direction needs an engine that was made with such a rule");
            return false;
        }
        if (place_.terms == nullptr || !place_.terms->why_not) return true;
        for (std::uint32_t i = 0; i < count; ++i) {
            std::string words = place_.terms->why_not(program_, {table_, chain_, at + i});
            if (words.empty()) continue;
            say(1, std::move(words));
            return false;
        }
        return true;
    }

    /// What the kernel would refuse.
    bool may_stand() {
        const Rule& rule = command_.rule;
        const std::uint8_t hooks =
            is_new_table_ ? own_hook() : program_.reaching_hooks(table_)[chain_];
        check(rule, table_, program_.family(), hooks, faults_);
        if (rule.target.kind != TargetUse::Kind::chain) return faults_.empty();
        const std::uint32_t next =
            is_new_table_ ? 0 : *program_.find_chain(table_, rule.target.chain);
        if (is_new_table_ || program_.table(table_).chains[next].built_in) {
            say(rule.target.column,
                fmt::format("`{}' is a built-in chain: nothing may jump to it", rule.target.chain));
            return false;
        }
        if (hooks != 0) check_below(next, hooks);
        return faults_.empty();
    }

    /// Of a built-in chain, as a bit.
    std::uint8_t own_hook() const {
        for (const Hook hook : hooks_of(table_)) {
            if (text(hook) == chain_name_) return hook_bit(hook);
        }
        return 0;
    }

    /// All that the chain leads to is reached from these hooks now: whether there is a circle, or something that may not be.
    void check_below(std::uint32_t first, std::uint8_t hooks) {
        struct Open {
            std::uint32_t chain = 0;
            std::uint32_t rule = 0;
        };
        enum : std::uint8_t { kNew, kOpen, kDone };
        const ProgramTable& table = program_.table(table_);
        std::vector<std::uint8_t> state(table.chains.size(), kNew);
        state[chain_] = kOpen;
        if (first == chain_) return say_circle(chain_, first);
        std::vector<Open> way{{first, 0}};
        state[first] = kOpen;
        while (!way.empty()) {
            Open& at = way.back();
            const ProgramChain& chain = table.chains[at.chain];
            if (at.rule == chain.rules) {
                check_chain(at.chain, hooks);
                state[at.chain] = kDone;
                way.pop_back();
                continue;
            }
            const Step& step = table.steps[chain.first + at.rule++];
            if (!step.jumps()) continue;
            if (state[step.jump] == kOpen) return say_circle(at.chain, step.jump);
            if (state[step.jump] == kDone) continue;
            state[step.jump] = kOpen;
            way.push_back({step.jump, 0});
        }
    }

    void say_circle(std::uint32_t from, std::uint32_t to) {
        say(command_.rule.target.column,
            fmt::format("a circle: chain `{}' comes back to `{}'",
                        program_.chain_name(table_, from), program_.chain_name(table_, to)));
    }

    void check_chain(std::uint32_t chain, std::uint8_t more_hooks) {
        const std::uint8_t had = program_.reaching_hooks(table_)[chain];
        if ((had | more_hooks) == had) return;
        const ProgramTable& table = program_.table(table_);
        const ChainText& there = program_.ast().tables[table.text_index].chains[chain];
        Faults found("");
        for (const Rule& rule : there.rules) {
            check(rule, table_, program_.family(), had | more_hooks, found);
        }
        for (Fault& fault : found.take()) {
            say(command_.rule.target.column,
                fmt::format("in chain `{}': {}", there.name, fault.words));
        }
    }

    Program& program_;
    std::string_view text_;
    const ChangePlace& place_;
    Faults faults_;
    Table table_ = Table::filter;
    bool is_new_table_ = false;
    Command command_;
    std::string chain_name_;
    std::uint32_t chain_ = 0;
};

}  // namespace

Result<bool> apply_change(Program& program, std::string_view command, const ChangePlace& place) {
    return Change(program, command, place).run();
}

}  // namespace keepstate::rules
