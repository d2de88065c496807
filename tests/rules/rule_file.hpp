// The tables of the rule language, tests/rules/*.t: one command a line, and what comes of it.
//
//     @ip4 filter                              which tool and table the lines below are for
//     @ip4 filter keepstate-only               likewise; the real tools are not asked: the kernel may lack the module,
//                                              or the answer depends on the machine
//     @ip4 filter print-loses                  likewise; what is printed means something else when it is read
//     COMMAND ; ok ; PRINTED || PRINTED        taken; the rules that stand then ("=": as written)
//     COMMAND ; fail                           refused
//
// Each command runs in a table that holds its built-in chains and an empty chain `uc'.
//     @before ipset create foo hash:ip         a command that the real tools need done first, in their namespace
//
// @text: the line is a whole ruleset with \n for newlines, and PRINTED the whole printed ruleset.
#pragma once

#include <string>
#include <vector>

#include "keepstate/address.hpp"

struct RuleCase {
    std::string file;
    int line = 0;
    keepstate::Family family = keepstate::Family::ipv4;
    bool whole_text = false;
    bool keepstate_only = false;
    bool print_loses = false;
    std::string table;
    std::string command;
    bool ok = false;
    std::string printed;  ///< joined by " || ", or the whole text

    /// What is fed to the tools.
    std::string text() const;
    std::string place() const { return file + ":" + std::to_string(line); }
};

/// The @before commands of all files of a folder, by file name.
std::vector<std::string> load_commands_before(const std::string& folder);
/// All cases of all files of a folder, by file name.
std::vector<RuleCase> load_rule_cases(const std::string& folder);

/// The -A lines of one table in iptables-save text, joined by " || ".
std::string rules_of(const std::string& saved, const std::string& table);
/// Without comment lines.
std::string without_comments(const std::string& saved);
