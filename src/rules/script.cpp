// See script.hpp. This file: what is a script, and its commands into tables.
#include "rules/script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "rules/check.hpp"
#include "rules/command.hpp"
#include "rules/faults.hpp"
#include "rules/nearest.hpp"
#include "rules/parse.hpp"
#include "rules/print.hpp"
#include "rules/restore.hpp"
#include "rules/table_builder.hpp"

namespace keepstate::rules {

namespace {

std::string_view base_name(std::string_view word) {
    return word.substr(word.rfind('/') == std::string_view::npos ? 0 : word.rfind('/') + 1);
}

/// The family of a program that changes rules: iptables, ip6tables, iptables-legacy, ip6tables-nft.
std::optional<Family> family_of_program(std::string_view word) {
    const std::string_view name = base_name(word);
    const std::string_view rest = name.substr(0, name.find('-'));
    const std::string_view kind = name.substr(rest.size());
    if (!kind.empty() && kind != "-legacy" && kind != "-nft") return std::nullopt;
    if (rest == "iptables") return Family::ipv4;
    if (rest == "ip6tables") return Family::ipv6;
    return std::nullopt;
}

/// The same of iptables-restore and its like.
std::optional<Family> family_of_restore(std::string_view word) {
    constexpr std::string_view kEnd = "-restore";
    if (word.size() < kEnd.size() || word.substr(word.size() - kEnd.size()) != kEnd) {
        return std::nullopt;
    }
    return family_of_program(word.substr(0, word.size() - kEnd.size()));
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// What a script may say beside its rules without changing one.
bool is_harmless(std::string_view word) {
    return is_one_of(base_name(word), {"echo",
                                       "printf",
                                       "set",
                                       "true",
                                       ":",
                                       "modprobe",
                                       "sysctl",
                                       "sleep",
                                       "logger",
                                       "ip",
                                       "ifconfig",
                                       "ipset",
                                       "cat",
                                       "date",
                                       "iptables-save",
                                       "ip6tables-save",
                                       "iptables-legacy-save",
                                       "ip6tables-legacy-save",
                                       "export",
                                       "unset",
                                       "umask",
                                       "conntrack",
                                       "service",
                                       "systemctl",
                                       "nfct",
                                       "tc",
                                       "touch",
                                       "mkdir"});
}

bool is_control(std::string_view word) {
    return is_one_of(
        word, {"if",   "then", "else",     "elif", "fi", "for", "while", "until", "do", "done",
               "case", "esac", "function", "{",    "}",  "[",   "[[",    "test",  "!",  "select"});
}

bool is_inner_control(std::string_view word) {
    return is_one_of(word, {"then", "else", "fi", "do", "done", "esac", "}"});
}

bool is_assignment(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    return word.substr(0, equals).find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
           std::string_view::npos;
}

std::string_view first_word(std::string_view line) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    return line.substr(0, line.find_first_of(" \t\r"));
}

bool is_listing_word(std::string_view word) { return word == "-P" || word == "-N"; }

class ScriptReader {
  public:
    ScriptReader(std::string_view text, Family family, std::string file,
                 std::span<const LabelName> labels, std::string* listed)
        : text_(text), family_(family), labels_(labels), faults_(file), listed_(listed) {
        ruleset_.family = family;
        ruleset_.file = std::move(file);
    }

    Result<RulesetText> run(bool is_listing) {
        if (is_listing) {
            read_listing();
        } else {
            for (ShellCommand& command : split_script(text_)) take(command);
        }
        for (const auto& builder : builders_) {
            ruleset_.tables.push_back(std::move(*builder).finish());
            check(ruleset_.tables.back(), family_, faults_);
        }
        if (faults_.empty()) return std::move(ruleset_);
        Faults placed(ruleset_.file);
        for (Fault& each : faults_.take()) place(each, placed);
        return Unexpected(to_error(placed, text_));
    }

  private:
    struct ScriptPlace {
        int line = 0;
        int column = 0;
    };
    // Of a byte of the script.
    ScriptPlace place_of(std::size_t at) {
        if (line_starts_.empty()) {
            line_starts_.push_back(0);
            for (std::size_t end = 0; (end = text_.find('\n', end)) != std::string_view::npos;) {
                line_starts_.push_back(++end);
            }
        }
        const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), at);
        return {static_cast<int>(next - line_starts_.begin()),
                static_cast<int>(at - *(next - 1)) + 1};
    }

    // Columns were counted from the line in which a command begins, over the ends of lines behind a `\'.
    void place(Fault& fault, Faults& placed) {
        place_of(0);
        const auto line = static_cast<std::size_t>(std::max(fault.line, 1)) - 1;
        if (line < line_starts_.size() && fault.column > 0) {
            const ScriptPlace at = place_of(std::min(
                line_starts_[line] + static_cast<std::size_t>(fault.column) - 1, text_.size()));
            fault.line = at.line;
            fault.column = at.column;
        }
        placed.add(fault.line, fault.column, std::move(fault.words), {});
    }

