// See program.hpp.
#include "rules/program.hpp"

#include <unordered_map>

#include "base/assert.hpp"
#include "rules/print.hpp"

namespace keepstate::rules {

namespace {

template <typename Byte>
std::array<std::uint64_t, 2> words_of(const std::array<Byte, 16>& bytes) {
    static_assert(sizeof(bytes) == 16);
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), bytes.data(), 16);
    return words;
}

BasicTest compile_basics(const Basics& basics) {
    BasicTest test;
    test.source = words_of(basics.source.address);
    test.source_mask = words_of(basics.source.mask);
    test.destination = words_of(basics.destination.address);
    test.destination_mask = words_of(basics.destination.mask);
    test.in = words_of(basics.in.name);
    test.in_mask = words_of(basics.in.mask);
    test.out = words_of(basics.out.name);
    test.out_mask = words_of(basics.out.mask);
    for (std::size_t i = 0; i < 2; ++i) {
        test.in[i] &= test.in_mask[i];
        test.out[i] &= test.out_mask[i];
    }
    test.protocol = basics.protocol;
    test.source_inverted = basics.source.inverted;
    test.destination_inverted = basics.destination.inverted;
    test.in_inverted = basics.in.inverted;
    test.out_inverted = basics.out.inverted;
    test.protocol_inverted = basics.protocol_inverted;
    test.fragment = basics.fragment;
    test.fragment_inverted = basics.fragment_inverted;
    test.any = basics == Basics{};
    return test;
}

class TableCompiler {
  public:
    TableCompiler(const RulesetText& ruleset, const TableText& text, ProgramTable& out,
                  Objects& objects, std::vector<Fault>& faults)
        : ruleset_(ruleset), text_(text), out_(out), objects_(objects), faults_(faults) {}

    void run() {
        lay_out();
        for (std::size_t i = 0; i < text_.chains.size(); ++i) compile_chain(i);
        out_.counters.resize(out_.steps.size());
        out_.stack.resize(text_.chains.size() + 1);
        out_.fast = make_fast_table(out_);
        out_.present = true;
    }

  private:
    static std::size_t units(std::size_t bytes) {
        return (bytes + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
    }

    // Where each chain begins, and how much room the modules' data take.
    void lay_out() {
        std::size_t steps = 0;
        std::size_t matches = 0;
        std::size_t room = 0;
        for (std::size_t i = 0; i < text_.chains.size(); ++i) {
            const ChainText& chain = text_.chains[i];
            by_name_.emplace(chain.name, i);
            out_.chains.push_back(ProgramChain{chain.name, chain.built_in, chain.hook,
                                               static_cast<std::uint32_t>(steps),
                                               static_cast<std::uint32_t>(chain.rules.size())});
            steps += chain.rules.size() + 1;
            for (const Rule& rule : chain.rules) {
                matches += rule.matches.size();
                for (const MatchUse& use : rule.matches) room += units(use.data.size());
                room += units(rule.target.data.size());
            }
        }
        out_.steps.reserve(steps);
        out_.matches.reserve(matches);
        out_.arena = std::make_unique<std::max_align_t[]>(room);
    }

    void* copy(const Blob& blob) {
        void* at = out_.arena.get() + used_;
        if (blob.size() != 0) std::memcpy(at, blob.data(), blob.size());
        used_ += units(blob.size());
        return at;
    }

    /// The Program's own copy of a module's data, bound to what it shares.
    void* bound_copy(const Module& module, const Blob& blob, const Rule& rule,
                     const std::string& chain) {
        void* at = copy(blob);
        if (module.bind == nullptr) return at;
        BindContext context{objects_, ruleset_.family, rule};
        if (Complaint complaint = module.bind(at, context)) {
            std::string line;
            print_rule(rule, chain, ruleset_.family, line);
            faults_.push_back(
                Fault{ruleset_.file, rule.line, 0, std::move(*complaint), std::move(line)});
        }
        return at;
    }

    void compile_chain(std::size_t index) {
        const ChainText& chain = text_.chains[index];
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            Step step = compile_rule(chain.rules[i], chain.name);
            step.chain = static_cast<std::uint32_t>(index);
            step.rule = static_cast<std::uint32_t>(i + 1);
            out_.steps.push_back(step);
        }
        Step last;
        last.chain = static_cast<std::uint32_t>(index);
        last.action = chain.built_in ? Action::policy : Action::chain_end;
        last.policy = chain.policy == Verdict::drop ? Ruling::Kind::drop : Ruling::Kind::accept;
        if (chain.built_in) {
            const auto hook = static_cast<std::size_t>(chain.hook);
            out_.entry[hook] = out_.chains[index].first;
            out_.policy[hook] = static_cast<std::uint32_t>(out_.steps.size());
        }
        out_.steps.push_back(last);
    }

    Step compile_rule(const Rule& rule, const std::string& chain) {
        Step step;
        step.test = compile_basics(rule.basics);
        step.first_match = static_cast<std::uint32_t>(out_.matches.size());
        step.match_count = static_cast<std::uint32_t>(rule.matches.size());
        for (const MatchUse& use : rule.matches) {
            out_.matches.push_back(
                MatchStep{use.module, bound_copy(*use.module, use.data, rule, chain)});
        }
        switch (rule.target.kind) {
            case TargetUse::Kind::none: step.action = Action::next; break;
            case TargetUse::Kind::accept: step.action = Action::accept; break;
            case TargetUse::Kind::drop: step.action = Action::drop; break;
            case TargetUse::Kind::queue: step.action = Action::queue; break;
            case TargetUse::Kind::return_: step.action = Action::return_; break;
            case TargetUse::Kind::chain: {
                step.action = rule.target.is_goto ? Action::go_to : Action::jump;
                const auto found = by_name_.find(rule.target.chain);
                KS_ASSERT(found != by_name_.end());
                step.jump = out_.chains[found->second].first;
                break;
            }
            case TargetUse::Kind::module:
                step.action = Action::target;
                step.target = rule.target.module;
                step.data = bound_copy(*rule.target.module, rule.target.data, rule, chain);
                break;
        }
        return step;
    }

    const RulesetText& ruleset_;
    const TableText& text_;
    ProgramTable& out_;
    Objects& objects_;
    std::vector<Fault>& faults_;
    std::unordered_map<std::string_view, std::size_t> by_name_;
    std::size_t used_ = 0;
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
    return program;
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
    return in.counters[which.first + (rule == 0 ? which.rules : rule - 1)];
}

void Program::zero_counters() {
    for (ProgramTable& table : tables_) {
        for (Counters& each : table.counters) each = Counters{};
    }
}

std::string Program::rule_text(Table table, std::uint32_t chain, std::uint32_t rule) const {
    std::string out;
    if (rule == 0) return out;
    const ChainText& text = text_->tables[tables_[index(table)].text_index].chains.at(chain);
    print_rule(text.rules.at(rule - 1), text.name, text_->family, out);
    return out;
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
