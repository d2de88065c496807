// See program.hpp. How rules come and go later: program_change.cpp.
#include "rules/program.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/assert.hpp"
#include "rules/compile.hpp"
#include "rules/print.hpp"

namespace keepstate::rules {

namespace {

class TableCompiler {
  public:
    TableCompiler(const RulesetText& ruleset, const TableText& text, ProgramTable& out,
                  Objects& objects, std::vector<Fault>& faults)
        : ruleset_(ruleset), text_(text), out_(out), objects_(objects), faults_(faults) {}

    void run() {
        lay_out();
        for (std::size_t i = 0; i < text_.chains.size(); ++i) compile_chain(i);
        out_.texts.resize(out_.steps.size());
        out_.stack.resize(text_.chains.size() + 1);
        make_fast_table(out_);
        out_.present = true;
    }

  private:
    // Where each chain begins, and how much room the modules' data take.
    void lay_out() {
        std::size_t steps = 0;
        std::size_t matches = 0;
        std::size_t room = 0;
        for (std::size_t i = 0; i < text_.chains.size(); ++i) {
            const ChainText& chain = text_.chains[i];
            by_name_.emplace(chain.name, i);
            ProgramChain& made = out_.chains.emplace_back();
            made.name = chain.name;
            made.built_in = chain.built_in;
            made.hook = chain.hook;
            made.policy = chain.policy == Verdict::drop ? Ruling::Kind::drop : Ruling::Kind::accept;
            made.first = static_cast<std::uint32_t>(steps);
            made.rules = static_cast<std::uint32_t>(chain.rules.size());
            made.room = made.rules + 1;
            steps += chain.rules.size() + 1;
            for (const Rule& rule : chain.rules) {
                matches += rule.matches.size();
                room += data_units(rule);
            }
        }
        out_.steps.reserve(steps);
        out_.tests.reserve(steps);
        out_.matches.resize(matches);
        out_.arena = std::make_unique<std::max_align_t[]>(room);
    }

    void compile_chain(std::size_t index) {
        const ChainText& chain = text_.chains[index];
        const auto number = static_cast<std::uint32_t>(index);
        for (const Rule& rule : chain.rules) {
            RulePlace place{ruleset_, chain.name, number, out_.matches.data() + used_matches_,
                            out_.arena.get() + used_units_};
            used_matches_ += rule.matches.size();
            used_units_ += data_units(rule);
            CompiledRule made = compile_rule(rule, place, objects_, faults_);
            if (made.step.jumps()) {
                const auto found = by_name_.find(rule.target.chain);
                KS_ASSERT(found != by_name_.end());
                made.step.jump = static_cast<std::uint32_t>(found->second);
            }
            out_.steps.push_back(made.step);
            out_.tests.push_back(made.test);
        }
        Step last;
        last.chain = number;
        last.action = chain.built_in ? Action::policy : Action::chain_end;
        if (chain.built_in) out_.entry[static_cast<std::size_t>(chain.hook)] = number;
        out_.steps.push_back(last);
        out_.tests.emplace_back();
    }

    const RulesetText& ruleset_;
    const TableText& text_;
    ProgramTable& out_;
    Objects& objects_;
    std::vector<Fault>& faults_;
    std::unordered_map<std::string_view, std::size_t> by_name_;
    std::size_t used_matches_ = 0;
    std::size_t used_units_ = 0;
};

}  // namespace

Result<Program> Program::make(std::shared_ptr<const RulesetText> text, Objects& objects) {
    Program program;
    std::vector<Fault> faults;
    program.text_ = std::move(text);
    for (std::size_t i = 0; i < program.text_->tables.size(); ++i) {
        const TableText& table = program.text_->tables[i];
        ProgramTable& out = program.tables_[index(table.table)];
        out.text_index = i;
        TableCompiler(*program.text_, table, out, objects, faults).run();
    }
    if (!faults.empty()) return Unexpected(Error{ErrorKind::input, std::move(faults)});
    program.note_tables();
    return program;
}

void Program::note_tables() {
    present_ = 0;
    for (std::size_t i = 0; i < kTables; ++i) {
        const auto table = static_cast<Table>(i);
        if (tables_[i].present) present_ |= bit(table, kHooks);
        for (std::size_t hook = 0; hook < kHooks; ++hook) {
            if (tables_[i].entry[hook] >= 0) present_ |= bit(table, hook);
        }
    }
}

Result<Program> Program::make(const Ruleset& ruleset, Objects& objects) {
    return make(ruleset.shared_ast(), objects);
}

std::string_view Program::chain_name(Table table, std::uint32_t chain) const {
    return tables_[index(table)].chains.at(chain).name;
}

std::uint32_t Program::rule_count(Table table, std::uint32_t chain) const {
    return tables_[index(table)].chains.at(chain).rules;
}

Counters Program::counters(Table table, std::uint32_t chain, std::uint32_t rule) const {
    const ProgramTable& in = tables_[index(table)];
    const ProgramChain& which = in.chains.at(chain);
    KS_ASSERT(rule <= which.rules);
    return in.steps[which.first + (rule == 0 ? which.rules : rule - 1)].counters;
}

void Program::zero_counters() {
    for (ProgramTable& table : tables_) {
        for (Step& each : table.steps) each.counters = Counters{};
    }
}

std::string Program::rule_text(Table table, std::uint32_t chain, std::uint32_t rule) const {
    std::string out;
    if (rule == 0) return out;
    const ChainText& text = text_->tables[tables_[index(table)].text_index].chains.at(chain);
    print_rule(text.rules.at(rule - 1), text.name, text_->family, out);
    return out;
}

std::string_view Program::kept_rule_text(Table table, std::uint32_t chain, std::uint32_t rule) {
    if (rule == 0) return {};
    ProgramTable& in = tables_[index(table)];
    std::string& kept = in.texts[in.chains.at(chain).first + rule - 1];
    if (kept.empty()) kept = rule_text(table, chain, rule);
    return kept;
}

std::string Program::print_counters() const { return print_counters_with({}); }

std::string Program::print_counters_with(std::span<const Program* const> others) const {
    const CounterSource live = [&](std::size_t table, std::size_t chain, std::size_t rule) {
        const Table which = text_->tables[table].table;
        const auto at = static_cast<std::uint32_t>(chain);
        const auto number = static_cast<std::uint32_t>(rule);
        Counters all = counters(which, at, number);
        for (const Program* other : others) {
            const Counters more = other->counters(which, at, number);
            all.packets += more.packets;
            all.bytes += more.bytes;
        }
        return all;
    };
    return print(*text_, &live);
}

}  // namespace keepstate::rules
