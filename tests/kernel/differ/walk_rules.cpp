// See walk_rules.hpp.
#include "differ/walk_rules.hpp"

#include <fmt/format.h>

namespace keepstate::kernel {

namespace {

/// A part of the flows, by what their packets show in both directions or in one.
std::string draw_part(Dice& dice, bool is_v6) {
    const char* icmp = is_v6 ? "-p ipv6-icmp" : "-p icmp";
    switch (dice.below(10)) {
        case 0: return fmt::format("-p udp -m udp --dport {}", 5000 + dice.below(4));
        case 1: return fmt::format("-p udp -m udp --sport {}", 53 + dice.below(2));
        case 2: return fmt::format("-p tcp -m tcp --dport {}", dice.one_in(2) ? 80 : 443);
        case 3: return fmt::format("-p tcp -m tcp --sport {}", 40000 + dice.below(4));
        case 4: return icmp;
        case 5: return "-i eth0";
        case 6: return "-i eth1";
        case 7: return is_v6 ? "-s 2001:db8:1::1/128" : "-s 10.0.1.1/32";
        case 8: return is_v6 ? "-d 2001:db8:1::2/128" : "-d 10.0.1.2/32";
        default: return fmt::format("-p {}", dice.pick({"tcp", "udp", "sctp", "gre"}));
    }
}

/// The same for a chain: some have no arrival device, and what the firewall answers has another source on Linux
/// (docs/differences.md).
std::string draw_part_of(std::string_view chain, Dice& dice, bool is_v6) {
    const bool is_way_out = chain == "OUTPUT" || chain == "POSTROUTING";
    for (;;) {
        std::string part = draw_part(dice, is_v6);
        if (!is_way_out || (!part.starts_with("-i") && !part.starts_with("-s"))) return part;
    }
}

std::string make_raw(Dice& dice, bool is_v6, bool has_zones) {
    std::string rules = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    const unsigned count = 1 + dice.below(4);
    for (unsigned i = 0; i < count; ++i) {
        std::string target = "NOTRACK";
        if (has_zones && !dice.one_in(4)) {
            target = fmt::format("CT --zone {}", 1 + dice.below(3));
        } else if (dice.one_in(3)) {
            target = "CT --notrack";
        }
        const char* chain = dice.one_in(5) ? "OUTPUT" : "PREROUTING";
        rules += fmt::format("-A {} {} -j {}\n", chain, draw_part_of(chain, dice, is_v6), target);
    }
    return rules + "COMMIT\n";
}

std::string make_mangle(Dice& dice, bool is_v6) {
    std::string rules =
        "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
        ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
    if (dice.one_in(2)) rules += "-A PREROUTING -j CONNMARK --restore-mark\n";
    const unsigned count = 1 + dice.below(4);
    for (unsigned i = 0; i < count; ++i) {
        const std::uint32_t mark = 1 + dice.below(15);
        const std::string target =
            dice.pick<std::string>({fmt::format("MARK --set-xmark {:#x}/0xffffffff", mark),
                                    fmt::format("MARK --set-xmark {:#x}/{:#x}", mark, mark | 16),
                                    fmt::format("CONNMARK --set-xmark {:#x}/0xffffffff", mark),
                                    fmt::format("CONNMARK --set-xmark {:#x}/0x0", mark),
                                    std::string("CONNMARK --save-mark")});
        const char* chain = dice.pick({"PREROUTING", "FORWARD", "POSTROUTING", "INPUT", "OUTPUT"});
        rules += fmt::format("-A {} {} -j {}\n", chain, draw_part_of(chain, dice, is_v6), target);
    }
    return rules + "COMMIT\n";
}

std::string draw_state(Dice& dice) {
    return dice.pick<std::string>(
        {"-m state --state NEW", "-m state --state INVALID", "-m state --state ESTABLISHED",
         "-m state --state RELATED", "-m state --state UNTRACKED",
         "-m conntrack --ctstate NEW,RELATED", "-m conntrack --ctstatus ASSURED",
         "-m conntrack --ctstatus SEEN_REPLY", "-m conntrack --ctdir REPLY",
         "-m conntrack --ctdir ORIGINAL", "-m conntrack --ctexpire 100:1000000",
         "-m connmark --mark 0x1", "-m mark --mark 0x2/0x2", "-m conntrack ! --ctstate NEW"});
}

std::string draw_reject(Dice& dice, bool is_v6, bool is_tcp) {
    if (is_tcp && dice.one_in(2)) return "REJECT --reject-with tcp-reset";
    if (is_v6) {
        return std::string("REJECT --reject-with ") +
               dice.pick({"icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable",
                          "icmp6-port-unreachable", "icmp6-policy-fail", "icmp6-reject-route"});
    }
    return std::string("REJECT --reject-with ") +
           dice.pick({"icmp-net-unreachable", "icmp-host-unreachable", "icmp-port-unreachable",
                      "icmp-proto-unreachable", "icmp-net-prohibited", "icmp-host-prohibited",
                      "icmp-admin-prohibited"});
}

std::string make_filter(Dice& dice, bool is_v6) {
    std::string rules =
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    // Counted, whatever happens to them afterwards.
    for (const char* state : {"INVALID", "NEW", "RELATED", "UNTRACKED"}) {
        rules += fmt::format("-A FORWARD -m state --state {}\n", state);
    }
    const unsigned count = 1 + dice.below(5);
    for (unsigned i = 0; i < count; ++i) {
        const char* chain = dice.pick({"FORWARD", "FORWARD", "INPUT", "OUTPUT"});
        std::string part = draw_part_of(chain, dice, is_v6);
        const bool is_tcp = part.starts_with("-p tcp");
        if (!dice.one_in(3)) part += " " + draw_state(dice);
        const std::string target = dice.one_in(3)   ? draw_reject(dice, is_v6, is_tcp)
                                   : dice.one_in(5) ? "ACCEPT"
                                                    : "DROP";
        rules += fmt::format("-A {} {} -j {}\n", chain, part, target);
    }
    return rules + "COMMIT\n";
}

}  // namespace

std::string make_walk_rules(Dice& dice, bool is_v6, bool has_zones) {
    std::string rules;
    if (has_zones || dice.one_in(2)) rules += make_raw(dice, is_v6, has_zones);
    if (dice.one_in(2)) rules += make_mangle(dice, is_v6);
    return rules + make_filter(dice, is_v6);
}

}  // namespace keepstate::kernel
