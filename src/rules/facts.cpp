// See facts.hpp.
#include "rules/facts.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "rules/lexer.hpp"
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

namespace {

// Matches that say the same of the same packet at any two rules of a chain, whatever stands between them.
constexpr std::array<std::string_view, 25> kLasting = {
    "addrtype", "ah",    "bpf",       "comment", "conntrack", "dccp",    "devgroup",
    "esp",      "eui64", "frag",      "icmp",    "icmp6",     "iprange", "ipv6header",
    "length",   "mac",   "multiport", "physdev", "pkttype",   "policy",  "sctp",
    "state",    "tcp",   "udp",       "u32"};

bool is_lasting(std::string_view name) {
    return std::find(kLasting.begin(), kLasting.end(), name) != kLasting.end();
}

PortSet parse_ports(std::string_view list) {
    PortSet set;
    set.ranges.clear();
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view item = list.substr(0, comma);
        const std::size_t colon = item.find(':');
        const auto low = parse_number(item.substr(0, colon), 0, 0xffff);
        const auto high =
            colon == std::string_view::npos ? low : parse_number(item.substr(colon + 1), 0, 0xffff);
        if (low && high && *low <= *high) {
            set.ranges.emplace_back(static_cast<std::uint16_t>(*low),
                                    static_cast<std::uint16_t>(*high));
        }
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    std::sort(set.ranges.begin(), set.ranges.end());
    std::vector<std::pair<std::uint16_t, std::uint16_t>> joined;
    for (const auto& range : set.ranges) {
        if (!joined.empty() && range.first <= joined.back().second + 1) {
            joined.back().second = std::max(joined.back().second, range.second);
        } else {
            joined.push_back(range);
        }
    }
    set.ranges = std::move(joined);
    return set;
}

PortSet inverse(const PortSet& set) {
    PortSet out;
    out.ranges.clear();
    std::uint32_t next = 0;
    for (const auto& [low, high] : set.ranges) {
        if (low > next) {
            out.ranges.emplace_back(static_cast<std::uint16_t>(next),
                                    static_cast<std::uint16_t>(low - 1));
        }
        next = high + 1U;
    }
    if (next <= PortSet::kLast) {
        out.ranges.emplace_back(static_cast<std::uint16_t>(next), PortSet::kLast);
    }
    return out;
}

PortSet intersection(const PortSet& a, const PortSet& b) {
    PortSet out;
    out.ranges.clear();
    for (const auto& x : a.ranges) {
        for (const auto& y : b.ranges) {
            const auto low = std::max(x.first, y.first);
            const auto high = std::min(x.second, y.second);
            if (low <= high) out.ranges.emplace_back(low, high);
        }
    }
    return out;
}

// 0: a word that is no plain state (SNAT, DNAT), so the list is kept as words.
std::uint8_t parse_states(std::string_view list) {
    constexpr std::array<std::string_view, 5> kNames = {"INVALID", "NEW", "RELATED", "ESTABLISHED",
                                                        "UNTRACKED"};
    unsigned bits = 0;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const auto found = std::find(kNames.begin(), kNames.end(), list.substr(0, comma));
        if (found == kNames.end()) return 0;
        bits |= 1U << (found - kNames.begin());
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return static_cast<std::uint8_t>(bits);
}

// Takes one printed option into the sets; false if it is none of theirs.
bool take_option(std::string_view match, std::string_view option, std::string_view value,
                 bool inverted, RuleFacts& facts) {
    const bool ports = match == "tcp" || match == "udp" || match == "sctp" || match == "dccp" ||
                       match == "multiport";
    const bool source = option == "--sport" || option == "--sports";
    if (ports && (source || option == "--dport" || option == "--dports")) {
        PortSet set = parse_ports(value);
        if (inverted) set = inverse(set);
        PortSet& all = source ? facts.source_ports : facts.destination_ports;
        all = intersection(all, set);
        return true;
    }
    if ((match == "state" && option == "--state") ||
        (match == "conntrack" && option == "--ctstate")) {
        const std::uint8_t bits = parse_states(value);
        if (bits == 0) return false;
        facts.states &= static_cast<std::uint8_t>(inverted ? ~bits : bits);
        return true;
    }
    return false;
}

void take_match(const MatchUse& use, Family family, RuleFacts& facts) {
    const std::string_view name = use.module->name();
    if (name == "comment") return;
    if (!is_lasting(name)) facts.lasting = false;
    std::string printed;
    use.module->print(use.data.data(), PrintContext{family}, printed);
    const std::vector<Word> words = split_words(printed, 0, true).words;
    std::size_t at = 0;
    std::string rest(name);
    while (at < words.size()) {
        const bool inverted = words[at].text == "!";
        if (inverted) ++at;
        std::size_t end = at + 1;
        while (end < words.size() && words[end].text != "!" &&
               words[end].text.substr(0, 2) != "--") {
            ++end;
        }
        if (at >= words.size()) break;
        if (end != at + 2 ||
            !take_option(name, words[at].text, words[at + 1].text, inverted, facts)) {
            rest += inverted ? " !" : "";
            for (; at < std::min(end, words.size()); ++at) rest += " " + words[at].text;
        }
        at = end;
    }
    if (rest.size() != name.size()) facts.others.push_back(std::move(rest));
}

bool is_any(const AddressPart& part) {
    return !part.inverted &&
           std::all_of(part.mask.begin(), part.mask.end(), [](auto byte) { return byte == 0; });
}

// Whether all addresses of `inner` (not inverted) are in `outer` (not inverted).
bool holds(const AddressPart& outer, const AddressPart& inner) {
    for (std::size_t i = 0; i < outer.mask.size(); ++i) {
        if ((outer.mask[i] & inner.mask[i]) != outer.mask[i]) return false;
        if ((inner.address[i] & outer.mask[i]) != outer.address[i]) return false;
    }
    return true;
}

bool are_apart(const AddressPart& a, const AddressPart& b) {
    for (std::size_t i = 0; i < a.mask.size(); ++i) {
        const unsigned both = a.mask[i] & b.mask[i];
        if ((a.address[i] & both) != (b.address[i] & both)) return true;
    }
    return false;
}

bool is_any(const DevicePart& part) { return part.mask[0] == 0; }

bool holds(const DevicePart& outer, const DevicePart& inner) {
    for (std::size_t i = 0; i < outer.mask.size(); ++i) {
        if (outer.mask[i] == 0) continue;
        if (inner.mask[i] == 0 || inner.name[i] != outer.name[i]) return false;
    }
    return true;
}

bool are_apart(const DevicePart& a, const DevicePart& b) {
    for (std::size_t i = 0; i < a.mask.size(); ++i) {
        if (a.mask[i] != 0 && b.mask[i] != 0 && a.name[i] != b.name[i]) return true;
    }
    return false;
}

template <typename Part>
bool covers_part(const Part& outer, const Part& inner) {
    // The common case first: `any' has no bit in its mask and holds everything.
    if (!outer.inverted && !inner.inverted) return holds(outer, inner);
    if (is_any(outer) || outer == inner) return true;
    if (is_any(inner)) return false;
    if (outer.inverted && inner.inverted) return holds(inner, outer);
    return outer.inverted && are_apart(outer, inner);
}

bool covers_protocol(const Basics& outer, const Basics& inner) {
    if (outer.protocol == 0) return true;
    if (inner.protocol == 0) return false;
    if (outer.protocol_inverted == inner.protocol_inverted) return outer.protocol == inner.protocol;
    return outer.protocol_inverted && outer.protocol != inner.protocol;
}

}  // namespace

