# fail
set -e
iptables-legacy-restore -w5 <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
