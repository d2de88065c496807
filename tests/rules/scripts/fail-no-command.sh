# fail
set -e
iptables -t nat
