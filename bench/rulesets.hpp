// Rulesets of any size, and packets for them: what the benchmarks and the property tests of rules run on.
//
//     acl    as access lists of routers: most destinations are hosts, most ports exact, sources of all lengths
//     fw     as firewalls: many rules say nothing of one address, ports are often ranges, source ports too
//     ipc    as rules between hosts: both addresses are long, protocols mixed
//     kube   as kube-proxy writes them: one chain with a rule a service, a chain a service that throws dice for
//            the endpoint, a chain an endpoint with DNAT; table nat
//     established_last   acl, and the rule for ESTABLISHED stands behind all others
//
// The shapes of acl, fw and ipc (share of lengths, of ports any, exact or range, of protocols) are made in the manner
// of the seeds published with ClassBench (D. Taylor, J. Turner, "ClassBench: a packet classification benchmark"):
// addresses come out of few networks, which nest; rules that ask more stand, roughly, before those that ask less.
// The numbers are ours, not theirs.
//
// The same arguments give the same text and packets on every machine: nothing of <random>'s distributions is used.
// Tested by: tests/property/fast_property.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace keepstate::bench {

enum class Style : std::uint8_t { acl, fw, ipc, kube, established_last };

/// Where `-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT` stands in FORWARD. It is one of the `rules`. kube
/// has it in table filter, where it is alone.
enum class Established : std::uint8_t { none, first, last };

/// What an IPv4 packet needs to be classified; addresses and ports in host order. Ports mean nothing for a
/// protocol other than TCP (6) and UDP (17).
struct Packet5 {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
};

/// "acl"
const char* text(Style style);

/// As iptables-save, IPv4. acl, fw, ipc: `rules` rules in filter's FORWARD, policy DROP. kube: about `rules` rules in all
/// chains of nat together, reached from PREROUTING and OUTPUT. `where` does not matter for established_last.
std::string make_ruleset(Style style, std::uint32_t rules, std::uint64_t seed,
                         Established where = Established::first);

/// `packets` headers for the ruleset of the same style, rules and seed. Nine in ten are drawn from within some
/// rule, few rules much more often than the others; each stands up to 8 times in a row, as flows' packets do. The
/// rest is anything.
std::vector<Packet5> make_trace(Style style, std::uint32_t rules, std::uint64_t seed,
                                std::size_t packets);

}  // namespace keepstate::bench
