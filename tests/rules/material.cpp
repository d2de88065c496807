#include "material.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "rule_file.hpp"

namespace {

namespace fs = std::filesystem;
using keepstate::Family;

std::string read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

bool is_built_in(const std::string& chain, const std::string& table) {
    static const std::map<std::string, std::set<std::string>> names = {
        {"raw", {"PREROUTING", "OUTPUT"}},
        {"nat", {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}},
        {"mangle", {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}},
        {"filter", {"INPUT", "FORWARD", "OUTPUT"}},
        {"security", {"INPUT", "FORWARD", "OUTPUT"}}};
    const auto found = names.find(table);
    return found != names.end() && found->second.count(chain) != 0;
}

/// Chains that the rule names and somebody must declare before it. A target is written in upper case, and a
/// chain of a test of others hardly ever is; what iptables knows as a target is never declared.
std::set<std::string> chains_of(const std::string& rule, const std::string& table) {
    static const std::set<std::string> targets = {
        "ACCEPT",      "DROP",     "QUEUE",       "RETURN",    "AUDIT",   "CHECKSUM", "CLASSIFY",
        "CLUSTERIP",   "CONNMARK", "CONNSECMARK", "CT",        "DNAT",    "DNPT",     "DSCP",
        "ECN",         "HL",       "HMARK",       "IDLETIMER", "LED",     "LOG",      "MARK",
        "MASQUERADE",  "NETMAP",   "NFLOG",       "NFQUEUE",   "NOTRACK", "RATEEST",  "REDIRECT",
        "REJECT",      "SECMARK",  "SET",         "SNAT",      "SNPT",    "SYNPROXY", "TCPMSS",
        "TCPOPTSTRIP", "TEE",      "TOS",         "TPROXY",    "TRACE",   "TTL",      "ULOG"};
    std::set<std::string> chains;
    const std::vector<std::string> words = words_of(rule);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const std::string& word = words[i];
        if (word != "-A" && word != "-j" && word != "-g" && word != "--jump" && word != "--goto") {
            continue;
        }
        const std::string& name = words[i + 1];
        if (!is_built_in(name, table) && targets.count(name) == 0) chains.insert(name);
    }
    return chains;
}

/// `@nfacct add x' and `%iptables -I INPUT ...' of iptables' tests: what must be there before the line.
std::string setup_of(const nlohmann::json& setup) {
    std::string text;
    if (!setup.is_array()) return text;
    for (const auto& each : setup) {
        const std::string command = each.get<std::string>();
        const std::size_t option = command.find(" -");
        if (command.front() != '%' || option == std::string::npos) continue;
        text += "*filter\n" + command.substr(option + 1) + "\nCOMMIT\n";
    }
    return text;
}

}  // namespace

std::string material_folder() {
    const char* named = std::getenv("KEEPSTATE_SHARED");
    const std::string folder = named != nullptr ? named : RULE_MATERIAL;
    return fs::exists(folder + "/rulesets/INDEX.md") ? folder : std::string{};
}

std::vector<MaterialCase> load_iptables_lines(const std::string& folder) {
    std::vector<MaterialCase> cases;
    std::ifstream in(folder + "/iptables-t/cases.jsonl");
    for (std::string line; std::getline(in, line);) {
        const auto json = nlohmann::json::parse(line);
        const std::string program = json["prog"];
        if (program != "iptables" && program != "ip6tables") continue;  // ARP and bridges: not ours
        MaterialCase each;
        each.corpus = "iptables-t";
        each.group = json["file"];
        each.place = each.group + ":" + std::to_string(json["line"].get<int>());
        each.family = program == "iptables" ? Family::ipv4 : Family::ipv6;
        each.table = json["table"];
        each.chain = json["chain"];
        each.rule = "-A " + each.chain + " " + json["rule"].get<std::string>();
        each.text = setup_of(json["setup"]) + "*" + each.table + "\n";
        if (!is_built_in(each.chain, each.table)) each.text += ":" + each.chain + " - [0:0]\n";
        each.text += each.rule + "\nCOMMIT\n";
        cases.push_back(each);
    }
    return cases;
}

std::vector<MaterialCase> load_single_rules(const std::string& folder) {
    std::vector<MaterialCase> cases;
    std::ifstream in(folder + "/rulesets/single-rules.jsonl");
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        const auto json = nlohmann::json::parse(line);
        MaterialCase each;
        each.corpus = "single";
        each.group = json["src"];
        each.place = "single-rules:" + std::to_string(++number);
        each.family = json["fam"].get<int>() == 4 ? Family::ipv4 : Family::ipv6;
        each.table = json["table"];
        each.rule = json["rule"];
        each.text = "*" + each.table + "\n";
        for (const std::string& chain : chains_of(each.rule, each.table))
            each.text += ":" + chain + " - [0:0]\n";
        each.text += each.rule + "\nCOMMIT\n";
        each.known = true;
        each.taken = json["ok"];
        if (each.taken) {
            for (const auto& saved : json["save"]) {
                each.saved += (each.saved.empty() ? "" : " || ") + saved.get<std::string>();
            }
        }
        cases.push_back(each);
    }
    return cases;
}

std::vector<MaterialCase> load_rulesets(const std::string& folder) {
    std::vector<MaterialCase> cases;
    std::ifstream in(folder + "/rulesets/INDEX.md");
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> cells;
        std::istringstream row(line);
        for (std::string cell; std::getline(row, cell, '|');) {
            cells.push_back(cell.size() > 2 ? cell.substr(1, cell.size() - 2) : std::string{});
        }
        if (cells.size() < 11 || (cells[5] != "4" && cells[5] != "6")) continue;
        MaterialCase each;
        each.corpus = "files";
        each.group = each.place = cells[1];
        each.family = cells[5] == "4" ? Family::ipv4 : Family::ipv6;
        each.text = read_all(folder + "/rulesets/files/" + each.group);
        each.known = true;
        each.taken = cells[10] == "yes";
        each.saved =
            without_comments(read_all(folder + "/rulesets/saved-by-1.8.9/legacy/" + each.group));
        cases.push_back(each);
    }
    return cases;
}

std::vector<Explanation> load_explanations(const std::string& file) {
    std::vector<Explanation> all;
    std::ifstream in(file);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line.front() == '#') continue;
        std::vector<std::string> parts;
        for (std::size_t at = 0; at <= line.size();) {
            const std::size_t end = std::min(line.find(" ;; ", at), line.size());
            parts.push_back(line.substr(at, end - at));
            at = end + 4;
        }
        Explanation each;
        each.line = number;
        const std::string missing = "missing ";
        if (parts.size() == 2 && parts[0].rfind(missing, 0) == 0) {
            each.missing = parts[0].substr(missing.size());
            each.why = parts[1];
        } else if (parts.size() == 3) {
            each.corpus = parts[0];
            each.words = parts[1] == "*" ? std::string{} : parts[1];
            each.why = parts[2];
        }  // else: no why, which the test refuses
        all.push_back(each);
    }
    return all;
}
