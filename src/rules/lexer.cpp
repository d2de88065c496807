// See lexer.hpp.
#include "rules/lexer.hpp"

#include <fmt/format.h>

namespace keepstate::rules {

std::optional<Line> LineReader::next() {
    if (left_.empty()) return std::nullopt;
    Line line;
    line.number = ++number_;
    const std::size_t end = left_.find('\n');
    line.has_newline = end != std::string_view::npos;
    line.text = left_.substr(0, end);
    left_.remove_prefix(line.has_newline ? end + 1 : left_.size());
    return line;
}

namespace {

// One pass over a line, one state: inside quotes or not.
class Splitter {
  public:
    Splitter(std::string_view text, std::size_t at) : text_(text), at_(at) {}

    Words run(bool has_newline) {
        for (; at_ < text_.size(); ++at_) {
            take(text_[at_]);
            if (words_.fault) return std::move(words_);
        }
        if (has_newline) take('\n');
        // A word that no blank ended: an open quote, or the end of the file.
        if (!word_.text.empty()) {
            word_.quoted = false;
            finish();
        }
        return std::move(words_);
    }

  private:
    void take(char c) {
        if (open_ && escaped_) {
            add(c);
            escaped_ = false;
        } else if (open_ && c == '\\') {
            escaped_ = true;
        } else if (open_ && c != '"') {
            add(c);
        } else if (open_) {
            open_ = false;
            finish();
        } else if (c == '"') {
            begin();
            open_ = true;
            word_.quoted = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            if (!word_.text.empty()) finish();
        } else {
            add(c);
        }
    }
    void begin() {
        if (word_.column == 0) word_.column = static_cast<int>(at_) + 1;
    }
    void add(char c) {
        begin();
        if (word_.text.size() >= kLongestWord) {
            words_.fault =
                LexFault{fmt::format("a word longer than {} bytes", kLongestWord), word_.column};
            return;
        }
        word_.text.push_back(c);
    }
    void finish() {
        if (words_.words.size() >= kMostWords) {
            words_.fault =
                LexFault{fmt::format("more than {} words in a line", kMostWords), word_.column};
            return;
        }
        words_.words.push_back(std::move(word_));
        word_ = Word{};
    }

    std::string_view text_;
    std::size_t at_;
    Words words_;
    Word word_;
    bool open_ = false;
    bool escaped_ = false;
};

}  // namespace

Words split_words(std::string_view text, std::size_t from, bool has_newline) {
    return Splitter(text, from).run(has_newline);
}

RuleCounters split_rule_counters(std::string_view line) {
    RuleCounters counters;
    if (line.empty() || line.front() != '[') return counters;
    const std::size_t close = line.find(']');
    const std::size_t colon = line.find(':');
    if (close == std::string_view::npos) {
        counters.fault = LexFault{"counters need a `]': [packets:bytes]", 1};
    } else if (colon == std::string_view::npos || colon > close || colon == 1) {
        counters.fault = LexFault{"counters are written [packets:bytes]", 1};
    } else {
        counters.packets = line.substr(1, colon - 1);
        counters.bytes = line.substr(colon + 1, close - colon - 1);
        counters.end = close + 1;
    }
    return counters;
}

}  // namespace keepstate::rules
