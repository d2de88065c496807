# DNPT: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip6 mangle
-A PREROUTING -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; ok ; =
-A PREROUTING -j DNPT --src-pfx dead::/48 --dst-pfx 1c3::/56 ; ok ; =
-A PREROUTING -j DNPT --src-pfx dead::/65 --dst-pfx 1c3::/64 ; fail
-A PREROUTING -j DNPT --src-pfx dead::1/64 --dst-pfx 1c3::/64 ; fail
-A PREROUTING -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::1/64 ; fail
-A PREROUTING -j DNPT --src-pfx dead:0:0:1::/48 --dst-pfx 1c3::/48 ; fail
-A PREROUTING -j DNPT --src-pfx dead::/64 --dst-pfx 1c3:: ; fail
-A PREROUTING -j DNPT --src-pfx dead:: --dst-pfx 1c3::/64 ; fail
-A PREROUTING -j DNPT --src-pfx dead::/0 --dst-pfx 1c3::/0 ; fail
-A PREROUTING -j DNPT --src-pfx dead::/ffff:: --dst-pfx 1c3::/64 ; ok ; -A PREROUTING -j DNPT --src-pfx dead::/16 --dst-pfx 1c3::/64
-A PREROUTING -j DNPT --src-pfx dead::/64 ; fail
-A PREROUTING -j DNPT --dst-pfx dead::/64 ; fail
-A PREROUTING -j DNPT ; fail
-A PREROUTING -j DNPT ! --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
-A PREROUTING -j DNPT --dst-pfx 1c3::/64 --src-pfx DEAD::/64 ; ok ; -A PREROUTING -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64
-A PREROUTING -j DNPT --src-pfx dead::/64 --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
-A OUTPUT -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; ok ; =
-A INPUT -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
-A FORWARD -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
-A POSTROUTING -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
@ip6 raw
-A PREROUTING -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
@ip4 mangle
-A PREROUTING -j DNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
