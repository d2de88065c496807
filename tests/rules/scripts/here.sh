# ok: rulesets in here-documents
set -e
iptables -N a
iptables -A a -c 5 6 -j ACCEPT
iptables -A INPUT -c 7 8 -j a
iptables -t raw -A OUTPUT -j ACCEPT
iptables-legacy-restore --noflush <<EOF
# a comment
*filter
:a - [0:0]
:b -
:INPUT - [0:0]
:FORWARD DROP [5:5]
[1:1] -A INPUT -j b
-A b -c 3 4 -p tcp --dport 22 -m comment --comment "cost \$5 \`now\`" -j ACCEPT
-A b -s 10.0.0.0/8 \
-j DROP
-I b 2 -j RETURN
-R b 2 -p udp
-D b -p udp
-Z
COMMIT
EOF
iptables -S -v
iptables-legacy-restore -n -c <<-'EOF' || exit 1
	*filter
	-S
	:OUTPUT ACCEPT [9:10]
	[3:3] -A OUTPUT -m comment --comment "$HOME" -j ACCEPT
	-Z INPUT 1
	-P INPUT DROP -c 2 2
	-E b bb
	-F a
	-D INPUT -j a
	-X a
	-N c
	-Z OUTPUT
	COMMIT
EOF
iptables -S -v
iptables-legacy-restore -T raw <<"E O F"
junk
*filter
junk
COMMIT
*raw
-A PREROUTING -j DROP
COMMIT
E O F
iptables -S -v
iptables -t raw -S
iptables-legacy-restore --test <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
# an unknown chain in the second table: the first one stays
iptables-legacy-restore --noflush <<EOF 2>/dev/null || true
*raw
-A OUTPUT -j DROP
COMMIT
*filter
-F
-A nope -j DROP
COMMIT
EOF
# refused by the kernel
iptables-legacy-restore --noflush <<EOF 2>/dev/null || true
*filter
:loop -
-A INPUT -j loop
-A loop -j loop
COMMIT
*raw
-F
COMMIT
EOF
iptables -S -v
iptables -t raw -S
cat <<EOF | iptables-legacy-restore -n
*mangle
-A FORWARD -j ACCEPT
COMMIT
EOF
cat > /dev/null <<EOF
iptables -A INPUT -j nothing of this is a command
EOF
cat <<ONE >/dev/null; iptables-legacy-restore <<TWO
*nat
COMMIT
ONE
*filter
-A INPUT -j ACCEPT
COMMIT
TWO
ip6tables-legacy-restore <<EOF
*filter
-A INPUT -p icmpv6 -j ACCEPT
COMMIT
EOF
iptables -S -v
