// See rulesets.hpp.
#include "differ/rulesets.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "differ/draw.hpp"
#include "differ/leave_out.hpp"
#include "differ/rule_patterns.hpp"
#include "differ/speaking_packets.hpp"
#include "keepstate/ruleset.hpp"

namespace keepstate::kernel {

namespace {

/// Values of one kind; {name} in a pattern. Lists are near what packets carry.
struct Kind {
    std::string_view name;
    std::string_view values;  ///< by `|`
};
// clang-format off
constexpr Kind kKinds[] = {
    {"word", "GET|attack|a b|xyz"},
    {"port", "80|443|53|54|40000|40001|5000|5001|1"},
    {"ports", "80|1:1023|40000:40001|5000:65535|:53|443:"},
    {"range of ports", "80|1:1023|40000:40001|5000:65535"},
    {"flags", "SYN,ACK,FIN,RST|SYN,RST|ACK|FIN,ACK|ALL|PSH,URG"},
    {"someflags", "SYN|ACK|FIN|RST|SYN,ACK|NONE|FIN,ACK|PSH"},
    {"option", "1|2|3|4|5|8"},
    {"icmptype", "8|0|3|3/1|3/3|11|echo-request|destination-unreachable|13|any|12/0"},
    {"icmp6type", "128|129|1|1/4|2|3|echo-request|135|133|4"},
    {"states", "NEW|ESTABLISHED|RELATED|INVALID|UNTRACKED|NEW,INVALID|RELATED,ESTABLISHED"},
    {"ctstates", "NEW|ESTABLISHED|RELATED|INVALID|UNTRACKED|NEW,RELATED|SNAT|DNAT|INVALID,UNTRACKED"},
    {"ctstatus", "NONE|EXPECTED|SEEN_REPLY|ASSURED|CONFIRMED|SEEN_REPLY,ASSURED"},
    {"ctdir", "ORIGINAL|REPLY"},
    {"expire", "1:90|90:1000|0:45|25:45|400000:440000"},
    {"protocol", "6|17|1|58|132|47|136"},
    {"mark", "0x1|0x2/0x3|0x0/0xff|0x10|0x5/0x7"},
    {"lengths", "0:60|40|60:100|100:65535|28:48|52"},
    {"length", "60|100|65535|200"},
    {"ttlop", "--ttl-eq|--ttl-lt|--ttl-gt"},
    {"hlop", "--hl-eq|--hl-lt|--hl-gt"},
    {"ttl", "64|63|2|30|255"},
    {"tos", "0x00/0xff|0x10/0x3f|0x08/0x08|0x02/0x03|0x20/0xe0"},
    {"dscp", "0x00|0x04|0x08|0x2e"},
    {"dscpclass", "CS0|EF|AF11|CS1|AF41"},
    {"ect", "0|1|2|3"},
    {"few", "1|2|3|5"},
    {"burst", "1|2|3|5"},
    {"small", "0|1|2|3|4|5|6"},
    {"spi", "1|2|1:5|0:65535|256"},
    {"mss", "536|1460|1:1000|1000:65535"},
    {"mssvalue", "500|1000|1400"},
    {"dccptypes", "REQUEST|RESPONSE|DATA|ACK,DATAACK|INVALID|REQUEST,SYNC"},
    {"anyall", "any|all|only"},
    {"chunks", "DATA|INIT|INIT_ACK|DATA,SACK|HEARTBEAT|ABORT|ABORT:t|DATA:bE|COOKIE_ECHO,COOKIE_ACK|SHUTDOWN"},
    {"hdrlen", "8|16|0|24"},
    {"headers", "hop|dst|route|frag|hop,dst|auth|esp|prot|none|hop-by-hop,ipv6-route"},
    {"algo", "bm|kmp"},
    {"pkttype", "unicast|broadcast|multicast"},
    {"list", "alpha|beta"},
    {"side", "--rsource|--rdest"},
    {"updown", "upto|above"},
    {"hashmode", "srcip|dstip|srcport|dstport|srcip,dstport|srcip,dstip,srcport,dstport"},
    {"sdaddr", "saddr|daddr"},
    {"counts", "1:3|2:|:5|100:1000|0:60"},
    {"cbdir", "original|reply|both"},
    {"cbmode", "packets|bytes|avgpkt"},
    {"quota", "0|100|500|5000"},
    {"every", "2|3|5"},
    {"nodes", "1|2|3"},
    {"loose", "|--loose|--accept-local"},
    {"zone", "1|2|7"},
    {"sockopts", "| --nowildcard| --transparent| --transparent --nowildcard| --nowildcard --restore-skmark"},
    {"account", "one|two"},
    {"prefix", "48|56|64"},
    {"strip", "2,3|4|8,5|mss,sack-permitted|3,8,4"},
    {"andorxor", "and|or|xor"},
    {"setincdec", "set|inc|dec"},
    {"reject4", "icmp-net-unreachable|icmp-host-unreachable|icmp-port-unreachable|icmp-proto-unreachable|icmp-net-prohibited|icmp-host-prohibited|icmp-admin-prohibited"},
    {"reject6", "icmp6-no-route|icmp6-adm-prohibited|icmp6-addr-unreachable|icmp6-port-unreachable|icmp6-policy-fail|icmp6-reject-route"},
};
constexpr Kind kFamilyKinds4[] = {
    {"ipset", "ip4 src|ip4 dst|net4 dst|net4 src|port4 dst,dst|port4 src,src|ports dst|ports src|list4 src"},
    {"addrtype", "UNICAST|LOCAL|MULTICAST|BROADCAST|LOCAL,UNICAST"},
    {"address", "10.0.1.1|10.0.1.0/24|10.0.2.1|10.0.0.0/8|10.0.1.2/31"},
    {"range", "10.0.1.1-10.0.1.1|10.0.1.2-10.0.2.1|10.0.2.0-10.0.2.255"},
    {"masklen", "32|24|0|31"},
};
constexpr Kind kFamilyKinds6[] = {
    {"ipset", "ip6 src|ip6 dst|net6 dst|net6 src|port6 dst,dst|port6 src,src|ports dst|ports src"},
    {"addrtype", "UNICAST|LOCAL|MULTICAST|ANYCAST|LOCAL,UNICAST"},
    {"address", "2001:db8:1::1|2001:db8:1::/64|2001:db8:2::1|2001:db8::/32|2001:db8:1::2/127"},
    {"range", "2001:db8:1::1-2001:db8:1::1|2001:db8:1::2-2001:db8:2::1"},
    {"masklen", "128|64|0|127"},
};
// clang-format on

constexpr std::string_view kSets =
    "create ip4 hash:ip family inet\nadd ip4 10.0.1.1\n"
    "create net4 hash:net family inet\nadd net4 10.0.2.0/24\nadd net4 10.0.2.1 nomatch\n"
    "create port4 hash:ip,port family inet\nadd port4 10.0.2.1,tcp:80\nadd port4 "
    "10.0.1.1,udp:5000\n"
    "create list4 list:set\nadd list4 ip4\nadd list4 net4\n"
    "create ip6 hash:ip family inet6\nadd ip6 2001:db8:1::1\n"
    "create net6 hash:net family inet6\nadd net6 2001:db8:2::/64\n"
    "create port6 hash:ip,port family inet6\nadd port6 2001:db8:2::1,tcp:80\n"
    "create ports bitmap:port range 0-1023\nadd ports 80\nadd ports 53\n";

struct Chain {
    std::string name;
    bool is_user = false;
};

constexpr std::string_view kProtocols4[] = {"tcp",  "tcp",  "tcp", "udp", "udp",    "icmp",
                                            "sctp", "dccp", "esp", "ah",  "udplite"};
constexpr std::string_view kProtocols6[] = {"tcp",  "tcp",  "tcp", "udp",     "udp",    "ipv6-icmp",
                                            "sctp", "dccp", "esp", "udplite", "ipv6-mh"};

bool is_listed(std::string_view list, std::string_view word) {
    for (const std::string_view each : split_words(list, ' ')) {
        if (each == word) return true;
    }
    return false;
}

class RulesetDraw {
  public:
    RulesetDraw(Draw& draw, bool is_v6, RulesetOptions options)
        : draw_(draw), is_v6_(is_v6), options_(std::move(options)) {}

