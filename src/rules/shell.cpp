// See script.hpp. This file: a shell's words and commands, without a shell.
//
// source: POSIX.1-2017, Shell Command Language, 2.2 Quoting, 2.3 Token Recognition.
// Tested by: rules/script_test.cpp.
#include <algorithm>
#include <utility>

#include "rules/script.hpp"

namespace keepstate::rules {

namespace {

class Shell {
  public:
    explicit Shell(std::string_view text) : text_(text) {}

    std::vector<ShellCommand> run() {
        while (at_ < text_.size()) take();
        end_word();
        end_command();
        return std::move(commands_);
    }

  private:
    char peek(std::size_t ahead = 1) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    int column() const { return static_cast<int>(at_ - line_begin_) + 1; }

    void take() {
        const char c = text_[at_];
        switch (c) {
            case '\\': take_backslash(); return;
            case '\'': take_single(); return;
            case '"': take_double(); return;
            case '$':
            case '`': take_expansion(); return;
            case ' ':
            case '\t':
            case '\r':
                end_word();
                ++at_;
                return;
            case '\n':
                end_word();
                end_command();
                ++at_;
                next_line();
                read_here_documents();
                return;
            case '#':
                if (in_word_) break;
                at_ = std::min(text_.find('\n', at_), text_.size());
                return;
            case ';':
            case '&':
            case '|':
            case '<':
            case '>':
            case '(':
            case ')': take_operator(c); return;
            default: break;
        }
        add(c);
        ++at_;
    }

    void next_line() {
        ++line_;
        line_begin_ = at_;
    }

    void add(char c) {
        begin_word();
        if (c == '\0') refuse(column(), "a NUL byte");
        word_.text.push_back(c);
    }
    void begin_word() {
        if (in_word_) return;
        in_word_ = true;
        word_ = Word{};
        word_.column = column();
        if (now_.words.empty() && now_.fault.empty()) now_.line = line_;
    }
    void end_word() {
        if (!in_word_) return;
        in_word_ = false;
        if (behind_or_ != Or::none) {
            take_word_behind_or();
            return;
        }
        if (redirected_) {
            redirected_ = false;
            return;
        }
        now_.words.push_back(std::move(word_));
    }
    // `|| true' forgives a failure, `|| exit 1' ends the script, as a fault does here anyway.
    void take_word_behind_or() {
        if (redirected_) {
            redirected_ = false;
            return;
        }
        const bool is_first = behind_or_ == Or::first;
        behind_or_ = Or::rest;
        if (!is_first || word_.text == "exit" || word_.text == "return") return;
        if (word_.text == "true" || word_.text == ":" || word_.text == "echo") {
            if (!commands_.empty()) commands_.back().may_fail = true;
            return;
        }
        refuse(word_.column, "`||' before anything but `true' or `exit' is a condition");
    }
    void end_command() {
        if (!now_.words.empty() || !now_.fault.empty()) commands_.push_back(std::move(now_));
        now_ = ShellCommand{};
        behind_or_ = Or::none;
        redirected_ = false;
    }
    void refuse(int column, std::string words) {
        if (!now_.fault.empty()) return;
        if (now_.words.empty()) now_.line = line_;
        now_.fault = std::move(words);
        now_.fault_column = column;
    }

    void take_backslash() {
        if (peek() == '\n') {  // the line goes on; columns count on, too
            at_ += 2;
            ++line_;
            return;
        }
        if (peek() == '\r' && peek(2) == '\n') {
            refuse(column(), "a carriage return behind the `\\': the line does not go on");
        }
        ++at_;
        if (at_ < text_.size()) add(text_[at_++]);
    }

    void take_single() {
        begin_word();
        word_.quoted = true;
        const int begin = column();
        const std::size_t end = text_.find('\'', at_ + 1);
        if (end == std::string_view::npos) {
            refuse(begin, "a quote that is never closed");
            at_ = text_.size();
            return;
        }
        for (++at_; at_ < end; ++at_) take_quoted_byte(text_[at_]);
        ++at_;
    }

