# fail
set -e
iptables -6 -A INPUT -j ACCEPT
