# CONNSECMARK: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A PREROUTING -j CONNSECMARK --restore ; ok ; =
-A POSTROUTING -j CONNSECMARK --save ; ok ; =
-A PREROUTING -j CONNSECMARK --restore --save ; fail
-A PREROUTING -j CONNSECMARK --save --save ; fail
-A PREROUTING -j CONNSECMARK ! --save ; fail
-A PREROUTING -j CONNSECMARK ; fail
@ip4 security
-A INPUT -j CONNSECMARK --save ; ok ; =
@ip4 filter
-A FORWARD -j CONNSECMARK --restore ; fail
@ip4 raw
-A PREROUTING -j CONNSECMARK --restore ; fail
@ip6 security
-A OUTPUT -j CONNSECMARK --restore ; ok ; =
@ip6 filter
-A OUTPUT -j CONNSECMARK --restore ; fail