    // The line of the script in which each line of a here-document begins.
    std::vector<int> lines_of(const HereText& here) {
        std::vector<int> lines;
        for (std::size_t at = 0; at < here.text.size();) {
            lines.push_back(place_of(here.origins[at]).line);
            const std::size_t end = here.text.find('\n', at);
            at = end == std::string::npos ? here.text.size() : end + 1;
        }
        return lines;
    }

    // Columns were counted in the here-document's own line.
    void place_in_script(Fault& fault, const HereText& here, std::span<const int> lines) {
        if (fault.column <= 0) return;
        std::size_t at = 0;
        for (const int line : lines) {
            if (line == fault.line) break;
            at = here.text.find('\n', at) + 1;
        }
        at = std::min(at + static_cast<std::size_t>(fault.column) - 1, here.text.size());
        const ScriptPlace place = place_of(here.origins[at]);
        fault.line = place.line;
        fault.column = place.column;
    }

    void fault(int line, int column, std::string words) {
        faults_.add(line, column, std::move(words), {});
    }

    // What `iptables -S' prints, in the quoting of iptables-save.
    void read_listing() {
        LineReader lines(text_);
        while (const auto line = lines.next()) {
            const Words split = split_words(line->text, 0, true);
            if (split.fault) {
                fault(line->number, split.fault->column, split.fault->words);
            } else if (!split.words.empty() && split.words[0].text.front() != '#') {
                run_command(line->number, split.words, false);
            }
        }
    }

    void take(ShellCommand& command) {
        if (ended_) return;
        std::span<const Word> words = command.words;
        const auto word = [&]() { return std::string_view(words.front().text); };
        while (!words.empty() && (is_assignment(word()) || is_one_of(word(), {"sudo", "exec"}))) {
            // A variable that is used is a fault where it is used.
            words = words.subspan(1);
        }
        // Once a loop or a condition is refused, its other words say nothing new.
        while (has_control_ && !words.empty() && is_inner_control(word())) words = words.subspan(1);
        if (!words.empty() && is_control(word())) {
            has_control_ = true;
            refuse_program(command.line, words.front());
            return;
        }
        std::optional<HereText> here = std::exchange(piped_, std::nullopt);
        if (command.here) here = std::move(command.here);
        if (command.into_pipe && !words.empty() && base_name(word()) == "cat" &&
            (words.size() == 1 || (words.size() == 2 && words[1].text == "-"))) {
            piped_ = std::move(here);
            return;
        }
        const bool harmless = words.empty() || is_harmless(word());
        if (!command.fault.empty() && !(harmless && command.words.size() > 0)) {
            fault(command.line, command.fault_column, std::move(command.fault));
            return;
        }
        if (harmless) return;
        if (word() == "exit") {
            ended_ = !has_control_;
            return;
        }
        const auto program = family_of_program(word());
        if (const auto family = family_of_restore(word())) {
            if (*family == family_) run_restore(command, words, here);
        } else if (!program) {
            refuse_program(command.line, words.front());
        } else if (*program == family_) {
            run_command(command.line, words.subspan(1), command.may_fail);
        }
    }

    void refuse_program(int line, const Word& word) {
        const std::string_view name = base_name(word.text);
        if (is_control(name)) {
            fault(line, word.column,
                  fmt::format("`{}': loops, conditions and functions are not followed; write the "
                              "commands out",
                              name));
        } else {
            fault(line, word.column,
                  fmt::format("`{}' is no iptables command, and what it would do to the rules is "
                              "not known{}",
                              name, did_you_mean(name, {"iptables", "ip6tables"})));
        }
    }

    TableBuilder& builder_of(Table table) {
        for (const auto& builder : builders_) {
            if (builder->table() == table) return *builder;
        }
        builders_.push_back(std::make_unique<TableBuilder>(table));
        return *builders_.back();
    }

    void run_command(int line, std::span<const Word> words, bool may_fail) {
        TableBuilder& table = builder_of(table_of(words).value_or(Table::filter));
        const CommandPlace place{family_, table.table(), line, {}, labels_, true};
        Faults faults(ruleset_.file);
        auto command = read_command(words, place, table, faults);
        if (command && command->kind != 'V') {
            apply(table, std::move(*command), faults);
        }
        if (may_fail) return;
        for (Fault& each : faults.take()) fault(each.line, each.column, std::move(each.words));
    }

    void run_restore(const ShellCommand& command, std::span<const Word> words,
                     const std::optional<HereText>& here) {
        Faults found(ruleset_.file);
        auto options = read_restore_words(words.subspan(1), command.line, found);
        if (options && !here) {
            found.add(command.line, words.front().column,
                      fmt::format("`{}' reads what is not in the script: only a here-document "
                                  "(`<<EOF') is",
                                  base_name(words.front().text)),
                      {});
        } else if (options && !here->fault.empty()) {
            // Not forgiven by `|| true': nobody knows what the text would be.
            const ScriptPlace at = place_of(here->fault_at);
            fault(at.line, at.column, here->fault);
        } else if (options) {
            options->stops = command.may_fail;
            RestorePlace place{family_, labels_, {}, {}};
            place.line_numbers = lines_of(*here);
            place.list = [this](const TableBuilder& table, const Command& asked) {
                list(table, asked);
            };
            Faults in_text(ruleset_.file);
            restore(here->text, place, *options, builders_, in_text);
            for (Fault& each : in_text.take()) {
                place_in_script(each, *here, place.line_numbers);
                found.add(each.line, each.column, std::move(each.words), {});
            }
        }
        if (command.may_fail) return;
        for (Fault& each : found.take()) fault(each.line, each.column, std::move(each.words));
    }

