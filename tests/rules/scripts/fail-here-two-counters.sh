# fail
set -e
iptables-legacy-restore -c <<EOF
*filter
[3:3] -A INPUT -c 3 4 -j ACCEPT
COMMIT
EOF