    void take_quoted_byte(char c) {
        if (c == '\0') refuse(column(), "a NUL byte");
        word_.text.push_back(c);
        if (c == '\n') ++line_;
    }

    void take_double() {
        begin_word();
        word_.quoted = true;
        const int begin = column();
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            const char c = text_[at_];
            const char next = peek();
            if (c == '\\' && next == '\n') {
                ++line_;
                ++at_;
            } else if (c == '\\' && (next == '"' || next == '\\' || next == '$' || next == '`')) {
                word_.text.push_back(next);
                ++at_;
            } else if ((c == '$' && is_name(next)) || c == '`') {
                refuse_expansion();
                word_.text.push_back(c);
            } else {
                take_quoted_byte(c);
            }
        }
        if (at_ >= text_.size()) {
            refuse(begin, "a quote that is never closed");
            return;
        }
        ++at_;
    }

    static bool is_name(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '{' || c == '(' || c == '@' || c == '*' || c == '#' || c == '?' ||
               c == '$' || c == '!';
    }

    void refuse_expansion() {
        const char next = peek();
        if (text_[at_] == '`' || next == '(') {
            refuse(column(), "the output of a command: write what it would print");
            return;
        }
        std::size_t begin = at_ + 1;
        const bool braces = next == '{';
        if (braces) ++begin;
        std::size_t end = begin;
        while (end < text_.size() &&
               ((text_[end] >= 'a' && text_[end] <= 'z') ||
                (text_[end] >= 'A' && text_[end] <= 'Z') ||
                (text_[end] >= '0' && text_[end] <= '9') || text_[end] == '_')) {
            ++end;
        }
        const std::string name(text_.substr(begin, std::max<std::size_t>(end - begin, 1)));
        refuse(column(),
               "the variable `" + name + "': write what it stands for, no shell is run here");
    }

    void take_expansion() {
        if (text_[at_] == '$' && !is_name(peek())) {
            add('$');
        } else {
            begin_word();
            refuse_expansion();
            word_.text.push_back(text_[at_]);
            if (peek() == '(') skip_brackets();
        }
        ++at_;
    }
    // To the closing bracket of `$(', so that what stands in it is not taken for commands.
    void skip_brackets() {
        int depth = 0;
        while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
            ++at_;
            if (text_[at_] == '(') ++depth;
            if (text_[at_] == ')' && --depth == 0) return;
        }
    }

    void take_operator(char c) {
        const bool doubled = peek() == c;
        if (c == '<' || c == '>' || (c == '&' && peek() == '>')) {
            take_redirection();
            return;
        }
        const int begin = column();
        end_word();
        at_ += doubled ? 2 : 1;
        if (c == ';') {
            if (doubled) refuse(begin, "`;;': conditions are not followed");
            end_command();
        } else if (c == '&' && doubled) {
            end_command();
        } else if (c == '|' && doubled) {
            end_command();
            behind_or_ = Or::first;
        } else if (c == '&') {
            refuse(begin, "`&': a command in the background, whose turn nobody knows");
            end_command();
        } else if (c == '|') {
            now_.into_pipe = true;
            refuse(begin, "a pipe: what comes through it is known only when it runs");
            end_command();
        } else {
            refuse(begin, "a bracket: functions and subshells are not followed");
        }
    }

    // "2>/dev/null", ">> file", "2>&1": where words go to does not matter; where they come from does.
    void take_redirection() {
        const int begin = column();
        const bool input = text_[at_] == '<';
        const bool is_here = input && peek() == '<' && peek(2) != '<';
        const bool number =
            in_word_ && word_.text.find_first_not_of("0123456789") == std::string::npos;
        const bool is_stdin = !number || word_.text == "0";
        if (number) in_word_ = false;
        end_word();
        if (is_here) {
            announce_here_document(is_stdin);
            return;
        }
        while (at_ < text_.size() &&
               (text_[at_] == '<' || text_[at_] == '>' || text_[at_] == '&')) {
            ++at_;
        }
        if (input) refuse(begin, "input from elsewhere: only the script itself is read");
        redirected_ = true;
    }

