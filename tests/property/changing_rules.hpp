// Rules that come and go in all four Programs of a Quartet alike, and a model that knows which there should be.
//
// A new Program, made of the model's rules, is walked beside them: it says what is right and what each rule must have counted.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "quartet.hpp"
#include "small_rules.hpp"

namespace keepstate::rules {

/// What the rules of table mangle should be.
class Model {
  public:
    struct Line {
        std::string rule;  ///< as iptables-save prints it, from behind the chain on
        std::string written;
        Counters counters;
    };
    explicit Model(Family family) : family_(family) {}

    std::vector<Line>& operator[](const std::string& chain) { return chains_[chain]; }
    const std::map<std::string, std::vector<Line>>& chains() const { return chains_; }

    void read(const std::string& text) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (line.compare(0, 3, "-A ") != 0) continue;
            const std::size_t end = line.find(' ', 3);
            const std::string chain = line.substr(3, end == std::string::npos ? end : end - 3);
            const std::string rule = line.substr(3 + chain.size());
            chains_[chain].push_back({printed(chain, rule), rule, {}});
        }
    }
    std::string printed(const std::string& chain, const std::string& rule) const {
        const auto ruleset = Ruleset::parse(head() + "-A " + chain + rule + "\nCOMMIT\n", family_);
        if (!ruleset) return "?";
        const std::string text = ruleset->print(false);
        const std::size_t at = text.find("-A ");
        const std::size_t from = at + 3 + chain.size();
        return text.substr(from, text.find('\n', at) - from);
    }
    std::string text() const {
        std::string out = head();
        for (const auto& [chain, lines] : chains_) {
            for (const Line& line : lines) out += "-A " + chain + line.rule + "\n";
        }
        return out + "COMMIT\n";
    }

  private:
    static std::string head() { return "*mangle\n:u0 -\n:u1 -\n:u2 -\n:u3 -\n:u4 -\n"; }

    Family family_;
    std::map<std::string, std::vector<Line>> chains_;
};

class ChangingRules {
  public:
    ChangingRules(std::mt19937_64& dice, bool is_v6, bool remembers, unsigned rules_a_chain)
        : dice_(dice),
          family_(is_v6 ? Family::ipv6 : Family::ipv4),
          rules_(dice, is_v6, remembers),
          model_(family_) {
        const std::string text = rules_.text(rules_a_chain);
        model_.read(text);
        quartet.emplace(text, family_);
    }

    std::optional<Quartet> quartet;

    void change() {
        const std::string chain =
            std::array{"FORWARD", "FORWARD", "INPUT", "u0", "u2"}[dice_() % 5];
        std::vector<Model::Line>& lines = model_[chain];
        const auto number = [&](std::size_t bound) { return dice_() % bound; };
        const std::size_t at = lines.empty() ? 0 : number(lines.size());
        const std::uint64_t kind = dice_() % 8;
        std::string command = "-t mangle ";
        if (kind < 4 || lines.empty()) {
            const std::string rule = rules_.rule_for(chain);
            const std::size_t to = kind == 0 ? lines.size() : number(lines.size() + 1);
            command += kind == 0 ? "-A " + chain : fmt::format("-I {} {}", chain, to + 1);
            command += rule;
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(to),
                         {model_.printed(chain, rule), rule, {}});
        } else if (kind < 6 || (kind == 6 && has_other_words(lines, lines[at]))) {
            command += fmt::format("-D {} {}", chain, at + 1);
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
        } else if (kind == 6) {
            const std::string rule = lines[at].rule;
            command += "-D " + chain + lines[at].written;
            lines.erase(std::find_if(lines.begin(), lines.end(),
                                     [&](const auto& each) { return each.rule == rule; }));
        } else {
            const std::string rule = rules_.rule_for(chain);
            command += fmt::format("-R {} {}{}", chain, at + 1, rule);
            lines[at] = {model_.printed(chain, rule), rule, {}};
        }
        quartet->change(command);
    }

    /// From now on packets go through a new Program too.
    void begin(bool has_fresh) {
        quartet->fresh = nullptr;
        fresh_.reset();
        if (!has_fresh) return;
        const auto ruleset = Ruleset::parse(model_.text(), family_);
        ASSERT_TRUE(ruleset.has_value()) << model_.text();
        fresh_.emplace(std::move(*Program::make(*ruleset, objects_)));
        quartet->fresh = &*fresh_;
    }

    void compare() {
        quartet->compare_counters();
        const Program& program = quartet->program();
        for (std::uint32_t chain = 0; chain < program.chain_count(Table::mangle); ++chain) {
            const std::string name(program.chain_name(Table::mangle, chain));
            std::vector<Model::Line>& lines = model_[name];
            ASSERT_EQ(program.rule_count(Table::mangle, chain), lines.size()) << name;
            for (std::uint32_t i = 0; i < lines.size(); ++i) {
                ASSERT_EQ(program.rule_text(Table::mangle, chain, i + 1),
                          "-A " + name + lines[i].rule);
                const Counters now = program.counters(Table::mangle, chain, i + 1);
                if (fresh_) {
                    const Counters more = fresh_->counters(Table::mangle, chain, i + 1);
                    lines[i].counters.packets += more.packets;
                    lines[i].counters.bytes += more.bytes;
                    ASSERT_EQ(now, lines[i].counters) << name << " " << i + 1;
                }
                lines[i].counters = now;
            }
        }
    }

  private:
    /// Whether one that is printed alike is written in another way (`-s 0.0.0.0/0'): -D may tell them apart.
    static bool has_other_words(const std::vector<Model::Line>& lines, const Model::Line& line) {
        return std::any_of(lines.begin(), lines.end(), [&](const Model::Line& each) {
            return each.rule == line.rule && each.written != line.written;
        });
    }

    std::mt19937_64& dice_;
    Family family_;
    SmallRules rules_;
    Model model_;
    Objects objects_;
    std::optional<Program> fresh_;
};

}  // namespace keepstate::rules
