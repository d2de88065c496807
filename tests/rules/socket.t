# socket: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A PREROUTING -m socket ; ok ; =
-A PREROUTING -m socket --transparent ; ok ; =
-A PREROUTING -m socket --nowildcard ; ok ; =
-A PREROUTING -m socket --restore-skmark ; ok ; =
-A PREROUTING -m socket --transparent --nowildcard ; ok ; =
-A PREROUTING -m socket --nowildcard --transparent ; ok ; -A PREROUTING -m socket --transparent --nowildcard
-A PREROUTING -m socket --transparent --nowildcard --restore-skmark ; ok ; =
-A PREROUTING -m socket --transparent --restore-skmark ; ok ; =
-A PREROUTING -m socket --restore-skmark --nowildcard ; ok ; -A PREROUTING -m socket --nowildcard --restore-skmark
-A PREROUTING -m socket ! --transparent ; fail
-A PREROUTING -m socket --transparent --transparent ; fail
-A INPUT -m socket ; ok ; =
-A FORWARD -m socket ; fail
-A OUTPUT -m socket ; fail
-A POSTROUTING -m socket ; fail
-A uc -m socket ; ok ; =
-A PREROUTING -p tcp -m socket ; ok ; =
-A PREROUTING -p icmp -m socket ; ok ; =
@ip6 mangle
-A PREROUTING -m socket --transparent ; ok ; =
-A FORWARD -m socket ; fail
@ip4 raw
-A PREROUTING -m socket ; ok ; =
@ip4 filter
-A INPUT -m socket ; ok ; =
@ip4 nat
-A PREROUTING -m socket ; ok ; =
