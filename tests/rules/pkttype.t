# pkttype: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m pkttype --pkt-type unicast ; ok ; =
-A INPUT -m pkttype --pkt-type broadcast ; ok ; =
-A INPUT -m pkttype ! --pkt-type multicast ; ok ; =
-A INPUT -m pkttype --pkt-type bcast ; ok ; -A INPUT -m pkttype --pkt-type broadcast
-A INPUT -m pkttype --pkt-type mcast ; ok ; -A INPUT -m pkttype --pkt-type multicast
-A INPUT -m pkttype --pkt-type host ; ok ; -A INPUT -m pkttype --pkt-type unicast
-A INPUT -m pkttype --pkt-type UNICAST ; ok ; -A INPUT -m pkttype --pkt-type unicast
-A INPUT -m pkttype --pkt-type foo ; fail
-A INPUT -m pkttype ; fail
