# fail
set -e
iptables -w x -A INPUT -j ACCEPT
