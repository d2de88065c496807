// Names of services and protocols, as rules use them: `--dport http', `-p esp'.
//
// iptables asks the host's /etc/services and /etc/protocols; a library that is pure cannot, and a ruleset
// should not mean something else on another host. So the names stand here: those that IANA assigned and
// Debian 12 lists. Lookups are exact, as the C library's.
// source: IANA service names and protocol numbers.   Tested by: tests/rules.
#include "rules/names.hpp"

#include <fmt/format.h>

namespace keepstate::rules {

namespace {

struct Service {
    std::string_view name;
    std::uint16_t port;
    std::uint8_t protocol;
};

constexpr std::uint8_t kT = 6;
constexpr std::uint8_t kU = 17;
constexpr std::uint8_t kS = 132;

// clang-format off
constexpr Service kServices[] = {
    {"tcpmux", 1, kT}, {"echo", 7, kT}, {"echo", 7, kU}, {"discard", 9, kT}, {"sink", 9, kT},
    {"null", 9, kT}, {"discard", 9, kU}, {"sink", 9, kU}, {"null", 9, kU}, {"systat", 11, kT},
    {"users", 11, kT}, {"daytime", 13, kT}, {"daytime", 13, kU}, {"netstat", 15, kT},
    {"qotd", 17, kT}, {"quote", 17, kT}, {"chargen", 19, kT}, {"ttytst", 19, kT},
    {"source", 19, kT}, {"chargen", 19, kU}, {"ttytst", 19, kU}, {"source", 19, kU},
    {"ftp-data", 20, kT}, {"ftp", 21, kT}, {"fsp", 21, kU}, {"fspd", 21, kU}, {"ssh", 22, kT},
    {"telnet", 23, kT}, {"smtp", 25, kT}, {"mail", 25, kT}, {"time", 37, kT}, {"timserver", 37, kT},
    {"time", 37, kU}, {"timserver", 37, kU}, {"whois", 43, kT}, {"nicname", 43, kT},
    {"tacacs", 49, kT}, {"tacacs", 49, kU}, {"domain", 53, kT}, {"domain", 53, kU},
    {"bootps", 67, kU}, {"bootpc", 68, kU}, {"tftp", 69, kU}, {"gopher", 70, kT},
    {"finger", 79, kT}, {"http", 80, kT}, {"www", 80, kT}, {"kerberos", 88, kT},
    {"kerberos5", 88, kT}, {"krb5", 88, kT}, {"kerberos-sec", 88, kT}, {"kerberos", 88, kU},
    {"kerberos5", 88, kU}, {"krb5", 88, kU}, {"kerberos-sec", 88, kU}, {"iso-tsap", 102, kT},
    {"tsap", 102, kT}, {"acr-nema", 104, kT}, {"dicom", 104, kT}, {"pop3", 110, kT},
    {"pop-3", 110, kT}, {"sunrpc", 111, kT}, {"portmapper", 111, kT}, {"sunrpc", 111, kU},
    {"portmapper", 111, kU}, {"auth", 113, kT}, {"authentication", 113, kT}, {"tap", 113, kT},
    {"ident", 113, kT}, {"nntp", 119, kT}, {"readnews", 119, kT}, {"untp", 119, kT},
    {"ntp", 123, kU}, {"epmap", 135, kT}, {"loc-srv", 135, kT}, {"netbios-ns", 137, kU},
    {"netbios-dgm", 138, kU}, {"netbios-ssn", 139, kT}, {"imap2", 143, kT}, {"imap", 143, kT},
    {"snmp", 161, kT}, {"snmp", 161, kU}, {"snmp-trap", 162, kT}, {"snmptrap", 162, kT},
    {"snmp-trap", 162, kU}, {"snmptrap", 162, kU}, {"cmip-man", 163, kT}, {"cmip-man", 163, kU},
    {"cmip-agent", 164, kT}, {"cmip-agent", 164, kU}, {"mailq", 174, kT}, {"xdmcp", 177, kU},
    {"bgp", 179, kT}, {"smux", 199, kT}, {"qmtp", 209, kT}, {"z3950", 210, kT}, {"wais", 210, kT},
    {"ipx", 213, kU}, {"ptp-event", 319, kU}, {"ptp-general", 320, kU}, {"pawserv", 345, kT},
    {"zserv", 346, kT}, {"rpc2portmap", 369, kT}, {"rpc2portmap", 369, kU}, {"codaauth2", 370, kT},
    {"codaauth2", 370, kU}, {"clearcase", 371, kU}, {"Clearcase", 371, kU}, {"ldap", 389, kT},
    {"ldap", 389, kU}, {"svrloc", 427, kT}, {"svrloc", 427, kU}, {"https", 443, kT},
    {"https", 443, kU}, {"snpp", 444, kT}, {"microsoft-ds", 445, kT}, {"kpasswd", 464, kT},
    {"kpasswd", 464, kU}, {"submissions", 465, kT}, {"ssmtp", 465, kT}, {"smtps", 465, kT},
    {"urd", 465, kT}, {"saft", 487, kT}, {"isakmp", 500, kU}, {"rtsp", 554, kT}, {"rtsp", 554, kU},
    {"nqs", 607, kT}, {"asf-rmcp", 623, kU}, {"qmqp", 628, kT}, {"ipp", 631, kT}, {"ldp", 646, kT},
    {"ldp", 646, kU}, {"exec", 512, kT}, {"biff", 512, kU}, {"comsat", 512, kU}, {"login", 513, kT},
    {"who", 513, kU}, {"whod", 513, kU}, {"shell", 514, kT}, {"cmd", 514, kT}, {"syslog", 514, kT},
    {"syslog", 514, kU}, {"printer", 515, kT}, {"spooler", 515, kT}, {"talk", 517, kU},
    {"ntalk", 518, kU}, {"route", 520, kU}, {"router", 520, kU}, {"routed", 520, kU},
    {"gdomap", 538, kT}, {"gdomap", 538, kU}, {"uucp", 540, kT}, {"uucpd", 540, kT},
    {"klogin", 543, kT}, {"kshell", 544, kT}, {"krcmd", 544, kT}, {"dhcpv6-client", 546, kU},
    {"dhcpv6-server", 547, kU}, {"afpovertcp", 548, kT}, {"nntps", 563, kT}, {"snntp", 563, kT},
    {"submission", 587, kT}, {"ldaps", 636, kT}, {"ldaps", 636, kU}, {"tinc", 655, kT},
    {"tinc", 655, kU}, {"silc", 706, kT}, {"kerberos-adm", 749, kT}, {"domain-s", 853, kT},
    {"domain-s", 853, kU}, {"rsync", 873, kT}, {"ftps-data", 989, kT}, {"ftps", 990, kT},
    {"telnets", 992, kT}, {"imaps", 993, kT}, {"pop3s", 995, kT}, {"socks", 1080, kT},
    {"proofd", 1093, kT}, {"rootd", 1094, kT}, {"openvpn", 1194, kT}, {"openvpn", 1194, kU},
    {"rmiregistry", 1099, kT}, {"lotusnote", 1352, kT}, {"lotusnotes", 1352, kT},
    {"ms-sql-s", 1433, kT}, {"ms-sql-m", 1434, kU}, {"ingreslock", 1524, kT},
    {"datametrics", 1645, kT}, {"old-radius", 1645, kT}, {"datametrics", 1645, kU},
    {"old-radius", 1645, kU}, {"sa-msg-port", 1646, kT}, {"old-radacct", 1646, kT},
    {"sa-msg-port", 1646, kU}, {"old-radacct", 1646, kU}, {"kermit", 1649, kT},
    {"groupwise", 1677, kT}, {"l2f", 1701, kU}, {"l2tp", 1701, kU}, {"radius", 1812, kT},
    {"radius", 1812, kU}, {"radius-acct", 1813, kT}, {"radacct", 1813, kT},
    {"radius-acct", 1813, kU}, {"radacct", 1813, kU}, {"cisco-sccp", 2000, kT}, {"nfs", 2049, kT},
    {"nfs", 2049, kU}, {"gnunet", 2086, kT}, {"gnunet", 2086, kU}, {"rtcm-sc104", 2101, kT},
    {"rtcm-sc104", 2101, kU}, {"gsigatekeeper", 2119, kT}, {"gris", 2135, kT},
    {"cvspserver", 2401, kT}, {"venus", 2430, kT}, {"venus", 2430, kU}, {"venus-se", 2431, kT},
    {"venus-se", 2431, kU}, {"codasrv", 2432, kT}, {"codasrv", 2432, kU}, {"codasrv-se", 2433, kT},
    {"codasrv-se", 2433, kU}, {"mon", 2583, kT}, {"mon", 2583, kU}, {"dict", 2628, kT},
    {"f5-globalsite", 2792, kT}, {"gsiftp", 2811, kT}, {"gpsd", 2947, kT}, {"gds-db", 3050, kT},
    {"gds_db", 3050, kT}, {"icpv2", 3130, kU}, {"icp", 3130, kU}, {"isns", 3205, kT},
    {"isns", 3205, kU}, {"iscsi-target", 3260, kT}, {"mysql", 3306, kT},
    {"ms-wbt-server", 3389, kT}, {"nut", 3493, kT}, {"nut", 3493, kU}, {"distcc", 3632, kT},
    {"daap", 3689, kT}, {"svn", 3690, kT}, {"subversion", 3690, kT}, {"suucp", 4031, kT},
    {"sysrqd", 4094, kT}, {"sieve", 4190, kT}, {"epmd", 4369, kT}, {"remctl", 4373, kT},
    {"f5-iquery", 4353, kT}, {"ntske", 4460, kT}, {"ipsec-nat-t", 4500, kU}, {"iax", 4569, kU},
    {"mtn", 4691, kT}, {"radmin-port", 4899, kT}, {"sip", 5060, kT}, {"sip", 5060, kU},
    {"sip-tls", 5061, kT}, {"sip-tls", 5061, kU}, {"xmpp-client", 5222, kT},
    {"jabber-client", 5222, kT}, {"xmpp-server", 5269, kT}, {"jabber-server", 5269, kT},
    {"cfengine", 5308, kT}, {"mdns", 5353, kU}, {"postgresql", 5432, kT}, {"postgres", 5432, kT},
    {"freeciv", 5556, kT}, {"rptp", 5556, kT}, {"amqps", 5671, kT}, {"amqp", 5672, kT},
    {"amqp", 5672, kS}, {"x11", 6000, kT}, {"x11-0", 6000, kT}, {"x11-1", 6001, kT},
    {"x11-2", 6002, kT}, {"x11-3", 6003, kT}, {"x11-4", 6004, kT}, {"x11-5", 6005, kT},
    {"x11-6", 6006, kT}, {"x11-7", 6007, kT}, {"gnutella-svc", 6346, kT},
    {"gnutella-svc", 6346, kU}, {"gnutella-rtr", 6347, kT}, {"gnutella-rtr", 6347, kU},
    {"redis", 6379, kT}, {"sge-qmaster", 6444, kT}, {"sge_qmaster", 6444, kT},
    {"sge-execd", 6445, kT}, {"sge_execd", 6445, kT}, {"mysql-proxy", 6446, kT},
    {"babel", 6696, kU}, {"ircs-u", 6697, kT}, {"bbs", 7000, kT}, {"afs3-fileserver", 7000, kU},
    {"afs3-callback", 7001, kU}, {"afs3-prserver", 7002, kU}, {"afs3-vlserver", 7003, kU},
    {"afs3-kaserver", 7004, kU}, {"afs3-volser", 7005, kU}, {"afs3-bos", 7007, kU},
    {"afs3-update", 7008, kU}, {"afs3-rmtsys", 7009, kU}, {"font-service", 7100, kT},
    {"xfs", 7100, kT}, {"http-alt", 8080, kT}, {"webcache", 8080, kT}, {"puppet", 8140, kT},
    {"bacula-dir", 9101, kT}, {"bacula-fd", 9102, kT}, {"bacula-sd", 9103, kT}, {"xmms2", 9667, kT},
    {"nbd", 10809, kT}, {"zabbix-agent", 10050, kT}, {"zabbix-trapper", 10051, kT},
    {"amanda", 10080, kT}, {"dicom", 11112, kT}, {"hkp", 11371, kT}, {"db-lsp", 17500, kT},
    {"dcap", 22125, kT}, {"gsidcap", 22128, kT}, {"wnn6", 22273, kT}, {"kerberos4", 750, kU},
    {"kerberos-iv", 750, kU}, {"kdc", 750, kU}, {"kerberos4", 750, kT}, {"kerberos-iv", 750, kT},
    {"kdc", 750, kT}, {"kerberos-master", 751, kU}, {"kerberos_master", 751, kU},
    {"kerberos-master", 751, kT}, {"passwd-server", 752, kU}, {"passwd_server", 752, kU},
    {"krb-prop", 754, kT}, {"krb_prop", 754, kT}, {"krb5_prop", 754, kT}, {"hprop", 754, kT},
    {"zephyr-srv", 2102, kU}, {"zephyr-clt", 2103, kU}, {"zephyr-hm", 2104, kU},
    {"iprop", 2121, kT}, {"supfilesrv", 871, kT}, {"supfiledbg", 1127, kT}, {"poppassd", 106, kT},
    {"moira-db", 775, kT}, {"moira_db", 775, kT}, {"moira-update", 777, kT},
    {"moira_update", 777, kT}, {"moira-ureg", 779, kU}, {"moira_ureg", 779, kU}, {"spamd", 783, kT},
    {"skkserv", 1178, kT}, {"predict", 1210, kU}, {"rmtcfg", 1236, kT}, {"xtel", 1313, kT},
    {"xtelw", 1314, kT}, {"zebrasrv", 2600, kT}, {"zebra", 2601, kT}, {"ripd", 2602, kT},
    {"ripngd", 2603, kT}, {"ospfd", 2604, kT}, {"bgpd", 2605, kT}, {"ospf6d", 2606, kT},
    {"ospfapi", 2607, kT}, {"isisd", 2608, kT}, {"fax", 4557, kT}, {"hylafax", 4559, kT},
    {"munin", 4949, kT}, {"lrrd", 4949, kT}, {"rplay", 5555, kU}, {"nrpe", 5666, kT},
    {"nsca", 5667, kT}, {"canna", 5680, kT}, {"syslog-tls", 6514, kT}, {"sane-port", 6566, kT},
    {"sane", 6566, kT}, {"saned", 6566, kT}, {"ircd", 6667, kT}, {"zope-ftp", 8021, kT},
    {"tproxy", 8081, kT}, {"omniorb", 8088, kT}, {"clc-build-daemon", 8990, kT},
    {"xinetd", 9098, kT}, {"git", 9418, kT}, {"zope", 9673, kT}, {"webmin", 10000, kT},
    {"kamanda", 10081, kT}, {"amandaidx", 10082, kT}, {"amidxtape", 10083, kT},
    {"sgi-cmsd", 17001, kU}, {"sgi-crsd", 17002, kU}, {"sgi-gcd", 17003, kU},
    {"sgi-cad", 17004, kT}, {"binkp", 24554, kT}, {"asp", 27374, kT}, {"asp", 27374, kU},
    {"csync2", 30865, kT}, {"dircproxy", 57000, kT}, {"tfido", 60177, kT}, {"fido", 60179, kT},
};

struct Protocol {
    std::string_view name;
    std::uint8_t number;
};

// The first name of a number is the one that is printed.
constexpr Protocol kProtocols[] = {
    {"ip", 0}, {"IP", 0}, {"hopopt", 0}, {"HOPOPT", 0}, {"icmp", 1}, {"ICMP", 1}, {"igmp", 2},
    {"IGMP", 2}, {"ggp", 3}, {"GGP", 3}, {"ipencap", 4}, {"IP-ENCAP", 4}, {"st", 5}, {"ST", 5},
    {"tcp", 6}, {"TCP", 6}, {"egp", 8}, {"EGP", 8}, {"igp", 9}, {"IGP", 9}, {"pup", 12},
    {"PUP", 12}, {"udp", 17}, {"UDP", 17}, {"hmp", 20}, {"HMP", 20}, {"xns-idp", 22},
    {"XNS-IDP", 22}, {"rdp", 27}, {"RDP", 27}, {"iso-tp4", 29}, {"ISO-TP4", 29}, {"dccp", 33},
    {"DCCP", 33}, {"xtp", 36}, {"XTP", 36}, {"ddp", 37}, {"DDP", 37}, {"idpr-cmtp", 38},
    {"IDPR-CMTP", 38}, {"ipv6", 41}, {"IPv6", 41}, {"ipv6-route", 43}, {"IPv6-Route", 43},
    {"ipv6-frag", 44}, {"IPv6-Frag", 44}, {"idrp", 45}, {"IDRP", 45}, {"rsvp", 46}, {"RSVP", 46},
    {"gre", 47}, {"GRE", 47}, {"esp", 50}, {"IPSEC-ESP", 50}, {"ah", 51}, {"IPSEC-AH", 51},
    {"skip", 57}, {"SKIP", 57}, {"ipv6-icmp", 58}, {"IPv6-ICMP", 58}, {"ipv6-nonxt", 59},
    {"IPv6-NoNxt", 59}, {"ipv6-opts", 60}, {"IPv6-Opts", 60}, {"rspf", 73}, {"RSPF", 73},
    {"CPHB", 73}, {"vmtp", 81}, {"VMTP", 81}, {"eigrp", 88}, {"EIGRP", 88}, {"ospf", 89},
    {"OSPFIGP", 89}, {"ax.25", 93}, {"AX.25", 93}, {"ipip", 94}, {"IPIP", 94}, {"etherip", 97},
    {"ETHERIP", 97}, {"encap", 98}, {"ENCAP", 98}, {"pim", 103}, {"PIM", 103}, {"ipcomp", 108},
    {"IPCOMP", 108}, {"vrrp", 112}, {"VRRP", 112}, {"l2tp", 115}, {"L2TP", 115}, {"isis", 124},
    {"ISIS", 124}, {"sctp", 132}, {"SCTP", 132}, {"fc", 133}, {"FC", 133}, {"mobility-header", 135},
    {"Mobility-Header", 135}, {"udplite", 136}, {"UDPLite", 136}, {"mpls-in-ip", 137},
    {"MPLS-in-IP", 137}, {"manet", 138}, {"hip", 139}, {"HIP", 139}, {"shim6", 140}, {"Shim6", 140},
    {"wesp", 141}, {"WESP", 141}, {"rohc", 142}, {"ROHC", 142}, {"ethernet", 143},
    {"Ethernet", 143},
};

// iptables' own names, asked before the host's list.
constexpr Protocol kOwnProtocols[] = {
    {"tcp", 6}, {"sctp", 132}, {"udp", 17}, {"udplite", 136}, {"icmp", 1}, {"icmpv6", 58},
    {"ipv6-icmp", 58}, {"esp", 50}, {"ah", 51}, {"ipv6-mh", 135}, {"mh", 135}, {"all", 0},
};
// clang-format on

}  // namespace

std::optional<std::uint16_t> find_service(std::string_view name, std::uint8_t protocol) {
    for (const Service& row : kServices) {
        if (row.name == name && (protocol == 0 || row.protocol == protocol)) return row.port;
    }
    return std::nullopt;
}

std::optional<std::uint8_t> find_protocol(std::string_view name) {
    for (const Protocol& row : kOwnProtocols) {
        if (row.name == name) return row.number;
    }
    for (const Protocol& row : kProtocols) {
        if (row.name == name) return row.number;
    }
    return std::nullopt;
}

std::string protocol_text(std::uint8_t number) {
    if (number != 0) {
        for (const Protocol& row : kProtocols) {
            if (row.number == number) return std::string(row.name);
        }
        for (const Protocol& row : kOwnProtocols) {
            if (row.number == number) return std::string(row.name);
        }
    }
    return fmt::format("{}", number);
}

std::vector<std::string_view> protocol_names() {
    std::vector<std::string_view> names;
    for (const Protocol& row : kOwnProtocols) names.push_back(row.name);
    for (const Protocol& row : kProtocols) names.push_back(row.name);
    return names;
}

std::vector<std::string_view> service_names() {
    std::vector<std::string_view> names;
    for (const Service& row : kServices) names.push_back(row.name);
    return names;
}

}  // namespace keepstate::rules
