// See replay_call.hpp.
#include "replay_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <variant>

#include "base/assert.hpp"
#include "cli/replay_options.hpp"
#include "keepstate/state.hpp"
#include "page.hpp"

namespace keepstate::docs {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

struct Ran {
    int status = -1;
    std::string out;
};

Ran run_program(const std::string& arguments, const std::string& folder) {
    const std::string line = "cd '" + folder + "' && NO_COLOR=1 '" + KEEPSTATE_PROGRAM + "' " +
                             arguments + " 2>/dev/null";
    Ran ran;
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) return ran;
    char block[4096];
    for (std::size_t got; (got = std::fread(block, 1, sizeof block, pipe)) > 0;) {
        ran.out.append(block, got);
    }
    ran.status = ::pclose(pipe);
    return ran;
}

std::string word_or_empty(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

bool has(const std::vector<std::string>& words, const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

PacketFacts facts_of(const nlohmann::json& object, double begin) {
    PacketFacts facts;
    facts.time = fmt::format("{:.3f}", std::stod(word_or_empty(object, "time")) - begin);
    const std::string summary = word_or_empty(object, "summary");
    static const std::regex form("(\\S+) > (\\S+) ?(.*)");
    std::smatch parts;
    facts.summary = summary;  // of a broken header there are no addresses to tell
    if (std::regex_match(summary, parts, form)) {
        facts.source = parts[1];
        facts.destination = parts[2];
        facts.summary = parts[3];
    }
    facts.state = word_or_empty(object, "ctstate");
    facts.direction = word_or_empty(object, "ctdir");
    facts.reason = word_or_empty(object, "reason");
    facts.protocol_state = word_or_empty(object, "tcp_state") + word_or_empty(object, "sctp_state");
    facts.timeout = word_or_empty(object, "timeout");
    if (object["status"].is_array()) {
        facts.status = object["status"].get<std::vector<std::string>>();
    }
    facts.is_gone = has(facts.status, "DYING");
    facts.has_entry = !word_or_empty(object, "connection").empty() && !facts.is_gone;
    facts.verdict = word_or_empty(object, "verdict");
    if (!object["table"].is_null()) {
        const std::string number = word_or_empty(object, "rule");
        facts.rule = word_or_empty(object, "table") + " " + word_or_empty(object, "chain") + " " +
                     (number.empty() ? "policy" : number);
    }
    return facts;
}

std::string host_of(const std::string& endpoint) {
    const std::size_t bracket = endpoint.find(']');
    if (bracket != std::string::npos) return endpoint.substr(1, bracket - 1);
    if (std::count(endpoint.begin(), endpoint.end(), ':') > 1) return endpoint;
    return endpoint.substr(0, endpoint.find(':'));
}

/// Whether `endpoint` is the one that a column of the ladder names: a packet without ports names the host alone.
bool is_named(const std::string& endpoint, const std::string& column) {
    return endpoint == column || endpoint == host_of(column);
}

/// What is left of a summary on the arrow of a ladder.
std::string arrow_label(const PacketFacts& packet, const PacketFacts& first) {
    static const std::regex noise(" win [0-9]+| len 0$");
    const std::string label = std::regex_replace(packet.summary, noise, "");
    const bool is_pair =
        packet.source.empty() ||
        (is_named(packet.source, first.source) &&
         is_named(packet.destination, first.destination)) ||
        (is_named(packet.source, first.destination) && is_named(packet.destination, first.source));
    return is_pair ? label : packet.source + " > " + packet.destination + " " + label;
}

std::string outcome_words(const PacketFacts& packet) {
    std::string words = fmt::format("{:<12}", packet.state.empty() ? "-" : packet.state);
    std::string entry = packet.is_gone ? "removed" : packet.protocol_state;
    if (packet.has_entry) {
        if (!has(packet.status, "SEEN_REPLY"))
            entry += entry.empty() ? "[UNREPLIED]" : " [UNREPLIED]";
        if (has(packet.status, "ASSURED")) entry += entry.empty() ? "[ASSURED]" : " [ASSURED]";
    }
    const std::string timeout = packet.has_entry ? packet.timeout + " s" : std::string("-");
    words += fmt::format("{:<27} {:>8}", entry, timeout);
    if (packet.verdict != "ACCEPT") words += "  " + packet.verdict;
    if (!packet.reason.empty()) words += "  [" + packet.reason + "]";
    return words;
}

std::uint32_t status_bits(const std::vector<std::string>& words) {
    std::uint32_t bits = 0;
    if (has(words, "SEEN_REPLY")) bits |= status::kSeenReply;
    if (has(words, "ASSURED")) bits |= status::kAssured;
    return bits;
}

cli::Wish wish_of(const PacketFacts& packet) {
    cli::Wish wish;
    wish.state = packet.state.empty() ? "unseen" : packet.state;
    wish.direction = packet.direction;
    wish.verdict = packet.verdict;
    wish.reason = packet.reason;
    wish.rule = packet.rule;
    if (!packet.has_entry) {
        wish.no_entry = packet.state == "NEW" || packet.state == "UNTRACKED" || packet.is_gone;
        return wish;
    }
    wish.protocol_state = packet.protocol_state;
    wish.timeout_s = std::stoll(packet.timeout);
    wish.status_set = status_bits(packet.status);
    wish.status_cleared = (status::kSeenReply | status::kAssured) & ~wish.status_set;
    return wish;
}

/// The values of each -s or --sysctl.
std::vector<std::pair<std::string, std::string>> settings_of(
    const std::vector<std::string>& words) {
    std::vector<std::pair<std::string, std::string>> settings;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i] != "-s" && words[i] != "--sysctl") continue;
        const std::size_t equals = words[i + 1].find('=');
        std::string name = words[i + 1].substr(0, equals);
        if (!name.starts_with("nf_conntrack_")) name = "nf_conntrack_" + name;
        settings.emplace_back("net.netfilter." + name, words[i + 1].substr(equals + 1));
    }
    return settings;
}

