// The words of the packet language: cut apart, and read as numbers, addresses, bytes. For wire's own files only.
//
// Each word knows its column in the line that the user wrote, also inside a quoted packet, so that every fault
// points at its place. Faults are collected, not thrown: a reader that finds one says so and goes on with zero.
// Tested by: wire/packet_text_test.cpp, fuzz/packet_text.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/result.hpp"
#include "wire/build.hpp"

namespace keepstate::wire {

struct Word {
    std::string_view text;  ///< without the quotes or parentheses around it
    int column = 0;         ///< of text, from 1
    bool is_quoted = false;
};

struct Endpoint {
    Address address;
    std::uint16_t port = 0;
};

/// Words are parted by blanks; "..." and (...) are one word each, parentheses may be nested.
class WordReader {
  public:
    /// `column`: of the first byte of `line`.
    WordReader(std::string_view line, int column, std::vector<Fault>& faults);

    bool is_at_end() const { return at_ == words_.size(); }
    /// The next word; an empty one and a fault that says what was wanted if there is none.
    Word take(std::string_view wanted);
    /// The next word without taking it; an empty one at the end.
    Word peek() const { return is_at_end() ? Word{} : words_[at_]; }
    /// The word taken last.
    const Word& last() const { return last_; }

    std::uint32_t take_number(std::string_view wanted, std::uint32_t most);
    Address take_address();
    Endpoint take_endpoint();
    Bytes take_hex();
    /// Text with escapes.
    Bytes take_text();
    /// Calls `each` with every part of a comma list and its column.
    template <typename Each>
    void take_list(std::string_view wanted, Each each) {
        const Word list = take(wanted);
        std::size_t begin = 0;
        while (begin < list.text.size()) {
            std::size_t end = list.text.find(',', begin);
            if (end == std::string_view::npos) end = list.text.size();
            each(Word{list.text.substr(begin, end - begin), list.column + static_cast<int>(begin),
                      false});
            begin = end + 1;
        }
    }

    void fault(const Word& word, std::string words);
    /// A number of `text`, a part of the word taken last; a fault at `column` if it is none.
    std::uint32_t number_of(std::string_view text, int column, std::string_view wanted,
                            std::uint32_t most);

  private:
    void split(std::string_view line, int column);
    std::size_t find_close(std::string_view line, std::size_t open) const;

    std::vector<Word> words_;
    std::size_t at_ = 0;
    Word last_;
    int end_column_ = 1;
    std::vector<Fault>& faults_;
};

/// "12", "0x1f"; nullopt if it is no number or above `most`.
std::optional<std::uint32_t> parse_count(std::string_view text, std::uint32_t most);
/// "0a0b", "0a.0b", "0a:0b"; nullopt if a digit is missing or wrong.
std::optional<Bytes> parse_hex(std::string_view text);

}  // namespace keepstate::wire
