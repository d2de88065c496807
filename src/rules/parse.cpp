// iptables-save text, line by line, as iptables-restore takes it.
//
//     # comment          *table  ->  :chain policy [c]  and  commands  ->  COMMIT
//
// Outside of a table only comments and `*table' may stand. What a table holds counts when COMMIT is
// reached: then check() looks at it as the kernel would. Faults do not end the reading; a table with
// faults is still checked as far as it was understood, so that one run shows everything.
//
// Counters are always read (restore's -c), print() decides whether they are shown.
//
// Different on purpose: a NUL byte and an over-long line are faults here; the real tool cuts there without
// a word and goes on with half a rule.
// source: man:iptables-restore, seen:tests/rules/restore.t.   Tested by: rules/parse_test.cpp, fuzz/ruleset.cpp.
#include "rules/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "rules/check.hpp"
#include "rules/lexer.hpp"
#include "rules/nearest.hpp"
#include "rules/script.hpp"
#include "rules/table_builder.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

std::vector<Fault> Faults::take() {
    std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
        return a.line != b.line ? a.line < b.line : a.column < b.column;
    });
    return std::move(faults_);
}

// What check() found knows its line's number only.
Error to_error(Faults& faults, std::string_view text) {
    constexpr std::size_t kShown = 512;
    Error error{ErrorKind::input, faults.take()};
    LineReader lines(text);
    auto line = lines.next();
    for (Fault& fault : error.faults) {
        while (line && line->number < fault.line) line = lines.next();
        if (line && line->number == fault.line && fault.source_line.empty()) {
            fault.source_line = line->text.substr(0, kShown);
        }
    }
    return error;
}

namespace {

class RulesetReader {
  public:
    RulesetReader(std::string_view text, Family family, std::string file,
                  std::span<const LabelName> labels)
        : text_(text), lines_(text), family_(family), labels_(labels), faults_(file) {
        ruleset_.family = family;
        ruleset_.file = std::move(file);
    }

    Result<RulesetText> run() {
        while (const auto line = lines_.next()) {
            line_ = *line;
            take_line();
        }
        if (current_ != nullptr) {
            fault(1, fmt::format("table {} is never closed: COMMIT is missing",
                                 text(current_->table())));
        }
        finish_tables();
        if (!faults_.empty()) return Unexpected(to_error(faults_, text_));
        return std::move(ruleset_);
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
            current_ = nullptr;
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
        for (const auto& builder : builders_) {
            if (builder->table() != *table) continue;
            check_table(*builder);
            builder->flush_all();
            current_ = builder.get();
            return;
        }
        builders_.push_back(std::make_unique<TableBuilder>(*table));
        current_ = builders_.back().get();
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
        if (split.words.size() > 2) {
            const RuleCounters counters = split_rule_counters(split.words[2].text);
            chain.counters = read_counters(counters);
        }
    }

    static Counters read_counters(const RuleCounters& counters) {
        const auto packets = parse_number(counters.packets, 0, ~std::uint64_t{0});
        const auto bytes = parse_number(counters.bytes, 0, ~std::uint64_t{0});
        if (!packets || !bytes) return {};
        return Counters{*packets, *bytes};
    }

    void take_command() {
        const RuleCounters counters = split_rule_counters(line_.text);
        if (counters.fault) {
            fault(counters.fault->column, counters.fault->words);
            return;
        }
        const Words split = split_words(line_.text, counters.end, line_.has_newline);
        if (split.fault) {
            fault(split.fault->column, split.fault->words);
            return;
        }
        const CommandPlace place{family_, current_->table(), line_.number, line_.text, labels_};
        auto command = read_command(split.words, place, *current_, faults_);
        if (!command) return;
        if (counters.end != 0) command->rule.counters = read_counters(counters);
        if (auto refusal = current_->apply(std::move(*command))) {
            fault(refusal->column, std::move(refusal->words));
        }
    }

    void check_table(TableBuilder& builder) {
        TableBuilder copy = builder;
        check(std::move(copy).finish(), family_, faults_);
    }

    void finish_tables() {
        for (const auto& builder : builders_) {
            ruleset_.tables.push_back(std::move(*builder).finish());
            check(ruleset_.tables.back(), family_, faults_);
        }
    }

    std::string_view text_;
    LineReader lines_;
    Line line_;
    Family family_;
    std::span<const LabelName> labels_;
    Faults faults_;
    RulesetText ruleset_;
    std::vector<std::unique_ptr<TableBuilder>> builders_;
    TableBuilder* current_ = nullptr;
    bool lost_ = false;
};

}  // namespace

Result<RulesetText> parse(std::string_view text, Family family, std::string file,
                          std::span<const LabelName> labels) {
    if (is_script(text)) return parse_script(text, family, std::move(file), labels);
    return RulesetReader(text, family, std::move(file), labels).run();
}

}  // namespace keepstate::rules
