# SNPT: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip6 mangle
-A POSTROUTING -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; ok ; =
-A POSTROUTING -s fd00::/64 ! -o eth1 -j SNPT --src-pfx fd00::/64 --dst-pfx 2001:e20:2000:40f::/64 ; ok ; =
-A INPUT -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; ok ; =
-A OUTPUT -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
-A PREROUTING -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
-A FORWARD -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
-A POSTROUTING -j SNPT --src-pfx dead::beef --dst-pfx 1c3::/64 ; fail
-A POSTROUTING -j SNPT --src-pfx dead::/64 ; fail
-A POSTROUTING -j SNPT ; fail
@ip6 filter
-A INPUT -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
@ip4 mangle
-A POSTROUTING -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64 ; fail
