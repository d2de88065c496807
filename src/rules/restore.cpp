// See restore.hpp. This file: the lines of the text.
#include "rules/restore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/check.hpp"
#include "rules/lexer.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

namespace {

class Restorer {
  public:
    Restorer(std::string_view text, const RestorePlace& place, const RestoreOptions& options,
             TableSet& tables, Faults& faults)
        : lines_(text), place_(place), options_(options), tables_(tables), faults_(faults) {}

    bool run() {
        const std::size_t before = faults_.size();
        while (const auto line = lines_.next()) {
            line_ = *line;
            if (!place_.line_numbers.empty()) {
                line_.number = place_.line_numbers[static_cast<std::size_t>(line->number) - 1];
            }
            take_line();
            if (options_.stops && faults_.size() != before) return false;
        }
        if (current_ != nullptr) {
            fault(1, fmt::format("table {} is never closed: COMMIT is missing",
                                 text(current_->table())));
            check_table(*current_);
        }
        return faults_.size() == before;
    }

  private:
    void fault(int column, std::string words) {
        faults_.add(line_.number, column, std::move(words), line_.text);
    }

    void take_line() {
        const std::string_view text = line_.text;
        if (text.empty() && line_.has_newline) return;
        const std::size_t nul = text.find('\0');
        if (nul != std::string_view::npos) {
            fault(static_cast<int>(nul) + 1, "a NUL byte");
        } else if (text.size() > kLongestLine) {
            fault(static_cast<int>(kLongestLine) + 1,
                  fmt::format("the line is longer than {} bytes: iptables-restore would cut it and "
                              "read the rest as a rule of its own",
                              kLongestLine));
        } else if (text.front() == '#') {
            return;
        } else if (current_ == nullptr) {
            take_outside();
        } else if (text == "COMMIT" && line_.has_newline) {
            commit();
        } else if (text.front() == ':') {
            take_chain();
        } else {
            take_command();
        }
    }

    void take_outside() {
        if (line_.text.front() == '*') {
            take_table();
            return;
        }
        if (is_passed_over()) return;
        const bool commit = line_.text.substr(0, 6) == "COMMIT";
        if (!lost_ || commit) {
            fault(1, commit ? "COMMIT without a table"
                            : "no table yet: a line `*filter' (or another table) comes first");
        }
        // One such line says it for all that follow, up to the next table or COMMIT.
        lost_ = !commit;
    }

    void take_table() {
        lost_ = false;
        const Words split = split_words(line_.text, 1, line_.has_newline);
        if (split.words.empty()) {
            fault(1, "`*' with no table behind it");
            lost_ = true;
            return;
        }
        const Word& word = split.words.front();
        name_ = word.text;
        if (is_passed_over()) return;
        const auto table = find_table(word.text);
        if (!table) {
            const std::vector<std::string_view> names = {"filter", "nat", "mangle", "raw",
                                                         "security"};
            const std::string near = did_you_mean(word.text, names);
            fault(word.column, fmt::format("`{}' is no table{}",
                                           word.text.substr(0, word.text.find('\r')), near));
            lost_ = true;
            return;
        }
        open(*table);
    }

    // With --table lines outside of that table say nothing, whatever they are.
    bool is_passed_over() const { return !options_.table.empty() && options_.table != name_; }

    // A table is changed as a copy, which counts from COMMIT on.
    void open(Table table) {
        begin_ = line_.number;
        faults_before_ = faults_.size();
        changed_ = options_.flushes;
        const auto there = find(table);
        if (there == tables_.end()) {
            current_ = std::make_unique<TableBuilder>(table);
        } else {
            current_ = std::make_unique<TableBuilder>(**there);
            if (options_.flushes) current_->flush_all();
        }
    }

    TableSet::iterator find(Table table) {
        return std::find_if(tables_.begin(), tables_.end(),
                            [&](const auto& each) { return each->table() == table; });
    }

    void commit() {
        const std::unique_ptr<TableBuilder> done = std::exchange(current_, nullptr);
        if (options_.tests) return;
        check_table(*done);
        if (options_.stops && faults_.size() != faults_before_) return;
        if (changed_) done->settle(begin_);
        const auto there = find(done->table());
        if (there == tables_.end()) {
            tables_.push_back(std::make_unique<TableBuilder>(std::move(*done)));
        } else {
            **there = std::move(*done);
        }
    }