    std::string ruleset() {
        std::string out;
        for (const auto& [table, chains] : kTables) {
            if (table != "filter" && draw_.one_in(2)) continue;
            out += make_table(table, split_words(chains, ' '));
        }
        return out;
    }

    bool fits(const RulePattern& pattern) const {
        const auto& without = options_.without;
        if (std::find(without.begin(), without.end(), pattern.module) != without.end())
            return false;
        return pattern.family == For::both || (pattern.family == For::ipv6) == is_v6_;
    }

    /// The words of a pattern with values for its names.
    std::string fill(std::string_view words) {
        std::string out;
        while (!words.empty()) {
            const std::size_t open = words.find('{');
            out += words.substr(0, open);
            if (open == std::string_view::npos) break;
            const std::size_t close = words.find('}', open);
            out += value(words.substr(open + 1, close - open - 1));
            words.remove_prefix(close + 1);
        }
        return out;
    }

    /// "-p tcp -m tcp ... -j X" for a table; empty if what was drawn does not fit there.
    std::string rule(std::string_view table, const Chain& chain, const Words& later_chains) {
        const auto& protocols = is_v6_ ? kProtocols6 : kProtocols4;
        const std::string_view protocol =
            draw_.one_in(3)
                ? std::string_view{}
                : protocols[draw_.below(static_cast<std::uint32_t>(std::size(protocols)))];
        std::string out = basics(protocol, chain);
        for (std::uint32_t i = draw_.below(2) + (draw_.one_in(6) ? 1 : 0); i > 0; --i) {
            const RulePattern& pattern = draw_match(protocol);
            if (stands(pattern, protocol, table, chain)) out += drawn_words(pattern);
        }
        if (!later_chains.empty() && draw_.one_in(5)) {
            return out + (draw_.one_in(3) ? " -g " : " -j ") +
                   std::string{
                       later_chains[draw_.below(static_cast<std::uint32_t>(later_chains.size()))]};
        }
        for (int tries = 0; tries < 20; ++tries) {
            const RulePattern& pattern = kTargetPatterns[draw_.below(std::size(kTargetPatterns))];
            if (stands(pattern, protocol, table, chain)) return out + drawn_words(pattern);
        }
        return out;
    }

