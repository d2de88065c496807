// The rules that random rulesets are made of: for each match and target, how it is written with values that the
// random packets have a good chance to meet.
//
// {name} stands for a value of that kind, drawn anew each time (rulesets.cpp draw()). `!` before an option is drawn
// too where the pattern says {not}. A pattern with a protocol is used only in a rule of that protocol. A module that
// keepstate evaluates and that is not here has to be in kNotCompared, with the reason.
#pragma once

#include <cstdint>
#include <string_view>

namespace keepstate::kernel {

enum class For : std::uint8_t { both, ipv4, ipv6 };

struct RulePattern {
    std::string_view module;    ///< "tcp", "MARK"
    std::string_view protocol;  ///< "tcp": only with -p tcp; empty: any
    std::string_view words;     ///< "-m ttl --ttl-lt {ttl}"
    For family = For::both;
    std::string_view tables = {};  ///< "mangle raw": only there; empty: any
    std::string_view chains = {};  ///< "INPUT FORWARD": only there (no user chain); empty: any
};

struct NotCompared {
    std::string_view module;
    std::string_view why;
};

/// Patterns for which iptables-nft's answer is another than iptables-legacy's, which keepstate follows.
struct NotComparedByNft {
    std::string_view module;
    std::string_view words;  ///< part of the drawn rule's words; empty: whatever is drawn
    For family;
    std::string_view why;
};

// clang-format off
inline constexpr RulePattern kMatchPatterns[] = {
    {"comment", "", "-m comment --comment \"{word}\""},
    {"tcp", "tcp", "-m tcp {not}--dport {port}"},
    {"tcp", "tcp", "-m tcp {not}--sport {ports}"},
    {"tcp", "tcp", "-m tcp {not}--tcp-flags {flags} {someflags}"},
    {"tcp", "tcp", "-m tcp {not}--syn"},
    {"tcp", "tcp", "-m tcp {not}--tcp-option {option}"},
    {"udp", "udp", "-m udp {not}--dport {port}"},
    {"udp", "udp", "-m udp {not}--sport {ports}"},
    {"multiport", "tcp", "-m multiport {not}--dports {port},{range of ports}"},
    {"multiport", "udp", "-m multiport {not}--ports {port},{port},{range of ports}"},
    {"multiport", "sctp", "-m multiport {not}--sports {range of ports}"},
    {"multiport", "udplite", "-m multiport {not}--dports {range of ports}"},
    {"icmp", "icmp", "-m icmp {not}--icmp-type {icmptype}", For::ipv4},
    {"icmp6", "ipv6-icmp", "-m icmp6 {not}--icmpv6-type {icmp6type}", For::ipv6},
    {"state", "", "-m state {not}--state {states}"},
    {"conntrack", "", "-m conntrack {not}--ctstate {ctstates}"},
    {"conntrack", "", "-m conntrack {not}--ctproto {protocol}"},
    {"conntrack", "", "-m conntrack {not}--ctorigsrc {address}"},
    {"conntrack", "", "-m conntrack {not}--ctorigdst {address}"},
    {"conntrack", "", "-m conntrack {not}--ctreplsrc {address}"},
    {"conntrack", "", "-m conntrack {not}--ctrepldst {address}"},
    {"conntrack", "", "-m conntrack {not}--ctorigsrcport {ports}"},
    {"conntrack", "", "-m conntrack {not}--ctorigdstport {ports}"},
    {"conntrack", "", "-m conntrack {not}--ctreplsrcport {ports}"},
    {"conntrack", "", "-m conntrack {not}--ctrepldstport {ports}"},
    {"conntrack", "", "-m conntrack {not}--ctstatus {ctstatus}"},
    {"conntrack", "", "-m conntrack {not}--ctexpire {expire}"},
    {"conntrack", "", "-m conntrack --ctdir {ctdir}"},
    {"mark", "", "-m mark {not}--mark {mark}"},
    {"connmark", "", "-m connmark {not}--mark {mark}"},
    {"length", "", "-m length {not}--length {lengths}"},
    {"ttl", "", "-m ttl {ttlop} {ttl}", For::ipv4},
    {"hl", "", "-m hl {hlop} {ttl}", For::ipv6},
    {"tos", "", "-m tos {not}--tos {tos}"},
    {"dscp", "", "-m dscp {not}--dscp {dscp}"},
    {"dscp", "", "-m dscp {not}--dscp-class {dscpclass}"},
    {"ecn", "", "-m ecn {not}--ecn-ip-ect {ect}"},
    {"ecn", "tcp", "-m ecn {not}--ecn-tcp-cwr"},
    {"ecn", "tcp", "-m ecn {not}--ecn-tcp-ece"},
    {"iprange", "", "-m iprange {not}--src-range {range}"},
    {"iprange", "", "-m iprange {not}--dst-range {range}"},
    {"addrtype", "", "-m addrtype {not}--src-type {addrtype}"},
    {"addrtype", "", "-m addrtype {not}--dst-type {addrtype}"},
    {"limit", "", "-m limit --limit {few}/minute --limit-burst {burst}"},
    {"limit", "", "-m limit --limit {few}/hour --limit-burst {burst}"},
    {"mac", "", "-m mac {not}--mac-source 00:11:22:33:44:55", For::both, "", "INPUT FORWARD PREROUTING"},
    {"tcpmss", "tcp", "-m tcpmss {not}--mss {mss}"},
    {"ah", "ah", "-m ah {not}--ahspi {spi}", For::ipv4},
    {"ah", "", "-m ah {not}--ahspi {spi}", For::ipv6},
    {"ah", "", "-m ah --ahres", For::ipv6},
    {"ah", "", "-m ah {not}--ahlen {small}", For::ipv6},
    {"esp", "esp", "-m esp {not}--espspi {spi}"},
    {"dccp", "dccp", "-m dccp {not}--sport {ports}"},
    {"dccp", "dccp", "-m dccp {not}--dccp-types {dccptypes}"},
    {"dccp", "dccp", "-m dccp {not}--dccp-option {option}"},
    {"sctp", "sctp", "-m sctp {not}--dport {ports}"},
    {"sctp", "sctp", "-m sctp {not}--chunk-types {anyall} {chunks}"},
    {"ipcomp", "ipcomp", "-m ipcomp {not}--ipcompspi {spi}"},
    {"frag", "", "-m frag {not}--fragid {small}", For::ipv6},
    {"frag", "", "-m frag --fragfirst", For::ipv6},
    {"frag", "", "-m frag --fragmore", For::ipv6},
    {"frag", "", "-m frag --fraglast", For::ipv6},
    {"rt", "", "-m rt {not}--rt-type {small}", For::ipv6},
    {"rt", "", "-m rt {not}--rt-segsleft {small}", For::ipv6},
    {"hbh", "", "-m hbh {not}--hbh-len {hdrlen}", For::ipv6},
    {"hbh", "", "-m hbh --hbh-opts {small}", For::ipv6},
    {"dst", "", "-m dst {not}--dst-len {hdrlen}", For::ipv6},
    {"dst", "", "-m dst --dst-opts {small}", For::ipv6},
    {"dst", "", "-m dst --dst-len 8", For::ipv6},
    {"hbh", "", "-m hbh --hbh-len 8", For::ipv6},
    {"mh", "ipv6-mh", "-m mh {not}--mh-type {small}", For::ipv6},
    {"ipv6header", "", "-m ipv6header {not}--header {headers}", For::ipv6},
    {"ipv6header", "", "-m ipv6header --header {headers} --soft", For::ipv6},
    {"srh", "", "-m srh {not}--srh-segs-left-eq {small}", For::ipv6},
    {"srh", "", "-m srh {not}--srh-last-entry-lt {small}", For::ipv6},
    {"srh", "", "-m srh {not}--srh-next-hdr 17", For::ipv6},
    {"u32", "", "-m u32 {not}--u32 \"0>>22&0x3C@0>>16={port}\"", For::ipv4},
    {"u32", "", "-m u32 {not}--u32 \"0&0xFFFF={lengths}\"", For::ipv4},
    {"u32", "", "-m u32 {not}--u32 \"6&0xFF={small},6,17 && 4&0x3FFF=0\"", For::ipv4},
    {"u32", "", "-m u32 {not}--u32 \"4>>16={lengths}\"", For::ipv6},
    {"string", "", "-m string --algo {algo} {not}--string \"{word}\""},
    {"string", "", "-m string --algo {algo} --from {small} --to {length} {not}--string \"{word}\""},
    {"string", "", "-m string --algo {algo} --icase --string \"{word}\""},
    {"string", "", "-m string --algo {algo} --hex-string \"|47 45|T\""},
    {"bpf", "", "-m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"", For::ipv4},
    {"bpf", "", "-m bpf --bytecode \"4,48 0 0 6,21 0 1 17,6 0 0 1,6 0 0 0\"", For::ipv6},
    {"realm", "", "-m realm {not}--realm {small}", For::ipv4, "", "INPUT FORWARD OUTPUT POSTROUTING"},
    {"devgroup", "", "-m devgroup {not}--src-group {small}", For::both, "", "INPUT FORWARD PREROUTING"},
    {"policy", "", "-m policy --dir in --pol none", For::both, "", "INPUT FORWARD PREROUTING"},
    {"policy", "", "-m policy --dir out --pol ipsec", For::both, "", "FORWARD OUTPUT POSTROUTING"},
    {"physdev", "", "-m physdev {not}--physdev-is-bridged", For::both, "", "FORWARD"},
    {"pkttype", "", "-m pkttype {not}--pkt-type {pkttype}", For::both, "", "INPUT FORWARD PREROUTING"},
    {"recent", "", "-m recent --name {list} --set {side}"},
    {"recent", "", "-m recent --name {list} {not}--rcheck {side}"},
    {"recent", "", "-m recent --name {list} {not}--rcheck --seconds 600 --hitcount {burst} {side}"},
    {"recent", "", "-m recent --name {list} {not}--update --hitcount {burst} {side}"},
    {"recent", "", "-m recent --name {list} --rcheck --rttl {side}"},
    {"recent", "", "-m recent --name {list} --remove {side}"},
    {"hashlimit", "", "-m hashlimit --hashlimit-{updown} {few}/minute --hashlimit-burst {burst} --hashlimit-mode {hashmode} --hashlimit-name {unique}"},
    {"hashlimit", "", "-m hashlimit --hashlimit-{updown} {few}/hour --hashlimit-mode srcip --hashlimit-srcmask {masklen} --hashlimit-name {unique}"},
    {"connbytes", "", "-m connbytes {not}--connbytes {counts} --connbytes-dir {cbdir} --connbytes-mode {cbmode}"},
    {"quota", "", "-m quota {not}--quota {quota}"},
    {"statistic", "", "-m statistic --mode nth --every {every} --packet 0"},
    {"statistic", "", "-m statistic --mode nth {not}--every {every} --packet 1"},
    {"statistic", "", "-m statistic --mode random {not}--probability 1.0"},
    {"statistic", "", "-m statistic --mode random --probability 0.0"},
    {"socket", "", "-m socket{sockopts}", For::both, "", "PREROUTING INPUT"},
    {"nfacct", "", "-m nfacct --nfacct-name {account}"},
    {"eui64", "", "-m eui64", For::ipv6, "", "PREROUTING INPUT FORWARD"},
    {"set", "", "-m set {not}--match-set {ipset}"},
    {"set", "", "-m set {not}--match-set {ipset}"},
    {"time", "", "-m time --datestart 2000-01-01 --datestop 2037-01-01"},
    {"time", "", "-m time --weekdays Mo,Tu,We,Th,Fr,Sa,Su"},
    {"time", "", "-m time --datestart 2037-01-01"},
    {"cluster", "", "-m cluster --cluster-total-nodes {nodes} {not}--cluster-local-node 1 --cluster-hash-seed 0xdeadbeef"},
    {"rpfilter", "", "-m rpfilter {not:i}{loose}", For::both, "raw mangle", "PREROUTING"},
    {"connlabel", "", "-m connlabel {not}--label {small}"},
    {"connlabel", "", "-m connlabel --label {small} --set"},
    {"helper", "", "-m helper {not}--helper ftp"},
    {"cpu", "", "-m cpu {not}--cpu 17"},
};

inline constexpr RulePattern kTargetPatterns[] = {
    {"ACCEPT", "", "-j ACCEPT"},
    {"ACCEPT", "", "-j ACCEPT"},
    {"DROP", "", "-j DROP"},
    {"RETURN", "", "-j RETURN"},
    {"none", "", ""},
    {"none", "", ""},
    {"none", "", ""},
    {"none", "", ""},
    {"none", "", ""},
    {"none", "", ""},
    {"REJECT", "", "-j REJECT --reject-with {reject4}", For::ipv4, "filter"},
    {"REJECT", "", "-j REJECT --reject-with {reject6}", For::ipv6, "filter"},
    {"REJECT", "tcp", "-j REJECT --reject-with tcp-reset", For::both, "filter"},
    {"MARK", "", "-j MARK --set-mark {mark}"},
    {"MARK", "", "-j MARK --{andorxor}-mark {small}"},
    {"CONNMARK", "", "-j CONNMARK --set-mark {mark}"},
    {"CONNMARK", "", "-j CONNMARK --save-mark"},
    {"CONNMARK", "", "-j CONNMARK --restore-mark"},
    {"CONNMARK", "", "-j CONNMARK --{andorxor}-mark {small}"},
    {"CT", "", "-j CT --notrack", For::both, "raw"},
    {"NOTRACK", "", "-j NOTRACK", For::both, "raw"},
    {"CT", "", "-j CT --zone {zone}", For::both, "raw"},
    {"LOG", "", "-j LOG --log-prefix \"{word}\""},
    {"NFLOG", "", "-j NFLOG --nflog-group 77"},
    {"TTL", "", "-j TTL --ttl-{setincdec} {few}", For::ipv4, "mangle"},
    {"HL", "", "-j HL --hl-{setincdec} {few}", For::ipv6, "mangle"},
    {"TOS", "", "-j TOS --set-tos {tos}", For::both, "mangle"},
    {"TOS", "", "-j TOS --{andorxor}-tos {small}", For::both, "mangle"},
    {"DSCP", "", "-j DSCP --set-dscp {dscp}", For::both, "mangle"},
    {"DSCP", "", "-j DSCP --set-dscp-class {dscpclass}", For::both, "mangle"},
    {"ECN", "tcp", "-j ECN --ecn-tcp-remove", For::ipv4, "mangle"},
    {"TCPMSS", "tcp", "-m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss {mssvalue}"},
    {"TCPMSS", "tcp", "-m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", For::both, "", "FORWARD"},
    {"TCPOPTSTRIP", "tcp", "-j TCPOPTSTRIP --strip-options {strip}", For::both, "mangle"},
    {"CLASSIFY", "", "-j CLASSIFY --set-class 1:{small}", For::both, "mangle", "FORWARD OUTPUT POSTROUTING"},
    {"SET", "", "-j SET --add-set {ipset} --exist"},
    {"SET", "", "-j SET --del-set {ipset}"},
    {"HMARK", "", "-j HMARK --hmark-tuple src,dst --hmark-mod 10 --hmark-rnd 0xcafe --hmark-offset 1"},
    {"AUDIT", "", "-j AUDIT --type accept"},
    {"NFQUEUE", "", "-j NFQUEUE --queue-num 5"},
    {"TRACE", "", "-j TRACE", For::both, "raw"},
    {"SNPT", "", "-j SNPT --src-pfx 2001:db8:1::/{prefix} --dst-pfx 2001:db8:{small}::/{prefix}", For::ipv6, "mangle", "POSTROUTING INPUT"},
    {"DNPT", "", "-j DNPT --src-pfx 2001:db8:2::/{prefix} --dst-pfx 2001:db8:{small}::/{prefix}", For::ipv6, "mangle", "PREROUTING OUTPUT"},
    {"CHECKSUM", "udp", "-j CHECKSUM --checksum-fill", For::both, "mangle"},
};

inline constexpr NotCompared kNotCompared[] = {
    {"owner", "the instrument's own sockets send for every program, and what Linux answers itself has one too; has scenarios"},
    {"cgroup", "likewise; has scenarios"},
    {"osf", "the kernel has one list of fingerprints for all namespaces; has scenarios"},
    {"ipvs", "this kernel has no IPVS"},
    {"connlimit", "Linux sweeps its lists at most once a tick of real time; has scenarios"},
    {"rateest", "estimates by real time; has scenarios"},
    {"RATEEST", "estimates by real time; has scenarios"},
    {"IDLETIMER", "real time; has scenarios"},
    {"TEE", "sends a second packet; has a documented answer"},
    {"TPROXY", "needs a socket; has a documented answer"},
    {"SYNPROXY", "answers by itself; has a documented answer"},
    {"DNAT", "translation is not built yet"},
    {"SNAT", "translation is not built yet"},
    {"MASQUERADE", "translation is not built yet"},
    {"REDIRECT", "translation is not built yet"},
    {"NETMAP", "translation is not built yet"},
    {"ULOG", "no kernel has it since 3.17"},
    {"CLUSTERIP", "this kernel does not have it"},
    {"LED", "this kernel does not have it"},
    {"SECMARK", "this kernel has no security labels"},
    {"CONNSECMARK", "this kernel has no security labels"},
};

inline constexpr NotComparedByNft kNotComparedByNft[] = {
    {"dccp", "! --dccp-option", For::both, "malformed options are dropped by both, but legacy counts the rule first"},
    {"sctp", "! --chunk-types", For::both, "malformed chunks are dropped by both, but legacy counts the rule first"},
};
// clang-format on

}  // namespace keepstate::kernel
