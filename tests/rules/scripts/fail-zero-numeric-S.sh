# fail
set -e
iptables -S -n -Z
