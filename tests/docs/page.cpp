// Text in, text out; see page.hpp.
#include "page.hpp"

#include <algorithm>
#include <regex>
#include <set>

#include "keepstate/conntrack.hpp"
#include "keepstate/reason.hpp"

namespace keepstate::docs {

namespace {

constexpr std::string_view kEnd = "<!-- end -->";
constexpr std::string_view kFence = "```";
constexpr std::string_view kLeftOut = "...";

/// "ladder", "-s a=1 x.pcap" of "<!-- ladder: -s a=1 x.pcap -->"; both empty if the line is no marker.
struct Marker {
    std::string name;
    std::string words;
};

Marker find_marker(const std::string& line) {
    static const std::regex form("<!-- ([a-z]+): (.*) -->");
    std::smatch parts;
    if (!std::regex_match(line, parts, form)) return {};
    return {parts[1], parts[2]};
}

/// Whether `shown` is `output` with lines, one or more, left out just where it says `...`.
bool is_excerpt(const std::vector<std::string>& shown, const std::vector<std::string>& output) {
    auto from = output.begin();
    bool skips = false;
    for (auto at = shown.begin(); at != shown.end();) {
        const auto end = std::find(at, shown.end(), kLeftOut);
        if (skips && from == output.end()) return false;
        const auto found = skips ? std::search(from + 1, output.end(), at, end) : from;
        if (output.end() - found < end - at || !std::equal(at, end, found)) return false;
        from = found + (end - at);
        skips = end != shown.end();
        at = skips ? end + 1 : end;
    }
    return skips ? from != output.end() : from == output.end();
}

/// A cursor over the lines of a page, and what is made of them.
struct Renderer {
    std::vector<std::string> lines;
    const Makers& makers;
    std::size_t at = 0;
    std::string out;

    void keep() { out += lines[at++] + "\n"; }
    bool has_line() const { return at < lines.size(); }
    void skip_to(std::string_view last) {
        while (has_line() && lines[at] != last) ++at;
    }

    /// The command that stands here, continued on the next line by a backslash.
    std::string take_command() {
        std::string command = lines[at].substr(2);
        keep();
        while (command.ends_with(" \\") && has_line()) {
            command.pop_back();
            command +=
                lines[at].substr(std::min(lines[at].find_first_not_of(' '), lines[at].size()));
            keep();
        }
        return command;
    }

    void render_console() {
        keep();
        while (has_line() && lines[at] != kFence) {
            if (!lines[at].starts_with("$ ")) {
                ++at;
                continue;
            }
            const std::string output = makers.run(take_command());
            std::vector<std::string> shown;
            while (has_line() && lines[at] != kFence && !lines[at].starts_with("$ ")) {
                shown.push_back(lines[at++]);
            }
            if (is_excerpt(shown, split_lines(output))) {
                for (const std::string& line : shown) out += line + "\n";
            } else {
                out += output;
            }
        }
    }

    void render_marker(const Marker& marker) {
        keep();
        if (marker.name == "ladder") {
            if (has_line() && lines[at] == "```text") keep();
            skip_to(kFence);
            out += makers.draw_ladder(marker.words);
        } else if (marker.name == "settings" || marker.name == "reasons") {
            skip_to(kEnd);
            out += "\n";
            out += marker.name == "settings" ? makers.settings_table(split_words(marker.words))
                                             : makers.reasons_table(marker.words);
            out += "\n";
        }
    }
};

bool is_setting(std::string_view name) {
    if (name.starts_with("nf_conntrack_")) name.remove_prefix(13);
    const auto texts = setting_texts();
    return std::any_of(texts.begin(), texts.end(),
                       [name](const SettingText& setting) { return setting.name == name; });
}

bool is_reason(std::string_view name) {
    for (std::size_t i = 1; i < kReasons; ++i) {
        if (text(static_cast<Reason>(i)) == name) return true;
    }
    return false;
}

void test_check(const std::string& words, std::vector<std::string>& faults) {
    const std::vector<std::string> parts = split_words(words);
    for (const SettingText& setting : setting_texts()) {
        if (parts.size() == 3 && parts[0] == "setting" && setting.name == parts[1] &&
            std::to_string(setting.default_value) == parts[2]) {
            return;
        }
    }
    faults.push_back("this check does not hold: " + words);
}

/// One section of a page: its prose, and what its made parts and checks prove.
struct Section {
    std::string prose;
    std::string proof;

