# fail
set -e
iptables -A INPUT -s no-such-host.invalid -j DROP
