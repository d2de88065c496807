// One command of a ruleset: "-A INPUT -s 10.0.0.0/8 -m tcp --dport 80 -j ACCEPT" into what it means.
//
// The reader goes through the options once, as the real tool does, because order means something there:
// `-m' and `-j' bring their options with them, an option that nobody knows loads the match of the
// protocol named so far, and `!' belongs to the option behind it. Every fault of the line is kept. Behind an
// unknown option, match or target only the general options are understood, since nobody can say what other
// words would mean.
//
// source: man:iptables, seen:tests/rules/command.t.   Tested by: tests/rules.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/faults.hpp"
#include "rules/lexer.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

/// The longest name of a chain, in bytes.
inline constexpr std::size_t kLongestChainName = 28;

/// What the reader must know of the table it writes into.
class ChainNames {
  public:
    virtual bool has_chain(std::string_view name) const = 0;
    virtual std::vector<std::string_view> chain_names() const = 0;

  protected:
    ~ChainNames() = default;
};

/// What -Z, alone or beside -L or -S, sets back to zero: the counters of a chain and its rules (of all chains), or
/// those of one rule.
enum class Zeroing : std::uint8_t { nothing, chain, rule };

/// A command, understood. `kind` is its letter: A C D I R N X F Z P E L S, or '6' for a rule that `-4' or
/// `-6' keeps for the other family, or 'V' for a call that only asks for version or help.
struct Command {
    char kind = 0;
    Zeroing zeroing = Zeroing::nothing;
    std::string chain;   ///< empty: all chains
    std::string second;  ///< -E: the new name; -P: the policy
    std::uint32_t number =
        0;  ///< rule number from 1; 0: none was given; one for -Z and -L or -S together
    int chain_column = 0;
    int second_column = 0;
    int number_column = 0;
    bool verbose = false;                   ///< -v, for -S
    Rule rule;                              ///< without addresses if there are several
    std::vector<AddressPart> sources;       ///< at least one
    std::vector<AddressPart> destinations;  ///< at least one

    /// What applying it is to do beside the rules: a copy without the rule, which may be large.
    Command without_rule() const {
        Command copy;
        copy.kind = kind;
        copy.zeroing = zeroing;
        copy.chain = chain;
        copy.number = number;
        copy.verbose = verbose;
        copy.rule.counters = rule.counters;
        return copy;
    }
    /// Whether libiptc would replace the table for it (-X alone: only if there is a chain to remove).
    bool changes_table() const {
        return zeroing != Zeroing::nothing ||
               (kind != 'L' && kind != 'S' && kind != 'C' && kind != '6' && kind != 'V');
    }
};

/// Where the command stands.
struct CommandPlace {
    Family family = Family::ipv4;
    Table table = Table::filter;
    int line = 0;
    std::string_view source_line;
    std::span<const LabelName> labels;  ///< names of connection labels
    bool on_command_line = false;       ///< of the iptables program, which also takes -t, -w and -W
};

/// Reads the words of one line. Nothing: the faults are in `faults`. Cost: linear in the words.
std::optional<Command> read_command(std::span<const Word> words, const CommandPlace& place,
                                    const ChainNames& chains, Faults& faults);

}  // namespace keepstate::rules
