// See restore.hpp. This file: how iptables-restore reads its command line.
//
// source: seen: iptables-restore 1.8.9, tests/rules/scripts/here-options.sh and fail-here-*.sh.
#include <fmt/format.h>

#include <algorithm>

#include "rules/restore.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

namespace {

struct RestoreOption {
    std::string_view name;
    char letter;
    bool wants_value;
    bool may_have_value;
};

constexpr RestoreOption kOptions[] = {
    {"counters", 'c', false, false}, {"verbose", 'v', false, false},
    {"version", 'V', false, false},  {"test", 't', false, false},
    {"help", 'h', false, false},     {"noflush", 'n', false, false},
    {"modprobe", 'M', true, false},  {"table", 'T', true, false},
    {"wait", 'w', false, true},      {"wait-interval", 'W', false, true},
    {"", 'b', false, false},
};

class RestoreWords {
  public:
    RestoreWords(std::span<const Word> words, int line, Faults& faults)
        : words_(words), line_(line), faults_(faults) {
        options_.counters = CounterUse::ignored;
    }

    std::optional<RestoreOptions> run() {
        const std::size_t before = faults_.size();
        for (; at_ < words_.size() && !ended_ && faults_.size() == before; ++at_) take();
        if (faults_.size() == before && interval_ != nullptr && !waits_ && !ended_) {
            fault(*interval_, "`-W' goes only with `-w'");
        }
        if (ended_ || faults_.size() != before) return std::nullopt;
        return std::move(options_);
    }

  private:
    void fault(const Word& word, std::string text) {
        faults_.add(line_, word.column, std::move(text), {});
    }

    void take() {
        const Word& word = words_[at_];
        const std::string_view text = word.text;
        if (plain_ || text.size() < 2 || text.front() != '-') {
            fault(word,
                  fmt::format("iptables-restore would read the file `{}': give that one", text));
        } else if (text == "--") {
            plain_ = true;
        } else if (text[1] == '-') {
            take_long(word);
        } else {
            take_short(word);
        }
    }

    void take_long(const Word& word) {
        const std::string_view text = std::string_view(word.text).substr(2);
        const std::string_view name = text.substr(0, text.find('='));
        const bool attached = name.size() != text.size();
        const RestoreOption* found = nullptr;
        for (const RestoreOption& option : kOptions) {
            if (option.name.empty() || option.name.substr(0, name.size()) != name) continue;
            if (found != nullptr && found->name != name && option.name != name) {
                fault(word, fmt::format("`{}' may mean several options", word.text));
                return;
            }
            if (found == nullptr || option.name == name) found = &option;
        }
        if (found == nullptr || (attached && !found->wants_value && !found->may_have_value)) {
            fault(word, fmt::format("unknown option `{}' of iptables-restore", word.text));
            return;
        }
        const std::string_view value = attached ? text.substr(name.size() + 1) : std::string_view{};
        use(*found, word, value, attached);
    }

    void take_short(const Word& word) {
        for (std::size_t i = 1; i < word.text.size(); ++i) {
            const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                             [&](auto& row) { return row.letter == word.text[i]; });
            if (found == std::end(kOptions)) {
                fault(word, fmt::format("unknown option `{}' of iptables-restore", word.text));
                return;
            }
            const bool attached = found->wants_value && i + 1 < word.text.size();
            const std::string_view rest = std::string_view(word.text).substr(i + 1);
            use(*found, word, rest, attached);
            if (found->wants_value || ended_) return;
            // A value of -w and -W stands in the next word, also behind a cluster.
        }
    }

    void use(const RestoreOption& option, const Word& word, std::string_view value, bool attached) {
        if (option.wants_value && !attached) {
            if (at_ + 1 >= words_.size()) {
                fault(word, fmt::format("`{}' needs a value", word.text));
                return;
            }
            value = words_[++at_].text;
        }
        switch (option.letter) {
            case 'c': options_.counters = CounterUse::demanded; break;
            case 'n': options_.flushes = false; break;
            case 't': options_.tests = true; break;
            case 'T': options_.table = value; break;
            case 'h':
            case 'V': ended_ = true; break;
            case 'w':
            case 'W': take_wait(option.letter, word, value, attached); break;
            default: break;
        }
    }

    void take_wait(char letter, const Word& word, std::string_view value, bool attached) {
        (letter == 'w' ? waits_ : interval_) = &word;
        if (!attached) {
            const bool next = at_ + 1 < words_.size() && !words_[at_ + 1].text.empty() &&
                              words_[at_ + 1].text.front() != '-' &&
                              words_[at_ + 1].text.front() != '!';
            if (!next && letter == 'W') fault(word, "`-W' needs a value");
            if (!next) return;
            value = words_[++at_].text;
        }
        if (!parse_number(value, 0, 0x7fffffff))
            fault(word, fmt::format("`{}' is no number", value));
    }

    std::span<const Word> words_;
    int line_;
    Faults& faults_;
    RestoreOptions options_;
    std::size_t at_ = 0;
    bool plain_ = false;  // behind `--'
    bool ended_ = false;  // -h or -V: nothing is read
    const Word* waits_ = nullptr;
    const Word* interval_ = nullptr;
};

}  // namespace

std::optional<RestoreOptions> read_restore_words(std::span<const Word> words, int line,
                                                 Faults& faults) {
    return RestoreWords(words, line, faults).run();
}

}  // namespace keepstate::rules
