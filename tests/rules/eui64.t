# eui64: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip6 filter
-A INPUT -m eui64 ; ok ; =
-A FORWARD -m eui64 ; ok ; =
-A OUTPUT -m eui64 ; fail
-A INPUT -p ah -m eui64 ; ok ; =
@ip6 mangle
-A POSTROUTING -m eui64 ; fail
@ip6 raw
-A PREROUTING -m eui64 ; ok ; =
-A OUTPUT -m eui64 ; fail
