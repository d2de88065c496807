// The iptables commands of a shell script, as one ruleset: what the tables hold after it has run on a host
// that had none.
//
//     #!/bin/sh
//     iptables -P INPUT DROP
//     sudo /sbin/iptables -A INPUT -p tcp --dport 22 -m comment --comment 'remote work' -j ACCEPT
//
// Words are parted as a shell does: blanks, quotes of both kinds, backslashes, comments, `;' and `&&'.
// A shell is not run. What only a shell could know (variables, loops, conditions, `$(...)') is a fault at
// its place; commands that cannot change a rule (echo, modprobe, sysctl ...) are passed over. A command
// that fails is a fault, unless `|| true' stands behind it.
//
// A here-document of iptables-restore, its own or one that `cat' pipes to it, is read as a ruleset into the tables
// so far, by restore.hpp. A shell's expansions in it are faults; behind <<'EOF' there are none.
//
// The listing of `iptables -S' is read, too: command lines without a program's name.
// Tested by: rules/script_test.cpp, tests/rules/script.t (fed to a real shell with the real tools as well).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/conntrack.hpp"
#include "keepstate/result.hpp"
#include "rules/lexer.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

/// Whether the text is a script, or a listing of -S: it has such commands, and no line that begins a table.
bool is_script(std::string_view text);

/// Reads it. `labels`: names of connection labels. `listed`, if not null, gets what its -S commands print. Commands of the other family's program are
/// not this ruleset's and are passed over. Errors: kind input, all faults by their places.
Result<RulesetText> parse_script(std::string_view text, Family family, std::string file,
                                 std::span<const LabelName> labels = {},
                                 std::string* listed = nullptr);

/// The text of a here-document, as the shell hands it to the command.
struct HereText {
    std::string text;
    std::vector<std::uint32_t>
        origins;               ///< byte of the script for each byte of the text, and for its end
    std::string fault;         ///< what a shell would be needed for
    std::size_t fault_at = 0;  ///< byte of the script
};

/// One command of a script, before it is understood.
struct ShellCommand {
    int line = 0;             ///< where it begins, from 1
    std::vector<Word> words;  ///< columns count in that line, as if lines after a `\' stood in it
    bool may_fail = false;    ///< `|| true' stands behind it
    std::string fault;        ///< what a shell would be needed for; the words up to it are there
    int fault_column = 0;
    std::optional<HereText> here;  ///< its input, if that stands in the script
    bool into_pipe = false;        ///< the next command reads what it writes
};

/// Words and commands as a shell parts them. Cost: one pass.
std::vector<ShellCommand> split_script(std::string_view text);

}  // namespace keepstate::rules
