// Every rule of iptables' own tests, and rules and rulesets that people keep, through keepstate and held
// against iptables 1.8.9: taken or refused, and printed. iptables' lines are asked of the real tool as the
// test runs; for the others its answers are recorded in the material.
//
// What differs must be explained in explained.txt: one line a cause. A difference without a line fails, and
// so does a line without a difference. Nothing is left out: the table at the end counts every case.
// KEEPSTATE_LIST=1 lists all that is explained, too.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "keepstate/ruleset.hpp"
#include "material.hpp"
#include "real_tools.hpp"
#include "rule_file.hpp"

namespace {

using keepstate::Family;
using keepstate::Ruleset;

/// What keepstate makes of a case.
struct OwnAnswer {
    bool taken = false;
    std::string saved;
    std::string words;  // the first fault's
};

OwnAnswer ask_keepstate(const MaterialCase& each) {
    OwnAnswer answer;
    const auto ruleset = Ruleset::parse(each.text, each.family, each.place);
    answer.taken = ruleset.has_value();
    if (!ruleset) {
        answer.words = ruleset.error().faults.front().words;
    } else {
        const std::string printed = ruleset->print(false);
        answer.saved = each.rule.empty() ? printed : rules_of(printed, each.table);
    }
    return answer;
}

/// "match ah", if the fault says that this module is not here.
std::string missing_module(const std::string& words) {
    if (words.find("not to this version") == std::string::npos) return {};
    const std::size_t open = words.rfind('`');
    const std::size_t close = words.find('\'', open);
    if (open == std::string::npos || close == std::string::npos) return {};
    const bool target = words.find("target `") != std::string::npos;
    return (target ? "target " : "match ") + words.substr(open + 1, close - open - 1);
}

class Comparison {
  public:
    Comparison() : explanations_(load_explanations(RULE_FILES "/explained.txt")) {}

    void compare(const MaterialCase& each, const OwnAnswer& own) {
        Count& count = counts_[each.corpus == "files" ? "files" : each.corpus + "/" + each.group];
        ++count.cases;
        std::string difference;
        if (own.taken != each.taken) {
            difference = own.taken ? "keepstate takes it, iptables refuses it"
                                   : "keepstate refuses it: " + own.words;
        } else if (own.taken && own.saved != each.saved) {
            difference = "printed otherwise:\n" + first_difference(own.saved, each.saved);
        }
        if (difference.empty()) return;
        ++count.different;
        if (Explanation* why = explain(each, own)) {
            ++why->used;
            if (std::getenv("KEEPSTATE_LIST") != nullptr) {
                fmt::print("explained by line {}: {} {}: {}\n", why->line, each.place, each.rule,
                           difference);
            }
            return;
        }
        ADD_FAILURE() << each.corpus << "/" << each.place << " "
                      << (each.family == Family::ipv4 ? "iptables" : "ip6tables") << " -t "
                      << each.table << " " << each.rule << "\n  " << difference;
    }

    /// Lines of the table that nothing needed. `corpora`: those that were compared.
    void finish(const std::vector<std::string>& corpora) {
        for (const Explanation& each : explanations_) {
            EXPECT_FALSE(each.why.empty())
                << "explained.txt:" << each.line << ": WHERE ;; WORDS ;; WHY";
            const bool compared =
                !each.missing.empty() ||
                std::any_of(corpora.begin(), corpora.end(), [&](const std::string& corpus) {
                    return each.corpus.rfind(corpus, 0) == 0;
                });
            if (!compared) continue;
            EXPECT_GT(each.used, 0U) << "explained.txt:" << each.line << ": needed no more";
        }
        unsigned cases = 0;
        unsigned different = 0;
        for (const auto& [name, count] : counts_) {
            cases += count.cases;
            different += count.different;
            fmt::print("  {:<36} {:>5} cases {:>5} same {:>5} explained\n", name, count.cases,
                       count.cases - count.different, count.different);
        }
        fmt::print("  {:<36} {:>5} cases {:>5} same {:>5} explained\n", "all", cases,
                   cases - different, different);
    }

  private:
    struct Count {
        unsigned cases = 0;
        unsigned different = 0;
    };

    Explanation* explain(const MaterialCase& each, const OwnAnswer& own) {
        const std::string missing = missing_module(own.words);
        const std::string where = each.corpus + "/" + each.group;
        for (Explanation& line : explanations_) {
            if (!line.missing.empty()) {
                if (!own.taken && line.missing == missing) return &line;
                continue;
            }
            const std::string& text = each.rule.empty() ? each.text : each.rule;
            if (where.rfind(line.corpus, 0) == 0 && text.find(line.words) != std::string::npos) {
                return &line;
            }
        }
        return nullptr;
    }

    static std::string first_difference(const std::string& own, const std::string& real) {
        std::istringstream a(own);
        std::istringstream b(real);
        std::string x;
        std::string y;
        for (bool more = true; more;) {
            const bool has_x = static_cast<bool>(std::getline(a, x));
            const bool has_y = static_cast<bool>(std::getline(b, y));
            more = has_x && has_y;
            if (!has_x) x = "(end)";
            if (!has_y) y = "(end)";
            if (x != y) break;
        }
        return "    keepstate " + x + "\n    iptables  " + y;
    }

