# TTL: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A FORWARD -j TTL --ttl-set 42 ; ok ; =
-A FORWARD -j TTL --ttl-set 0 ; ok ; =
-A FORWARD -j TTL --ttl-set 255 ; ok ; =
-A FORWARD -j TTL --ttl-set 0x10 ; ok ; -A FORWARD -j TTL --ttl-set 16
-A FORWARD -j TTL --ttl-set 256 ; fail
-A FORWARD -j TTL --ttl-set -1 ; fail
-A FORWARD -j TTL --ttl-inc 1 ; ok ; =
-A FORWARD -j TTL --ttl-inc 255 ; ok ; =
-A FORWARD -j TTL --ttl-inc 0 ; fail
-A FORWARD -j TTL --ttl-inc 256 ; fail
-A FORWARD -j TTL --ttl-dec 1 ; ok ; =
-A FORWARD -j TTL --ttl-dec 0 ; fail
-A FORWARD -j TTL --ttl-dec 1 --ttl-inc 1 ; fail
-A FORWARD -j TTL --ttl-set --ttl-inc 1 ; fail
-A FORWARD -j TTL --ttl-set 1 --ttl-set 1 ; fail
-A FORWARD -j TTL ! --ttl-set 1 ; fail
-A FORWARD -j TTL ; fail
-A PREROUTING -j TTL --ttl-inc 1 ; ok ; =
-A INPUT -j TTL --ttl-inc 1 ; ok ; =
-A OUTPUT -j TTL --ttl-inc 1 ; ok ; =
-A POSTROUTING -j TTL --ttl-inc 1 ; ok ; =
@ip4 filter
-A FORWARD -j TTL --ttl-set 1 ; fail
@ip6 mangle
-A FORWARD -j TTL --ttl-set 1 ; fail
