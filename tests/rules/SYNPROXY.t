# SYNPROXY: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A FORWARD -p tcp -j SYNPROXY ; ok ; =
-A FORWARD -p tcp -m tcp --dport 42 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 9 --mss 1460 ; ok ; =
-A FORWARD -p tcp -j SYNPROXY --mss 1460 ; ok ; =
-A FORWARD -p tcp -j SYNPROXY --mss 65535 ; ok ; =
-A FORWARD -p tcp -j SYNPROXY --mss 65536 ; ok ; -A FORWARD -p tcp -j SYNPROXY --mss 0
-A FORWARD -p tcp -j SYNPROXY --mss 4294967296 ; fail
-A FORWARD -p tcp -j SYNPROXY --mss 0 ; ok ; =
-A FORWARD -p tcp -j SYNPROXY --wscale 14 ; ok ; =
-A FORWARD -p tcp -j SYNPROXY --wscale 15 ; ok ; =
-A FORWARD -p tcp -j SYNPROXY --wscale 256 ; ok ; -A FORWARD -p tcp -j SYNPROXY --wscale 0
-A FORWARD -p tcp -j SYNPROXY --wscale 0 ; ok ; =
-A FORWARD -p tcp -j SYNPROXY --wscale x ; fail
-A FORWARD -p tcp -j SYNPROXY --ecn --sack-perm --timestamp --wscale 7 --mss 1460 ; ok ; -A FORWARD -p tcp -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460 --ecn
-A FORWARD -p tcp -j SYNPROXY --mss 1460 --mss 1460 ; fail
-A FORWARD -p tcp -j SYNPROXY --timestamps ; fail
-A FORWARD -p tcp -j SYNPROXY ! --ecn ; fail
-A FORWARD -p udp -j SYNPROXY ; fail
-A FORWARD ! -p tcp -j SYNPROXY ; fail
-A FORWARD -j SYNPROXY ; fail
-A INPUT -p tcp -j SYNPROXY ; ok ; =
-A OUTPUT -p tcp -j SYNPROXY ; fail
@ip4 mangle
-A FORWARD -p tcp -j SYNPROXY ; ok ; =
-A PREROUTING -p tcp -j SYNPROXY ; fail
@ip4 raw
-A PREROUTING -p tcp -j SYNPROXY ; fail
@ip6 filter
-A FORWARD -p tcp -j SYNPROXY --timestamp ; ok ; =
-A INPUT -p tcp -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1440 ; ok ; =
-A OUTPUT -p tcp -j SYNPROXY ; fail
