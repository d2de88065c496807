# fail
set -e
iptables-legacy-restore -4 <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