    std::vector<Explanation> explanations_;
    std::map<std::string, Count> counts_;
};

/// Asks the real tool about the cases that keepstate takes, many in one text; if that text is refused, or its
/// rules do not come back one for one, each alone.
class RealTool {
  public:
    RealTool(std::vector<MaterialCase>& cases, const std::vector<OwnAnswer>& own)
        : cases_(cases), own_(own) {}

    void ask_all(Family family) {
        std::map<std::string, std::vector<std::size_t>> together;
        std::vector<std::size_t> alone;
        for (std::size_t i = 0; i < cases_.size(); ++i) {
            if (cases_[i].known || cases_[i].family != family) continue;
            const bool plain = cases_[i].text.front() == '*' &&
                               cases_[i].text.find("COMMIT") == cases_[i].text.size() - 7;
            if (own_[i].taken && plain) {
                together[cases_[i].table + " " + cases_[i].chain].push_back(i);
            } else {
                alone.push_back(i);
            }
        }
        ask_together(family, together, alone);
        ask_alone(family, alone);
    }

  private:
    static constexpr std::size_t kTogether = 40;

    void ask_together(Family family, const std::map<std::string, std::vector<std::size_t>>& groups,
                      std::vector<std::size_t>& alone) {
        std::vector<std::string> texts;
        std::vector<std::vector<std::size_t>> members;
        for (const auto& [name, all] : groups) {
            for (std::size_t at = 0; at < all.size(); at += kTogether) {
                const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
                const std::size_t end = std::min(at + kTogether, all.size());
                members.emplace_back(begin, all.begin() + static_cast<std::ptrdiff_t>(end));
                std::string text = "*" + cases_[*begin].table + "\n";
                const std::string& chain = cases_[*begin].chain;
                if (cases_[*begin].text.find(":" + chain) != std::string::npos) {
                    text += ":" + chain + " - [0:0]\n";
                }
                for (const std::size_t i : members.back()) text += cases_[i].rule + "\n";
                texts.push_back(text + "COMMIT\n");
            }
        }
        const std::vector<RealAnswer> answers = ask_real_tools(texts, family, false);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            std::vector<std::string> lines;
            std::istringstream saved(answers[i].saved);
            bool here = false;
            for (std::string line; std::getline(saved, line);) {
                if (line.front() == '*') here = line.substr(1) == cases_[members[i][0]].table;
                if (here && line.rfind("-A ", 0) == 0) lines.push_back(line);
            }
            const bool usable = answers[i].taken && lines.size() == members[i].size();
            for (std::size_t k = 0; k < members[i].size(); ++k) {
                MaterialCase& each = cases_[members[i][k]];
                if (!usable) {
                    alone.push_back(members[i][k]);
                    continue;
                }
                each.known = each.taken = true;
                each.saved = lines[k];
            }
        }
    }

    void ask_alone(Family family, const std::vector<std::size_t>& alone) {
        std::vector<std::string> texts;
        for (const std::size_t i : alone) texts.push_back(cases_[i].text);
        const std::vector<RealAnswer> answers = ask_real_tools(texts, family, false);
        for (std::size_t k = 0; k < alone.size(); ++k) {
            MaterialCase& each = cases_[alone[k]];
            each.known = true;
            each.taken = answers[k].taken;
            each.saved = rules_of(answers[k].saved, each.table);
        }
    }

    std::vector<MaterialCase>& cases_;
    const std::vector<OwnAnswer>& own_;
};

TEST(RuleMaterial, is_taken_refused_and_printed_as_by_iptables) {
    const std::string folder = material_folder();
    if (folder.empty()) GTEST_SKIP() << "no material: KEEPSTATE_SHARED names its folder";
    std::vector<MaterialCase> cases = load_single_rules(folder);
    const std::vector<MaterialCase> rulesets = load_rulesets(folder);
    cases.insert(cases.end(), rulesets.begin(), rulesets.end());
    std::vector<std::string> corpora = {"single", "files"};
    const std::string no_tool = why_no_real_tools();
    if (no_tool.empty()) {
        const std::vector<MaterialCase> lines = load_iptables_lines(folder);
        cases.insert(cases.end(), lines.begin(), lines.end());
        corpora.push_back("iptables-t");
    } else {
        fmt::print("iptables' own lines are not compared: {}\n", no_tool);
    }
    ASSERT_GT(cases.size(), 3000U);
    std::vector<OwnAnswer> own;
    for (const MaterialCase& each : cases) own.push_back(ask_keepstate(each));
    RealTool real(cases, own);
    if (no_tool.empty()) {
        real.ask_all(Family::ipv4);
        real.ask_all(Family::ipv6);
    }
    Comparison comparison;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        ASSERT_TRUE(cases[i].known) << cases[i].place;
        comparison.compare(cases[i], own[i]);
    }
    comparison.finish(corpora);
}

}  // namespace