    void test(std::vector<std::string>& faults) const {
        static const std::regex duration("\\b([0-9]+) (s|seconds|minutes|hours)\\b");
        static const std::regex number("[0-9]+");
        std::set<std::string> proved;
        for (std::sregex_iterator it(proof.begin(), proof.end(), number), end; it != end; ++it) {
            proved.insert(it->str());
        }
        for (std::sregex_iterator it(prose.begin(), prose.end(), duration), end; it != end; ++it) {
            if (!proved.contains((*it)[1])) {
                faults.push_back("nothing in this section shows that it is \"" + it->str() + "\"");
            }
        }
        static const std::regex word(
            "`((?:nf_conntrack|tcp|udp|udplite|icmp|icmpv6|sctp|gre|ipv4|ipv6|fragment|frame|tuple)"
            "_"
            "[a-z0-9_]+)(?:=[0-9]+)?`");
        for (std::sregex_iterator it(prose.begin(), prose.end(), word), end; it != end; ++it) {
            if (!is_reason((*it)[1].str()) && !is_setting((*it)[1].str())) {
                faults.push_back("no reason and no setting: " + (*it)[1].str());
            }
        }
    }
};

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool is_quoted = false;
    bool is_open = false;
    for (const char byte : text) {
        if (byte == '\'') {
            is_quoted = !is_quoted;
            is_open = true;
        } else if (byte == ' ' && !is_quoted) {
            if (is_open) words.push_back(std::exchange(word, {}));
            is_open = false;
        } else {
            word += byte;
            is_open = true;
        }
    }
    if (is_open) words.push_back(word);
    return words;
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string render(const std::string& page, const Makers& makers) {
    Renderer renderer{split_lines(page), makers, 0, {}};
    while (renderer.has_line()) {
        const std::string line = renderer.lines[renderer.at];
        if (line == "```console") {
            renderer.render_console();
        } else if (const Marker marker = find_marker(line); !marker.name.empty()) {
            renderer.render_marker(marker);
        } else {
            renderer.keep();
        }
    }
    return renderer.out;
}

std::vector<std::string> find_replays(const std::string& page) {
    constexpr std::string_view begin = "$ keepstate replay ";
    std::vector<std::string> replays;
    for (const std::string& line : split_lines(page)) {
        if (line.starts_with(begin)) replays.push_back(line.substr(begin.size()));
        if (const Marker marker = find_marker(line); marker.name == "ladder") {
            replays.push_back(marker.words);
        }
    }
    return replays;
}

std::vector<std::string> find_rule_blocks(const std::string& page) {
    std::vector<std::string> blocks;
    bool is_inside = false;
    for (const std::string& line : split_lines(page)) {
        if (is_inside && line == kFence) {
            is_inside = false;
            if (!blocks.back().starts_with("*")) {
                blocks.back() = "*filter\n" + blocks.back() + "COMMIT\n";
            }
        } else if (is_inside) {
            blocks.back() += line + "\n";
        } else if (line == "```iptables") {
            is_inside = true;
            blocks.emplace_back();
        }
    }
    return blocks;
}

std::vector<std::string> find_links(const std::string& page) {
    static const std::regex link("\\]\\(([^)#]+)[^)]*\\)");
    std::vector<std::string> links;
    for (std::sregex_iterator it(page.begin(), page.end(), link), end; it != end; ++it) {
        if (!(*it)[1].str().starts_with("http")) links.push_back((*it)[1]);
    }
    return links;
}

std::vector<std::string> find_faults(const std::string& page) {
    std::vector<std::string> faults;
    Section section;
    bool is_fenced = false;
    bool is_made = false;
    for (const std::string& line : split_lines(page)) {
        if (line.starts_with("## ")) {
            section.test(faults);
            section = {};
        }
        const Marker marker = find_marker(line);
        static const std::set<std::string> known{"ladder", "settings", "reasons", "check"};
        if (line.starts_with("<!--") && !known.contains(marker.name) && line != kEnd) {
            faults.push_back("an unknown marker: " + line);
        }
        if (line.starts_with(kFence)) {
            is_fenced = !is_fenced;
            const bool is_known =
                !is_fenced || line == "```console" || line == "```text" || line == "```iptables";
            if (!is_known) faults.push_back("a block that nothing tests: " + line);
        }
        if (marker.name == "settings" || marker.name == "reasons") is_made = true;
        if (line == kEnd) is_made = false;
        if (marker.name == "check") {
            test_check(marker.words, faults);
            section.proof += marker.words + "\n";
        } else if (is_fenced || is_made) {
            section.proof += line + "\n";
        } else {
            section.prose += line + "\n";
        }
    }
    section.test(faults);
    return faults;
}

}  // namespace keepstate::docs
