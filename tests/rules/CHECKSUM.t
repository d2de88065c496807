# CHECKSUM: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A POSTROUTING -p udp --dport 68 -j CHECKSUM --checksum-fill ; ok ; -A POSTROUTING -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill
-A POSTROUTING -j CHECKSUM --checksum-fill ; ok ; =
-A POSTROUTING -j CHECKSUM ; fail
