# fail
set -e
iptables -S -Z -Z
