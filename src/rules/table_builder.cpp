// See table_builder.hpp.
#include "rules/table_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rules/nearest.hpp"

namespace keepstate::rules {

std::vector<Hook> hooks_of(Table table) {
    switch (table) {
        case Table::raw: return {Hook::prerouting, Hook::output};
        case Table::nat: return {Hook::prerouting, Hook::input, Hook::output, Hook::postrouting};
        case Table::mangle:
            return {Hook::prerouting, Hook::input, Hook::forward, Hook::output, Hook::postrouting};
        case Table::filter:
        case Table::security: return {Hook::input, Hook::forward, Hook::output};
    }
    return {};
}

std::optional<Table> find_table(std::string_view name) {
    for (const Table table :
         {Table::raw, Table::mangle, Table::nat, Table::filter, Table::security}) {
        if (text(table) == name) return table;
    }
    return std::nullopt;
}

std::optional<Table> table_of(std::span<const Word> words) {
    std::string_view name = "filter";
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i].text;
        if ((word == "-t" || word == "--table") && i + 1 < words.size()) {
            name = words[i + 1].text;
        } else if (word.substr(0, 8) == "--table=") {
            name = word.substr(8);
        } else if (word.substr(0, 2) == "-t" && find_table(word.substr(2))) {
            name = word.substr(2);
        }
    }
    return find_table(name);
}

TableBuilder::TableBuilder(Table table) : table_(table) {
    for (const Hook hook : hooks_of(table)) {
        ChainText chain;
        chain.name = text(hook);
        chain.built_in = true;
        chain.hook = hook;
        by_name_.emplace(chain.name, chains_.size());
        chains_.push_back(std::move(chain));
    }
}

bool TableBuilder::has_chain(std::string_view name) const {
    return by_name_.find(std::string(name)) != by_name_.end();
}

std::vector<std::string_view> TableBuilder::chain_names() const {
    std::vector<std::string_view> names;
    for (const ChainText& chain : chains_) {
        if (!chain.name.empty()) names.push_back(chain.name);
    }
    return names;
}

void TableBuilder::zero(const Command& command, int before_line) {
    const auto zero_rule = [&](Rule& rule) {
        if (rule.line < before_line) rule.counters = Counters{};
    };
    for (ChainText& chain : chains_) {
        if (chain.name.empty() || (!command.chain.empty() && command.chain != chain.name)) continue;
        if (command.zeroing == Zeroing::rule) {
            zero_rule(chain.rules.at(command.number - 1));
        } else if (command.zeroing == Zeroing::chain) {
            if (chain.line < before_line) chain.counters = Counters{};
            for (Rule& rule : chain.rules) zero_rule(rule);
        }
    }
}

void TableBuilder::settle(int first_line) {
    for (ChainText& chain : chains_) {
        if (chain.line < first_line) chain.counters = Counters{};
    }
}

void TableBuilder::flush_all() {
    std::erase_if(chains_, [](const ChainText& chain) { return !chain.built_in; });
    by_name_.clear();
    for (std::size_t i = 0; i < chains_.size(); ++i) {
        chains_[i].rules.clear();
        by_name_.emplace(chains_[i].name, i);
    }
}

bool TableBuilder::add_chain(std::string_view name, int line) {
    if (!by_name_.emplace(std::string(name), chains_.size()).second) return false;
    ChainText chain;
    chain.name = name;
    chain.line = line;
    chains_.push_back(std::move(chain));
    return true;
}

ChainText* TableBuilder::find_chain(std::string_view name) {
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? nullptr : &chains_[found->second];
}

std::vector<Rule> expand(Command&& command) {
    std::vector<Rule> rules;
    const std::size_t count = command.sources.size() * command.destinations.size();
    if (count == 1) {
        rules.push_back(std::move(command.rule));
        return rules;
    }
    rules.reserve(count);
    for (const AddressPart& source : command.sources) {
        for (const AddressPart& destination : command.destinations) {
            Rule rule = command.rule;
            rule.basics.source = source;
            rule.basics.destination = destination;
            rules.push_back(std::move(rule));
        }
    }
    return rules;
}

std::optional<TableBuilder::Refusal> TableBuilder::apply(Command&& command) {
    const char kind = command.kind;
    if (kind == '6') return std::nullopt;
    if (kind == 'N' || kind == 'X' || kind == 'E') return apply_chain(command);
    if (command.chain.empty()) {
        if (kind == 'F') {
            for (ChainText& chain : chains_) chain.rules.clear();
        }
        return std::nullopt;
    }
    ChainText* chain = find_chain(command.chain);
    if (chain == nullptr) {
        return Refusal{command.chain_column,
                       fmt::format("table {} has no chain `{}'{}", text(table_), command.chain,
                                   did_you_mean(command.chain, chain_names()))};
    }
    if (kind == 'P') {
        if (!chain->built_in) {
            return Refusal{command.chain_column,
                           fmt::format("`{}' is no built-in chain and has no policy", chain->name)};
        }
        if (command.second != "ACCEPT" && command.second != "DROP") {
            return Refusal{command.second_column,
                           fmt::format("`{}' is no policy: ACCEPT or DROP", command.second)};
        }
        chain->policy = command.second == "DROP" ? Verdict::drop : Verdict::accept;
        chain->counters = command.rule.counters;
        chain->line = command.rule.line;
        return std::nullopt;
    }
    return apply_rule(std::move(command), *chain);
}