  private:
    /// Half of the time one of the rule's protocol, if there is one.
    const RulePattern& draw_match(std::string_view protocol) {
        const auto any = [this]() -> const RulePattern& {
            return kMatchPatterns[draw_.below(
                static_cast<std::uint32_t>(std::size(kMatchPatterns)))];
        };
        if (protocol.empty() || draw_.one_in(2)) return any();
        for (int tries = 0; tries < 200; ++tries) {
            const RulePattern& pattern = any();
            if (pattern.protocol == protocol) return pattern;
        }
        return any();
    }

    /// A pattern filled; nothing if --nft does not compare what was drawn.
    std::string drawn_words(const RulePattern& pattern) {
        const std::string words = fill(pattern.words);
        if (options_.is_nft) {
            for (const NotComparedByNft& row : kNotComparedByNft) {
                const bool is_its_family =
                    row.family == For::both || (row.family == For::ipv6) == is_v6_;
                if (is_its_family && row.module == pattern.module &&
                    words.find(row.words) != std::string::npos) {
                    return {};
                }
            }
        }
        return " " + words;
    }

    struct Table {
        std::string_view name;
        std::string_view chains;
    };
    static constexpr Table kTables[] = {
        {"raw", "PREROUTING OUTPUT"},
        {"mangle", "PREROUTING INPUT FORWARD OUTPUT POSTROUTING"},
        {"filter", "INPUT FORWARD OUTPUT"},
        {"security", "INPUT FORWARD OUTPUT"},
    };
    static constexpr std::string_view kUserChains[] = {"ua", "ub", "uc"};

