# fail
set -e
iptables -A INPUT "! -s" 10.0.0.0/8 -j DROP
