// The one list of modules: a line here and a file in match/ or target/ is all that a module is.
//
// All extensions of iptables 1.8.9 are here: a rule is never skipped.
// source: man:iptables-extensions.   Tested by: tests/rules.
#include "rules/modules.hpp"

#include <algorithm>
#include <span>

namespace keepstate::rules {

// clang-format off
#define KS_MATCHES(X) \
    X(addrtype) X(ah) X(ah6) X(bpf) X(cgroup) X(cluster) X(comment) X(connbytes) X(connlabel) X(connlimit) X(connmark) \
    X(conntrack) X(cpu) X(dccp) X(devgroup) X(dscp) X(dst) X(ecn) X(esp) X(eui64) X(frag) X(hashlimit) X(hbh) X(helper) \
    X(hl) X(icmp) X(icmp6) X(ipcomp) X(iprange) X(ipv6header) X(ipvs) X(length) X(limit) X(mac) X(mark) X(mh) \
    X(multiport) X(nfacct) X(osf) X(owner) X(physdev) X(pkttype) X(policy) X(quota) X(rateest) X(realm) X(recent) \
    X(rpfilter) X(rt) X(sctp) X(set) X(socket) X(srh) X(state) X(statistic) X(string) X(tcp) X(tcpmss) X(time) X(tos) \
    X(ttl) X(u32) X(udp)

#define KS_TARGETS(X) \
    X(audit) X(checksum) X(classify) X(clusterip) X(connmark) X(connsecmark) X(ct) X(dnat) X(dnpt) X(dscp) X(ecn) X(hl) \
    X(hmark) X(idletimer) X(led) X(log) X(mark) X(masquerade) X(netmap) X(nflog) X(nfqueue) X(notrack) X(rateest) \
    X(redirect) X(reject) X(secmark) X(set) X(snat) X(snpt) X(synproxy) X(tcpmss) X(tcpoptstrip) X(tee) X(tos) X(tproxy) \
    X(trace) X(ttl) X(ulog)
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

}  // namespace

const MatchModule* find_match(std::string_view name, Family family) {
    // The real tools know icmp6 by a third name.
    return find<MatchModule>(kMatches, name == "ipv6-icmp" ? "icmp6" : name, family);
}
const TargetModule* find_target(std::string_view name, Family family) {
    return find<TargetModule>(kTargets, name, family);
}

std::string_view find_owner(std::string_view option, Family family) {
    const auto owns = [&](const Module& module) {
        const auto options = module.traits->options;
        return has(module.traits->families, family) &&
               std::any_of(options.begin(), options.end(),
                           [&](const Option& row) { return row.name == option; });
    };
    // Ports are asked of TCP most, so that one is named where several would do.
    if (const MatchModule* tcp = find_match("tcp", family); owns(*tcp)) return tcp->name();
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
    return names;
}

std::vector<std::string_view> target_names(Family family) {
    std::vector<std::string_view> names = {"ACCEPT", "DROP", "QUEUE", "RETURN"};
    for (const TargetModule* module : kTargets) {
        if (has(module->traits->families, family)) names.push_back(module->name());
    }
    return names;
}

std::span<const MatchModule* const> matches() { return kMatches; }
std::span<const TargetModule* const> targets() { return kTargets; }

}  // namespace keepstate::rules
