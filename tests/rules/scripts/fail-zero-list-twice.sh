# fail
set -e
iptables -S -Z -L
