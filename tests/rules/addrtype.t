# addrtype: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m addrtype --dst-type LOCAL ; ok ; =
-A INPUT -m addrtype --dst-type local ; ok ; -A INPUT -m addrtype --dst-type LOCAL
-A INPUT -m addrtype --src-type LOCAL,BROADCAST ; ok ; =
-A INPUT -m addrtype --src-type UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,XRESOLVE ; ok ; =
-A INPUT -m addrtype ! --src-type LOCAL ! --dst-type MULTICAST --limit-iface-in ; ok ; =
-A INPUT -m addrtype --dst-type LOCAL --limit-iface-in ; ok ; =
-A FORWARD -m addrtype --dst-type LOCAL --limit-iface-in ; ok ; =
-A FORWARD -m addrtype --dst-type LOCAL --limit-iface-out ; ok ; =
-A INPUT -m addrtype --dst-type LOCAL --limit-iface-out ; fail
-A OUTPUT -m addrtype --dst-type LOCAL --limit-iface-in ; fail
-A INPUT -m addrtype --limit-iface-in ; fail
-A FORWARD -m addrtype --dst-type LOCAL --limit-iface-in --limit-iface-out ; fail
-A INPUT -m addrtype ; fail
-A INPUT -m addrtype --dst-type FOO ; fail
-A INPUT -m addrtype --dst-type LOC ; ok ; -A INPUT -m addrtype --dst-type LOCAL
-A INPUT -m addrtype --dst-type LOCAL, ; fail
-A INPUT -m addrtype ! --limit-iface-in --dst-type LOCAL ; fail
-A INPUT -m addrtype --dst-type LOCAL --dst-type UNICAST ; fail
@ip6 filter
-A INPUT -m addrtype --src-type BROADCAST ; fail
-A INPUT -m addrtype --dst-type THROW ; fail
-A INPUT -m addrtype --dst-type LOCAL,MULTICAST ; ok ; =
@ip6 filter
-A INPUT -m addrtype --src-type BLACKHOLE ; fail
-A INPUT -m addrtype --dst-type BLACKHOLE ; fail
-A INPUT -m addrtype ! --dst-type UNREACHABLE ; ok ; =