    bool stands(const RulePattern& pattern, std::string_view protocol, std::string_view table,
                const Chain& chain) const {
        if (!fits(pattern)) return false;
        if (!pattern.protocol.empty() && pattern.protocol != protocol) return false;
        if (!pattern.tables.empty() && !is_listed(pattern.tables, table)) return false;
        return pattern.chains.empty() || (!chain.is_user && is_listed(pattern.chains, chain.name));
    }

    std::string value(std::string_view name) {
        if (name == "not") return draw_.one_in(4) ? "! " : "";
        if (name == "not:i") return draw_.one_in(4) ? "--invert " : "";
        if (name == "unique") return fmt::format("h{}", ++unique_);
        for (const Kind& kind : kKinds) {
            if (kind.name == name) return draw_.one_of(kind.values);
        }
        if (is_v6_) {
            for (const Kind& kind : kFamilyKinds6) {
                if (kind.name == name) return draw_.one_of(kind.values);
            }
        } else {
            for (const Kind& kind : kFamilyKinds4) {
                if (kind.name == name) return draw_.one_of(kind.values);
            }
        }
        return fmt::format("UNKNOWN_KIND_{}", name);
    }

    std::string basics(std::string_view protocol, const Chain& chain) {
        std::string out;
        if (draw_.one_in(10)) out += fill(" {not}-s {address}");
        if (draw_.one_in(10)) out += fill(" {not}-d {address}");
        if (!chain.is_user && chain.name != "OUTPUT" && chain.name != "POSTROUTING" &&
            draw_.one_in(8)) {
            out += fill(" {not}-i ") + draw_.one_of("eth0|eth1|eth+");
        }
        if (!protocol.empty()) out += fmt::format(" -p {}", protocol);
        return out;
    }

    std::string make_table(std::string_view table, const Words& built_in) {
        std::string out = fmt::format("*{}\n", table);
        for (const std::string_view chain : built_in) {
            out += fmt::format(":{} {} [0:0]\n", chain, draw_.one_in(12) ? "DROP" : "ACCEPT");
        }
        for (const std::string_view chain : kUserChains) out += fmt::format(":{} - [0:0]\n", chain);
        const Words all_user{std::begin(kUserChains), std::end(kUserChains)};
        for (const std::string_view chain : built_in)
            out += rules_of(table, {std::string{chain}, false}, all_user);
        for (std::size_t i = 0; i < all_user.size(); ++i) {
            out +=
                rules_of(table, {std::string{all_user[i]}, true},
                         {all_user.begin() + static_cast<std::ptrdiff_t>(i) + 1, all_user.end()});
        }
        return out + "COMMIT\n";
    }

    std::string rules_of(std::string_view table, const Chain& chain, const Words& later) {
        std::string out;
        for (std::uint32_t wanted = draw_.below(6) + 1; wanted > 0; --wanted) {
            for (int tries = 0; tries < 10; ++tries) {
                const std::string line =
                    fmt::format("-A {}{}\n", chain.name, rule(table, chain, later));
                if (!is_taken(table, line)) continue;
                out += line;
                break;
            }
        }
        return out;
    }

    bool is_taken(std::string_view table, const std::string& line) const {
        const std::string text =
            fmt::format("*{}\n:ua - [0:0]\n:ub - [0:0]\n:uc - [0:0]\n{}COMMIT\n", table, line);
        return Ruleset::parse(text, is_v6_ ? Family::ipv6 : Family::ipv4).has_value();
    }

