# fail
set -e
iptables -A INPUT -j DROP
iptables -S -Z INPUT 2
