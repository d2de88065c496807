// A whole text into tables: iptables-save text by restore.hpp, a script by script.hpp.
//
// Faults do not end the reading, so that one run shows everything. Counters are always read (restore's -c),
// print() decides whether they are shown.
// Tested by: rules/parse_test.cpp, fuzz/ruleset.cpp.
#include "rules/parse.hpp"

#include <algorithm>

#include "rules/lexer.hpp"
#include "rules/restore.hpp"
#include "rules/script.hpp"

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

Result<RulesetText> parse(std::string_view text, Family family, std::string file,
                          std::span<const LabelName> labels) {
    if (is_script(text)) return parse_script(text, family, std::move(file), labels);
    Faults faults(file);
    TableSet tables;
    restore(text, RestorePlace{family, labels}, RestoreOptions{}, tables, faults);
    if (!faults.empty()) return Unexpected(to_error(faults, text));
    RulesetText ruleset;
    ruleset.family = family;
    ruleset.file = std::move(file);
    for (const auto& table : tables) ruleset.tables.push_back(std::move(*table).finish());
    return ruleset;
}

}  // namespace keepstate::rules
