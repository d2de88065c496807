# TPROXY: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A PREROUTING -p udp -j TPROXY --on-port 12345 --on-ip 10.0.0.1 --tproxy-mark 0x23/0xff ; ok ; =
-A PREROUTING -p tcp -j TPROXY --on-port 12 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port 0 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 0 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port http ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port 65535 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 65535 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port 65536 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 0 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port 1:2 ; fail
-A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 1.2.3.4 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 1.2.3.4 --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 1.2.3 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 1.2.0.3 --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 2001::1 ; fail
-A PREROUTING -p tcp -j TPROXY --on-port 12 --tproxy-mark 1 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 0.0.0.0 --tproxy-mark 0x1/0xffffffff
-A PREROUTING -p tcp -j TPROXY --on-port 12 --tproxy-mark 1/1 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1
-A PREROUTING -p tcp -j TPROXY --on-port 12 --tproxy-mark 0x10/0xf ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 0.0.0.0 --tproxy-mark 0x10/0xf
-A PREROUTING -p tcp -j TPROXY --on-port 12 --tproxy-mark x ; fail
-A PREROUTING -p tcp -j TPROXY --on-ip 1.2.3.4 ; fail
-A PREROUTING -p tcp -j TPROXY --tproxy-mark 1 ; fail
-A PREROUTING -p tcp -j TPROXY ; fail
-A PREROUTING -p tcp -j TPROXY ! --on-port 12 ; fail
-A PREROUTING -p tcp -j TPROXY --on-port 12 --on-port 13 ; fail
-A PREROUTING -p sctp -j TPROXY --on-port 12 ; fail
-A PREROUTING ! -p tcp -j TPROXY --on-port 12 ; fail
-A PREROUTING -j TPROXY --on-port 12 ; fail
-A INPUT -p tcp -j TPROXY --on-port 12 ; fail
-A OUTPUT -p tcp -j TPROXY --on-port 12 ; fail
-A FORWARD -p tcp -j TPROXY --on-port 12 ; fail
@ip4 filter
-A FORWARD -p tcp -j TPROXY --on-port 12 ; fail
@ip6 mangle
-A PREROUTING -p udp -j TPROXY --on-port 12345 --on-ip 2001:db8::1 --tproxy-mark 0x23/0xff ; ok ; =
-A PREROUTING -p tcp -j TPROXY --on-port 12 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip :: --tproxy-mark 0x0/0x0
-A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 2001::1 --tproxy-mark 3 ; ok ; -A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 2001::1 --tproxy-mark 0x3/0xffffffff
-A PREROUTING -p tcp -j TPROXY --on-port 12 --on-ip 1.2.3.4 ; fail
-A PREROUTING -j TPROXY --on-port 12 ; fail
