# fail
set -e
iptables-legacy-restore -T <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