    // `<<WORD', `<<-WORD': the text begins behind the end of this line and ends with WORD alone in one.
    struct Announced {
        std::string end;
        bool literal = false;
        bool strips_tabs = false;
        bool is_stdin = true;
        std::size_t command = 0;  // in commands_, once it is there
        std::size_t at = 0;
    };

    void announce_here_document(bool is_stdin) {
        Announced here;
        here.at = at_;
        here.is_stdin = is_stdin;
        here.command = commands_.size();
        at_ += 2;
        here.strips_tabs = at_ < text_.size() && text_[at_] == '-';
        if (here.strips_tabs) ++at_;
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        char open = 0;
        for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
            const char c = text_[at_];
            if (open == 0 && std::string_view(" \t\r;&|<>()").find(c) != std::string_view::npos)
                break;
            if (c == open) {
                open = 0;
            } else if (open == 0 && (c == '\'' || c == '"')) {
                open = c;
            } else if (open != '\'' && c == '\\' && at_ + 1 < text_.size()) {
                here.end.push_back(text_[++at_]);
            } else {
                here.end.push_back(c);
                continue;
            }
            here.literal = true;
        }
        announced_.push_back(std::move(here));
    }

    void read_here_documents() {
        for (const Announced& each : std::exchange(announced_, {})) {
            HereText here = read_here_document(each);
            if (each.is_stdin && each.command < commands_.size()) {
                commands_[each.command].here = std::move(here);
            }
        }
    }

    HereText read_here_document(const Announced& announced) {
        HereText here;
        while (at_ < text_.size()) {
            if (announced.strips_tabs) {
                at_ = std::min(text_.find_first_not_of('\t', at_), text_.size());
            }
            const std::size_t end = std::min(text_.find('\n', at_), text_.size());
            if (text_.substr(at_, end - at_) == announced.end) {
                here.origins.push_back(static_cast<std::uint32_t>(at_));
                at_ = std::min(end + 1, text_.size());
                next_line();
                return here;
            }
            take_here_line(here, announced.literal);
        }
        here.origins.push_back(static_cast<std::uint32_t>(text_.size()));
        refuse_here(here, announced.at, "a here-document that is never closed");
        return here;
    }

    // A line, and those that a `\' at its end joins to it.
    void take_here_line(HereText& here, bool literal) {
        while (at_ < text_.size()) {
            const char next = peek();
            const bool escapes = !literal && text_[at_] == '\\';
            if (escapes && next == '\n') {
                at_ += 2;
                next_line();
                continue;
            }
            if (escapes && (next == '\\' || next == '$' || next == '`')) {
                ++at_;
            } else if (!literal && (text_[at_] == '`' || (text_[at_] == '$' && is_name(next)))) {
                refuse_here(here, at_,
                            "a here-document in which the shell would put something: write what it "
                            "stands for, or quote the word behind `<<'");
            }
            here.origins.push_back(static_cast<std::uint32_t>(at_));
            here.text.push_back(text_[at_]);
            if (text_[at_++] == '\n') {
                next_line();
                return;
            }
        }
    }

    static void refuse_here(HereText& here, std::size_t at, std::string_view words) {
        if (!here.fault.empty()) return;
        here.fault = words;
        here.fault_at = at;
    }

    std::vector<Announced> announced_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_begin_ = 0;
    int line_ = 1;
    ShellCommand now_;
    Word word_;
    bool in_word_ = false;
    enum class Or : std::uint8_t { none, first, rest };
    Or behind_or_ = Or::none;
    bool redirected_ = false;
    std::vector<ShellCommand> commands_;
};

}  // namespace

std::vector<ShellCommand> split_script(std::string_view text) { return Shell(text).run(); }

}  // namespace keepstate::rules
