// Words of a command into options, the way getopt_long reads them for iptables.
//
// * Long options may be abbreviated as far as only one fits; a full name always wins.
// * `--name=value', `--name value', `-n value', `-nvalue', and clusters of short options without values.
// * A word that is no option is a positional in its place; after `--' everything is.
// * Which options exist grows while a command is read: every -m and -j adds those of its module, the
//   latest added is asked first (after the general ones).
//
// source: man:getopt_long, seen:tests/rules/getopt.t.   Tested by: tests/rules.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rules/lexer.hpp"
#include "rules/module.hpp"

namespace keepstate::rules {

/// Whether something follows a general option.
enum class Follows : std::uint8_t { nothing, value, maybe };

/// One of iptables' own options. `letter` is its short form, or '0' for --line-numbers.
struct GeneralOption {
    std::string_view name;
    char letter;
    Follows follows;
};
std::span<const GeneralOption> general_options();

/// What next() found.
struct Argument {
    enum class Kind : std::uint8_t {
        end,
        positional,
        general,
        module,
        no_value,
        unknown,
        ambiguous
    };
    Kind kind = Kind::end;
    char letter = 0;                 ///< general
    const Option* option = nullptr;  ///< module
    std::size_t set = 0;             ///< module: index of its option set, as add_options gave it
    std::string_view spelled;        ///< the word as written
    bool has_value = false;
    bool attached = false;   ///< the value stood in the same word
    std::string_view value;  ///< also the positional
    int column = 0;          ///< of the option, or the positional
    int value_column = 0;
    bool quoted_value = false;
};

class Arguments {
  public:
    explicit Arguments(std::span<const Word> words) : words_(words) {}

    /// Adds a module's options; returns the set's index. Adding the same list again gives the old index.
    std::size_t add_options(std::span<const Option> options);
    Argument next();
    /// Reads the word of the last unknown option again: its module has been added now.
    void step_back();
    /// The next word, if it exists and does not begin with `-' or `!'. Consumed.
    const Word* take_plain();
    /// The next word as it is, consumed; null at the end.
    const Word* take_any();
    const Word* peek() const { return at_ < words_.size() ? &words_[at_] : nullptr; }
    /// Names of all options that may stand now, with dashes left out.
    std::vector<std::string_view> names() const;

  private:
    struct Found {
        const GeneralOption* general = nullptr;
        const Option* option = nullptr;
        std::size_t set = 0;
        bool ambiguous = false;
        bool same(const Found& other) const {
            return general != nullptr
                       ? other.general != nullptr && general->letter == other.general->letter
                       : option != nullptr && other.option != nullptr && set == other.set &&
                             option->id == other.option->id;
        }
    };
    Found find_long(std::string_view name) const;
    Argument next_long(const Word& word);
    Argument next_short(const Word& word);
    void give_value(Argument& argument, Follows follows);

    std::span<const Word> words_;
    std::size_t at_ = 0;
    std::size_t cluster_ = 0;  ///< position in a word of short options; 0: not in one
    bool plain_rest_ = false;  ///< after `--'
    std::vector<std::span<const Option>> sets_;
};

}  // namespace keepstate::rules