bool PortSet::holds(const PortSet& other) const {
    return std::all_of(other.ranges.begin(), other.ranges.end(), [&](const auto& range) {
        return std::any_of(ranges.begin(), ranges.end(), [&](const auto& mine) {
            return mine.first <= range.first && range.second <= mine.second;
        });
    });
}

bool PortSet::has(std::uint16_t port) const {
    return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
        return range.first <= port && port <= range.second;
    });
}

std::uint32_t PortSet::count() const {
    std::uint32_t all = 0;
    for (const auto& [low, high] : ranges) all += high - low + 1U;
    return all;
}

bool RuleFacts::matches_all() const {
    const Basics& basics = rule->basics;
    return is_any(basics.source) && is_any(basics.destination) && is_any(basics.in) &&
           is_any(basics.out) && basics.protocol == 0 && !basics.fragment && lasting &&
           others.empty() && states == fact_state::kAny && source_ports.is_all() &&
           destination_ports.is_all();
}

RuleFacts facts_of(const Rule& rule, Family family) {
    RuleFacts facts;
    facts.rule = &rule;
    for (const MatchUse& use : rule.matches) take_match(use, family, facts);
    std::sort(facts.others.begin(), facts.others.end());
    return facts;
}

bool covers(const RuleFacts& outer, const RuleFacts& inner) {
    const Basics& a = outer.rule->basics;
    const Basics& b = inner.rule->basics;
    if (!outer.lasting || !covers_protocol(a, b)) return false;
    if ((inner.states & ~outer.states) != 0) return false;
    if (!covers_part(a.source, b.source) || !covers_part(a.destination, b.destination) ||
        !covers_part(a.in, b.in) || !covers_part(a.out, b.out)) {
        return false;
    }
    if (a.fragment && (!b.fragment || a.fragment_inverted != b.fragment_inverted)) return false;
    // A match on ports also asks for a whole header, which `all ports' of the other rule does not.
    if (!outer.source_ports.is_all() || !outer.destination_ports.is_all()) {
        if (inner.source_ports.is_all() && inner.destination_ports.is_all()) return false;
        if (!outer.source_ports.holds(inner.source_ports) ||
            !outer.destination_ports.holds(inner.destination_ports)) {
            return false;
        }
    }
    return std::includes(inner.others.begin(), inner.others.end(), outer.others.begin(),
                         outer.others.end());
}

}  // namespace keepstate::rules
