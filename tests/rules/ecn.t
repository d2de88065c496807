# ecn: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m ecn ; fail
-A INPUT -m ecn --ecn-tcp-cwr ; fail
-A INPUT -p tcp -m ecn --ecn-tcp-cwr ; ok ; =
-A INPUT -p tcp -m ecn ; fail
-A INPUT ! -p tcp -m ecn --ecn-tcp-ece ; fail
-A INPUT -m ecn --ecn-ip-ect 0 ; ok ; =
-A INPUT -m ecn ! --ecn-ip-ect 3 ; ok ; =
-A INPUT -m ecn --ecn-ip-ect 4 ; fail
-A INPUT -m ecn --ecn-ip-ect x ; fail
-A INPUT -m ecn --ecn-ip-ect 0x2 ; ok ; -A INPUT -m ecn --ecn-ip-ect 2
-A INPUT -p tcp -m ecn --ecn-tcp-ece --ecn-tcp-cwr --ecn-ip-ect 2 ; ok ; =
-A INPUT -p tcp -m ecn ! --ecn-tcp-ece ! --ecn-tcp-cwr ! --ecn-ip-ect 2 ; ok ; =
-A INPUT -p tcp -m ecn --ecn-tcp-ece ! --ecn-tcp-cwr ; ok ; =
-A INPUT -p udp -m ecn --ecn-ip-ect 1 ; ok ; =
-A INPUT -p tcp -m ecn --ecn-tcp-ece --ecn-tcp-ece ; fail
-A INPUT -p tcp -m ecn --ecn-tcp-cwr --ecn-tcp-ece ; ok ; -A INPUT -p tcp -m ecn --ecn-tcp-ece --ecn-tcp-cwr
-A INPUT -p tcp -m ecn --ecn-ip-ect 1 ! --ecn-tcp-cwr ; ok ; -A INPUT -p tcp -m ecn ! --ecn-tcp-cwr --ecn-ip-ect 1
@ip6 filter
-A INPUT -m ecn --ecn-ip-ect 1 ; ok ; =
-A INPUT -p tcp -m ecn --ecn-tcp-ece ; ok ; =
-A INPUT -m ecn --ecn-tcp-ece ; fail