    Draw& draw_;
    bool is_v6_;
    RulesetOptions options_;
    unsigned unique_ = 0;
};

/// Programs on the firewall, at ports that the packets have.
std::vector<KernelSocket> host_sockets() {
    std::vector<KernelSocket> sockets;
    for (const bool is_v6 : {false, true}) {
        const std::string any = is_v6 ? "::" : "0.0.0.0";
        const std::string own = is_v6 ? kOwnAddress6 : kOwnAddress4;
        const std::string far = is_v6 ? "2001:db8:1::1" : "10.0.1.1";
        sockets.push_back({IPPROTO_TCP, own, 80, {}, 0, 0x5, true});
        sockets.push_back({IPPROTO_TCP, any, 443, {}, 0, 0x10, false});
        sockets.push_back({IPPROTO_TCP, own, 40000, {}, 0, 0, false});
        sockets.push_back({IPPROTO_UDP, any, 80, {}, 0, 0, true});
        sockets.push_back({IPPROTO_UDP, own, 443, {}, 0, 0x2, true});
        sockets.push_back({IPPROTO_UDP, own, 40001, far, 80, 0x1, false});
        sockets.push_back({IPPROTO_UDP, own, 5000, {}, 0, 0, false});
    }
    return sockets;
}

}  // namespace

Walk make_ruleset_walk(bool is_v6, std::uint64_t seed, std::size_t packets,
                       const RulesetOptions& options) {
    Walk walk = make_walk(WalkKind::rules, is_v6, seed, packets);
    Draw draw{seed};
    RulesetDraw rules{draw, is_v6, options};
    walk.setup.local_addresses = {kOwnAddress4, kOwnAddress6};
    walk.setup.rules4 = is_v6 ? std::string{} : rules.ruleset();
    walk.setup.rules6 = is_v6 ? rules.ruleset() : std::string{};
    walk.setup.ip_sets = kSets;
    walk.setup.commands = {{"nfacct", "add", "one"}, {"nfacct", "add", "two"}};
    walk.setup.sockets = host_sockets();
    walk.setup.is_nft = options.is_nft;
    SpeakingPackets speaking{draw, is_v6};
    for (KernelPacket& packet : walk.packets) {
        packet.ip_bytes =
            draw.one_in(2) ? speaking.next() : speaking.dress(std::move(packet.ip_bytes));
    }
    if (options.is_nft) {
        std::erase_if(walk.packets, [](const KernelPacket& packet) {
            return !reason_to_leave_out_of_nft(packet).empty();
        });
    }
    return walk;
}

void add_reached(const std::string& counters, std::map<std::string, Reached>& reached) {
    std::istringstream lines{counters};
    std::string line;
    while (std::getline(lines, line)) {
        if (line.empty() || line[0] != '[') continue;
        const bool counts = line.rfind("[0:", 0) != 0;
        std::istringstream words{line};
        std::string word, name;
        bool has_target = false;
        while (words >> word) {
            if (word != "-m" && word != "-j" && word != "-g") continue;
            has_target |= word != "-m";
            words >> name;
            Reached& row = reached[name];
            ++row.rules;
            counts ? ++row.counted : ++row.passed;
        }
        if (!has_target) ++reached["none"].rules;
    }
}

std::vector<PatternRule> one_rule_a_pattern(std::uint64_t seed) {
    std::vector<PatternRule> rules;
    Draw draw{seed};
    for (const bool is_v6 : {false, true}) {
        RulesetDraw ruleset{draw, is_v6, {}};
        const auto add = [&](const RulePattern& pattern, std::string_view target) {
            if (!ruleset.fits(pattern)) return;
            const std::string_view table =
                pattern.tables.empty() ? "mangle" : split_words(pattern.tables, ' ').front();
            const std::string_view any_chain = table == "raw" ? "PREROUTING" : "FORWARD";
            const std::string_view chain =
                pattern.chains.empty() ? any_chain : split_words(pattern.chains, ' ').front();
            std::string words = fmt::format("-A {}", chain);
            if (!pattern.protocol.empty()) words += fmt::format(" -p {}", pattern.protocol);
            words += " " + ruleset.fill(pattern.words) + std::string{target};
            rules.push_back({std::string{pattern.module}, is_v6, std::string{table}, words});
        };
        for (const RulePattern& pattern : kMatchPatterns) add(pattern, " -j ACCEPT");
        for (const RulePattern& pattern : kTargetPatterns) add(pattern, "");
    }
    return rules;
}

}  // namespace keepstate::kernel
