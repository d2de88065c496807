#!/bin/sh
# ok: how a shell parts words
iptables -P INPUT DROP   # a comment
/usr/sbin/iptables-legacy -A INPUT -p tcp \
    --dport ssh \
	-j ACCEPT
iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE; iptables -A INPUT -i lo -j ACCEPT && iptables -A INPUT -j LOG --log-prefix "two words: "
iptables -A INPUT -m comment --comment 'it is "so"' -j ACCEPT
iptables -A INPUT -m comment --comment "a \"b\" \\ \$HOME" -j ACCEPT
iptables -A INPUT -m comment --comment one\ word -j ACCEPT
iptables -A INPUT -m comment --comment a'b c'"d e"f -j ACCEPT
iptables -A INPUT -m comment --comment '#' -j ACCEPT #no
iptables -A INPUT -m comment --comment a#b -j ACCEPT
iptables -A INPUT '!' -s 10.0.0.0/8 -j DROP
iptables -A INPUT ! -s 10.0.0.0/8 -j DROP >/dev/null 2>&1
ip6tables -A INPUT -j DROP
iptables --append OUTPUT --out-interface eth0 --jump ACCEPT
