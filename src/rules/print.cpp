// iptables-save text from the AST.
//
// Tables come in the reverse order of their first mention: the kernel lists the youngest first. Built-in
// chains come in hook order, user chains by name. A rule is its own parts in a fixed order, its matches in
// the order of the rule, then where it leads. What says nothing is left out: -s 0.0.0.0/0, -i +.
//
// source: seen:tests/rules, man:iptables-save.   Tested by: tests/rules, tests/property.
#include "rules/print.hpp"

#include <fmt/format.h>

#include "rules/module.hpp"
#include "rules/names.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

namespace {

void print_address(char letter, const AddressPart& part, Family family, std::string& out) {
    if (!part.inverted && part.mask == AddressBytes{}) return;
    fmt::format_to(std::back_inserter(out), "{} -{} {}", part.inverted ? " !" : "", letter,
                   address_text(part, family));
}

void print_device(char letter, const DevicePart& part, std::string& out) {
    if (part.mask[0] == 0) return;  // `-i +', and `! -i +' too
    const std::string_view name(part.name.data());
    fmt::format_to(std::back_inserter(out), "{} -{} {}", part.inverted ? " !" : "", letter, name);
}

void print_target(const TargetUse& target, Family family, std::string& out) {
    switch (target.kind) {
        case TargetUse::Kind::none: return;
        case TargetUse::Kind::accept: out += " -j ACCEPT"; return;
        case TargetUse::Kind::drop: out += " -j DROP"; return;
        case TargetUse::Kind::queue: out += " -j QUEUE"; return;
        case TargetUse::Kind::return_: out += " -j RETURN"; return;
        case TargetUse::Kind::chain:
            out += target.is_goto ? " -g " : " -j ";
            out += target.chain;
            return;
        case TargetUse::Kind::module:
            out += " -j ";
            out += target.module->name();
            target.module->print(target.data.data(), PrintContext{family}, out);
            return;
    }
}

void print_table(const RulesetText& ruleset, std::size_t index, const CounterSource* counters,
                 std::string& out) {
    const TableText& table = ruleset.tables[index];
    const auto to = std::back_inserter(out);
    fmt::format_to(to, "*{}\n", text(table.table));
    for (std::size_t i = 0; i < table.chains.size(); ++i) {
        const ChainText& chain = table.chains[i];
        if (!chain.built_in) {
            fmt::format_to(to, ":{} - [0:0]\n", chain.name);
            continue;
        }
        const Counters count = counters != nullptr ? (*counters)(index, i, 0) : Counters{};
        fmt::format_to(to, ":{} {} [{}:{}]\n", chain.name, text(chain.policy), count.packets,
                       count.bytes);
    }
    for (std::size_t i = 0; i < table.chains.size(); ++i) {
        const ChainText& chain = table.chains[i];
        for (std::size_t rule = 0; rule < chain.rules.size(); ++rule) {
            if (counters != nullptr) {
                const Counters count = (*counters)(index, i, rule + 1);
                fmt::format_to(to, "[{}:{}] ", count.packets, count.bytes);
            }
            print_rule(chain.rules[rule], chain.name, ruleset.family, out);
            out += '\n';
        }
    }
    out += "COMMIT\n";
}

}  // namespace

void print_rule(const Rule& rule, std::string_view chain, Family family, std::string& out) {
    const Basics& basics = rule.basics;
    out += "-A ";
    out += chain;
    print_address('s', basics.source, family, out);
    print_address('d', basics.destination, family, out);
    print_device('i', basics.in, out);
    print_device('o', basics.out, out);
    if (basics.protocol != 0) {
        out += basics.protocol_inverted ? " ! -p " : " -p ";
        out += protocol_text(basics.protocol);
    }
    if (basics.fragment) out += basics.fragment_inverted ? " ! -f" : " -f";
    for (const MatchUse& use : rule.matches) {
        out += " -m ";
        out += use.module->name();
        use.module->print(use.data.data(), PrintContext{family}, out);
    }
    print_target(rule.target, family, out);
}

std::string print(const RulesetText& ruleset, const CounterSource* counters) {
    std::string out;
    for (std::size_t i = ruleset.tables.size(); i-- > 0;) print_table(ruleset, i, counters, out);
    return out;
}

std::string print_with_own_counters(const RulesetText& ruleset) {
    const CounterSource own = [&](std::size_t table, std::size_t chain, std::size_t rule) {
        const ChainText& text = ruleset.tables[table].chains[chain];
        return rule == 0 ? text.counters : text.rules[rule - 1].counters;
    };
    return print(ruleset, &own);
}

}  // namespace keepstate::rules