std::optional<TableBuilder::Refusal> TableBuilder::apply_rule(Command&& command, ChainText& chain) {
    const char kind = command.kind;
    const std::size_t number = command.number;
    const std::size_t there = chain.rules.size();
    const auto no_rule = [&]() {
        return Refusal{command.number_column, fmt::format("chain `{}' has no rule {}: it has {}",
                                                          chain.name, number, there)};
    };
    const TargetUse& target = command.rule.target;
    if (target.kind == TargetUse::Kind::chain && find_chain(target.chain)->built_in &&
        (kind == 'A' || kind == 'I' || kind == 'R')) {
        return Refusal{
            target.column,
            fmt::format("`{}' is a built-in chain: nothing may jump to it", target.chain)};
    }
    switch (kind) {
        case 'A':
            for (Rule& rule : expand(std::move(command))) chain.rules.push_back(std::move(rule));
            break;
        case 'I': {
            const std::size_t at = number == 0 ? 0 : number - 1;
            if (at > there) return no_rule();
            for (Rule& rule : expand(std::move(command))) {
                chain.rules.insert(chain.rules.begin() + static_cast<std::ptrdiff_t>(at),
                                   std::move(rule));
            }
            break;
        }
        case 'R':
            if (number > there) return no_rule();
            chain.rules[number - 1] = std::move(command.rule);
            break;
        case 'D':
        case 'C': return apply_delete(command, chain);
        case 'F': chain.rules.clear(); break;
        case 'Z':  // what is set to zero: zero()
        case 'L':
        case 'S':
            if (command.zeroing == Zeroing::rule && number > there) return no_rule();
            break;
        default: break;
    }
    return std::nullopt;
}

std::optional<TableBuilder::Refusal> TableBuilder::apply_delete(const Command& command,
                                                                ChainText& chain) {
    if (command.number != 0) {
        if (command.number > chain.rules.size()) {
            return Refusal{command.number_column,
                           fmt::format("chain `{}' has no rule {}: it has {}", chain.name,
                                       command.number, chain.rules.size())};
        }
        chain.rules.erase(chain.rules.begin() + static_cast<std::ptrdiff_t>(command.number) - 1);
        return std::nullopt;
    }
    Command copy = command;
    for (const Rule& rule : expand(std::move(copy))) {
        const auto found = std::find_if(chain.rules.begin(), chain.rules.end(),
                                        [&](const Rule& other) { return other.is_same(rule); });
        if (found == chain.rules.end()) {
            return Refusal{command.chain_column,
                           fmt::format("chain `{}' has no such rule", chain.name)};
        }
        if (command.kind == 'D') chain.rules.erase(found);
    }
    return std::nullopt;
}

std::size_t TableBuilder::references(std::string_view name) const {
    std::size_t count = 0;
    for (const ChainText& chain : chains_) {
        for (const Rule& rule : chain.rules) {
            count += rule.target.kind == TargetUse::Kind::chain && rule.target.chain == name;
        }
    }
    return count;
}

std::optional<TableBuilder::Refusal> TableBuilder::apply_chain(const Command& command) {
    if (command.kind == 'N') {
        if (add_chain(command.chain, command.rule.line)) return std::nullopt;
        return Refusal{command.chain_column,
                       fmt::format("there is a chain `{}' already", command.chain)};
    }
    if (command.kind == 'E') return rename_chain(command);
    if (!command.chain.empty()) return remove_chain(command, command.chain);
    // -X alone: all user chains, in the order in which the real tool would meet them.
    std::vector<std::string> names;
    for (const ChainText& chain : chains_) {
        if (!chain.built_in && !chain.name.empty()) names.push_back(chain.name);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        if (auto refusal = remove_chain(command, name)) return refusal;
    }
    return std::nullopt;
}

std::optional<TableBuilder::Refusal> TableBuilder::remove_chain(const Command& command,
                                                                std::string_view name) {
    ChainText* chain = find_chain(name);
    std::string words;
    if (chain == nullptr) {
        words = fmt::format("table {} has no chain `{}'{}", text(table_), name,
                            did_you_mean(name, chain_names()));
    } else if (chain->built_in) {
        words = fmt::format("`{}' is a built-in chain and cannot be deleted", name);
    } else if (!chain->rules.empty()) {
        words = fmt::format("chain `{}' has rules and cannot be deleted: -F {} first", name, name);
    } else if (references(name) != 0) {
        words = fmt::format("rules jump to chain `{}': it cannot be deleted", name);
    }
    if (!words.empty()) return Refusal{command.chain_column, std::move(words)};
    by_name_.erase(std::string(name));
    chain->name.clear();
    return std::nullopt;
}

std::optional<TableBuilder::Refusal> TableBuilder::rename_chain(const Command& command) {
    ChainText* chain = find_chain(command.chain);
    if (chain == nullptr || chain->built_in) {
        return Refusal{command.chain_column, fmt::format("`{}' is no user chain of table {}",
                                                         command.chain, text(table_))};
    }
    if (has_chain(command.second)) {
        return Refusal{command.second_column,
                       fmt::format("there is a chain `{}' already", command.second)};
    }
    for (ChainText& other : chains_) {
        for (Rule& rule : other.rules) {
            if (rule.target.kind == TargetUse::Kind::chain && rule.target.chain == command.chain) {
                rule.target.chain = command.second;
            }
        }
    }
    const std::size_t index = by_name_[command.chain];
    by_name_.erase(command.chain);
    by_name_.emplace(command.second, index);
    chain->name = command.second;
    return std::nullopt;
}

TableText TableBuilder::finish() && {
    std::erase_if(chains_, [](const ChainText& chain) { return chain.name.empty(); });
    std::stable_sort(chains_.begin(), chains_.end(), [](const ChainText& a, const ChainText& b) {
        if (a.built_in != b.built_in) return a.built_in;
        return !a.built_in && a.name < b.name;
    });
    return TableText{table_, std::move(chains_)};
}

}  // namespace keepstate::rules