Result<cli::ReplayOptions> parse_options(const std::string& arguments) {
    auto parsed = cli::parse_replay_options(split_words(arguments));
    if (!parsed) return Unexpected(std::move(parsed.error()));
    auto* options = std::get_if<cli::ReplayOptions>(&*parsed);
    if (options == nullptr) return Unexpected(Error::of(ErrorKind::usage, "a call for help"));
    return std::move(*options);
}

}  // namespace

std::string captures_folder() { return std::string(KEEPSTATE_SOURCE) + "/docs/captures"; }

Result<std::string> run_command(const std::string& command, const std::string& folder) {
    const auto fails = [&command](const std::string& words) {
        return Unexpected(Error::of(ErrorKind::input, "$ " + command + ": " + words));
    };
    const std::vector<std::string> words = split_words(command);
    if (words.size() == 2 && words[0] == "cat") {
        const std::string path = folder + "/" + words[1];
        if (!std::filesystem::exists(path)) return fails("no such file");
        return read_file(path);
    }
    // What a shell would take for itself may stand in quotes only.
    const std::string bare = std::regex_replace(command, std::regex("'[^']*'"), "");
    if (words.empty() || (words[0] != "keepstate" && words[0] != "build/keepstate") ||
        bare.find_first_of("|;&<>`$*") != std::string::npos) {
        return fails("not a command for a page");
    }
    const Ran ran = run_program(command.substr(words[0].size() + 1), folder);
    if (ran.status != 0) return fails(fmt::format("it ended with {}", ran.status));
    if (ran.out.empty()) return fails("it says nothing");
    return ran.out;
}

Result<std::string> deciding_arguments(const std::string& arguments) {
    const auto options = parse_options(arguments);
    if (!options) return Unexpected(options.error());
    static const std::vector<std::string> deciding{"-s", "-r", "-R", "-i", "-l"};
    std::string out;
    const std::vector<std::string> words = split_words(arguments);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (std::find(deciding.begin(), deciding.end(), words[i]) == deciding.end()) continue;
        out += words[i] + " " + words[i + 1] + " ";
    }
    for (const std::string& capture : options->captures) out += capture + " ";
    out.pop_back();
    return out;
}

