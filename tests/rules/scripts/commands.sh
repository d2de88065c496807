#!/bin/sh
# ok: every command, and what -S lists
PATH=$PATH:/usr/sbin
echo "loading the rules of $(hostname)"
set -e
iptables -w -N web
iptables -w 5 -N mail
iptables -A INPUT -p tcp -m multiport --dports 80,443 -j web
iptables -A web -s 10.0.0.0/8,192.168.0.0/16 -j ACCEPT
iptables -A web -j RETURN
iptables -I web -d 1.1.1.1 -j DROP
iptables -I web 2 -d 2.2.2.2 -j DROP
iptables -R web 1 -d 3.3.3.3 -j DROP
iptables -D web 2
iptables -D web -j RETURN
iptables -C web -d 3.3.3.3 -j DROP
iptables -E mail post
iptables -A INPUT -c 5 600 -p udp -j ACCEPT
iptables -S
iptables -S web
iptables -S -v
iptables -S web 2
iptables -S web 9
iptables -Z
iptables -v -S INPUT
iptables -X post
iptables -X nobody 2>/dev/null || true
iptables -t mangle -P FORWARD DROP
iptables -t mangle -S
iptables --table raw -A PREROUTING -p udp --dport 53 -j CT --notrack
iptables -F INPUT
iptables -Z web 1
iptables -4 -A OUTPUT -j ACCEPT
iptables -n -L >/dev/null
iptables -V >/dev/null
exit 0
# shellcheck disable=SC2317
iptables -A INPUT -j DROP
