// Small rulesets over few values, so that rules meet and overlap in all ways; matches that have effects stand before and
// behind those that have none.
#pragma once

#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

namespace keepstate::rules {

class SmallRules {
  public:
    /// `remembers`: some rules keep something from packet to packet.
    SmallRules(std::mt19937_64& dice, bool is_v6, bool remembers = true)
        : dice_(dice), is_v6_(is_v6), remembers_(remembers) {}

    /// Without "-A CHAIN".
    std::string rule_for(const std::string& chain) {
        const bool is_user = chain[0] == 'u';
        const unsigned first = is_user ? static_cast<unsigned>(chain[1] - '0') + 1 : 0;
        std::string out = is_user && one_in(3) ? errand_rule() : rule(first, chain == "FORWARD");
        out.pop_back();
        return out;
    }

    /// Table mangle: built-in chains and user chains, which lead to later ones only.
    std::string text(unsigned rules_a_chain) {
        std::string out = "*mangle\n";
        for (unsigned i = 0; i < kUserChains; ++i) out += fmt::format(":u{} - [0:0]\n", i);
        for (unsigned i = 0; i < rules_a_chain; ++i) out += "-A FORWARD" + rule(0, true);
        for (unsigned i = 0; i < rules_a_chain; ++i) out += "-A INPUT" + rule(0, false);
        for (unsigned chain = 0; chain < kUserChains; ++chain) {
            const bool is_errand = one_in(3);
            for (unsigned i = below(is_errand ? 4 : rules_a_chain + 1); i > 0; --i) {
                out += fmt::format("-A u{}", chain);
                out += is_errand ? errand_rule() : rule(chain + 1, false);
            }
        }
        return out + "COMMIT\n";
    }

  private:
    static constexpr unsigned kUserChains = 5;

    unsigned below(unsigned bound) { return static_cast<unsigned>(dice_() % bound); }
    bool one_in(unsigned count) { return below(count) == 0; }
    std::string pick(const std::vector<std::string>& words) {
        return words[below(static_cast<unsigned>(words.size()))];
    }
    std::string maybe_not() { return one_in(6) ? " !" : ""; }
    std::string address() {
        if (is_v6_) {
            return pick({"2001:db8::/32", "2001:db8:0:1::/64", "2001:db8::/31", "2001:db8:0:2::/63",
                         "2001:db8:0:1::3/128", "2001:db8::5/128", "2001:db8:0:1::4/126", "::/0",
                         "2001:db8:0:1::/ffff:ffff:ffff:ffff::1"});
        }
        return pick({"10.0.0.0/8", "10.0.1.0/24", "10.0.2.0/23", "10.0.1.3/32", "10.0.2.5/32",
                     "10.0.1.4/30", "0.0.0.0/0", "10.0.0.3/255.0.0.255", "10.0.0.0/16"});
    }
    std::string port() { return std::to_string(below(6)); }
    std::string ports() {
        if (one_in(2)) return port();
        const unsigned low = below(5);
        return fmt::format("{}:{}", low, low + below(4));
    }
    std::string match_on_ports(const std::string& protocol) {
        if (one_in(3)) {
            return fmt::format(" -m multiport{} {} {}", maybe_not(),
                               pick({"--dports", "--sports", "--ports"}),
                               pick({"1,3", "2", "0:2", "4:5,1", "5,2:3"}));
        }
        std::string out = " -m " + protocol;
        if (one_in(2)) out += maybe_not() + " --dport " + ports();
        if (one_in(3)) out += maybe_not() + " --sport " + ports();
        if (protocol != "tcp") return out;
        if (one_in(4)) out += maybe_not() + " --syn";
        if (one_in(12)) out += maybe_not() + pick({" --tcp-option 2", " --tcp-option 5"});
        return out;
    }
    std::string any_match() {
        static unsigned unique = 0;
        const unsigned which = below(12);
        if (!remembers_ && ((which >= 5 && which <= 8) || which == 10)) return "";
        switch (which) {
            case 0: return " -m state" + maybe_not() + " --state " + states();
            case 1: return " -m conntrack" + maybe_not() + " --ctstate " + states();
            case 2: return " -m conntrack" + maybe_not() + " --ctstate DNAT,NEW";
            case 3: return " -m conntrack --ctdir " + pick({"ORIGINAL", "REPLY"});
            case 4: return " -m conntrack" + maybe_not() + " --ctstatus ASSURED";
            case 5: return " -m limit --limit 1/second --limit-burst 2";
            case 6: return " -m statistic --mode nth --every 3 --packet 1";
            case 7: return " -m statistic --mode random --probability 0.5";
            case 8: return fmt::format(" -m quota --quota {}", 100 + below(2000));
            case 9: return " -m mark" + maybe_not() + " --mark " + pick({"1", "0x2/0x2", "0"});
            case 10:
                return fmt::format(" -m recent --name r{} {}", below(2) + unique % 2,
                                   pick({"--set", "--rcheck", "--update"}));
            default: return " -m comment --comment words";
        }
    }
    std::string states() {
        return pick({"NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED,NEW"});
    }
    /// Every packet matches, and it goes on: a short chain of such is an errand.
    std::string errand_rule() {
        return pick({"", " -j MARK --xor-mark 3", " -j MARK --or-mark 2",
                     " -m comment --comment words -j MARK --set-xmark 0x5/0x4"}) +
               "\n";
    }
    std::string rule(unsigned first_chain, bool has_out) {
        std::string out;
        if (one_in(3)) out += maybe_not() + " -s " + address();
        if (one_in(3)) out += maybe_not() + " -d " + address();
        if (one_in(6)) out += maybe_not() + " -i " + pick({"eth0", "eth1", "eth+", "e+", "tun0"});
        if (has_out && one_in(6)) out += maybe_not() + " -o " + pick({"eth0", "eth1", "et+"});
        std::string matches;
        const std::string icmp = is_v6_ ? "ipv6-icmp" : "icmp";
        const std::string protocol = pick({"tcp", "udp", icmp, "sctp", "", "", "!"});
        if (protocol == "!") {
            out += " ! -p tcp";
        } else if (!protocol.empty()) {
            out += " -p " + protocol;
            if (one_in(3)) matches += any_match();
            if ((protocol == "tcp" || protocol == "udp") && !one_in(4)) {
                matches += match_on_ports(protocol);
            }
        }
        if (!is_v6_ && one_in(20)) out += maybe_not() + " -f";
        if (one_in(3)) matches += any_match();
        return out + matches + target(first_chain) + "\n";
    }
    std::string target(unsigned first_chain) {
        const unsigned which = below(12);
        if (which < 3 && first_chain < kUserChains) {
            return fmt::format("{} u{}", which == 0 ? " -g" : " -j",
                               first_chain + below(kUserChains - first_chain));
        }
        switch (which) {
            case 4: return " -j ACCEPT";
            case 5: return " -j DROP";
            case 6: return " -j RETURN";
            case 7: return pick({" -j MARK --set-mark 1", " -j MARK --or-mark 2"});
            case 8: return " -j CONNMARK --save-mark";
            case 9: return " -j MARK --xor-mark 3";
            default: return "";
        }
    }

    std::mt19937_64& dice_;
    bool is_v6_;
    bool remembers_ = true;
};

}  // namespace keepstate::rules
