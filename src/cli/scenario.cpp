// Scenario files out of YAML; see scenario.hpp and docs/scenarios.md.
//
// yaml-cpp throws on text that is no YAML; that is caught in parse_scenario and nowhere else. All else is
// asked of nodes whose kind was tested before. A packet line is read in three steps:
//
//     "+3s client flags syn => NEW 120s"
//      '-' delay   '-------'         '------' wish
//                  names put in, each byte remembering its column -> parse_packet_text
#include "cli/scenario.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "base/words.hpp"

namespace keepstate::cli {

namespace {

constexpr std::array<std::string_view, 19> kKeys{
    "about",  "names",    "devices",   "local", "settings",     "timeouts", "rules",
    "rules6", "ipset",    "sockets",   "osf",   "packets",      "entries",  "expectations",
    "events", "counters", "counters6", "stats", "not-on-kernel"};
constexpr std::array<std::string_view, 3> kStepKeys{"packet", "after", "want"};
constexpr std::int64_t kNsPerMs = 1'000'000;
/// So that no packet is too big, unless the scenario is about that.
constexpr std::uint32_t kLargestMtu = 65535;

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':' || c == '/' || c == ',' || c == '[' || c == ']';
}

std::vector<std::string_view> split_words(std::string_view line) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t\n", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(" \t\n", at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

/// A line of text with, for each byte, the column in the file that it came from.
struct Expanded {
    std::string text;
    std::vector<int> columns;
    int end_column = 0;

    int column_of(int column) const {
        const auto at = static_cast<std::size_t>(column - 1);
        return at < columns.size() ? columns[at] : end_column;
    }
};

class Reader {
  public:
    Reader(std::string_view text, std::string file) {
        scenario_.file = std::move(file);
        std::size_t begin = 0;
        while (begin <= text.size()) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            lines_.emplace_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
    }

    Result<Scenario> read(const YAML::Node& root) {
        set_house();
        if (!root.IsMap()) {
            fault_at(1, 1, "a scenario is a list of `key: value' lines: about, packets, ...");
        } else {
            check_keys(root, kKeys);
            read_setup(root);
            read_steps(root["packets"]);
            read_end(root);
        }
        if (scenario_.about.empty() && root.IsMap())
            fault_at(1, 1, "`about:' is missing: one sentence");
        if (!faults_.empty()) return Unexpected(Error{ErrorKind::input, std::move(faults_)});
        return std::move(scenario_);
    }

    Error error_of(const YAML::Exception& exception) {
        const bool is_colon = exception.msg == "illegal map value";
        fault_at(exception.mark.line + 1, exception.mark.column + 1,
                 is_colon ? "a value with `: ' inside must stand in quotes" : exception.msg);
        return Error{ErrorKind::input, std::move(faults_)};
    }

  private:
    // --- faults -----------------------------------------------------------------------------------
    void fault_at(int line, int column, std::string words) {
        const auto i = static_cast<std::size_t>(line - 1);
        faults_.push_back(Fault{scenario_.file, line, column, std::move(words),
                                i < lines_.size() ? std::string(lines_[i]) : std::string()});
    }
    /// Column of a scalar's first byte: the quotation mark of a quoted one does not count.
    static int text_column(const YAML::Node& node) {
        return node.Mark().column + 1 + (node.Tag() == "!" ? 1 : 0);
    }
    void fault(const YAML::Node& node, std::string words) {
        fault_at(node.Mark().line + 1, node.Mark().column + 1, std::move(words));
    }

    void check_keys(const YAML::Node& map, std::span<const std::string_view> known) {
        std::set<std::string> seen;
        for (const auto& pair : map) {
            const std::string key = text_of(pair.first, "a key");
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                fault(pair.first, fmt::format("unknown key `{}'; the nearest is {}", key,
                                              base::nearest_word(key, known)));
            } else if (!seen.insert(key).second) {
                fault(pair.first, fmt::format("`{}' stands here twice", key));
            }
        }
    }

    std::string text_of(const YAML::Node& node, std::string_view what) {
        if (node.IsScalar()) return node.Scalar();
        fault(node, fmt::format("{} should stand here", what));
        return {};
    }

    // --- setup ------------------------------------------------------------------------------------
    /// Where a scenario plays that does not say otherwise.
    void set_house() {
        const auto device = [this](const char* name, const char* network4, const char* network6) {
            scenario_.devices.push_back({name, {*parse_prefix(network4), *parse_prefix(network6)}});
            scenario_.devices.back().mtu = kLargestMtu;
        };
        device("eth0", "10.0.0.0/24", "2001:db8::/64");
        device("eth1", "10.0.1.0/24", "2001:db8:1::/64");
        for (const char* own : {"10.0.0.254", "10.0.1.254", "2001:db8::fe", "2001:db8:1::fe"}) {
            scenario_.local.push_back(*parse_address(own));
        }
    }