    void take_chain() {
        const Words split = split_words(line_.text, 1, line_.has_newline);
        if (split.words.empty()) {
            fault(1, "`:' with no chain behind it");
            return;
        }
        const Word& name = split.words[0];
        if (name.text.size() > kLongestChainName) {
            fault(name.column, fmt::format("chain name `{}' is longer than {} bytes", name.text,
                                           kLongestChainName));
            return;
        }
        ChainText* chain = current_->find_chain(name.text);
        if (chain == nullptr) {
            current_->add_chain(name.text, line_.number);
            changed_ = true;
        } else if (!chain->built_in && !options_.flushes) {
            chain->rules.clear();
            changed_ = true;
        } else if (!chain->built_in) {
            fault(name.column, fmt::format("there is a chain `{}' already", name.text));
            return;
        }
        if (split.words.size() < 2) {
            fault(name.column, fmt::format("chain `{}' needs a policy: ACCEPT or DROP, or `-' for "
                                           "a chain of your own",
                                           name.text));
            return;
        }
        if (split.words[1].text != "-") take_policy(*current_->find_chain(name.text), split);
    }

    void take_policy(ChainText& chain, const Words& split) {
        const Word& policy = split.words[1];
        if (!chain.built_in) {
            fault(policy.column, fmt::format("`{}' is no built-in chain of table {}: it has no "
                                             "policy, write `-'",
                                             chain.name, text(current_->table())));
            return;
        }
        if (policy.text != "ACCEPT" && policy.text != "DROP") {
            fault(policy.column, fmt::format("`{}' is no policy: ACCEPT or DROP", policy.text));
            return;
        }
        chain.policy = policy.text == "DROP" ? Verdict::drop : Verdict::accept;
        chain.line = line_.number;
        chain.counters = Counters{};
        changed_ = true;
        if (options_.counters == CounterUse::ignored) return;
        const bool given = split.words.size() > 2;
        const auto counters =
            given ? read_counters(split_rule_counters(split.words[2].text)) : std::nullopt;
        if (!counters && options_.counters == CounterUse::demanded) {
            fault(given ? split.words[2].column : policy.column,
                  fmt::format("with --counters the policy of `{}' needs [packets:bytes]",
                              chain.name));
        }
        chain.counters = counters.value_or(Counters{});
    }

    static std::optional<Counters> read_counters(const RuleCounters& counters) {
        const auto packets = parse_number(counters.packets, 0, ~std::uint64_t{0});
        const auto bytes = parse_number(counters.bytes, 0, ~std::uint64_t{0});
        if (!packets || !bytes) return std::nullopt;
        return Counters{*packets, *bytes};
    }

    void take_command() {
        const RuleCounters counters = split_rule_counters(line_.text);
        if (counters.fault) {
            fault(counters.fault->column, counters.fault->words);
            return;
        }
        Words split = split_words(line_.text, counters.end, line_.has_newline);
        if (split.fault) {
            fault(split.fault->column, split.fault->words);
            return;
        }
        if (counters.end != 0 && options_.counters == CounterUse::demanded) {
            // The real tool says them by -c, with all that -c demands.
            split.words.insert(split.words.begin(),
                               {Word{"-c", 1}, Word{std::string(counters.packets), 2},
                                Word{std::string(counters.bytes), 2}});
        }
        const CommandPlace place{place_.family, current_->table(), line_.number, line_.text,
                                 place_.labels};
        auto command = read_command(split.words, place, *current_, faults_);
        if (!command) return;
        if (counters.end != 0 && options_.counters == CounterUse::kept) {
            command->rule.counters = read_counters(counters).value_or(Counters{});
        }
        apply(std::move(*command));
    }

    void apply(Command&& command) {
        const Command asked = command.without_rule();
        if (auto refusal = current_->apply(std::move(command))) {
            fault(refusal->column, std::move(refusal->words));
            return;
        }
        if (asked.kind == 'S' && place_.list) place_.list(*current_, asked);
        if (asked.zeroing != Zeroing::nothing) current_->zero(asked, begin_);
        changed_ = changed_ || asked.changes_table();
    }

    void check_table(const TableBuilder& builder) {
        TableBuilder copy = builder;
        Faults found({});
        check(std::move(copy).finish(), place_.family, found);
        for (Fault& each : found.take()) {
            // What stood there before was judged in its own turn.
            if (each.line >= begin_) faults_.add(each.line, each.column, std::move(each.words), {});
        }
    }

    LineReader lines_;
    Line line_;
    const RestorePlace& place_;
    const RestoreOptions& options_;
    TableSet& tables_;
    Faults& faults_;
    std::unique_ptr<TableBuilder> current_;
    std::string name_;  // of the last `*TABLE'
    int begin_ = 0;     // the line of it
    std::size_t faults_before_ = 0;
    bool changed_ = false;
    bool lost_ = false;
};

}  // namespace

bool restore(std::string_view text, const RestorePlace& place, const RestoreOptions& options,
             TableSet& tables, Faults& faults) {
    return Restorer(text, place, options, tables, faults).run();
}

}  // namespace keepstate::rules
