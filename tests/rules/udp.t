# udp: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -p udp --dport tftp ; ok ; -A INPUT -p udp -m udp --dport 69
-A INPUT -p udp --dport syslog ; ok ; -A INPUT -p udp -m udp --dport 514
-A INPUT -p udp --dport https ; ok ; -A INPUT -p udp -m udp --dport 443
-A INPUT -p udp --dport 90:80 ; ok ; -A INPUT -p udp -m udp --dport 90:80
-A INPUT -p udp --dport 80 --dport 90 ; fail
-A INPUT -p udp -m tcp --dport 80 ; fail
-A INPUT -p udp --dport http ; ok ; -A INPUT -p udp -m udp --dport 80
-A INPUT -p udp --dport smtp ; ok ; -A INPUT -p udp -m udp --dport 25
-A INPUT -p udp --dport foo ; fail
-A INPUT -p udp --sport 70000 ; ok ; -A INPUT -p udp -m udp --sport 4464
-A INPUT -p udp --sport 1: ; ok ; -A INPUT -p udp -m udp --sport 1:65535
-A INPUT -p udp --sport : ; ok ; -A INPUT -p udp -m udp
-A INPUT -p udp ! --sport : ; ok ; -A INPUT -p udp -m udp
-A INPUT -p udp --sport "" ; ok ; -A INPUT -p udp -m udp --sport 0
