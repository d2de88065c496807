// iptables-save text, line by line, into tables, as iptables-restore takes it.
//
//     # comment          *table  ->  :chain policy [c]  and  commands  ->  COMMIT
//
// Outside of a table only comments and `*table' may stand. What a table holds counts when COMMIT is
// reached: then check() looks at it as the kernel would. A whole file begins with no tables; the here-document
// of a script changes those that the script made so far, and what it makes of them is governed by the options.
//
// Different on purpose: a NUL byte and an over-long line are faults here; the real tool cuts there without
// a word and goes on with half a rule.
// source: man:iptables-restore, seen:tests/rules/restore.t, seen:tests/rules/scripts/here*.sh.
// Tested by: rules/parse_test.cpp, rules/script_test.cpp, fuzz/ruleset.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/faults.hpp"
#include "rules/table_builder.hpp"

namespace keepstate::rules {

/// Tables in the order of their making, each once.
using TableSet = std::vector<std::unique_ptr<TableBuilder>>;

/// What becomes of the counters in a text: all are read and none is demanded; as -c has it; as without -c.
enum class CounterUse : std::uint8_t { kept, demanded, ignored };

/// How iptables-restore was called.
struct RestoreOptions {
    CounterUse counters = CounterUse::kept;
    bool flushes =
        true;  ///< not --noflush: a table that is named loses its rules and user chains first
    bool tests = false;  ///< --test: nothing comes of it
    bool stops = false;  ///< at the first fault, as the real tool; else all are found
    std::string table;   ///< --table: only this one; empty: all
};

/// Where the text stands.
struct RestorePlace {
    Family family = Family::ipv4;
    std::span<const LabelName> labels;
    std::vector<int> line_numbers = {};  ///< of each line of the text; empty: they count from 1
    std::function<void(const TableBuilder&, const Command&)> list =
        {};  ///< told of -S; may be empty
};

/// Changes `tables` as the text says; false if a fault was added. With `stops` what was committed before a fault
/// stays and the rest is as if it were not there; else a fault leaves `tables` good for nothing. Cost: as of parse(),
/// and a copy of each table named.
bool restore(std::string_view text, const RestorePlace& place, const RestoreOptions& options,
             TableSet& tables, Faults& faults);

/// The words behind `iptables-restore'. Nothing if it would not read its text: a fault, or -h and -V alone.
std::optional<RestoreOptions> read_restore_words(std::span<const Word> words, int line,
                                                 Faults& faults);

}  // namespace keepstate::rules
