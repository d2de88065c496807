# NETMAP: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 nat
-A PREROUTING -j NETMAP --to 1.2.3.0/24 ; ok ; =
-A PREROUTING -j NETMAP --to 1.2.3.4/24 ; ok ; -A PREROUTING -j NETMAP --to 1.2.3.0/24
-A PREROUTING -j NETMAP --to 1.2.3.4/255.255.0.0 ; ok ; -A PREROUTING -j NETMAP --to 1.2.0.0/16
-A PREROUTING -j NETMAP --to 1.2.3.4/255.0.255.0 ; ok ; -A PREROUTING -j NETMAP --to 1.2.3.4/32
-A PREROUTING -j NETMAP --to 1.2.3.0/0 ; ok ; -A PREROUTING -j NETMAP --to 0.0.0.0/0
-A PREROUTING -j NETMAP --to 1.2.3.0/33 ; ok ; -A PREROUTING -j NETMAP --to 1.2.3.0/32
-A PREROUTING -j NETMAP --to 1.2.3.0/x ; fail
-A PREROUTING -j NETMAP --to 1.2.3.0/ ; fail
-A PREROUTING -j NETMAP --to 10.1 ; ok ; -A PREROUTING -j NETMAP --to 10.0.0.1/32
-A PREROUTING -j NETMAP --to 1.2.3.4/32 ; ok ; =
-A PREROUTING -j NETMAP --to 2001:db8::/32 ; fail
-A PREROUTING -j NETMAP ; fail
-A PREROUTING -j NETMAP ! --to 1.2.3.0/24 ; fail
-A PREROUTING -j NETMAP --to 1.2.3.0/24 --to 1.2.4.0/24 ; fail
-A INPUT -j NETMAP --to 1.2.3.0/24 ; ok ; =
-A OUTPUT -d 10.0.0.0/24 -j NETMAP --to 1.2.3.0/24 ; ok ; =
-A POSTROUTING -s 10.0.0.0/24 -j NETMAP --to 1.2.3.0/24 ; ok ; =
@ip4 mangle
-A POSTROUTING -j NETMAP --to 1.2.3.0/24 ; fail
@ip4 filter
-A FORWARD -j NETMAP --to 1.2.3.0/24 ; fail
@ip6 nat
-A PREROUTING -j NETMAP --to dead::/64 ; ok ; =
-A PREROUTING -j NETMAP --to dead::1/64 ; ok ; -A PREROUTING -j NETMAP --to dead::/64
-A PREROUTING -j NETMAP --to dead::beef ; ok ; -A PREROUTING -j NETMAP --to dead::beef/128
-A PREROUTING -j NETMAP --to dead::beef/ffff:: ; ok ; -A PREROUTING -j NETMAP --to dead::/16
-A PREROUTING -j NETMAP --to dead::beef/129 ; fail
-A PREROUTING -j NETMAP --to dead::beef/128 ; ok ; =
-A PREROUTING -j NETMAP --to dead::beef/ffff::ffff ; ok ; -A PREROUTING -j NETMAP --to dead::beef/128
-A PREROUTING -j NETMAP --to ::/0 ; ok ; =
-A PREROUTING -j NETMAP --to 1.2.3.0/24 ; fail
-A POSTROUTING -j NETMAP --to dead::/64 ; ok ; =
