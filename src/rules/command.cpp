// See command.hpp. This file: the loop, the general options, the command itself.
#include "rules/command.hpp"

#include <algorithm>

#include "rules/command_reader.hpp"
#include "rules/nearest.hpp"
#include "rules/table_builder.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

std::optional<Command> read_command(std::span<const Word> words, const CommandPlace& place,
                                    const ChainNames& chains, Faults& faults) {
    return CommandReader(words, place, chains, faults).run();
}

std::optional<Command> CommandReader::run() {
    command_.rule.line = place_.line;
    while (!stopped_) {
        const Argument argument = arguments_.next();
        if (argument.kind == Argument::Kind::end) break;
        take(argument);
    }
    if (skip_ && !bad_) {
        command_.kind = '6';
        return std::move(command_);
    }
    if (!stopped_) finish();
    if (asks_program_ && !bad_) return std::move(command_);
    if (bad_) return std::nullopt;
    return std::move(command_);
}

void CommandReader::fault_at(int column, std::string words) {
    bad_ = true;
    faults_.add(place_.line, column, std::move(words), place_.source_line);
}

void CommandReader::take(const Argument& argument) {
    switch (argument.kind) {
        case Argument::Kind::positional: take_positional(argument); return;
        case Argument::Kind::general:
            if (!belongs_to_the_unknown(argument)) take_general(argument);
            break;
        case Argument::Kind::module: take_module_option(argument); break;
        default: take_unknown(argument); break;
    }
    // take_unknown may have put the option back: then the `!' before it still counts.
    if (argument.kind == Argument::Kind::general || argument.kind == Argument::Kind::module) {
        inverted_ = false;
    }
}

void CommandReader::take_positional(const Argument& argument) {
    if (argument.value == "!") {
        if (inverted_) fault_at(argument.column, "one `!' is enough");
        inverted_ = true;
        not_column_ = argument.column;
        return;
    }
    if (lost_) return;
    if (argument.value == "COMMIT" || argument.value == "COMMIT\r") {
        fault_at(argument.column,
                 "COMMIT stands alone in its line: no blank, no carriage return, and a newline "
                 "after it");
    } else if (!argument.value.empty() && argument.value.front() == '#') {
        fault_at(argument.column,
                 "a comment begins in the first column; for words about a rule "
                 "there is `-m comment --comment \"...\"'");
    } else {
        fault_at(argument.column,
                 fmt::format("`{}' stands where an option should", argument.value));
    }
    stopped_ = true;
}

// iptables 1.8.9 takes the whole word for the value of these if the value stands in the same word.
std::string_view CommandReader::general_value(const Argument& argument) const {
    return argument.attached ? argument.spelled : argument.value;
}

bool CommandReader::claim(char letter, const Argument& argument, bool invertible) {
    if (claimed_.find(letter) != std::string::npos) {
        fault_at(argument.column, fmt::format("`{}' stands twice", argument.spelled));
        return false;
    }
    claimed_.push_back(letter);
    if (inverted_ && !invertible) {
        fault_at(not_column_, fmt::format("`{}' cannot be inverted", argument.spelled));
        return false;
    }
    return true;
}

void CommandReader::take_general(const Argument& argument) {
    Basics& basics = command_.rule.basics;
    switch (argument.letter) {
        case 'p': take_protocol(argument); break;
        case 's':
            source_column_ = argument.value_column;
            take_addresses(argument, command_.sources);
            break;
        case 'd':
            destination_column_ = argument.value_column;
            take_addresses(argument, command_.destinations);
            break;
        case 'i':
            in_column_ = argument.column;
            take_device(argument, basics.in);
            break;
        case 'o':
            out_column_ = argument.column;
            take_device(argument, basics.out);
            break;
        case 'f':
            if (place_.family == Family::ipv6) {
                fault_at(argument.column, "`-f' is IPv4 only; use `-m frag'");
            } else if (claim('f', argument, true)) {
                basics.fragment = true;
                basics.fragment_inverted = inverted_;
            }
            break;
        case 'm': take_match(argument); break;
        case 'j': take_target(argument, false); break;
        case 'g': take_target(argument, true); break;
        case 'c': take_counters(argument); break;
        case 'v': command_.verbose = true; [[fallthrough]];
        case 'n':
        case 'x':
        case '0': claim(argument.letter, argument, false); break;
        case 'M': break;
        case '4':
        case '6': take_family(argument); break;
        case 't':
        case 'w':
        case 'W':
        case 'h':
        case 'V': take_of_program(argument); break;
        default: take_command(argument); break;
    }
}

// A ruleset may hold rules of both families; a call of iptables is one family's.
void CommandReader::take_family(const Argument& argument) {
    const Family family = argument.letter == '4' ? Family::ipv4 : Family::ipv6;
    if (place_.family == family) return;
    if (place_.on_command_line) {
        fault_at(argument.column,
                 fmt::format("`{}' is for the other family's program", argument.spelled));
    }
    skip_ = true;
}

