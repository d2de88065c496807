# AUDIT: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A FORWARD -j AUDIT --type accept ; ok ; =
-A INPUT -j AUDIT --type drop ; ok ; =
-A OUTPUT -j AUDIT --type reject ; ok ; =
-A FORWARD -j AUDIT --type DROP ; ok ; -A FORWARD -j AUDIT --type drop
-A FORWARD -j AUDIT --type dr ; fail
-A FORWARD -j AUDIT --type wrong ; fail
-A FORWARD -j AUDIT --type "" ; fail
-A FORWARD -j AUDIT ; fail
-A FORWARD -j AUDIT ! --type drop ; fail
-A FORWARD -j AUDIT --type drop --type drop ; fail
@ip4 nat
-A PREROUTING -j AUDIT --type drop ; ok ; =
@ip4 raw
-A PREROUTING -j AUDIT --type accept ; ok ; =
@ip6 filter
-A FORWARD -j AUDIT --type reject ; ok ; =
@ip6 mangle
-A POSTROUTING -j AUDIT --type reject ; ok ; =
