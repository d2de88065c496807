// See command.hpp. This file: what can be said only when all words of a line are read.
#include <algorithm>

#include "rules/command_reader.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules {

namespace {

// Which general options a command allows beside its own words.
std::string_view allowed_options(char command, bool has_number) {
    switch (command) {
        case 'A':
        case 'I':
        case 'R': return "sdpjviofc";
        case 'D': return has_number ? "v" : "sdpjviof";
        case 'C': return "sdpjviof";
        case 'L': return "nvx0";
        case 'P': return "vc";
        default: return "v";
    }
}

bool is_rule_command(char kind) {
    return kind == 'A' || kind == 'I' || kind == 'R' || kind == 'D' || kind == 'C';
}

std::string shown(char letter) {
    return letter == '0' ? std::string("--line-numbers") : fmt::format("-{}", letter);
}

}  // namespace

TargetUse::Kind find_verdict(std::string_view name) {
    if (name == "ACCEPT") return TargetUse::Kind::accept;
    if (name == "DROP") return TargetUse::Kind::drop;
    if (name == "QUEUE") return TargetUse::Kind::queue;
    if (name == "RETURN") return TargetUse::Kind::return_;
    return TargetUse::Kind::none;
}

void CommandReader::finish() {
    if (inverted_) {
        fault_at(not_column_, "`!' with nothing behind it");
        return;
    }
    if (command_.kind == 0) {
        fault_at(1, "no command: a rule begins with -A CHAIN");
        return;
    }
    finish_options();
    if (is_rule_command(command_.kind)) {
        if (command_.chain.size() > kLongestChainName) {
            fault_at(command_.chain_column, fmt::format("chain name `{}' is longer than {} bytes",
                                                        command_.chain, kLongestChainName));
        }
        finish_addresses();
        finish_target();
    }
    if (command_.kind == 'N' || command_.kind == 'E') {
        check_chain_name(command_.chain, command_.chain_column, command_.kind == 'N');
        if (command_.kind == 'E') check_chain_name(command_.second, command_.second_column, false);
    }
    if (lost_) return;  // what a module lacks may stand in the words that were not understood
    for (OpenModule& open : open_) finish_module(open);
}

void CommandReader::finish_options() {
    const bool has_number = command_.number != 0;
    const std::string_view allowed = allowed_options(command_.kind, has_number);
    for (const char letter : claimed_) {
        if (allowed.find(letter) == std::string_view::npos) {
            fault_at(command_column_,
                     fmt::format("`{}' does not go with `-{}'", shown(letter), command_.kind));
        }
    }
    if (!is_rule_command(command_.kind) && !command_.rule.matches.empty()) {
        fault_at(command_.rule.matches.front().column,
                 fmt::format("`-m' does not go with `-{}'", command_.kind));
    }
    if (interval_column_ != 0 && waits_ == 0) {
        fault_at(interval_column_, "`-W' goes only with `-w'");
    }
    const std::string_view chain = command_.chain;
    if (out_column_ != 0 && (chain == "PREROUTING" || chain == "INPUT")) {
        fault_at(out_column_, fmt::format("`-o' does not go with {}: the departure device is not "
                                          "known there",
                                          chain));
    }
    if (in_column_ != 0 && (chain == "POSTROUTING" || chain == "OUTPUT")) {
        fault_at(in_column_, fmt::format("`-i' does not go with {}: the packet did not arrive by a "
                                         "device, or is past that",
                                         chain));
    }
}

void CommandReader::finish_addresses() {
    if (command_.kind == 'R' && command_.sources.size() * command_.destinations.size() > 1) {
        fault_at(source_column_, "-R takes one address: a list would give several rules");
    }
    if (command_.sources.empty()) command_.sources.emplace_back();
    if (command_.destinations.empty()) command_.destinations.emplace_back();
    command_.rule.basics.source = command_.sources.front();
    command_.rule.basics.destination = command_.destinations.front();
}

// A chain's name wins over a target of the same name.
void CommandReader::finish_target() {
    TargetUse& target = command_.rule.target;
    if (jump_.empty() || jump_.size() > kLongestChainName) return;
    if (chains_.has_chain(jump_)) {
        target.kind = TargetUse::Kind::chain;
        target.chain = jump_;
        target.module = nullptr;
        target.data = Blob();
        std::erase_if(open_, [](const OpenModule& open) { return open.match == kTarget; });
        return;
    }
    if (target.is_goto) {
        fault_at(jump_column_, fmt::format("`{}' is no chain of this table{}", jump_,
                                           did_you_mean(jump_, chains_.chain_names())));
        return;
    }
    if (target.module != nullptr) {
        target.kind = TargetUse::Kind::module;
    } else if (const auto kind = find_verdict(jump_); kind != TargetUse::Kind::none) {
        target.kind = kind;
    } else {
        std::vector<std::string_view> names = target_names(place_.family);
        const std::vector<std::string_view> chains = chains_.chain_names();
        names.insert(names.end(), chains.begin(), chains.end());
        const std::string_view cause =
            jump_.back() == '\r' ? "; the line ends with a carriage return" : "";
        fault_at(jump_column_, fmt::format("`{}' is no target and no chain declared so far{}{}",
                                           jump_.substr(0, jump_.size() - (cause.empty() ? 0 : 1)),
                                           cause, did_you_mean(jump_, names)));
    }
}

void CommandReader::finish_module(OpenModule& open) {
    const std::size_t before = faults_.size();
    for (const Option& option : open.module->traits->options) {
        const bool seen = (open.seen & option_bit(option.id)) != 0;
        if (!seen && (option.flags & option_flag::kMust) != 0) {
            fault_at(open.column, fmt::format("`{}' needs --{}", open.module->name(), option.name));
        }
        if (seen && option.needs != 0 && (open.seen & option.needs) != option.needs) {
            for (const Option& other : open.module->traits->options) {
                if ((option.needs & option_bit(other.id)) == 0) continue;
                fault_at(open.column,
                         fmt::format("--{} goes only with --{}", option.name, other.name));
                break;
            }
        }
        // A second spelling of the same option says nothing new.
        if (faults_.size() != before) return;
    }
    if (bad_) return;  // a module may rely on values that were refused
    seen_now_ = open.seen;
    module_column_ = open.column;
    open.module->finish(data_of(open), *this);
}

void CommandReader::check_chain_name(std::string_view name, int column, bool is_new) {
    if (name.size() > kLongestChainName) {
        fault_at(column,
                 fmt::format("chain name `{}' is longer than {} bytes", name, kLongestChainName));
    } else if (name.empty() && !is_new) {
        return;
    } else if (is_new && !name.empty() && (name.front() == '-' || name.front() == '!')) {
        fault_at(column, fmt::format("a chain name cannot begin with `{}'", name.front()));
    } else if (is_new &&
               std::any_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' '; })) {
        fault_at(column, fmt::format("chain name `{}' has a blank in it", name));
    } else if (is_new) {
        const std::vector<std::string_view> names = target_names(place_.family);
        if (std::find(names.begin(), names.end(), name) != names.end()) {
            fault_at(column, fmt::format("`{}' is the name of a target", name));
        }
    }
}

}  // namespace keepstate::rules
