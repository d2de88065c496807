# ECN: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A FORWARD -p tcp -j ECN --ecn-tcp-remove ; ok ; =
-A PREROUTING -p tcp -j ECN --ecn-tcp-remove ; ok ; =
-A OUTPUT -p tcp -m tcp --dport 80 -j ECN --ecn-tcp-remove ; ok ; =
-A FORWARD -p tcp -j ECN --ecn-tcp-cwr 1 ; ok ; =
-A FORWARD -p tcp -j ECN --ecn-tcp-cwr 0 ; ok ; =
-A FORWARD -p tcp -j ECN --ecn-tcp-ece 0 ; ok ; =
-A FORWARD -p tcp -j ECN --ecn-tcp-ece 1 ; ok ; =
-A FORWARD -p tcp -j ECN --ecn-tcp-ece 2 ; fail
-A FORWARD -p tcp -j ECN --ecn-tcp-cwr 0 --ecn-tcp-ece 0 ; ok ; -A FORWARD -p tcp -j ECN --ecn-tcp-remove
-A FORWARD -p tcp -j ECN --ecn-tcp-cwr 1 --ecn-tcp-ece 1 --ecn-ip-ect 1 ; ok ; -A FORWARD -p tcp -j ECN --ecn-tcp-ece 1 --ecn-tcp-cwr 1 --ecn-ip-ect 1
-A FORWARD -p tcp -j ECN --ecn-tcp-remove --ecn-ip-ect 1 ; ok ; -A FORWARD -p tcp -j ECN --ecn-tcp-ece 0 --ecn-tcp-cwr 0 --ecn-ip-ect 1
-A FORWARD -p tcp -j ECN --ecn-tcp-remove --ecn-tcp-ece 1 ; fail
-A FORWARD -p tcp -j ECN --ecn-tcp-cwr 1 --ecn-tcp-remove ; fail
-A FORWARD -j ECN --ecn-ip-ect 0 ; ok ; =
-A FORWARD -j ECN --ecn-ip-ect 3 ; ok ; =
-A FORWARD -j ECN --ecn-ip-ect 4 ; fail
-A FORWARD -p tcp -j ECN ; fail
-A FORWARD -j ECN ; fail
-A FORWARD ! -p tcp -j ECN --ecn-tcp-remove ; fail
-A FORWARD -j ECN --ecn-tcp-remove ; fail
-A FORWARD -p udp -j ECN --ecn-tcp-remove ; fail
-A FORWARD -p tcp -j ECN ! --ecn-tcp-remove ; fail
-A FORWARD -p tcp -j ECN --ecn-tcp-remove --ecn-tcp-remove ; fail
@ip4 filter
-A FORWARD -p tcp -j ECN --ecn-tcp-remove ; fail
@ip6 mangle
-A FORWARD -p tcp -j ECN --ecn-tcp-remove ; fail
