// The lexer: lines of iptables-save text into words, by iptables-restore's own quoting rules.
//
//     -A INPUT -m comment --comment "say \"hi\"" -j ACCEPT
//     word     word                 word  (text: say "hi", quoted)
//
// * A double quote opens a run in which blanks count as text and a backslash makes the next character
//   plain; the closing quote ends the word. Outside of quotes a backslash is a letter like any other.
// * Blanks, tabs and newlines part words. A quote that is never closed runs to the end of the line and
//   takes the newline with it, as the real tool does.
// * "[packets:bytes]" may stand before a rule.
//
// Limits: a line of 10238 bytes and a word of 1023, which are the real tool's buffers. It cuts longer
// lines into two and reads the second half as a rule of its own; here that is a fault.
// source: man:iptables-restore, seen:tests/rules/restore.t.   Tested by: tests/rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keepstate::rules {

inline constexpr std::size_t kLongestLine = 10238;
inline constexpr std::size_t kLongestWord = 1023;
inline constexpr std::size_t kMostWords = 251;

/// One word of a line: what it says and where it begins (column from 1, in bytes).
struct Word {
    std::string text;
    int column = 0;
    bool quoted = false;
};

/// One line of the text, without its newline.
struct Line {
    int number = 0;  ///< from 1
    std::string_view text;
    bool has_newline = false;
};

/// Gives the text line by line. Plain value; cost: one pass.
class LineReader {
  public:
    explicit LineReader(std::string_view text) : left_(text) {}
    /// The next line, or nothing at the end.
    std::optional<Line> next();

  private:
    std::string_view left_;
    int number_ = 0;
};

/// What is wrong with a line as a whole, before any word of it is understood.
struct LexFault {
    std::string words;
    int column = 0;
};

/// Words of a line, or its fault.
struct Words {
    std::vector<Word> words;
    std::optional<LexFault> fault;
};

/// `text` from byte `from` on. Cost: one pass, one string a word.
Words split_words(std::string_view text, std::size_t from, bool has_newline);

/// "[packets:bytes]" at the beginning of a rule line.
struct RuleCounters {
    std::string_view packets;
    std::string_view bytes;
    std::size_t end = 0;  ///< the byte after "]"; 0: the line has none
    std::optional<LexFault> fault;
};
RuleCounters split_rule_counters(std::string_view line);

}  // namespace keepstate::rules
