// The one list of modules: a line here and a file in match/ or target/ is all that a module is.
//
// `foreign' lists hold the extensions of iptables 1.8.9 that are known by name only. A rule that uses one
// is a fault that says so: a rule is never skipped. Whoever writes such a module moves its name up.
// source: man:iptables-extensions.   Tested by: tests/rules.
#include "rules/modules.hpp"

#include <algorithm>
#include <span>

namespace keepstate::rules {

// clang-format off
#define KS_MATCHES(X) \
    X(addrtype) X(comment) X(connmark) X(conntrack) X(hl) X(icmp) X(icmp6) X(iprange) X(length) X(limit) X(mac) X(mark) \
    X(multiport) X(owner) X(pkttype) X(state) X(tcp) X(tcpmss) X(ttl) X(udp) \
    /* headers and payload */ \
    X(ah) X(ah6) X(bpf) X(cgroup) X(cpu) X(dccp) X(devgroup) X(dscp) X(dst) X(ecn) X(esp) X(eui64) X(frag) X(hbh) \
    X(ipcomp) X(ipv6header) X(ipvs) X(mh) X(osf) X(physdev) X(policy) X(realm) X(rt) X(sctp) X(srh) X(string) X(tos) \
    X(u32)

#define KS_TARGETS(X) \
    X(checksum) X(connmark) X(ct) X(dnat) X(log) X(mark) X(masquerade) X(nflog) X(nfqueue) \
    X(notrack) X(redirect) X(reject) X(snat) X(tcpmss) X(trace)
// clang-format on

namespace match {
#define KS_DECLARE(name) extern const MatchModule k_##name;
KS_MATCHES(KS_DECLARE)
#undef KS_DECLARE
}  // namespace match

namespace target {
#define KS_DECLARE(name) extern const TargetModule k_##name;
KS_TARGETS(KS_DECLARE)
#undef KS_DECLARE
}  // namespace target

namespace {

constexpr const MatchModule* kMatches[] = {
#define KS_ROW(name) &match::k_##name,
    KS_MATCHES(KS_ROW)
#undef KS_ROW
};
constexpr const TargetModule* kTargets[] = {
#define KS_ROW(name) &target::k_##name,
    KS_TARGETS(KS_ROW)
#undef KS_ROW
};

struct Foreign {
    std::string_view name;
    Families families = Families::both;
};

constexpr Foreign kForeignMatches[] = {
    {"addrtype"},
    {"cluster"},
    {"connbytes"},
    {"connlabel"},
    {"connlimit"},
    {"connmark"},
    {"hashlimit"},
    {"helper"},
    {"hl", Families::ipv6},
    {"iprange"},
    {"length"},
    {"limit"},
    {"mac"},
    {"nfacct"},
    {"owner"},
    {"pkttype"},
    {"quota"},
    {"rateest"},
    {"recent"},
    {"rpfilter"},
    {"set"},
    {"socket"},
    {"statistic"},
    {"tcpmss"},
    {"time"},
    {"ttl", Families::ipv4},
};
constexpr Foreign kForeignTargets[] = {
    {"AUDIT"},
    {"CHECKSUM"},
    {"CLASSIFY"},
    {"CLUSTERIP", Families::ipv4},
    {"CONNSECMARK"},
    {"DNAT"},
    {"DNPT", Families::ipv6},
    {"DSCP"},
    {"ECN", Families::ipv4},
    {"HL", Families::ipv6},
    {"HMARK"},
    {"IDLETIMER"},
    {"LED"},
    {"MASQUERADE"},
    {"NETMAP"},
    {"NFLOG"},
    {"NFQUEUE"},
    {"RATEEST"},
    {"REDIRECT"},
    {"SECMARK"},
    {"SET"},
    {"SNAT"},
    {"SNPT", Families::ipv6},
    {"SYNPROXY"},
    {"TCPMSS"},
    {"TCPOPTSTRIP"},
    {"TEE"},
    {"TOS"},
    {"TPROXY"},
    {"TRACE"},
    {"TTL", Families::ipv4},
    {"ULOG", Families::ipv4},
};

template <typename ModuleKind>
const ModuleKind* find(std::span<const ModuleKind* const> list, std::string_view name,
                       Family family) {
    for (const ModuleKind* module : list) {
        if (!has(module->traits->families, family)) continue;
        if (module->traits->name == name) return module;
        if (!name.empty() && module->traits->other_name == name) return module;
    }
    return nullptr;
}

bool has_name(std::span<const Foreign> list, std::string_view name, Family family) {
    return std::any_of(list.begin(), list.end(), [&](const Foreign& row) {
        return row.name == name && has(row.families, family);
    });
}

}  // namespace

const MatchModule* find_match(std::string_view name, Family family) {
    // The real tools know icmp6 by a third name.
    return find<MatchModule>(kMatches, name == "ipv6-icmp" ? "icmp6" : name, family);
}
const TargetModule* find_target(std::string_view name, Family family) {
    return find<TargetModule>(kTargets, name, family);
}

bool is_foreign_match(std::string_view name, Family family) {
    return find_match(name, family) == nullptr && has_name(kForeignMatches, name, family);
}
bool is_foreign_target(std::string_view name, Family family) {
    return find_target(name, family) == nullptr && has_name(kForeignTargets, name, family);
}

std::string_view find_owner(std::string_view option, Family family) {
    const auto owns = [&](const Module& module) {
        const auto options = module.traits->options;
        return has(module.traits->families, family) &&
               std::any_of(options.begin(), options.end(),
                           [&](const Option& row) { return row.name == option; });
    };
    for (const MatchModule* module : kMatches) {
        if (owns(*module)) return module->name();
    }
    return {};
}

std::vector<std::string_view> match_names(Family family) {
    std::vector<std::string_view> names;
    for (const MatchModule* module : kMatches) {
        if (has(module->traits->families, family)) names.push_back(module->name());
    }
    for (const Foreign& row : kForeignMatches) {
        if (has(row.families, family)) names.push_back(row.name);
    }
    return names;
}

std::vector<std::string_view> target_names(Family family) {
    std::vector<std::string_view> names = {"ACCEPT", "DROP", "QUEUE", "RETURN"};
    for (const TargetModule* module : kTargets) {
        if (has(module->traits->families, family)) names.push_back(module->name());
    }
    for (const Foreign& row : kForeignTargets) {
        if (has(row.families, family)) names.push_back(row.name);
    }
    return names;
}

std::span<const MatchModule* const> matches() { return kMatches; }
std::span<const TargetModule* const> targets() { return kTargets; }

}  // namespace keepstate::rules