// What concerns the call of the program, not the rule.
void CommandReader::take_of_program(const Argument& argument) {
    const char letter = argument.letter;
    if (!place_.on_command_line) {
        fault_at(argument.column,
                 letter == 't' ? "the table is named by the `*TABLE' line, not by -t"
                 : letter == 'w' || letter == 'W'
                     ? fmt::format("`{}' is for the iptables command line; a ruleset has nothing "
                                   "to wait for",
                                   argument.spelled)
                     : fmt::format("`{}' has no place in a ruleset", argument.spelled));
        return;
    }
    if (letter == 'h' || letter == 'V') {
        command_.kind = 'V';
        asks_program_ = stopped_ = true;
        return;
    }
    if (letter == 't') {
        if (!find_table(argument.value)) {
            fault_at(argument.value_column,
                     fmt::format("`{}' is no table{}", argument.value,
                                 did_you_mean(argument.value,
                                              {"filter", "nat", "mangle", "raw", "security"})));
        }
        return;
    }
    (letter == 'w' ? waits_ : interval_column_) = argument.column;
    // -w [SECONDS]: the seconds may stand in the next word.
    std::string_view seconds = argument.value;
    int column = argument.value_column;
    if (!argument.has_value) {
        const Word* word = arguments_.take_plain();
        if (word == nullptr) return;
        seconds = word->text;
        column = word->column;
    }
    if (!parse_number(seconds, 0, 0x7fffffff)) {
        fault_at(column, fmt::format("`{}' is no number", seconds));
    }
}

void CommandReader::take_command(const Argument& argument) {
    if (inverted_) fault_at(not_column_, fmt::format("`!' before `{}'", argument.spelled));
    const char letter = argument.letter;
    const bool lists = command_.kind == 'L' || command_.kind == 'S';
    const bool goes_together = letter == 'Z'
                                   ? lists && command_.zeroing == Zeroing::nothing
                                   : (letter == 'L' || letter == 'S') && command_.kind == 'Z';
    if (command_.kind != 0 && !goes_together) {
        fault_at(argument.column,
                 fmt::format("a second command, `{}', in one line", argument.spelled));
        stopped_ = true;
        return;
    }
    if (letter == 'Z') command_.zeroing = Zeroing::chain;
    if (letter != 'Z' || !lists) {
        command_.kind = letter;
        command_column_ = argument.column;
    }
    take_chain(argument);
}

// The chain and the number are the command's, not the option's: of -S and -Z together the last ones count.
void CommandReader::take_chain(const Argument& argument) {
    const Word* word = argument.has_value ? nullptr : arguments_.take_plain();
    if (argument.has_value) {
        command_.chain = argument.value;
        command_.chain_column = argument.value_column;
    } else if (word != nullptr) {
        command_.chain = word->text;
        command_.chain_column = word->column;
    } else if (command_.chain.empty()) {
        command_.chain_column = argument.value_column;
    }
    if (argument.has_value || word != nullptr) {
        take_chain_number(argument.letter);
    } else if (argument.letter == 'P' || argument.letter == 'E') {
        take_chain_number(argument.letter);
    }
}

// What may follow the chain: a rule number, a policy, a new name.
void CommandReader::take_chain_number(char kind) {
    const bool wants_second = kind == 'E' || kind == 'P';
    const bool wants_number =
        kind == 'I' || kind == 'D' || kind == 'R' || kind == 'Z' || kind == 'L' || kind == 'S';
    if (!wants_second && !wants_number) return;
    const Word* word = arguments_.take_plain();
    if (word == nullptr) {
        if (kind == 'E') fault_at(command_column_, "-E needs the old and the new name");
        if (kind == 'P') fault_at(command_column_, "-P needs a chain and a policy");
        if (kind == 'R') fault_at(command_column_, "-R needs the number of the rule to replace");
        return;
    }
    if (wants_number) {
        read_number(word->text, word->column);
        if (kind == 'Z') {  // with a number -Z takes the place of an -L or -S before it
            command_.kind = 'Z';
            command_.zeroing = Zeroing::rule;
        }
    } else {
        command_.second = word->text;
        command_.second_column = word->column;
    }
}

void CommandReader::read_number(std::string_view words, int column) {
    const auto number = parse_number(words, 1, 0x7fffffff);
    command_.number_column = column;
    if (number) {
        command_.number = static_cast<std::uint32_t>(*number);
    } else {
        fault_at(column, fmt::format("`{}' is no rule number; rules are counted from 1", words));
    }
}

std::optional<std::string_view> CommandReader::take_word() {
    const Word* word = arguments_.take_plain();
    if (word == nullptr) return std::nullopt;
    return word->text;
}

}  // namespace keepstate::rules
