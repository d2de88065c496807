# fail
set -e
iptables -D INPUT -j ACCEPT
