# fail
set -e
iptables -W 10 -A INPUT -j DROP
