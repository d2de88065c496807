// Prints a libFuzzer dictionary of the rule language: every match, target and option that the modules' tables
// name, and the general options. ./dev fuzz gives it to the targets that read rules.
#include <cstdio>
#include <set>
#include <string>

#include "rules/arguments.hpp"
#include "rules/modules.hpp"

int main() {
    std::set<std::string> words;
    const auto add_module = [&](std::string_view flag, const keepstate::rules::Module& module) {
        words.insert(std::string(flag) + std::string(module.name()) + " ");
        for (const auto& option : module.traits->options) {
            words.insert("--" + std::string(option.name) + " ");
        }
    };
    for (const auto* module : keepstate::rules::matches()) add_module("-m ", *module);
    for (const auto* module : keepstate::rules::targets()) add_module("-j ", *module);
    for (const auto& option : keepstate::rules::general_options()) {
        words.insert("--" + std::string(option.name) + " ");
        if (option.letter != '0') words.insert(std::string("-") + option.letter + " ");
    }
    for (const char* word : {"-j ACCEPT", "-j DROP", "-j RETURN", "-g ", "! ", "*filter\\x0a",
                             "COMMIT\\x0a", ":user - [0:0]\\x0a", "-A INPUT ", "-p tcp "}) {
        words.insert(word);
    }
    for (const std::string& word : words) std::printf("\"%s\"\n", word.c_str());
    return 0;
}
