# CHECKSUM: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A POSTROUTING -j CHECKSUM --checksum-fill ; ok ; =
-A FORWARD -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill ; ok ; =
-A POSTROUTING -j CHECKSUM ; fail
-A POSTROUTING -j CHECKSUM ! --checksum-fill ; fail
-A PREROUTING -j CHECKSUM --checksum-fill ; ok ; =
@ip4 filter
-A FORWARD -j CHECKSUM --checksum-fill ; fail
@ip6 mangle
-A POSTROUTING -j CHECKSUM --checksum-fill ; ok ; =