    void read_setup(const YAML::Node& root) {
        if (const YAML::Node about = root["about"])
            scenario_.about = text_of(about, "one sentence");
        if (const YAML::Node why = root["not-on-kernel"]) {
            scenario_.not_on_kernel = text_of(why, "why the kernel cannot play it");
        }
        read_names(root["names"]);
        read_devices(root["devices"]);
        read_local(root["local"]);
        read_settings(root["settings"]);
        if (const YAML::Node node = root["timeouts"]) scenario_.timeouts = block_of(node);
        if (const YAML::Node rules = root["rules"]) scenario_.rules4 = block_of(rules);
        if (const YAML::Node rules = root["rules6"]) scenario_.rules6 = block_of(rules);
        if (const YAML::Node sets = root["ipset"]) scenario_.ip_sets = block_of(sets);
        if (const YAML::Node sockets = root["sockets"]) scenario_.sockets = block_of(sockets);
        if (const YAML::Node lines = root["osf"]) scenario_.fingerprints = block_of(lines);
    }

    /// Text of a `|` block: it begins on the line below, all its lines indented alike.
    TextBlock block_of(const YAML::Node& node) {
        TextBlock block{text_of(node, "a block of text (|)"), node.Mark().line + 1, 0};
        const auto above = static_cast<std::size_t>(node.Mark().line);
        if (above < lines_.size() &&
            lines_[above].find('|', static_cast<std::size_t>(node.Mark().column)) !=
                std::string_view::npos) {
            ++block.first_line;
        }
        for (auto i = static_cast<std::size_t>(block.first_line - 1); i < lines_.size(); ++i) {
            const std::size_t blanks = lines_[i].find_first_not_of(' ');
            if (blanks == std::string_view::npos) continue;
            block.indent = static_cast<int>(blanks);
            break;
        }
        return block;
    }

    void read_names(const YAML::Node& node) {
        if (!node || node.IsNull()) return;
        if (!node.IsMap()) return fault(node, "`names' are `name: words' lines");
        for (const auto& pair : node) {
            names_[text_of(pair.first, "a name")] = text_of(pair.second, "the words it stands for");
        }
    }

    void read_devices(const YAML::Node& node) {
        if (!node) return;
        const bool is_none = node.IsScalar() && node.Scalar() == "none";
        if (!node.IsMap() && !is_none) {
            return fault(node, "`devices' are `eth0: [10.0.0.0/24, ...]' lines, or `none'");
        }
        scenario_.devices.clear();
        if (is_none) return scenario_.local.clear();
        for (const auto& pair : node) {
            DeviceSetup device{text_of(pair.first, "a device"), {}};
            device.mtu = kLargestMtu;
            read_list(pair.second, [&](const YAML::Node& item) {
                const std::string words = text_of(item, "a network");
                if (words.starts_with("mtu ")) {
                    device.mtu = read_mtu(item, std::string_view(words).substr(4));
                } else if (const auto prefix = parse_prefix(words)) {
                    device.networks.push_back(*prefix);
                } else {
                    fault(item,
                          fmt::format("`{}' is no network (10.0.0.0/24, 2001:db8::/64)", words));
                }
            });
            scenario_.devices.push_back(std::move(device));
        }
    }

