#include "rule_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

std::string unescape(const std::string& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == '\\' && i + 1 < words.size() && words[i + 1] == 'n') {
            out += '\n';
            ++i;
        } else {
            out += words[i];
        }
    }
    return out;
}

void load_file(const std::filesystem::path& path, std::vector<RuleCase>& cases) {
    std::ifstream in(path);
    std::string line;
    RuleCase now;
    now.file = path.filename().string();
    while (std::getline(in, line)) {
        ++now.line;
        if (line.empty() || line.front() == '#') continue;
        if (line.starts_with("@before ")) continue;
        if (line.front() == '@') {
            std::istringstream words(line.substr(1));
            std::string family;
            std::string who;
            words >> family >> now.table >> who;
            now.keepstate_only = who == "keepstate-only";
            now.print_loses = who == "print-loses";
            now.family = family == "ip6" ? keepstate::Family::ipv6 : keepstate::Family::ipv4;
            now.whole_text = now.table == "text";
            continue;
        }
        const std::size_t first = line.find(" ; ");
        const std::size_t second = line.find(" ; ", first + 3);
        now.command = line.substr(0, first);
        now.ok = line.substr(first + 3,
                             second == std::string::npos ? second : second - first - 3) == "ok";
        now.printed = second == std::string::npos ? std::string{} : line.substr(second + 3);
        if (now.printed == "=") now.printed = now.command;
        if (now.whole_text) now.printed = unescape(now.printed);
        cases.push_back(now);
    }
}

}  // namespace

std::string RuleCase::text() const {
    if (whole_text) return unescape(command);
    return "*" + table + "\n:uc - [0:0]\n" + command + "\nCOMMIT\n";
}

namespace {

std::vector<std::filesystem::path> rule_files(const std::string& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".t") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

std::vector<std::string> load_commands_before(const std::string& folder) {
    constexpr std::string_view kMark = "@before ";
    std::vector<std::string> commands;
    for (const auto& path : rule_files(folder)) {
        std::ifstream in(path);
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with(kMark)) commands.push_back(line.substr(kMark.size()));
        }
    }
    return commands;
}

std::vector<RuleCase> load_rule_cases(const std::string& folder) {
    std::vector<RuleCase> cases;
    for (const auto& path : rule_files(folder)) load_file(path, cases);
    return cases;
}

std::string rules_of(const std::string& saved, const std::string& table) {
    std::istringstream in(saved);
    std::string line;
    std::string out;
    bool here = false;
    while (std::getline(in, line)) {
        if (!line.empty() && line.front() == '*') here = line.substr(1) == table;
        if (!here || line.substr(0, 3) != "-A ") continue;
        if (!out.empty()) out += " || ";
        out += line;
    }
    return out;
}

std::string without_comments(const std::string& saved) {
    std::istringstream in(saved);
    std::string line;
    std::string out;
    while (std::getline(in, line)) {
        if (line.empty() || line.front() != '#') out += line + "\n";
    }
    return out;
}