    // One command is one change of its table.
    void apply(TableBuilder& table, Command&& command, Faults& faults) {
        constexpr int kAll = std::numeric_limits<int>::max();
        const int line = command.rule.line;
        const Command asked = command.without_rule();
        const std::size_t chains = table.chain_names().size();
        if (auto refusal = table.apply(std::move(command))) {
            faults.add(line, refusal->column, std::move(refusal->words), {});
            return;
        }
        if (asked.kind == 'S') list(table, asked);
        if (asked.zeroing != Zeroing::nothing) table.zero(asked, kAll);
        // -X with no chain to remove leaves the table as it is.
        const bool changes =
            asked.changes_table() && (asked.kind != 'X' || chains != table.chain_names().size());
        if (!changes) return;
        table.settle(kAll);
        if (asked.kind == 'P') table.find_chain(asked.chain)->counters = asked.rule.counters;
    }

    // -S [CHAIN [NUMBER]]: policies and names first, then the rules.
    void list(const TableBuilder& table, const Command& command) {
        if (listed_ == nullptr) return;
        TableBuilder copy = table;
        const TableText all = std::move(copy).finish();
        const auto to = std::back_inserter(*listed_);
        const auto counters = [&](const Counters& count) {
            return command.verbose ? fmt::format(" -c {} {}", count.packets, count.bytes)
                                   : std::string();
        };
        const auto asked = [&](const ChainText& chain) {
            return command.chain.empty() || command.chain == chain.name;
        };
        for (const ChainText& chain : all.chains) {
            if (!asked(chain) || command.number != 0) continue;
            if (chain.built_in) {
                fmt::format_to(to, "-P {} {}{}\n", chain.name, text(chain.policy),
                               counters(chain.counters));
            } else {
                fmt::format_to(to, "-N {}\n", chain.name);
            }
        }
        for (const ChainText& chain : all.chains) {
            if (!asked(chain)) continue;
            for (std::size_t i = 0; i < chain.rules.size(); ++i) {
                if (command.number != 0 && command.number != i + 1) continue;
                std::string rule;
                print_rule(chain.rules[i], chain.name, family_, rule);
                if (command.verbose) {
                    put_counters(rule, chain.rules[i], chain.name,
                                 counters(chain.rules[i].counters));
                }
                *listed_ += rule + "\n";
            }
        }
    }

    // They stand before the target, at the end if there is none.
    void put_counters(std::string& text, const Rule& rule, std::string_view chain,
                      const std::string& words) const {
        Rule without = rule;
        without.target = TargetUse{};
        std::string beginning;
        print_rule(without, chain, family_, beginning);
        text.insert(beginning.size(), words);
    }

    std::string_view text_;
    Family family_;
    std::span<const LabelName> labels_;
    Faults faults_;
    std::string* listed_;
    std::vector<std::size_t> line_starts_;
    RulesetText ruleset_;
    TableSet builders_;
    std::optional<HereText> piped_;  // what `cat' gives the next command
    bool ended_ = false;
    bool has_control_ = false;  // a loop or a condition was met
};

}  // namespace

bool is_script(std::string_view text) {
    LineReader lines(text);
    bool commands = false;
    bool listing = false;
    bool first = true;
    while (const auto line = lines.next()) {
        const std::string_view word = first_word(line->text);
        if (word.empty() || (word.front() == '#' && word.substr(0, 2) != "#!")) continue;
        // A whole table, or the rest of one: a ruleset, if perhaps a broken one.
        if (line->text.front() == '*' || word == "COMMIT") return false;
        // A here-document may hold whole tables.
        if (line->text.find("<<") != std::string_view::npos &&
            std::string_view("-:[#<").find(word.front()) == std::string_view::npos) {
            return true;
        }
        if (first) listing = is_listing_word(word);
        first = false;
        if (word.substr(0, 2) == "#!") commands = true;
        const std::string_view from = line->text;
        commands = commands || family_of_program(word) || word == "sudo" ||
                   (from.find("iptables ") != std::string_view::npos && word.front() != '-' &&
                    word.front() != ':' && word.front() != '[');
    }
    return commands || listing;
}

Result<RulesetText> parse_script(std::string_view text, Family family, std::string file,
                                 std::span<const LabelName> labels, std::string* listed) {
    LineReader lines(text);
    bool is_listing = false;
    while (const auto line = lines.next()) {
        const std::string_view word = first_word(line->text);
        if (word.empty() || word.front() == '#') continue;
        is_listing = is_listing_word(word);
        break;
    }
    return ScriptReader(text, family, std::move(file), labels, listed).run(is_listing);
}

}  // namespace keepstate::rules
