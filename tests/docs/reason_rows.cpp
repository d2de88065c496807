// See reason_rows.hpp.
#include "reason_rows.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <regex>
#include <set>

#include "keepstate/reason.hpp"

namespace keepstate::docs {

std::vector<ReasonRow> read_reason_rows(const std::string& path, std::vector<std::string>& faults) {
    static const std::set<std::string> known{"reason", "pages",    "cause",
                                             "cure",   "scenario", "no-scenario"};
    std::vector<ReasonRow> rows;
    for (const YAML::Node& node : YAML::LoadFile(path)) {
        for (const auto& pair : node) {
            const auto key = pair.first.as<std::string>();
            if (!known.contains(key)) faults.push_back("reasons.yaml: what is `" + key + "'?");
        }
        ReasonRow row;
        row.reason = node["reason"].as<std::string>("");
        row.pages = node["pages"].as<std::vector<std::string>>(std::vector<std::string>{});
        row.cause = node["cause"].as<std::string>("");
        row.cure = node["cure"].as<std::string>("");
        row.scenario = node["scenario"].as<std::string>("");
        row.no_scenario = node["no-scenario"].as<std::string>("");
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string print_reason_table(const std::vector<ReasonRow>& rows, const std::string& page,
                               const std::string& to_root) {
    std::string out = "| reason | what is wrong | usual cause | what to do |\n|---|---|---|---|\n";
    for (std::size_t i = 1; i < kReasons; ++i) {
        const Reason reason = static_cast<Reason>(i);
        for (const ReasonRow& row : rows) {
            const bool is_here = page == "all" || std::find(row.pages.begin(), row.pages.end(),
                                                            page) != row.pages.end();
            if (row.reason != text(reason) || !is_here) continue;
            const std::string word = "`" + row.reason + "`";
            out += "| ";
            out += row.scenario.empty() ? word
                                        : "[" + word + "](" + to_root + "/tests/scenarios/" +
                                              row.scenario + ".yaml)";
            out += " | " + std::string(sentence(reason));
            if (!kernel_words(reason).empty()) {
                out += kind(reason) == ReasonKind::invalid || kind(reason) == ReasonKind::limit
                           ? ". Linux logs `"
                           : ". Linux counts `";
                static const std::regex filled_in("%(pI.|.)");
                out += std::regex_replace(std::string(kernel_words(reason)), filled_in, "...");
                out += "`";
            }
            if (row.scenario.empty()) out += ". No scenario: " + row.no_scenario;
            out += " | " + row.cause + " | " + row.cure + " |\n";
        }
    }
    return out;
}

}  // namespace keepstate::docs
