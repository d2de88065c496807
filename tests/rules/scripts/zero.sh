# ok: -Z alone and beside -S and -L, and when policies begin to count anew
set -e
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S -Z
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -Z -S
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S INPUT 2 -Z
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -Z INPUT 2 -S
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S -Z INPUT 2
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S INPUT -Z FORWARD
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -Z INPUT 2 -S FORWARD || true
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -Z INPUT 2 -S FORWARD 1
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S -Z INPUT 9 || true
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S nope -Z || true
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S -Z
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S INPUT 9 -Z
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S -Z INPUT 1 -S
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -Z INPUT -S FORWARD 1
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables --list-rules --zero
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S INPUT 1 -Z FORWARD 1
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -L -Z -n >/dev/null
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -nL INPUT -xvZ --line-numbers >/dev/null
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -t nat -L -n -Z >/dev/null
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -Z INPUT 2
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -S FORWARD
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -P OUTPUT DROP -c 9 9
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -N a
iptables -S -v
iptables -P OUTPUT DROP -c 4 4
iptables -X a
iptables -P OUTPUT DROP -c 5 5
iptables -X
iptables -S -v
iptables -F
iptables -A INPUT -c 1 2 -j ACCEPT
iptables -A INPUT -c 3 4 -j DROP
iptables -A FORWARD -c 5 6 -j DROP
iptables -P INPUT ACCEPT -c 7 8
iptables -X
iptables -S -v
# iptables-save shows what policies count, the test does not
iptables -F
