// The end of a scenario compared, and failures printed; see scenario_outcome.hpp.
#include "cli/scenario_outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace keepstate::cli {

namespace {

constexpr std::size_t kEntryTimeoutWord = 4;

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        if (end > begin) lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

bool may_be_left_out(std::string_view word) {
    for (const std::string_view start :
         {"mark=", "zone=", "use=", "packets=", "bytes=", "secctx=", "delta-time="}) {
        if (word.starts_with(start)) return true;
    }
    return false;
}

std::optional<std::int64_t> number_of(std::string_view word) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failure != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return number;
}

bool fits_word(std::string_view wish, std::string_view word, std::int64_t slack) {
    if (wish == "*" || wish == word) return true;
    const auto wanted = number_of(wish);
    const auto got = number_of(word);
    return slack != 0 && wanted && got && *got - *wanted <= slack && *wanted - *got <= slack;
}

/// fits_entry for lines whose timeout is word number `timeout_word`, from 0.
bool fits_line(std::string_view wish, std::string_view line, std::size_t timeout_word,
               std::int64_t slack_s) {
    const auto wishes = words_of(wish);
    const auto words = words_of(line);
    std::size_t next = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::int64_t slack = i == timeout_word ? slack_s : 0;
        if (next < wishes.size() && fits_word(wishes[next], words[i], slack)) {
            ++next;
        } else if (!may_be_left_out(words[i])) {
            return false;
        }
    }
    return next == wishes.size();
}

/// Whether the line stands in the part of `save` that belongs to `table` (empty: any table).
bool stands_in(std::string_view save, const std::string& table, std::string_view wanted) {
    std::string_view current;
    for (const std::string_view line : lines_of(save)) {
        if (line.starts_with('*')) current = line.substr(1);
        if (line == wanted && (table.empty() || table == current)) return true;
    }
    return false;
}

/// The line whose words without the counters are the same, to show what was got.
std::string find_like(std::string_view save, const std::string& table, std::string_view wanted) {
    const auto without_counters = [](std::string_view line) {
        std::string kept;
        for (const std::string_view word : words_of(line)) {
            if (!word.starts_with('[')) kept += std::string(word) + " ";
        }
        return kept;
    };
    std::string_view current;
    for (const std::string_view line : lines_of(save)) {
        if (line.starts_with('*')) current = line.substr(1);
        const bool is_here = table.empty() || table == current;
        if (is_here && without_counters(line) == without_counters(wanted)) return std::string(line);
    }
    return "no such line";
}

void compare_counters(const std::vector<EndLine>& wishes, const std::string& save, Played& played) {
    std::string table;
    for (const EndLine& wish : wishes) {
        if (wish.words.starts_with('*')) {
            table = wish.words.substr(1);
        } else if (!stands_in(save, table, wish.words)) {
            played.end_faults.push_back(
                {wish.line, {"counter", wish.words, find_like(save, table, wish.words)}});
        }
    }
}

/// Lines in any order, each with its timeout at one place; `what`: one of them.
void compare_lines(std::string_view what, const std::vector<EndLine>& wishes,
                   const std::string& lines, std::size_t timeout_word, std::int64_t slack_s,
                   Played& played) {
    std::vector<std::string_view> left = lines_of(lines);
    std::vector<const EndLine*> unfulfilled;
    for (const EndLine& wish : wishes) {
        const auto found = std::find_if(left.begin(), left.end(), [&](std::string_view line) {
            return fits_line(wish.words, line, timeout_word, slack_s);
        });
        if (found == left.end()) {
            unfulfilled.push_back(&wish);
        } else {
            left.erase(found);
        }
    }
    for (std::size_t i = 0; i < std::max(unfulfilled.size(), left.size()); ++i) {
        const bool has_wish = i < unfulfilled.size();
        played.end_faults.push_back({has_wish ? unfulfilled[i]->line : 0,
                                     {std::string(what), has_wish ? unfulfilled[i]->words : "none",
                                      i < left.size() ? std::string(left[i]) : "none"}});
    }
}

/// Events come in one order only, so each wish is held against the line in its place.
void compare_events(const std::vector<EndLine>& wishes, std::int64_t slack_s, Played& played) {
    constexpr std::size_t kTimeoutWord = 3;
    const std::vector<std::string_view> lines = lines_of(played.events);
    for (std::size_t i = 0; i < std::max(wishes.size(), lines.size()); ++i) {
        const bool has_wish = i < wishes.size();
        const bool has_line = i < lines.size();
        if (has_wish && has_line && fits_line(wishes[i].words, lines[i], kTimeoutWord, slack_s)) {
            continue;
        }
        played.end_faults.push_back({has_wish ? wishes[i].line : 0,
                                     {"event", has_wish ? wishes[i].words : "none",
                                      has_line ? std::string(lines[i]) : "none"}});
    }
}

void compare_statistics(const std::vector<EndLine>& wishes, Played& played) {
    const auto words = words_of(played.statistics);
    for (const EndLine& wish : wishes) {
        const std::string_view name =
            std::string_view(wish.words).substr(0, wish.words.find('=') + 1);
        const auto got = std::find_if(words.begin(), words.end(), [name](std::string_view word) {
            return word.starts_with(name);
        });
        const std::string found = got == words.end() ? "no such word" : std::string(*got);
        if (found != wish.words)
            played.end_faults.push_back({wish.line, {"stats", wish.words, found}});
    }
}

void print_difference(const Difference& difference, std::string& out) {
    constexpr std::size_t kLong = 30;
    if (difference.wanted.size() > kLong || difference.got.size() > kLong) {
        out += fmt::format("    {}\n        wanted {}\n        got    {}\n", difference.what,
                           difference.wanted, difference.got);
        return;
    }
    out += fmt::format("    {:<15} wanted {:<30} got {}\n", difference.what, difference.wanted,
                       difference.got);
}

}  // namespace

bool Played::is_as_wished() const {
    return end_faults.empty() &&
           std::all_of(steps.begin(), steps.end(),
                       [](const PlayedStep& step) { return step.differences.empty(); });
}

bool fits_entry(std::string_view wish, std::string_view line, std::int64_t slack_s) {
    return fits_line(wish, line, kEntryTimeoutWord, slack_s);
}

void compare_end(const Scenario& scenario, std::int64_t slack_s, Played& played) {
    if (scenario.entries) {
        compare_lines("entry", *scenario.entries, played.entries, kEntryTimeoutWord, slack_s,
                      played);
    }
    if (scenario.expectations) {
        compare_lines("expectation", *scenario.expectations, played.expectations, 0, slack_s,
                      played);
    }
    if (scenario.events) compare_events(*scenario.events, slack_s, played);
    compare_counters(scenario.counters4, played.counters4, played);
    compare_counters(scenario.counters6, played.counters6, played);
    compare_statistics(scenario.statistics, played);
}

std::string print_failures(const Scenario& scenario, const Played& played) {
    std::string out;
    for (std::size_t i = 0; i < played.steps.size(); ++i) {
        const PlayedStep& step = played.steps[i];
        if (step.differences.empty()) continue;
        out += fmt::format("{}:{}: packet {}: {}\n", scenario.file, scenario.steps[i].line, i + 1,
                           scenario.steps[i].words);
        for (const Difference& difference : step.differences) print_difference(difference, out);
        out += fmt::format("    in all it was   {}\n", print_seen(step.seen));
        out += step.story;
    }
    for (const EndFault& fault : played.end_faults) {
        out += fmt::format("{}:{}: at the end\n", scenario.file, fault.line);
        print_difference(fault.difference, out);
    }
    return out;
}

}  // namespace keepstate::cli