Result<Replayed> replay(const std::string& deciding) {
    const std::vector<std::string> words = split_words(deciding);
    const bool has_rules4 = has(words, "-r");
    const bool has_rules6 = has(words, "-R");
    const Ran ran =
        run_program("replay -f json --table - " + std::string(has_rules4 ? "--counters - " : "") +
                        (has_rules6 ? "--counters6 - " : "") + deciding,
                    captures_folder());
    if (ran.status != 0) {
        return Unexpected(Error::of(ErrorKind::input, "replay ended in failure: " + deciding));
    }
    Replayed replayed;
    double begin = 0;
    for (const std::string& line : split_lines(ran.out)) {
        if (line.starts_with('*') || line.starts_with('[')) {
            KS_ASSERT(!(has_rules4 && has_rules6));  // whose counters it is cannot be told
            (has_rules4 ? replayed.counters4 : replayed.counters6).push_back(line);
        } else if (line.starts_with("ipv")) {
            replayed.entries += line + "\n";
        }
        if (!line.starts_with('{')) continue;
        const auto object = nlohmann::json::parse(line);
        if (replayed.packets.empty()) begin = std::stod(word_or_empty(object, "time"));
        replayed.packets.push_back(facts_of(object, begin));
    }
    return replayed;
}

std::string draw_ladder(const Replayed& replayed) {
    if (replayed.packets.empty()) return "no packets\n";
    const PacketFacts& first = replayed.packets.front();
    std::size_t width = first.source.size() + first.destination.size() + 8;
    for (const PacketFacts& packet : replayed.packets) {
        width = std::max(width, arrow_label(packet, first).size() + 10);
    }
    std::string out = fmt::format("{:>4} {:>7}  {:<{}}{}  {:<12}{:<27} {:>8}\n", "", "time",
                                  first.source, width + 2 - first.destination.size(),
                                  first.destination, "state", "entry", "timeout");
    std::size_t number = 0;
    for (const PacketFacts& packet : replayed.packets) {
        const std::string label = " " + arrow_label(packet, first) + " ";
        const bool goes_right =
            packet.source.empty() || host_of(packet.source) == host_of(first.source);
        const std::string line(width - label.size() - 4, '-');
        const std::string arrow =
            goes_right ? "---" + label + line + ">" : "<" + line + label + "---";
        out += fmt::format("{:>4} {:>7}  |{}|  {}\n", ++number, packet.time, arrow,
                           outcome_words(packet));
    }
    return out;
}

Result<cli::Scenario> make_scenario(const std::string& deciding, const Replayed& replayed) {
    const auto options = parse_options(deciding);
    if (!options) return Unexpected(options.error());
    const std::string name =
        std::filesystem::path(options->captures.at(0)).replace_extension().string();
    const std::string path = captures_folder() + "/" + name + ".yaml";
    auto scenario = cli::parse_scenario(read_file(path), path);
    if (!scenario) return scenario;
    if (scenario->steps.size() != replayed.packets.size()) {
        return Unexpected(
            Error::of_file(ErrorKind::input, path, "not as many packets as replayed"));
    }
    for (std::size_t i = 0; i < scenario->steps.size(); ++i) {
        scenario->steps[i].wish = wish_of(replayed.packets[i]);
    }
    if (!options->rules.empty()) {
        scenario->rules4.text = read_file(captures_folder() + "/" + options->rules);
    }
    if (!options->rules6.empty()) {
        scenario->rules6.text = read_file(captures_folder() + "/" + options->rules6);
    }
    if (!options->devices.empty()) scenario->devices = options->devices;
    if (!options->local.empty()) scenario->local = options->local;
    scenario->setting_texts = settings_of(split_words(deciding));
    scenario->entries.emplace();
    for (const std::string& line : split_lines(replayed.entries)) {
        scenario->entries->push_back({0, line});
    }
    for (const std::string& line : replayed.counters4) scenario->counters4.push_back({0, line});
    for (const std::string& line : replayed.counters6) scenario->counters6.push_back({0, line});
    return scenario;
}

}  // namespace keepstate::docs