    std::uint32_t read_mtu(const YAML::Node& node, std::string_view digits) {
        constexpr std::uint32_t kLeast = 68;  // RFC 791: what every device carries
        std::uint32_t mtu = 0;
        const auto [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), mtu);
        const bool is_number = failure == std::errc{} && end == digits.data() + digits.size();
        if (is_number && mtu >= kLeast && mtu <= kLargestMtu) return mtu;
        fault(node, fmt::format("`{}' is no MTU: {} to {} bytes", digits, kLeast, kLargestMtu));
        return kLargestMtu;
    }

    void read_local(const YAML::Node& node) {
        if (!node) return;
        scenario_.local.clear();
        read_list(node, [&](const YAML::Node& item) {
            const std::string words = text_of(item, "an address");
            if (const auto address = parse_address(words)) {
                scenario_.local.push_back(*address);
            } else {
                fault(item, fmt::format("`{}' is no address", words));
            }
        });
    }

    template <typename Each>
    void read_list(const YAML::Node& node, Each each) {
        if (node.IsScalar()) return each(node);
        if (!node.IsSequence()) return fault(node, "a list should stand here: [one, two]");
        for (const YAML::Node& item : node) each(item);
    }

    void read_settings(const YAML::Node& node) {
        if (!node) return;
        if (!node.IsMap()) return fault(node, "`settings' are `nf_conntrack_...: value' lines");
        for (const auto& pair : node) {
            const std::string key = text_of(pair.first, "a setting");
            const std::string value = text_of(pair.second, "its value");
            const bool is_of_helper = HelperSettings::has(key);
            const Result<void> set = is_of_helper ? scenario_.helpers.set(key, value)
                                                  : scenario_.settings.set(key, value);
            if (!set) fault(pair.first, set.error().faults.front().words);
            if (is_of_helper) {
                scenario_.has_helper_settings = true;
                continue;
            }
            const std::size_t dot = key.rfind('.');
            std::string name = dot == std::string::npos ? key : key.substr(dot + 1);
            if (!name.starts_with("nf_conntrack_")) name = "nf_conntrack_" + name;
            scenario_.setting_texts.emplace_back("net.netfilter." + name, value);
        }
    }

    // --- packets ----------------------------------------------------------------------------------
    void read_steps(const YAML::Node& node) {
        if (!node) return fault_at(1, 1, "`packets:' is missing: a list, one packet an item");
        if (!node.IsSequence())
            return fault(node, "`packets' is a list: each item begins with `- '");
        for (const YAML::Node& item : node) {
            if (item.IsScalar()) {
                read_step_line(item);
            } else if (item.IsMap()) {
                read_step_map(item);
            } else {
                fault(item, "a packet should stand here");
            }
        }
    }

    void read_step_line(const YAML::Node& item) {
        Step step;
        step.line = item.Mark().line + 1;
        std::string_view words = item.Scalar();
        int column = text_column(item);
        const std::size_t arrow = words.rfind("=>");
        if (arrow != std::string_view::npos) {
            read_wish(words.substr(arrow + 2), step.line, column + static_cast<int>(arrow) + 2,
                      step.wish);
            words = words.substr(0, arrow);
        }
        if (words.starts_with('+')) {
            const std::size_t end = std::min(words.find(' '), words.size());
            step.after_ns = read_span(words.substr(1, end - 1), step.line, column + 1);
            words.remove_prefix(end);
            column += static_cast<int>(end);
        }
        read_packet(words, column, std::move(step));
    }

    void read_step_map(const YAML::Node& item) {
        check_keys(item, kStepKeys);
        Step step;
        step.line = item.Mark().line + 1;
        if (const YAML::Node after = item["after"]) {
            step.after_ns =
                read_span(text_of(after, "a time"), after.Mark().line + 1, text_column(after));
        }
        if (const YAML::Node want = item["want"]) {
            read_wish(text_of(want, "what is wanted"), want.Mark().line + 1, text_column(want),
                      step.wish);
        }
        const YAML::Node packet = item["packet"];
        if (!packet) return fault(item, "`packet:' is missing");
        step.line = packet.Mark().line + 1;
        read_packet(text_of(packet, "a packet"), text_column(packet), std::move(step));
    }

    void read_packet(std::string_view words, int column, Step step) {
        while (!words.empty() && words.front() == ' ') words.remove_prefix(1), ++column;
        while (!words.empty() && words.back() == ' ') words.remove_suffix(1);
        step.words = words;
        const Expanded expanded = put_names_in(words, column);
        Result<WrittenPacket> packet = parse_packet_text(expanded.text);
        if (!packet) {
            for (Fault& f : packet.error().faults) {
                fault_at(step.line, expanded.column_of(f.column), std::move(f.words));
            }
            return;
        }
        step.packet = std::move(*packet);
        scenario_.steps.push_back(std::move(step));
    }

    Expanded put_names_in(std::string_view words, int column) const {
        Expanded expanded;
        expanded.end_column = column + static_cast<int>(words.size());
        for (std::size_t i = 0; i < words.size();) {
            std::size_t end = i;
            while (end < words.size() && is_name_byte(words[end])) ++end;
            if (end == i) ++end;
            const std::string_view word = words.substr(i, end - i);
            const auto name = names_.find(word);
            const int first = column + static_cast<int>(i);
            for (std::size_t k = 0; name == names_.end() && k < word.size(); ++k) {
                expanded.columns.push_back(first + static_cast<int>(k));
            }
            if (name != names_.end()) {
                expanded.columns.resize(expanded.columns.size() + name->second.size(), first);
            }
            expanded.text += name == names_.end() ? word : std::string_view(name->second);
            i = end;
        }
        return expanded;
    }

    void read_wish(std::string_view words, int line, int column, Wish& wish) {
        std::vector<Fault> faults;
        std::string rest(words);
        std::vector<std::uint8_t> leaves = take_packet("leaves", rest, line, column);
        std::vector<std::uint8_t> answered = take_packet("answered", rest, line, column);
        wish = parse_wish(rest, column, faults);
        wish.leaves = std::move(leaves);
        wish.answered = std::move(answered);
        for (Fault& f : faults) fault_at(line, f.column, std::move(f.words));
    }

    /// Takes "KEY (PACKET)" out of a wish: its place is filled with blanks.
    std::vector<std::uint8_t> take_packet(std::string_view key, std::string& words, int line,
                                          int column) {
        const std::string start = fmt::format("{} (", key);
        const std::size_t at = words.find(start);
        if (at == std::string::npos) return {};
        const std::size_t first = at + start.size();
        std::size_t end = first;
        for (int open = 1; end < words.size(); ++end) {
            open += words[end] == '(' ? 1 : words[end] == ')' ? -1 : 0;
            if (open == 0) break;
        }
        const int packet_column = column + static_cast<int>(first);
        if (end == words.size()) {
            fault_at(line, packet_column, "`(' without `)'");
            return {};
        }
        const Expanded expanded =
            put_names_in(std::string_view(words).substr(first, end - first), packet_column);
        std::fill(words.begin() + static_cast<std::ptrdiff_t>(at),
                  words.begin() + static_cast<std::ptrdiff_t>(end) + 1, ' ');
        Result<WrittenPacket> packet = parse_packet_text(expanded.text);
        if (packet) return std::move(packet->ip);
        for (Fault& f : packet.error().faults) {
            fault_at(line, expanded.column_of(f.column), std::move(f.words));
        }
        return {};
    }

    std::int64_t read_span(std::string_view words, int line, int column) {
        const bool is_ms = words.ends_with("ms");
        std::string_view digits = words;
        if (words.ends_with('s')) digits.remove_suffix(is_ms ? 2 : 1);
        std::uint32_t number = 0;
        const auto [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (failure != std::errc{} || end != digits.data() + digits.size() ||
            digits.size() == words.size()) {
            fault_at(line, column, fmt::format("`{}' is no time: 3s or 1500ms", words));
        }
        return std::int64_t{number} * (is_ms ? kNsPerMs : kNsPerSecond);
    }

    // --- the end ----------------------------------------------------------------------------------
    void read_end(const YAML::Node& root) {
        if (const YAML::Node entries = root["entries"]) {
            scenario_.entries = lines_or_none(entries);
        }
        if (const YAML::Node expectations = root["expectations"]) {
            scenario_.expectations = lines_or_none(expectations);
        }
        if (const YAML::Node events = root["events"]) scenario_.events = lines_of(events);
        if (const YAML::Node counters = root["counters"]) scenario_.counters4 = lines_of(counters);
        if (const YAML::Node counters = root["counters6"]) scenario_.counters6 = lines_of(counters);
        if (const YAML::Node stats = root["stats"]) read_statistics(stats);
    }

    std::vector<EndLine> lines_or_none(const YAML::Node& node) {
        std::vector<EndLine> lines = lines_of(node);
        if (lines.size() == 1 && lines.front().words == "none") lines.clear();
        return lines;
    }

    void read_statistics(const YAML::Node& node) {
        std::string line;
        print_statistics({}, line);
        std::vector<std::string_view> known;
        for (const std::string_view word : split_words(line)) {
            if (const auto equals = word.find('='); word.find("cpu=") != 0)
                known.push_back(word.substr(0, equals));
        }
        const std::string words = text_of(node, "words of conntrack -S: drop=1 ...");
        for (const std::string_view word : split_words(words)) {
            const std::string_view name = word.substr(0, word.find('='));
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                fault(node, fmt::format("conntrack -S has no `{}'; the nearest is {}", name,
                                        base::nearest_word(name, known)));
            } else {
                scenario_.statistics.push_back({node.Mark().line + 1, std::string(word)});
            }
        }
    }

    std::vector<EndLine> lines_of(const YAML::Node& node) {
        const TextBlock block = block_of(node);
        std::vector<EndLine> lines;
        std::size_t begin = 0;
        for (int line = block.first_line; begin < block.text.size(); ++line) {
            const std::size_t end = std::min(block.text.find('\n', begin), block.text.size());
            if (end > begin) lines.push_back({line, block.text.substr(begin, end - begin)});
            begin = end + 1;
        }
        return lines;
    }

    Scenario scenario_;
    std::vector<std::string_view> lines_;
    std::vector<Fault> faults_;
    std::map<std::string, std::string, std::less<>> names_;
};

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, std::string file) {
    Reader reader(text, std::move(file));
    try {
        return reader.read(YAML::Load(std::string(text)));
    } catch (const YAML::Exception& exception) {
        return Unexpected(reader.error_of(exception));
    }
}

}  // namespace keepstate::cli
