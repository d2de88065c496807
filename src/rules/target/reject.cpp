// -j REJECT: drop, and tell the sender. The answer itself is made by hooks from Outcome::reject.
//
// source: man:iptables-extensions REJECT; kernel:net/ipv4/netfilter/ipt_REJECT.c, ip6t_REJECT.c.
// Tested by: tests/rules/REJECT.t.
#include "rules/module.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules {

namespace {

// In the order in which a word cut short is tried; `other` is a second spelling.
struct RejectName {
    Family family;
    RejectType type;
    std::string_view name;
    std::string_view other;
};
constexpr RejectName kRejects[] = {
    {Family::ipv4, RejectType::icmp_net_unreachable, "icmp-net-unreachable", "net-unreach"},
    {Family::ipv4, RejectType::icmp_host_unreachable, "icmp-host-unreachable", "host-unreach"},
    {Family::ipv4, RejectType::icmp_proto_unreachable, "icmp-proto-unreachable", "proto-unreach"},
    {Family::ipv4, RejectType::icmp_port_unreachable, "icmp-port-unreachable", "port-unreach"},
    {Family::ipv4, RejectType::icmp_net_prohibited, "icmp-net-prohibited", "net-prohib"},
    {Family::ipv4, RejectType::icmp_host_prohibited, "icmp-host-prohibited", "host-prohib"},
    {Family::ipv4, RejectType::tcp_reset, "tcp-reset", "tcp-rst"},
    {Family::ipv4, RejectType::icmp_admin_prohibited, "icmp-admin-prohibited", "admin-prohib"},
    {Family::ipv6, RejectType::icmp6_no_route, "icmp6-no-route", "no-route"},
    {Family::ipv6, RejectType::icmp6_adm_prohibited, "icmp6-adm-prohibited", "adm-prohibited"},
    {Family::ipv6, RejectType::icmp6_addr_unreachable, "icmp6-addr-unreachable", "addr-unreach"},
    {Family::ipv6, RejectType::icmp6_port_unreachable, "icmp6-port-unreachable", "port-unreach"},
    {Family::ipv6, RejectType::tcp_reset, "tcp-reset", "tcp-reset"},
    {Family::ipv6, RejectType::icmp6_policy_fail, "icmp6-policy-fail", "policy-fail"},
    {Family::ipv6, RejectType::icmp6_reject_route, "icmp6-reject-route", "reject-route"},
};

}  // namespace

std::string_view text(RejectType type) {
    for (const RejectName& row : kRejects) {
        if (row.type == type) return row.name;
    }
    return "none";
}

namespace target {

namespace {

struct Reject {
    struct Data {
        RejectType type = RejectType::none;
    };
    static constexpr Option kOptions[] = {
        {.name = "reject-with",
         .id = 0,
         .arg = ArgKind::text,
         .words =
             "the answer. IPv4: `icmp-net-unreachable`, `icmp-host-unreachable`, "
             "`icmp-proto-unreachable`, `icmp-port-unreachable` (default), `icmp-net-prohibited`, "
             "`icmp-host-prohibited`, `icmp-admin-prohibited`, `tcp-reset`. IPv6: "
             "`icmp6-no-route`, `icmp6-adm-prohibited`, `icmp6-addr-unreachable`, "
             "`icmp6-port-unreachable` (default), `icmp6-policy-fail`, `icmp6-reject-route`, "
             "`tcp-reset`. A word may be cut short; `tcp-reset` needs `-p tcp`"},
    };
    static constexpr Traits kTraits{
        .name = "REJECT",
        .options = kOptions,
        .tables = table_bit(Table::filter),
        .hooks = hook_bit(Hook::input) | hook_bit(Hook::forward) | hook_bit(Hook::output),
        .words =
            "Drops the packet and tells its sender, by an ICMP error or a TCP reset. ICMP errors, "
            "resets, later fragments, packets to multicast addresses and packets with a wrong "
            "checksum are not answered.",
        .reads = "the packet's headers and checksum",
        .differences =
            "The answer's IPv4 identification is 0. ICMP answers are not rate limited. See "
            "docs/differences.md."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        std::vector<std::string_view> known;
        for (const RejectName& row : kRejects) {
            if (row.family != reader.family()) continue;
            known.push_back(row.name);
            if (begins_in_any_case(row.name, words) || begins_in_any_case(row.other, words)) {
                data.type = row.type;
                return;
            }
        }
        reader.fault(fmt::format("`{}' is no way to reject{}", words, did_you_mean(words, known)));
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.type != RejectType::none) return;
        data.type = reader.family() == Family::ipv4 ? RejectType::icmp_port_unreachable
                                                    : RejectType::icmp6_port_unreachable;
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        const Basics& basics = *context.basics;
        if (data.type != RejectType::tcp_reset ||
            (basics.protocol == protocol::kTcp && !basics.protocol_inverted)) {
            return std::nullopt;
        }
        return "target `REJECT' with tcp-reset needs `-p tcp'";
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --reject-with {}", text(data.type));
    }
    static Ruling judge(Data& data, Context&, Says) {
        return Ruling{.kind = Ruling::Kind::reject, .reject = data.type};
    }
};

}  // namespace

extern const TargetModule k_reject;
const TargetModule k_reject = target_module<Reject>();

}  // namespace target
}  // namespace keepstate::rules
